"""Segments in the header of 3D Slicer's ``.seg.nrrd``: numbers, names, colors, terminology."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...model.voxels.digest import freeze
from ...model.voxels.lazy_voxels import Voxels, mapped, slabs
from .header import NrrdHeader, read_header

_TERMINOLOGY = "TerminologyEntry:"
_CODES = {
    1: "SegmentedPropertyCategoryCodeSequence",
    2: "SegmentedPropertyTypeCodeSequence",
    3: "SegmentedPropertyTypeModifierCodeSequence",
    5: "AnatomicRegionSequence",
    6: "AnatomicRegionModifierSequence",
}
"""Parts of a terminology entry, and the keys of dcmqi's description of segments."""


@dataclass(frozen=True)
class NrrdSegment:
    """A segment of the header.

    Attributes
    ----------
    number : int
        What its voxels have in the volume that is read.
    value, layer : int
        What its voxels have in the file, and in which of its layers.
    name, color, terminology : str
        As in the header.
    """

    number: int
    value: int
    layer: int
    name: str
    color: str
    terminology: str


def segments_of(header: NrrdHeader) -> list[NrrdSegment]:
    """Return the segments, with numbers that differ: those of the file, if no two layers use the same.

    Raises `ImageReadError` if two segments have the same number in one layer.
    """
    segments = []
    n = 0
    while any(f"Segment{n}_{name}" in header.values for name in ("ID", "Name", "LabelValue")):
        segments.append(_segment(header, n))
        n += 1
    if len({(segment.value, segment.layer) for segment in segments}) < len(segments):
        raise header.error("two segments have the same LabelValue and Layer, so their voxels are the same. Repair the header.")
    if len({segment.value for segment in segments}) == len(segments):
        return segments
    return [replace(segment, number=number) for number, segment in enumerate(segments, 1)]


def _segment(header: NrrdHeader, n: int) -> NrrdSegment:
    def value_of(name: str, default: str = "") -> str:
        return header.values.get(f"Segment{n}_{name}", default).strip()

    tags = value_of("Tags").split("|")
    terminology = next((tag.removeprefix(_TERMINOLOGY) for tag in tags if tag.startswith(_TERMINOLOGY)), "")
    try:  # before Slicer 4.11, there were no values: segments were layers of 0 and 1
        value, layer = int(value_of("LabelValue", "1")), int(value_of("Layer", str(n)))
    except ValueError:
        raise header.error(f"value or layer of segment {n} is not a whole number. Repair the header.") from None
    if value < 1:
        raise header.error(f"the value of segment {n} is {value}; values are from 1, 0 is the background. Repair the header.")
    return NrrdSegment(value, value, layer, value_of("Name") or value_of("ID"), value_of("Color"), terminology)


def with_different_numbers(
    voxels: Voxels, segments: Sequence[NrrdSegment], header: NrrdHeader
) -> tuple[Voxels, tuple[str, ...]]:
    """Return voxels in which every segment has its number, and warnings about voxels of layers that are of no segment.

    Raises
    ------
    ImageReadError
        If a segment is in a layer that does not exist.
    """
    count = 1 if voxels.ndim == 4 else voxels.shape[-1]
    for n, segment in enumerate(segments):
        if not 0 <= segment.layer < count:
            raise header.error(f"segment {n} is in layer {segment.layer}, there are {count}. Repair the header.")
    if voxels.ndim == 4:  # values of one layer differ
        return voxels, ()

    def with_numbers(layers: np.ndarray, _: int) -> np.ndarray:
        numbered = np.zeros(layers.shape, dtype)
        for segment in segments:
            numbered[..., segment.layer][layers[..., segment.layer] == segment.value] = segment.number
        return numbered

    dtype = np.min_scalar_type(max(segment.number for segment in segments))
    blocks = (block for _, _, block in slabs(voxels))
    nameless = sum(int(np.count_nonzero(block)) - int(np.count_nonzero(with_numbers(block, 0))) for block in blocks)
    warnings = (
        (f"{nameless} voxel(s) have a value that is of no segment of their layer: they were left out",) if nameless else ()
    )
    numbered = mapped(voxels, dtype, with_numbers)
    return (freeze(numbered) if isinstance(numbered, np.ndarray) else numbered), warnings


def segments_text(path: Path) -> str:
    """Return the segments of a file as dcmqi describes them, JSON; empty if its header has none.

    Raises
    ------
    ImageReadError
        If the header is damaged.
    """
    segments = segments_of(read_header(path))
    return json.dumps({"segmentAttributes": [[_segment_description(segment) for segment in segments]]}) if segments else ""


def _segment_description(segment: NrrdSegment) -> dict[str, Any]:
    description: dict[str, Any] = {"labelID": segment.number, "SegmentLabel": segment.name}
    parts = segment.terminology.split("~")
    for place, key in _CODES.items():
        words = parts[place].split("^") if place < len(parts) else []
        if len(words) == 3 and words[0] and words[1]:
            description[key] = dict(zip(("CodingSchemeDesignator", "CodeValue", "CodeMeaning"), words, strict=True))
    try:
        color = [float(word) for word in segment.color.split()]
    except ValueError:
        color = []
    if len(color) == 3 and np.isfinite(color).all():  # of CIELab colors, parts may be slightly outside of 0 to 1
        description["recommendedDisplayRGBValue"] = [round(255 * min(1.0, max(0.0, part))) for part in color]
    return description
