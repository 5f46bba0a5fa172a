"""A question about segmentations without voxels: they can become DICOM that states that nothing was found."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from .Views import plain

MOST_NAMES = 10


def may_be_empty(node: Any) -> bool:
    """Return whether a node shall be converted: asks where it is a segmentation whose segments are all empty."""
    from ..Nodes.Segments import is_without_voxels

    if not is_without_voxels(node):
        return True
    segmentation = node.GetSegmentation()
    count = segmentation.GetNumberOfSegments()
    names = [segmentation.GetNthSegment(number).GetName() for number in range(min(count, MOST_NAMES))]
    if count > MOST_NAMES:
        names.append("…")
    text = _("All segments of {name} are empty. Convert it to a Segmentation that states that none was found of:\n\n{names}")
    question = plain(text.format(name=node.GetName(), names="\n".join(names)))
    return bool(slicer.util.confirmYesNoDisplay(question, _("Nothing was found")))
