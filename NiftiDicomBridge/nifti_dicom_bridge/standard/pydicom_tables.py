"""The data dictionary (PS3.6) of pydicom without the rest of pydicom, whose import takes longer than a small conversion."""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any

VR, VM, _, _, KEYWORD = range(5)
"""Parts of an entry for a tag."""


def entry_of(tag: int) -> tuple[str, ...] | None:
    """Return the entry of an attribute, also of a group that repeats (PS3.5 7.6); None for private and unknown ones."""
    tables = _module("_dicom_dict")
    entry: tuple[str, ...] | None = tables.DicomDictionary.get(tag)
    if entry is not None or tag >> 16 & 1:
        return entry
    name = next((name for name, fixed, mask in _repeaters() if (tag ^ fixed) & mask == 0), None)
    return None if name is None else tables.RepeatersDictionary[name]


def private_vr_of(tag: int, creator: str) -> str:
    """Return the VR of an attribute of a manufacturer, whose creator archives may have in capitals; empty for unknown ones."""
    dictionaries = _module("_private_dict").private_dictionaries
    known = dictionaries.get(creator) or dictionaries.get(_creators().get(creator.upper()), {})
    group, number = f"{tag >> 16:04X}", f"{tag & 0xFFFF:04X}"
    for key in (group + number, f"{group}xx{number[2:]}", f"{group[:2]}xxxx{number[2:]}"):
        if key in known:
            return str(known[key][VR])
    return ""


def tag_of_keyword(keyword: str) -> int | None:
    """Return the tag of a keyword; None if the dictionary does not have it."""
    return _tags().get(keyword)


def name_of_uid(uid: str) -> str:
    """Return the name of a well-known UID (PS3.6 A); empty for others."""
    return str(_module("_uid_dict").UID_dictionary.get(uid, ("",))[0])


@lru_cache(maxsize=1)
def _repeaters() -> list[tuple[str, int, int]]:
    """Return the names of groups that repeat, with their fixed digits and which these are."""
    names = _module("_dicom_dict").RepeatersDictionary
    return [(name, int(name.replace("x", "0"), 16), int("".join("F0"[c == "x"] for c in name), 16)) for name in names]


@lru_cache(maxsize=1)
def _creators() -> dict[str, str]:
    """Return the private creators by their names in capitals."""
    return {name.upper(): name for name in _module("_private_dict").private_dictionaries}


@lru_cache(maxsize=1)
def _tags() -> dict[str, int]:
    return {entry[KEYWORD]: tag for tag, entry in _module("_dicom_dict").DicomDictionary.items()}


@lru_cache(maxsize=4)
def _module(name: str) -> Any:
    """Return a module of pydicom that contains nothing but a table: the one that is imported, else a copy of it alone."""
    imported = sys.modules.get(f"pydicom.{name}")
    if imported is not None:
        return imported
    package = find_spec("pydicom")
    spec = PathFinder.find_spec(f"pydicom.{name}", package.submodule_search_locations) if package is not None else None
    if spec is None or spec.loader is None:
        from importlib import import_module

        return import_module(f"pydicom.{name}")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
