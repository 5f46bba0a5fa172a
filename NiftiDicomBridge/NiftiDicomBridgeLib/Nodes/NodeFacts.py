"""What decides which kinds of DICOM objects make sense for a node."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer

from ..Host import Database, Hierarchy
from .NodeKinds import (
    DIFFUSION,
    SEGMENTATION,
    instance_uids_of,
    kind_of_values,
    sequence_of,
    was_dicom,
)
from .References import has_geometry_of_dicom, reference_uids

MODALITY, SOP_CLASS = "0008,0060", "0008,0016"
LOWEST_16_BITS, HIGHEST_16_BITS = -(2**15), 2**15 - 1


@dataclass(frozen=True)
class NodeFacts:
    """What is known of a node without converting it.

    Attributes
    ----------
    was_dicom : bool
        Whether it came from DICOM, or from NIfTI with our sidecar.
    is_segmentation : bool
        A segmentation node, not a label map.
    values : str
        ``labels``, ``colors``, ``diffusion`` or ``grays``.
    modality, sop_class : str
        Of its original, else of the series that it was derived from; empty where unknown.
    times : int
        Time points.
    is_whole : bool
        Whether all values are whole numbers; true of everything but gray values.
    lowest, highest : float
        The range of gray values; 0 for all others.
    has_reference : bool
        Whether it is a segmentation with the geometry of a volume of DICOM, which Slicer's own export requires.
    """

    was_dicom: bool
    is_segmentation: bool
    values: str
    modality: str = ""
    sop_class: str = ""
    times: int = 1
    is_whole: bool = True
    lowest: float = 0.0
    highest: float = 0.0
    has_reference: bool = False

    @property
    def fits_16_bits(self) -> bool:
        """Whether Slicer's own export, which writes 16-bit integers, keeps all values."""
        return self.is_whole and self.lowest >= LOWEST_16_BITS and self.highest <= HIGHEST_16_BITS


_latest: dict[str, tuple[float, int, NodeFacts]] = {}
"""The export dialog asks every plugin for the same node in turn, and values need not be looked at each time."""
SECONDS = 1.0


def facts_of(node: Any) -> NodeFacts:
    """Return what is known of a volume, a segmentation or a sequence."""
    image = node.GetImageData() if hasattr(node, "GetImageData") else None
    changed, now = max(node.GetMTime(), image.GetMTime() if image is not None else 0), time.monotonic()
    known = _latest.get(node.GetID())
    if known is None or known[1] != changed or now - known[0] > SECONDS:
        _latest.clear()
        _latest[node.GetID()] = known = (now, changed, _facts(node))
    return known[2]


def _facts(node: Any) -> NodeFacts:
    original, reference = was_dicom(node), reference_uids(node)
    uids = instance_uids_of(node) or reference
    files = Database.files_of_instances(uids[:1])
    modality, sop_class = (Database.value_of(files[0], tag) if files else "" for tag in (MODALITY, SOP_CLASS))
    sequence = sequence_of(node)
    values = "diffusion" if node.IsA(DIFFUSION) else kind_of_values(node)
    range_ = _range_of(node) if values == "grays" else (True, 0.0, 0.0)
    return NodeFacts(
        was_dicom=original,
        is_segmentation=bool(node.IsA(SEGMENTATION)),
        values=values,
        modality=modality or Hierarchy.series_value(node, "Modality"),
        sop_class=(sop_class or Hierarchy.series_value(node, "SOPClassUID")) if original else "",
        times=sequence.GetNumberOfDataNodes() if sequence is not None else 1,
        is_whole=range_[0],
        lowest=range_[1],
        highest=range_[2],
        has_reference=has_geometry_of_dicom(node),
    )


def _range_of(node: Any) -> tuple[bool, float, float]:
    """Return whether all gray values are whole numbers, the lowest and the highest."""
    if node.GetClassName() == "vtkMRMLSequenceNode":
        node = node.GetNthDataNode(0)
    image = node.GetImageData() if node is not None else None
    if image is None or image.GetNumberOfPoints() == 0:
        return True, 0.0, 0.0
    low, high = image.GetScalarRange()
    voxels = slicer.util.arrayFromVolume(node)
    whole = voxels.dtype.kind in "iub" or all(_is_whole(plane) for plane in voxels)
    return whole, float(low), float(high)


def _is_whole(plane: np.ndarray) -> bool:
    return bool(np.isfinite(plane).all() and np.array_equal(np.rint(plane), plane))
