"""What there is in the scene: which nodes can be written, what each is, and what it was loaded from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from .SourceFile import source_of

VOLUME, LABEL_MAP, SEGMENTATION = "vtkMRMLScalarVolumeNode", "vtkMRMLLabelMapVolumeNode", "vtkMRMLSegmentationNode"
SEQUENCE, BROWSER, DIFFUSION = "vtkMRMLSequenceNode", "vtkMRMLSequenceBrowserNode", "vtkMRMLDiffusionWeightedVolumeNode"
REFUSED_CLASSES = {
    "vtkMRMLDiffusionImageVolumeNode": "a diffusion tensor volume",
    "vtkMRMLTensorVolumeNode": "a tensor volume",
}
ALLOWED_CHILDREN = ("vtkMRMLVectorVolumeNode",)  # in MRML, a vector volume is a tensor volume


def sequence_of(node: Any) -> Any:
    """Return the sequence that a node is or shows; None for all others."""
    if node is None or node.IsA(SEQUENCE):
        return node
    browser = browser_of(node)
    return browser.GetSequenceNode(node) if browser is not None else None


def convertible_nodes() -> list[Any]:
    """Return the nodes of the scene that can be written: what shows a sequence, and not the sequence that it shows."""
    nodes = [*slicer.util.getNodesByClass(VOLUME), *slicer.util.getNodesByClass(SEGMENTATION)]
    nodes = [node for node in nodes if not node.GetHideFromEditors() and not refused_as(node)]
    shown = {sequence.GetID() for sequence in map(sequence_of, nodes) if sequence is not None}
    return nodes + [node for node in slicer.util.getNodesByClass(SEQUENCE) if node.GetID() not in shown and holds_volumes(node)]


def node_type(node: Any) -> str:
    """Return in a word or two what a node is, for lists."""
    sequence = sequence_of(node)
    if sequence is not None:
        return _("4D, {count} times").format(count=sequence.GetNumberOfDataNodes())
    if node.IsA(SEGMENTATION):
        count = node.GetSegmentation().GetNumberOfSegments()
        return _("1 segment") if count == 1 else _("{count} segments").format(count=count)
    if node.IsA(LABEL_MAP):
        return _("label map")
    if node.IsA(DIFFUSION):
        return _("diffusion, {count} images").format(count=node.GetNumberOfGradients())
    image = node.GetImageData()
    if image is None:
        return _("empty")
    size = " × ".join(str(n) for n in image.GetDimensions())
    components = image.GetNumberOfScalarComponents()
    return _("{size}, {count} values").format(size=size, count=components) if components > 1 else size


def instance_uids_of(node: Any) -> tuple[str, ...]:
    """Return the SOP Instance UIDs that a node was loaded from."""
    return tuple(uid for uid in (node.GetAttribute("DICOM.instanceUIDs") or "").split() if uid != "Unknown")


def was_dicom(node: Any) -> bool:
    """Whether a node specifies which DICOM instances or which NIfTI file with our sidecar it was loaded from."""
    sequence = sequence_of(node)
    first = sequence.GetNthDataNode(0) if sequence is not None and sequence.GetNumberOfDataNodes() else node
    return bool(first.IsA(VOLUME) and (instance_uids_of(first) or source_of(first)))


def nodes_loaded_from(image: Path) -> list[Any]:
    """Return the nodes that were loaded from a NIfTI file or Zarr store with our sidecar, by any reader."""
    nodes = [*slicer.util.getNodesByClass(VOLUME), *slicer.util.getNodesByClass(SEGMENTATION)]
    return [node for node in nodes if source_of(node) == image]


def kind_of_values(node: Any) -> str:
    """Return whether a node holds ``labels``, ``colors`` or ``grays``; a sequence what its volumes hold."""
    if node.IsA(SEQUENCE) and holds_volumes(node):
        return kind_of_values(node.GetNthDataNode(0))
    if node.IsA(SEGMENTATION) or node.IsA(LABEL_MAP):
        return "labels"
    image = node.GetImageData() if node.IsA(VOLUME) and not node.IsA(DIFFUSION) else None
    return "colors" if image is not None and image.GetNumberOfScalarComponents() > 1 else "grays"


def refused_as(node: Any) -> str:
    """Return what a node is that cannot be written; empty for the others."""
    if any(node.IsA(name) for name in ALLOWED_CHILDREN):
        return ""
    return next((words for name, words in REFUSED_CLASSES.items() if node.IsA(name)), "")


def holds_volumes(sequence: Any) -> bool:
    """Whether a sequence holds volumes that can be written."""
    first = sequence.GetNthDataNode(0) if sequence.GetNumberOfDataNodes() else None
    return first is not None and bool(first.IsA(VOLUME)) and not refused_as(first)


def displayed_item(node: Any, sequence: Any) -> int:
    """Return which item of a sequence a node displays; -1 where it is not such a node.

    Slicer's loader of image sequences selects none: the node is a copy of the first one then.
    """
    browser = browser_of(node) if node is not sequence else None
    if browser is None:
        return -1
    if browser.GetSelectedItemNumber() < 0:
        return 0
    value = browser.GetMasterSequenceNode().GetNthIndexValue(browser.GetSelectedItemNumber())
    return int(sequence.GetItemNumberFromIndexValue(value, False))


def frame_drawn_on(node: Any, volume: Any) -> int:
    """Return which item of the sequence of a volume a node was made for: that which is shown; -1 where that is not stated.

    It is stated by the sequence browser of the volume: it has an item of the node, too, at the very same place.
    """
    browser = browser_of(volume)
    if browser is None or browser.GetSelectedItemNumber() < 0 or not browser.IsProxyNodeID(node.GetID()):
        return -1
    place = browser.GetMasterSequenceNode().GetNthIndexValue(browser.GetSelectedItemNumber())
    items = [browser.GetSequenceNode(one).GetItemNumberFromIndexValue(place, True) for one in (node, volume)]
    return int(items[1]) if min(items) >= 0 else -1


def browser_of(node: Any) -> Any:
    """Return the sequence browser that shows a sequence by this node; None where none does."""
    return next((browser for browser in slicer.util.getNodesByClass(BROWSER) if browser.IsProxyNodeID(node.GetID())), None)
