"""A person's rules of de-identification: attributes to keep, remove, empty or replace, in a TOML file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import OptionError
from ..formats.dicom.protected import refusal
from ..model.files.option_files import read_option_file
from ..standard import dictionary

ACTIONS = ("keep", "remove", "empty")
_OPTION = "deidentify_rules"
_NUMBER = re.compile(r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?")
PrivateKey = tuple[int, str, int]
"""Group, creator in capitals, and last byte of the tag of a private attribute."""


@dataclass(frozen=True, eq=False)
class AttributeRules:
    """Rules of the user that differ from the profile.

    Attributes
    ----------
    actions : mapping of int to str
        Tag → ``keep``, ``remove`` or ``empty``.
    values : mapping of int to str
        Tag → the text that replaces its value.
    private : frozenset
        Private attributes to keep.
    """

    actions: Mapping[int, str] = field(default_factory=dict)
    values: Mapping[int, str] = field(default_factory=dict)
    private: frozenset[PrivateKey] = frozenset()


def read_rules(path: Path | None) -> AttributeRules:
    """Return the rules of a file; raises `OptionError` if it cannot be read or has errors."""
    if path is None:
        return AttributeRules()
    content = read_option_file(path, _OPTION)
    known = {*ACTIONS, "replace", "keep-private"}
    if not isinstance(content, dict) or content.keys() - known:
        unknown = ", ".join(sorted(content.keys() - known)) if isinstance(content, dict) else "a list"
        raise OptionError(f'{_OPTION}="{path}": {unknown} is not known. Expected {", ".join(sorted(known))}.')
    actions = {_tag(name, path): action for action in ACTIONS for name in _list(content.get(action, []), path)}
    values = content.get("replace", {})
    if not isinstance(values, dict) or not all(isinstance(text, str) for text in values.values()):
        raise OptionError(f'{_OPTION}="{path}": replace must be a table of attributes and texts.')
    if other := next((name for name, text in values.items() if not text.isascii()), ""):
        raise OptionError(f'{_OPTION}="{path}": the text that replaces {other} is not ASCII, which all character sets contain.')
    replaced = {_tag(name, path): text for name, text in values.items()}
    for tag in (*replaced, *(tag for tag, action in actions.items() if action != "keep")):
        if reason := refusal(tag):
            raise OptionError(f'{_OPTION}="{path}": {reason}')
    if both := replaced.keys() & actions.keys():
        raise OptionError(f'{_OPTION}="{path}": {dictionary.describe(min(both))} has two actions.')
    return AttributeRules(
        actions, replaced, frozenset(_private(text, path) for text in _list(content.get("keep-private", []), path))
    )


def _list(content: Any, path: Path) -> list[str]:
    if not isinstance(content, list) or not all(isinstance(name, str) for name in content):
        raise OptionError(f'{_OPTION}="{path}": expected lists of keywords such as ProtocolName, or numbers such as 00181030.')
    return content


def _tag(name: str, path: Path) -> int:
    from pydicom.datadict import tag_for_keyword

    number = _NUMBER.fullmatch(name.strip())
    tag = int(number[1] + number[2], 16) if number else tag_for_keyword(name.strip())
    if tag is None or dictionary.is_private(tag):
        raise OptionError(f'{_OPTION}="{path}": {name!r} is not a keyword or number of the standard (PS3.6).')
    return int(tag)


def _private(text: str, path: Path) -> PrivateKey:
    parts = [part.strip() for part in text.split(",")]
    try:
        group, creator, number = int(parts[0], 16), ",".join(parts[1:-1]).upper(), int(parts[-1], 16)
    except ValueError:
        group, creator, number = 0, "", 0
    if not creator or group % 2 == 0 or not 0 <= number <= 0xFF:
        raise OptionError(f'{_OPTION}="{path}": {text!r} is not GROUP,CREATOR,ELEMENT such as 0019,SIEMENS MR HEADER,0C.')
    return group, creator, number
