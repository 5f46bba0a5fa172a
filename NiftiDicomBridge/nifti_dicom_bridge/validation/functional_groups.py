"""Multi-frame functional groups: which must be there, and in which of the two places (PS3.3 C.7.6.16)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from ..model import metadata
from ..model.metadata import Elements
from ..standard import dictionary
from ..standard.tags import Tag
from .checklist import requirements_of
from .subject import DataSetContext, tag_of
from .values import ENHANCED, ENHANCED_CT, ENHANCED_MR, ENHANCED_PET, LEGACY, PARAMETRIC_MAP, SEG


class Group(NamedTuple):
    """A functional group that an IOD wants for every frame; with `original`, only where the image is an original one."""

    keyword: str
    iods: tuple[str, ...]
    original: bool = False


MONOCHROME_ENHANCED = (ENHANCED_CT, ENHANCED_MR, ENHANCED_PET)
GROUPS: dict[str, list[Group]] = {
    "A.36 to A.56 enhanced CT, MR, PET": [
        Group("FrameContentSequence", (*ENHANCED, *LEGACY, PARAMETRIC_MAP, SEG)),
        Group("PixelMeasuresSequence", (*ENHANCED, PARAMETRIC_MAP)),
        Group("PlanePositionSequence", ENHANCED),
        Group("PlaneOrientationSequence", ENHANCED),
        Group("FrameAnatomySequence", ENHANCED),
        Group("PixelValueTransformationSequence", (*MONOCHROME_ENHANCED, PARAMETRIC_MAP)),
        Group("CTImageFrameTypeSequence", (ENHANCED_CT,)),
        Group("MRImageFrameTypeSequence", (ENHANCED_MR,)),
        Group("PETFrameTypeSequence", (ENHANCED_PET,)),
    ],
    "A.36.2 enhanced MR, of original frames": [
        Group(keyword, (ENHANCED_MR,), original=True)
        for keyword in (
            "MRTimingAndRelatedParametersSequence", "MREchoSequence", "MRModifierSequence",
            "MRImagingModifierSequence", "MRReceiveCoilSequence", "MRTransmitCoilSequence", "MRAveragesSequence",
        )
    ],
    "A.38.1 enhanced CT, of original frames": [
        Group(keyword, (ENHANCED_CT,), original=True)
        for keyword in (
            "CTAcquisitionTypeSequence", "CTAcquisitionDetailsSequence", "CTTableDynamicsSequence", "CTPositionSequence",
            "CTGeometrySequence", "CTReconstructionSequence", "CTExposureSequence", "CTXRayDetailsSequence",
        )
    ],
    "A.75 Parametric map": [
        Group("ParametricMapFrameTypeSequence", (PARAMETRIC_MAP,)),
        Group("RealWorldValueMappingSequence", (PARAMETRIC_MAP,)),
    ],
}  # fmt: skip


def check_functional_groups(subject: DataSetContext) -> None:
    """Report groups that are missing, in both places, or not in every frame, and counts that do not agree."""
    shared = metadata.items(subject.elements, Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
    frames = metadata.items(subject.elements, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    if not _has_groups(subject.sop_class) or not (Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE in subject.elements or frames):
        return
    if len(shared) > 1:
        subject.error(
            "functional groups",
            (Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE,),
            f"It has {len(shared)} items, one is allowed (PS3.3 C.7.6.16).",
            "Put all shared groups into one item.",
        )
    declared = metadata.integer(subject.elements, Tag.NUMBER_OF_FRAMES, -1)
    if frames and declared not in (-1, len(frames)):
        subject.error(
            "functional groups",
            (Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,),
            f"It has {len(frames)} item(s), NumberOfFrames (0028,0008) says {declared} (PS3.3 C.7.6.16.1).",
            "Write one item per frame.",
        )
    common = shared[0].elements if shared else {}
    _check_places(subject, common, [item.elements for item in frames])
    _check_wanted(subject, common, [item.elements for item in frames])
    _check_dimensions(subject, [item.elements for item in frames])


@lru_cache(maxsize=64)
def _has_groups(sop_class: str) -> bool:
    return Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE in requirements_of(sop_class, frozenset()).items


def _check_places(subject: DataSetContext, shared: Elements, frames: Sequence[Elements]) -> None:
    counts: dict[int, int] = {}
    for frame in frames:
        for tag in frame:
            counts[tag] = counts.get(tag, 0) + 1
    for tag, count in counts.items():
        if tag in shared and not dictionary.is_private(tag):
            subject.error(
                "functional groups",
                (Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, tag),
                "It is among the shared groups and among those of frames; it may be in one place only (PS3.3 C.7.6.16.1.1).",
                "Keep one of them.",
            )
        elif count < len(frames) and not dictionary.is_private(tag) and tag in _wanted(subject.iod):
            subject.error(
                "missing group",
                (Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, tag),
                f"It is in {count} of {len(frames)} frames (PS3.3 C.7.6.16.1.1).",
                "Write it for every frame.",
            )


@lru_cache(maxsize=32)
def _wanted(iod: str) -> dict[int, tuple[str, bool]]:
    return {tag_of(group.keyword): (section, group.original)
            for section, groups in GROUPS.items() for group in groups if iod in group.iods}  # fmt: skip


def _check_wanted(subject: DataSetContext, shared: Elements, frames: Sequence[Elements]) -> None:
    original = metadata.texts(subject.elements, Tag.IMAGE_TYPE)[:1] == ["ORIGINAL"]
    for tag, (section, of_originals) in _wanted(subject.iod).items():
        if tag in shared or any(tag in frame for frame in frames) or (of_originals and not original):
            continue
        subject.error(
            "missing group",
            (Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, tag),
            "Neither the shared groups nor those of frames have it; this IOD "
            f"wants it{' for original frames' if of_originals else ''} (PS3.3 {section}).",
            "Add it to one of the two.",
        )


def _check_dimensions(subject: DataSetContext, frames: Sequence[Elements]) -> None:
    """Every frame has as many index values as there are dimensions (PS3.3 C.7.6.17)."""
    content, index = tag_of("FrameContentSequence"), tag_of("DimensionIndexValues")
    sequence = tag_of("DimensionIndexSequence")
    wanted = len(metadata.items(subject.elements, sequence))
    for frame in frames:
        values = metadata.numbers(metadata.first_item(frame, content), index)
        if values and len(values) != wanted:
            subject.error(
                "dimensions",
                (Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, content, index),
                f"It has {len(values)} value(s); DimensionIndexSequence (0020,9222) has {wanted} item(s) (PS3.3 C.7.6.16.2.2).",
                "Write one value per dimension.",
            )
            return
