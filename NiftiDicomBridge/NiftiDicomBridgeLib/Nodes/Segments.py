"""Segmentation nodes → label maps with the names, colors and codes of their segments; and label tables as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import vtk

from nifti_dicom_bridge import BridgeError, stem_of

from ..Originals.DrawnFrames import own_segments, segments_of, words_of_frames
from ..Originals.DrawnTimes import DrawnTime, times_of
from ..Originals.ItemMasks import masks_of_items
from .NodeImages import Label, Mask, NodeImage, bytes_of_color
from .NodeKinds import SEGMENTATION, instance_uids_of
from .PixelGrid import pixel_grid_of
from .SegmentMasks import Grid, common_grid, masks_of, on_grid
from .SourceFile import source_of

LABEL_VALUE = "NiftiDicomBridge.LabelValue"
"""Tag of a segment: the value of its voxels in the file that it was loaded from."""

HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
COLUMNS = ("index", "name", "color")
# column → place in Slicer's terminology entry
CODES = {"category": 1, "type": 2, "typemodifier": 3, "region": 5, "regionmodifier": 6}
PROPERTIES = ("algorithmtype", "algorithmname", "trackingid", "trackinguid")
# field of a label → tag of a segment; Slicer's loader of DICOM SEG sets the first two
SEGMENT_TAGS = {
    "algorithm_type": "DICOM.SegmentAlgorithmType",
    "algorithm_name": "DICOM.SegmentAlgorithmName",
    "tracking_id": "DICOM.TrackingID",
    "tracking_uid": "DICOM.TrackingUID",
}
CODE_PARTS = ("codevalue", "codingscheme", "codemeaning")


def image_of_segmentation(
    node: Any, parent_to_world: np.ndarray, acquisition: bool, time: DrawnTime | None = None
) -> NodeImage:
    """Return a segmentation as a label map on one common grid; as several label maps, its last axis, where segments overlap.

    Of one that was drawn at several times, that of one time.

    Raises
    ------
    BridgeError
        If there is no segment, or no grid that contains all of them.
    """
    item, name = (node, node.GetName()) if time is None else (time.item, time.title)
    if not item.GetSegmentation().GetNumberOfSegments():
        raise BridgeError(f"{name} has no segments. Add one first.")
    masks, known = (masks_of_items(node), segments_of(node)) if time is None else (masks_of(item), own_segments(item))
    filled = [mask for mask in masks if not mask.is_empty]
    empty = [known[mask.segment_id].GetName() for mask in masks if mask.is_empty]
    grid, masks = common_grid(item, filled), filled or masks
    segments = [known[mask.segment_id] for mask in masks]
    numbers = _numbers_of(segments)
    layers = layers_of([_on(mask, grid) for mask in masks], numbers)
    labels = [_label_of(segment, number) for number, segment in zip(numbers, segments, strict=True)]
    return NodeImage(
        name=name,
        voxels=(layers[0] if len(layers) == 1 else np.stack(layers, axis=-1))[np.newaxis],
        ijk_to_ras=grid.ijk_to_ras,
        parent_to_world=parent_to_world,
        instance_uids=instance_uids_of(node),
        has_acquisition_transform=acquisition,
        source=source_of(node),
        labels=tuple(labels),
        is_label_map=True,
        masks=tuple(masks),
        warnings=(*_words_of_empty(name, filled, empty), *(words_of_frames(node) if time is None else ())),
        pixel_grid=pixel_grid_of(node),
    )


def _words_of_empty(name: str, filled: Sequence[Mask], empty: Sequence[str]) -> tuple[str, ...]:
    """Return what becomes of empty segments: left out next to others; described if nothing was found of any."""
    if not empty:
        return ()
    if filled:
        return (f"Empty segments were left out: {', '.join(empty)}.",)
    return (f"All segments of {name} are empty ({', '.join(empty)}): it was written without a labeled voxel.",)


def is_without_voxels(node: Any) -> bool:
    """Return whether a node is a segmentation whose segments are all empty."""
    if not node.IsA(SEGMENTATION) or not node.GetSegmentation().GetNumberOfSegments():
        return False
    return times_of(node) == [None] and all(mask.is_empty for mask in masks_of_items(node))


def _on(mask: Mask, grid: Grid) -> np.ndarray:
    voxels = on_grid(mask, grid)
    assert voxels is not None
    return voxels


def layers_of(masks: Sequence[np.ndarray], numbers: Sequence[int]) -> list[np.ndarray]:
    """Return label maps, as few as possible, so that no voxel belongs to two segments of one map.

    Parameters
    ----------
    masks : sequence of numpy.ndarray of bool
        One per segment.
    numbers : sequence of int
        The label of each segment.
    """
    dtype = np.uint8 if max(numbers) < 256 else np.uint16
    layers: list[np.ndarray] = []
    for inside, number in zip(masks, numbers, strict=True):
        free = next((voxels for voxels in layers if not voxels[inside].any()), None)
        if free is None:
            layers.append(np.where(inside, number, 0).astype(dtype))
        else:
            free[inside] = number
    return layers


def label_table(labels: Iterable[Label]) -> str:
    """Return labels as the table that BIDS calls ``_dseg.tsv``, with the codes of their terminology in further columns."""
    header = (*COLUMNS, *(f"{code}.{part}" for code in CODES for part in CODE_PARTS), *PROPERTIES)
    rows = [header, *(_row(label) for label in labels)]
    return "".join("\t".join(row) + "\n" for row in rows)


def read_label_table(text: str) -> list[Label]:
    """Return the labels of a ``_dseg.tsv``: those with a number above 0 and a name."""
    rows = [line.split("\t") for line in text.splitlines() if line.strip()]
    labels = []
    for row in rows[1:]:
        cells = dict(zip(rows[0], row, strict=False))
        number, color = cells.get("index", ""), cells.get("color", "").lstrip("#")
        if number.isdigit() and int(number) and cells.get("name", "n/a") != "n/a":
            known = bytes.fromhex(color) if len(color) == 6 and all(c in HEXADECIMAL for c in color) else b"\x80\x80\x80"
            labels.append(Label(int(number), cells["name"], (known[0], known[1], known[2])))
    return labels


def companion_table(image: Path) -> Path:
    """Return where the label table of a NIfTI file is."""
    return image.with_name(stem_of(image) + "_dseg.tsv")


def _cell(text: str) -> str:
    return " ".join(text.split()) or "n/a"


def _row(label: Label) -> tuple[str, ...]:
    color = "#" + bytes(label.color).hex()
    return (str(label.number), _cell(label.name), color, *_codes(label.terminology), *_properties(label))


def _properties(label: Label) -> list[str]:
    return [_cell(getattr(label, field)) for field in SEGMENT_TAGS]


def _codes(terminology: str) -> list[str]:
    """Return the parts of the codes in ``context~category~type~modifier~context~region~modifier``.

    Each is ``scheme^value^meaning``, as `vtkSlicerTerminologiesModuleLogic` serializes it.
    """
    parts = terminology.split("~")
    codes = []
    for number in CODES.values():
        scheme, value, meaning = ((parts[number] if number < len(parts) else "").split("^") + [""] * 3)[:3]
        codes += [value, scheme, _cell(meaning)] if value and scheme else ["", "", ""]
    return codes


def _label_of(segment: Any, number: int) -> Label:
    terminology = _tag_of(segment, segment.GetTerminologyEntryTagName())
    properties = {field: _tag_of(segment, tag) for field, tag in SEGMENT_TAGS.items()}
    return Label(number, segment.GetName(), bytes_of_color(segment.GetColor()), terminology, **properties)


def _numbers_of(segments: Sequence[Any]) -> list[int]:
    """Return the labels of segments: those of the file that they were loaded from if all have one, else 1, 2, 3…"""
    tags = [_tag_of(segment, LABEL_VALUE) for segment in segments]
    known = [int(text) for text in tags if text.isdigit()]
    complete = len(set(known)) == len(segments)
    return known if complete else list(range(1, len(segments) + 1))


def _tag_of(segment: Any, name: str) -> str:
    tag = vtk.reference("")
    return str(tag) if segment.GetTag(name, tag) else ""
