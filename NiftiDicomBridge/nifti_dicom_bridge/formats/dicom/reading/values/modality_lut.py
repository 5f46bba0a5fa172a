"""Modality LUT (PS3.3 C.11.1): a straight line is a slope; which values are beyond the table, and which tables are curves."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .....model import metadata
from .....model.metadata import Elements
from .....standard.dictionary import describe
from .....standard.tags import Tag
from .value_range import DoubtsOfRange, common_range


def straight_line(elements: Elements, notes: list[str]) -> tuple[float, float, str]:
    """Return slope, intercept and units of a table where it is a straight line; a note where it is not."""
    lut = metadata.first_item(elements, Tag.MODALITY_LUT_SEQUENCE)
    units = metadata.text(lut, Tag.MODALITY_LUT_TYPE)
    entries = _entries(lut)
    if _is_line(entries):
        slope = float(entries[1] - entries[0])
        notes.append(f"{describe(Tag.MODALITY_LUT_SEQUENCE)} is a straight line: applied as slope {slope:g}")
        return slope, float(entries[0] - slope * _first_mapped(elements, lut)), units
    notes.append(
        f"{describe(Tag.MODALITY_LUT_SEQUENCE)} was not applied, as its curve has no place in NIfTI: the values are the stored "
        f"ones, not {units or 'those of the modality'}. The sidecar keeps the table"
    )
    return 1.0, 0.0, ""


def doubts_of_table(data_sets: Iterable[Elements]) -> DoubtsOfRange:
    """Return what notes the stored values beyond a table that is applied as a slope; of the tables of all instances."""
    return DoubtsOfRange(
        common_range(list(filter(None, map(_limits, data_sets)))),
        Tag.MODALITY_LUT_SEQUENCE,
        "in NIfTI, those beyond continue its line; in DICOM, they have the value at its end (PS3.3 C.11.1.1.1)",
    )


def _limits(elements: Elements) -> tuple[int, int] | None:
    """Return the first and the last stored value that the table of a data set maps; None where no table is applied."""
    if Tag.MODALITY_LUT_SEQUENCE not in elements or Tag.RESCALE_SLOPE in elements:
        return None
    lut = metadata.first_item(elements, Tag.MODALITY_LUT_SEQUENCE)
    entries = _entries(lut)
    if not _is_line(entries):
        return None
    first = _first_mapped(elements, lut)
    return first, first + entries.size - 1


def _is_line(entries: np.ndarray) -> bool:
    """Whether the entries of a table are a straight line that is not flat."""
    steps = np.diff(entries)
    return bool(entries.size > 1 and steps[0] != 0 and (steps == steps[0]).all())


def _entries(lut: Elements) -> np.ndarray:
    element, descriptor = lut.get(Tag.LUT_DATA), metadata.numbers(lut, Tag.LUT_DESCRIPTOR)
    if element is None or not isinstance(element.value, bytes) or len(descriptor) != 3:
        return np.zeros(0)
    count = int(descriptor[0]) or 1 << 16
    wide = len(element.value) >= 2 * count
    return np.frombuffer(element.value, "<u2" if wide else "u1").astype(np.float64)[:count]


def _first_mapped(elements: Elements, lut: Elements) -> int:
    first = int(metadata.numbers(lut, Tag.LUT_DESCRIPTOR)[1])
    signed = metadata.integer(elements, Tag.PIXEL_REPRESENTATION) == 1
    return first - (1 << 16) if signed and first >= 1 << 15 else first
