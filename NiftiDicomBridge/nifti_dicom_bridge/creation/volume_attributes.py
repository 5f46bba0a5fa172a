"""Lists in a sidecar that have one value for each volume of a 4D image."""

from __future__ import annotations

import re
from typing import Any

from ..bids import from_sidecar
from ..formats.dicom import edits, new_element
from ..formats.dicom.pydicom_conversion import element_of
from ..model.metadata import Elements
from ..options import Kind
from ..standard.numbers import is_number
from ..standard.tags import Tag
from .image_with_sidecar import ImageWithSidecar

OF_VOLUMES = ("EchoTime", "FlipAngle", "InversionTime", "RepetitionTime")
_HELD = {Kind.MR: OF_VOLUMES, Kind.ENHANCED_MR: ("EchoTime",)}
"""What objects of a kind can specify for each volume."""


def lists_of_volumes(described: ImageWithSidecar) -> dict[str, list[float]]:
    """Return the lists that have one number for each volume of an image, and more than one value."""
    times = described.image.times
    lists = {key: described.top.get(key) for key in OF_VOLUMES}
    return {
        key: value
        for key, value in lists.items()
        if isinstance(value, list) and times > 1 and len(value) == times and _differ(value)
    }


def _differ(value: list[Any]) -> bool:
    return all(map(is_number, value)) and len(set(value)) > 1


def elements_of_volumes(described: ImageWithSidecar, kind: Kind, sentences: list[str]) -> list[Elements]:
    """Return the attributes of each volume; empty where no list has a value for each.

    Objects that have one value for all volumes have none of them.

    Raises
    ------
    SidecarError
        If a number is not valid for its attribute.
    """
    lists = lists_of_volumes(described)
    held = {key: value for key, value in lists.items() if key in _HELD.get(kind, ())}
    sentences += [
        f'"{key}" has a value for each of {len(value)} volumes, objects of this kind have one for all: it was left out'
        for key, value in lists.items()
        if key not in held
    ]
    by_volume: list[Elements] = [{} for _ in range(described.image.times)] if held else []
    for key, value in held.items():
        for n, number in enumerate(value):
            for _, (path, *_), texts in from_sidecar.attributes_from_keys({key: number}, described.where, []):
                if path == (Tag.INVERSION_TIME,) and not _states_inversion(described):
                    by_volume[n][Tag.INVERSION_TIMES] = new_element.floats("FD", float(texts[0]))
                elif len(path) == 1:
                    by_volume[n][path[0]] = element_of(path[0], *edits.checked_values(path[0], texts))
            if key == "EchoTime" and kind is Kind.MR:
                by_volume[n][Tag.ECHO_NUMBERS] = element_of(Tag.ECHO_NUMBERS, "IS", [n + 1])
    return by_volume


def _states_inversion(described: ImageWithSidecar) -> bool:
    """Whether ScanningSequence specifies IR, without which an object may not have InversionTime (PS3.3 C.8.3.1)."""
    return "IR" in re.findall("[A-Z]+", str(described.top.get("ScanningSequence", "")).upper())
