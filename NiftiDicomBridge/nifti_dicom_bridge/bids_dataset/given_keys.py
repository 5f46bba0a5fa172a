"""Keys of sidecars that the user gives for a whole dataset: what DICOM does not contain, and BIDS requires."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import OptionError
from ..model.files.option_files import read_option_file
from . import naming_rules
from .bids_map import ASL_WORDS
from .images import Image

CONTEXT = "aslcontext"
LENGTHS = {
    "SliceTiming": "Slices", "FrameTimesStart": "Volumes", "FrameDuration": "Volumes", "VolumeTiming": "Volumes",
    "PostLabelingDelay": "Volumes", "RepetitionTimePreparation": "Volumes",
}  # fmt: skip
"""Keys whose lists have a value for each slice or volume."""


def read_keys(path: Path | None) -> dict[str, dict[str, Any]]:
    """Return the keys of a file: ``""`` for all images, a datatype, or ``datatype/suffix`` → keys and values.

    Raises
    ------
    OptionError
        If the file cannot be read, or names a datatype or suffix that BIDS does not have.
    """
    if path is None:
        return {}
    content = read_option_file(path, "bids_keys")
    where = f'bids_keys="{path}"'
    if not isinstance(content, dict):
        raise OptionError(f'{where}: an object with datatypes and keys was expected, such as {{"pet": {{…}}}}.')
    datatypes = {datatype for datatype, _ in naming_rules.names()}
    known = datatypes | {f"{datatype}/{suffix}" for datatype, suffix in naming_rules.names()}
    sections: dict[str, dict[str, Any]] = {"": {}}
    for name, value in content.items():
        if name in known and isinstance(value, dict):
            sections[name] = value
        elif name in known or "/" in name:
            expected = "an object with keys was expected" if name in known else "BIDS has no such datatype and suffix"
            raise OptionError(f"{where}: {name}: {expected}.")
        else:
            sections[""][name] = value
    for name, keys in sections.items():
        _check_context(keys, f"{where}: {name or 'top level'}")
    return sections


def _check_context(keys: Mapping[str, Any], where: str) -> None:
    context = keys.get(CONTEXT, [])
    if not isinstance(context, list) or not all(word in ASL_WORDS for word in context):
        raise OptionError(f"{where}/{CONTEXT}: a list of {', '.join(ASL_WORDS)} was expected, found {context!r}.")


def add_given_keys(image: Image, sections: Mapping[str, Mapping[str, Any]]) -> None:
    """Add the keys for an image that neither the DICOM nor the map contains; what the DICOM states otherwise stays."""
    keys: dict[str, Any] = {}
    for name in ("", image.datatype, f"{image.datatype}/{image.suffix}"):
        keys |= sections.get(name, {})
    context = keys.pop(CONTEXT, [])
    if image.suffix == "asl" and context and not image.aslcontext:
        image.aslcontext = tuple(context)
    for key, value in keys.items():
        if key in image.changes:
            continue
        if key in image.keys and image.keys[key] != value:
            image.log.warnings.append(f'"{key}": the DICOM states {image.keys[key]!r}; {value!r} of bids_keys= was not used.')
        elif key not in image.keys:
            image.changes[key] = value


def drop_lists_of_other_lengths(image: Image) -> None:
    """Take away given lists that do not have a value for each slice or volume: whose the values are is unknown."""
    for key, what in LENGTHS.items():
        value, count = image.changes.get(key), image.facts[what]
        if isinstance(value, list) and len(value) != count:
            del image.changes[key]
            image.log.warnings.append(
                f'"{key}" has {len(value)} value(s), the image has {count} {what.lower()}: it was not used.'
            )
