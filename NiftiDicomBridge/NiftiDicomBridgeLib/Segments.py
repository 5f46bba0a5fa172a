"""Segmentation nodes → label maps with the names, colours and codes of their segments; and label tables as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk

from nifti_dicom_bridge import BridgeError, stem_of

from .NodeImages import Label, NodeImage, grid_of, remove_with_displays
from .NodeKinds import LABEL_MAP
from .SourceFile import source_of

LABEL_VALUE = "NiftiDicomBridge.LabelValue"
"""Tag of a segment: the value of its voxels in the file that it was loaded from."""
COLOR_TABLE = "vtkMRMLColorTableNode"
HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
COLUMNS = ("index", "name", "color")
CODES = ("category", "type", "typemodifier")
CODE_PARTS = ("codevalue", "codingscheme", "codemeaning")


def images_of_segmentation(node: Any, parent_to_world: np.ndarray, acquisition: bool) -> list[NodeImage]:
    """Return a segmentation as label maps on its reference grid: one, more where segments overlap.

    Raises
    ------
    BridgeError
        If there is no segment, or none that Slicer can turn into voxels.
    """
    segmentation = node.GetSegmentation()
    names = list(segmentation.GetSegmentIDs())
    if not names:
        raise BridgeError(f"{node.GetName()} has no segments. Add one first.")
    masks = [_mask_of(node, name) for name in names]
    grid = masks[0][1]
    numbers = _numbers_of([segmentation.GetSegment(name) for name in names])
    labels = [_label_of(segmentation.GetSegment(name), number) for number, name in zip(numbers, names, strict=True)]
    layers = layers_of([mask for mask, _ in masks], numbers)
    source = source_of(node) if len(layers) == 1 else None
    return [
        NodeImage(
            name=node.GetName() if number == 0 else f"{node.GetName()} overlap {number}",
            voxels=voxels[np.newaxis],
            ijk_to_ras=grid,
            parent_to_world=parent_to_world,
            has_acquisition_transform=acquisition,
            source=source,
            labels=tuple(labels[index] for index in members),
            is_label_map=True,
        )
        for number, (voxels, members) in enumerate(layers)
    ]


def layers_of(masks: Sequence[np.ndarray], numbers: Sequence[int] = ()) -> list[tuple[np.ndarray, list[int]]]:
    """Return label maps, and the indices of the masks in each, so that no voxel belongs to two segments of one map.

    Parameters
    ----------
    masks : sequence of numpy.ndarray
        One per segment.
    numbers : sequence of int
        The label of each segment; 1, 2, 3… by default.
    """
    numbers = numbers or range(1, len(masks) + 1)
    dtype = np.uint8 if max(numbers) < 256 else np.uint16
    layers: list[tuple[np.ndarray, list[int]]] = []
    for index, (mask, number) in enumerate(zip(masks, numbers, strict=True)):
        inside = mask != 0
        for voxels, members in layers:
            if not voxels[inside].any():
                voxels[inside] = number
                members.append(index)
                break
        else:
            layers.append((np.where(inside, number, 0).astype(dtype), [index]))
    return layers


def label_table(labels: Iterable[Label]) -> str:
    """Return labels as the table that BIDS calls ``_dseg.tsv``, with the codes of their terminology in further columns."""
    header = (*COLUMNS, *(f"{code}.{part}" for code in CODES for part in CODE_PARTS))
    rows = [header, *((str(o.number), _cell(o.name), "#" + bytes(o.colour).hex(), *_codes(o.terminology)) for o in labels)]
    return "".join("\t".join(row) + "\n" for row in rows)


def read_label_table(text: str) -> list[Label]:
    """Return the labels of a ``_dseg.tsv``: those with a number above 0 and a name."""
    rows = [line.split("\t") for line in text.splitlines() if line.strip()]
    found = []
    for row in rows[1:]:
        cells = dict(zip(rows[0], row, strict=False))
        number, colour = cells.get("index", ""), cells.get("color", "").lstrip("#")
        if number.isdigit() and int(number) and cells.get("name", "n/a") != "n/a":
            known = bytes.fromhex(colour) if len(colour) == 6 and all(c in HEXADECIMAL for c in colour) else b"\x80\x80\x80"
            found.append(Label(int(number), cells["name"], (known[0], known[1], known[2])))
    return found


def table_beside(image: Path) -> Path:
    """Return where the label table of a NIfTI file stands."""
    return image.with_name(stem_of(image) + "_dseg.tsv")


def _cell(text: str) -> str:
    return " ".join(text.split()) or "n/a"


def _codes(terminology: str) -> list[str]:
    """Return the parts of the codes in ``context~category~type~modifier~…``, each ``scheme^value^meaning``."""
    parts = (terminology.split("~") + [""] * 4)[1:4]
    found = []
    for part in parts:
        scheme, value, meaning = (part.split("^") + [""] * 3)[:3]
        found += [value, scheme, _cell(meaning)] if value and scheme else ["", "", ""]
    return found


def _mask_of(node: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return one segment on the reference grid of its segmentation, and that grid."""
    tables = {table.GetID() for table in slicer.util.getNodesByClass(COLOR_TABLE)}
    target = slicer.mrmlScene.AddNewNodeByClass(LABEL_MAP)
    target.SetHideFromEditors(True)
    try:
        export = slicer.vtkSlicerSegmentationsModuleLogic.ExportSegmentsToLabelmapNode
        if not export(node, [name], target, None, slicer.vtkSegmentation.EXTENT_REFERENCE_GEOMETRY):
            raise BridgeError(f"{node.GetName()}: Slicer cannot turn the segment {name} into voxels. Its log says why.")
        return np.array(slicer.util.arrayFromVolume(target)), grid_of(target)
    finally:
        remove_with_displays(target)
        for table in slicer.util.getNodesByClass(COLOR_TABLE):  # Slicer makes one for the names
            if table.GetID() not in tables:
                slicer.mrmlScene.RemoveNode(table)


def _numbers_of(segments: Sequence[Any]) -> list[int]:
    """Return the labels of segments: those of the file that they were loaded from if all have one, else 1, 2, 3…"""
    found = [_tag_of(segment, LABEL_VALUE) for segment in segments]
    known = [int(text) for text in found if text.isdigit()]
    complete = len(set(known)) == len(segments)
    return known if complete else list(range(1, len(segments) + 1))


def _tag_of(segment: Any, name: str) -> str:
    tag = vtk.reference("")
    return str(tag) if segment.GetTag(name, tag) else ""


def _label_of(segment: Any, number: int) -> Label:
    red, green, blue = (round(255 * part) for part in segment.GetColor())
    return Label(number, segment.GetName(), (red, green, blue), _tag_of(segment, segment.GetTerminologyEntryTagName()))
