"""Options of the core by name, as scripts write them: every field of `ConversionOptions`, members of enumerations as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from nifti_dicom_bridge import ConversionOptions, FileOptions, Layout, OptionError, PreviewOptions, Resample, Target, Uids

ALIASES = {"values": "set_values", "keepUids": "uids"}
"""Names in the panel → fields."""
PATHS = ("bids_map", "reference", "study_from", "sidecar", "metadata", "labels")
GROUPS = {"preview": PreviewOptions}


def options_of(choices: Mapping[str, Any]) -> ConversionOptions:
    """Return options of the core.

    Parameters
    ----------
    choices : mapping of str to object
        Fields of `ConversionOptions` and their values; enumerations as member or text, paths as path or text (empty: none),
        ``resample`` as one or several words, ``preview`` as mapping. Beside these ``keepUids`` (bool), ``values`` for
        ``set_values``, and ``layout="zarr"`` or ``"preview"`` for the target of that name.

    Raises
    ------
    OptionError
        If there is no such option, or it has no such value.
    """
    found: dict[str, Any] = {}
    for name, value in choices.items():
        found.update(_chosen(name, value))
    return ConversionOptions(**found)


def _chosen(name: str, value: Any) -> dict[str, Any]:
    """Return the fields that one choice sets."""
    if name == "keepUids":
        return {"uids": Uids.KEEP if value else Uids.NEW}
    if name == "layout" and str(value) not in [known.value for known in Layout]:
        return {"target": _member(Target, name, value)}
    name = ALIASES.get(name, name)
    return {name: _value(_field(name), value)}


def _field(name: str) -> Field:
    known = {field.name: field for field in fields(ConversionOptions)}
    if name not in known:
        raise OptionError(f"There is no option {name!r}. The options are {', '.join(known)}.")
    return known[name]


def _value(field: Field, value: Any) -> Any:
    default = field.default_factory() if field.default_factory is not MISSING else field.default
    if isinstance(default, StrEnum):
        return _member(type(default), field.name, value)
    if field.name in PATHS:
        return Path(value) if value not in (None, "") else None
    if field.name == "resample":
        words = value.replace(",", " ").split() if isinstance(value, str) else value
        return frozenset(_member(Resample, field.name, word) for word in words)
    if field.name in GROUPS and isinstance(value, Mapping):
        return _group(GROUPS[field.name], value)
    if field.name == "per_file":
        return {Path(path): own if isinstance(own, FileOptions) else _file_options(own) for path, own in value.items()}
    return dict(value) if isinstance(default, dict) else value


def _member(kind: type[StrEnum], name: str, value: Any) -> Any:
    try:
        return kind(str(value))
    except ValueError:
        known: Iterable[str] = (member.value for member in kind)
        raise OptionError(f"{name}: {value!r} is not a valid choice. Choose one of {', '.join(known)}.") from None


def _group(kind: type, values: Mapping[str, Any]) -> Any:
    """Return options of a part of the conversion, such as those of pictures."""
    known = {field.name: field for field in fields(kind)}
    unknown = [name for name in values if name not in known]
    if unknown:
        raise OptionError(f"There is no option {unknown[0]!r}. The options are {', '.join(known)}.")
    found = dict(values)
    for name, value in values.items():
        if isinstance(value, str) and isinstance(known[name].default, StrEnum):
            found[name] = _member(type(known[name].default), name, value)
        elif isinstance(value, str) and "Path" in str(known[name].type):
            found[name] = Path(value)
    return kind(**found)


def _file_options(choices: Mapping[str, Any]) -> FileOptions:
    """Return the choices for one file; the same names and values as for all files."""
    chosen = options_of(choices)
    return FileOptions(chosen.kind, chosen.reference, chosen.set_values)
