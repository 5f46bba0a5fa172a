"""Segmentations that were loaded from DICOM SEG: whether segments are as they were, and edits of their voxels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from nifti_dicom_bridge import Log, Segment, Volume, identity_of, segments_of

from ..Nodes.NodeImages import Label, Mask, NodeImage
from ..Nodes.SegmentMasks import Grid, on_grid
from .LabelBackground import without_labels
from .LoadedColors import loaded_color
from .VoxelEdits import VOXELS_EDITED

COLOR_STEPS = 3
"""How much a color may differ: DICOM stores it as CIELab in 16 bits."""
WRITTEN_NEW = (
    "Segments were added, removed or described differently since the segmentation was loaded from DICOM: it becomes a new "
    "DICOM SEG. The other attributes of the original are not kept."
)


class _Pair(NamedTuple):
    """A segment of the original, the volume that it is in, and the same segment of the node."""

    volume: int
    segment: Segment
    label: Label
    mask: Mask


def volumes_of_segments(volumes: Sequence[Volume], image: NodeImage, log: Log) -> list[Volume]:
    """Return the label maps to write for a segmentation node that was loaded from DICOM SEG.

    Themselves where nothing was edited; with the voxels of the node where only those were; nothing where the node can only
    become a new segmentation.
    """
    if _is_fractional(volumes):
        return list(volumes) if _shows_fractions(volumes, image) else _new(log)
    pairs = _pairs(volumes, image)
    if pairs is None:
        return _new(log)
    edited = [_with_masks(volume, [pair for pair in pairs if pair.volume == n]) for n, volume in enumerate(volumes)]
    if any(volume is None for volume in edited):
        return _new(log)
    known = [volume for volume in edited if volume is not None]
    if any(a is not b for a, b in zip(known, volumes, strict=True)):
        log.notes.append(VOXELS_EDITED)
    return known


def on_pixels_of(volume: Volume, image: NodeImage) -> NodeImage:
    """Return what is of a Segmentation without a position on the grid that the core assumes for that; others as they are."""
    if image.pixel_grid is None:
        return image
    moved = volume.ijk_to_ras @ np.linalg.inv(image.pixel_grid)
    masks = tuple(replace(mask, ijk_to_ras=moved @ mask.ijk_to_ras) for mask in image.masks)
    return replace(image, masks=masks, ijk_to_ras=moved @ image.ijk_to_ras)


def _new(log: Log) -> list[Volume]:
    log.warnings.append(WRITTEN_NEW)
    return []


def _grid_of(volume: Volume) -> Grid:
    slices, rows, columns = volume.voxels.shape[1:4]
    return Grid((slices, rows, columns), volume.ijk_to_ras)


# --- masks ------------------------------------------------------------------------------------------------------------


def _pairs(volumes: Sequence[Volume], image: NodeImage) -> list[_Pair] | None:
    """Return which segment of the original each of the node is; None where they are not the same ones."""
    described = [(n, segment) for n, volume in enumerate(volumes) for segment in segments_of(volume)]
    known = [(n, segment) for n, segment in described if (volumes[n].voxels == segment.number).any()] or described
    if len(known) != len(image.labels):
        return None
    pairs = []
    left = list(zip(image.labels, image.masks, strict=True))
    for n, segment in known:
        same = next((pair for pair in left if _is_described_as(pair[0], segment)), None)
        if same is None:
            return None
        left.remove(same)
        pairs.append(_Pair(n, segment, *same))
    return pairs


def _is_described_as(label: Label, segment: Segment) -> bool:
    """Whether a segment of a node has name, color, codes and algorithm of one in DICOM, as far as that states them."""
    names = (segment.label, segment.type.meaning if segment.type else "")
    algorithm = not segment.algorithm_type or label.algorithm_type in ("", segment.algorithm_type)
    return label.name in names and _has_color(label, segment) and algorithm and _has_codes(label, segment)


def _has_color(label: Label, segment: Segment) -> bool:
    if segment.color is None:
        return True
    either = (segment.color, loaded_color(segment.color))
    return any(np.abs(np.subtract(color, label.color)).max() <= COLOR_STEPS for color in either)


def _has_codes(label: Label, segment: Segment) -> bool:
    parts = (label.terminology.split("~") + [""] * 7)[1:7]
    codes = (segment.category, segment.type, segment.modifier, None, segment.region, segment.region_modifier)
    written = (tuple(part.split("^")[:2]) for part in parts)
    pairs = [(code, recorded) for code, recorded in zip(codes, written, strict=True) if code is not None]
    return not label.terminology or all(recorded == (code.scheme, code.value) for code, recorded in pairs)


def _with_masks(volume: Volume, pairs: Sequence[_Pair]) -> Volume | None:
    """Return a label map with the voxels that segments have now; None where it cannot hold them."""
    voxels, taken = without_labels(volume), np.zeros(volume.voxels.shape[1:4], bool)
    for pair in pairs:
        inside = on_grid(pair.mask, _grid_of(volume))
        if inside is None or taken[inside].any():
            return None
        voxels[0][inside], taken[inside] = pair.segment.number, True
    return volume if np.array_equal(voxels, volume.voxels) else replace(volume, voxels=voxels)


# --- probabilities ----------------------------------------------------------------------------------------------------


def _is_fractional(volumes: Sequence[Volume]) -> bool:
    return any(identity_of(volume, ["SegmentationType"]).get("SegmentationType") == "FRACTIONAL" for volume in volumes)


def _shows_fractions(volumes: Sequence[Volume], image: NodeImage) -> bool:
    """Whether Slicer shows the stored probabilities as they were: every value as a segment of its own."""
    shown = np.zeros_like(volumes[0].voxels)
    for mask in image.masks:
        inside = on_grid(mask, _grid_of(volumes[0]))
        if inside is None:
            return False
        shown[0][inside] = mask.value
    return len(volumes) == 1 and np.array_equal(shown, volumes[0].voxels)
