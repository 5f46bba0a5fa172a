"""Dimension indices of multi-frame objects: how many, from which number, and equal to what they index (PS3.3 C.7.6.17)."""

from __future__ import annotations

from collections.abc import Sequence

from ..formats.dicom.reading.attributes.frame_attributes import dimension_pointers
from ..model import metadata
from ..model.metadata import Elements
from ..standard import dictionary
from ..standard.tags import Tag
from .subject import DataSetContext

COUNTED = (Tag.DIMENSION_INDEX_VALUES, Tag.TEMPORAL_POSITION_INDEX, Tag.IN_STACK_POSITION_NUMBER)
"""Attributes of the Frame Content group that count from 1."""


def check_dimensions(subject: DataSetContext, frames: Sequence[Elements]) -> None:
    """Report indices of another number than dimensions, indices of 0, and indices that contradict what they index."""
    pointers = dimension_pointers(subject.elements)
    for frame in frames:
        content = metadata.first_item(frame, Tag.FRAME_CONTENT_SEQUENCE)
        for tag in COUNTED:
            if min(metadata.numbers(content, tag), default=1) < 1:
                _report(subject, tag, "It is 0; indices count from 1", "Number them from 1.")
        values = metadata.numbers(content, Tag.DIMENSION_INDEX_VALUES)
        if values and len(values) != len(pointers):
            _report(subject, Tag.DIMENSION_INDEX_VALUES,
                    f"It has {len(values)} value(s); DimensionIndexSequence (0020,9222) has {len(pointers)} item(s)",
                    "Write one value per dimension.")  # fmt: skip
            continue
        for pointer, value in zip(pointers, values, strict=False):
            indexed = metadata.number(content, pointer) if pointer in COUNTED else None
            if indexed is not None and indexed != value:
                _report(subject, Tag.DIMENSION_INDEX_VALUES,
                        f"It is {value:g} where {dictionary.describe(pointer)} is {indexed:g}; both have to be equal",
                        "Correct one of them.")  # fmt: skip


def _report(subject: DataSetContext, tag: int, problem: str, advice: str) -> None:
    path = (Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, Tag.FRAME_CONTENT_SEQUENCE, tag)
    subject.error("dimensions", path, f"{problem} (PS3.3 C.7.6.16.2.2).", advice)
