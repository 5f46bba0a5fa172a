"""Frames of Segmentations without a position: in the order of the frames that they were made from (PS3.3 C.7.6.16.2.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .....model import metadata
from .....model.legacy_converted import own_groups
from .....model.metadata import Elements, Instance
from .....standard.tags import Tag
from ..frames.frame_info import FrameInfo
from ..frames.planes import AXIAL, BY_LOCATION, assumed_plane

MOST_FRAMES = 65536
"""An image of more is none: some number is wrong."""
BY_SOURCE = (
    "the frames have no position: slices are counted as the frames of the image that they were made from "
    "(DerivationImageSequence), up to the last one with a segment"
)
_BY_STACK = BY_LOCATION.format("InStackPositionNumber (0020,9057)")
WITHOUT_SOURCE = (
    "the frames have no position, and nothing specifies one image whose frames they were made from: which of those a slice "
    "belongs to is unknown"
)


def in_order_of_sources(instances: Sequence[Instance], frames: Sequence[FrameInfo]) -> list[FrameInfo]:
    """Return frames without a position, each as far along as its source is in its image; none where sources are not stated.

    Parameters
    ----------
    instances : sequence of Instance
        Of the series.
    frames : sequence of FrameInfo
        Of one Segmentation, or of one that was divided into a concatenation.

    Returns
    -------
    list of FrameInfo
        With assumed planes, `FrameInfo.step_mm` apart, the first frame of the image at the origin.
    """
    sources = [source_of(own_groups(instances[frame.instance].elements, frame.frame)) for frame in frames]
    numbers = [source[1] for source in sources if source is not None]
    images = {source[0] for source in sources if source is not None}
    if len(numbers) < len(frames) or len(images) != 1 or max(numbers) > MOST_FRAMES:
        return []
    axes = np.array(AXIAL)
    return [
        replace(
            frame,
            plane=assumed_plane((number - 1) * frame.step_mm, axes, frame.spacing_mm),
            is_assumed=True,
            notes=tuple(note for note in frame.notes if note != _BY_STACK),
        )
        for frame, number in zip(frames, numbers, strict=True)
    ]


def source_of(own: Elements) -> tuple[str, int] | None:
    """Return SOP Instance UID and frame of the only frame that a frame was made from; None where there is none, or several."""
    images = [
        image.elements
        for derivation in metadata.items(own, Tag.DERIVATION_IMAGE_SEQUENCE)
        for image in metadata.items(derivation.elements, Tag.SOURCE_IMAGE_SEQUENCE)
    ]
    if len(images) != 1:
        return None
    uid = metadata.text(images[0], Tag.REFERENCED_SOP_INSTANCE_UID)
    numbers = metadata.numbers(images[0], Tag.REFERENCED_FRAME_NUMBER) or [1]  # left out for images of one frame
    return (uid, int(numbers[0])) if uid and len(numbers) == 1 and numbers[0] >= 1 else None
