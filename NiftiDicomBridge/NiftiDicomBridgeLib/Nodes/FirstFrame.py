"""Which of the images of a multi-frame object a node is: recorded at it, as they have one SOP Instance UID."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nifti_dicom_bridge import Volume

ATTRIBUTE = "NiftiDicomBridge.FirstFrame"
"""Node attribute: SOP Instance UID, and the number of the first of its frames that the node shows, from 0."""


def remember_first_frame(node: Any, volume: Volume) -> None:
    """Record which frame of its object is the first one of a volume."""
    uids = [instance.uid for instance in volume.dicom.metadata.instances]
    first = next((frame for _, _, frame in volume.dicom.metadata.planes()), None)
    if first is not None:
        node.SetAttribute(ATTRIBUTE, f"{uids[first.instance]} {first.frame}")


def first_frame_of(node: Any) -> tuple[str, int] | None:
    """Return SOP Instance UID and number of the first frame that a node shows; None where that is not recorded."""
    uid, _, number = (node.GetAttribute(ATTRIBUTE) or "").partition(" ")
    return (uid, int(number)) if number.isdigit() else None


def with_frame(volumes: Sequence[Volume], first: tuple[str, int] | None) -> list[Volume]:
    """Return the volumes that have a frame; all if it is not known, or none has it."""
    return [volume for volume in volumes if first is not None and _has(volume, first)] or list(volumes)


def _has(volume: Volume, frame: tuple[str, int]) -> bool:
    if volume.source is None:
        return False
    uids = [instance.uid for instance in volume.source.metadata.instances]
    return any((uids[one.instance], one.frame) == frame for _, _, one in volume.source.metadata.planes())
