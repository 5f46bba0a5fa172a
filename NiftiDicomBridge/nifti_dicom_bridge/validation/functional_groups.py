"""Multi-frame functional groups: which must be there, and in which of the two places (PS3.3 C.7.6.16)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from ..model import metadata
from ..model.metadata import Elements
from ..standard import dictionary
from ..standard.tags import Tag
from .checklist import requirements_of
from .dimensions import check_dimensions
from .iod_names import (
    ENHANCED,
    ENHANCED_CT,
    ENHANCED_MR,
    ENHANCED_MR_COLOR,
    ENHANCED_PET,
    LEGACY,
    LEGACY_CT,
    LEGACY_MR,
    LEGACY_PET,
    PARAMETRIC_MAP,
    SC_BYTE,
    SC_COLOR,
    SC_WORD,
    SEG,
)
from .subject import DataSetContext, tag_of


class Frames(NamedTuple):
    """The functional groups of one object."""

    root: Elements
    shared: Elements
    items: Sequence[Elements]

    def has(self, keyword: str) -> bool:
        """Whether a group is among the shared ones or in a frame."""
        tag = tag_of(keyword)
        return tag in self.shared or any(tag in item for item in self.items)

    def values_in(self, keyword: str, tag: int) -> set[str]:
        """Return the values of an attribute of a group, shared or of any frame."""
        groups = (metadata.first_item(layer, tag_of(keyword)) for layer in (self.shared, *self.items))
        return {text for group in groups for text in metadata.texts(group, tag)}

    def group_of(self, frame: Elements, keyword: str) -> Elements:
        """Return the item of a group of one frame, or the shared one."""
        tag = tag_of(keyword)
        return metadata.first_item(frame if tag in frame else self.shared, tag)

    def first_value(self, tag: int) -> str:
        """Return the first value of an attribute of the top level."""
        return next(iter(metadata.texts(self.root, tag)), "")


class Applies(NamedTuple):
    """When an IOD requires a group, in words and as a test."""

    words: str
    test: Callable[[Frames], bool]


class Group(NamedTuple):
    """A functional group that an IOD requires for every frame, always or under a condition."""

    keyword: str
    iods: tuple[str, ...]
    when: Applies | None = None


def _in_patient(frames: Frames) -> bool:
    """Whether frames are in the coordinate system of the patient, not on a slide (PS3.3 C.8.12.6.1)."""
    slide = Tag.TOTAL_PIXEL_MATRIX_ROWS in frames.root or frames.has("PlanePositionSlideSequence")
    return Tag.FRAME_OF_REFERENCE_UID in frames.root and not slide


def _states_segments(frames: Frames) -> bool:
    implied = frames.first_value(Tag.DIMENSION_ORGANIZATION_TYPE) == "TILED_FULL"
    return not implied and frames.first_value(Tag.SEGMENTATION_TYPE) != "LABELMAP"


def _is_partly_derived(frames: Frames) -> bool:
    """Whether some frames of a derived object name their sources: then the others do, with an empty sequence if need be."""
    return frames.first_value(Tag.IMAGE_TYPE) == "DERIVED" and frames.has("DerivationImageSequence")


PLACE = ("PixelMeasuresSequence", "PlanePositionSequence", "PlaneOrientationSequence")
ORIGINAL = Applies("ImageType value 1 is ORIGINAL", lambda frames: frames.first_value(Tag.IMAGE_TYPE) == "ORIGINAL")
NOT_DERIVED = Applies(
    "ImageType value 1 is ORIGINAL or MIXED", lambda frames: frames.first_value(Tag.IMAGE_TYPE) in ("ORIGINAL", "MIXED")
)
RECTILINEAR = Applies(
    f"{NOT_DERIVED.words}, GeometryOfKSpaceTraversal is RECTILINEAR",
    lambda frames: NOT_DERIVED.test(frames) and frames.first_value(Tag.GEOMETRY_OF_K_SPACE_TRAVERSAL) == "RECTILINEAR",
)
PHASE_CONTRAST = Applies(
    f"{NOT_DERIVED.words}, PhaseContrast is YES",
    lambda frames: NOT_DERIVED.test(frames) and frames.first_value(Tag.PHASE_CONTRAST) == "YES",
)
LABELED = Applies("ImageType value 3 is ASL", lambda frames: metadata.texts(frames.root, Tag.IMAGE_TYPE)[2:3] == ["ASL"])
DERIVED = Applies("ImageType value 1 is DERIVED", lambda frames: frames.first_value(Tag.IMAGE_TYPE) == "DERIVED")
IN_PATIENT = Applies("frames are positioned in the patient", _in_patient)
WITHOUT_SOURCES = Applies(
    "frames are positioned in the patient and have no DerivationImageSequence",
    lambda frames: _in_patient(frames) and not frames.has("DerivationImageSequence"),
)
WITHOUT_PLACE = Applies(
    "frames have no position, orientation or pixel measures",
    lambda frames: _in_patient(frames) and not all(map(frames.has, PLACE)),
)
PARTLY_DERIVED = Applies("other frames have it", _is_partly_derived)
WITH_SEGMENTS = Applies("SegmentationType is not LABELMAP and frames are not TILED_FULL", _states_segments)
PLANES = Applies("frames have a position or an orientation", lambda frames: any(map(frames.has, PLACE[1:])))
MONOCHROME = Applies(
    "PhotometricInterpretation is MONOCHROME2",
    lambda frames: frames.first_value(Tag.PHOTOMETRIC_INTERPRETATION) == "MONOCHROME2",
)
RECONSTRUCTED = Applies(
    f"{NOT_DERIVED.words}, AcquisitionType is not CONSTANT_ANGLE",
    lambda frames: (
        NOT_DERIVED.test(frames) and "CONSTANT_ANGLE" not in frames.values_in("CTAcquisitionTypeSequence", Tag.ACQUISITION_TYPE)
    ),
)
MR_IMAGES = (ENHANCED_MR, ENHANCED_MR_COLOR)
SECONDARY_CAPTURES = (SC_BYTE, SC_WORD, SC_COLOR)
X_RAY_3D = ("breast-tomosynthesis-image", "x-ray-3d-angiographic-image", "x-ray-3d-craniofacial-image")

GROUPS: dict[str, list[Group]] = {
    "A.36 to A.56 enhanced CT, MR, PET": [
        Group("FrameContentSequence", (*ENHANCED, *LEGACY, *X_RAY_3D, PARAMETRIC_MAP, SEG)),
        Group("PixelMeasuresSequence", (*ENHANCED, *LEGACY, *X_RAY_3D, PARAMETRIC_MAP)),
        Group("PlanePositionSequence", (*ENHANCED, *LEGACY, *X_RAY_3D)),
        Group("PlaneOrientationSequence", (*ENHANCED, *LEGACY, *X_RAY_3D)),
        Group("FrameAnatomySequence", (*ENHANCED, *X_RAY_3D)),
        Group("PixelValueTransformationSequence", (ENHANCED_CT, ENHANCED_PET, LEGACY_CT, LEGACY_PET, PARAMETRIC_MAP)),
        Group("PixelValueTransformationSequence", MR_IMAGES, MONOCHROME),
        Group("PixelValueTransformationSequence", ("breast-tomosynthesis-image",)),
        Group("FrameVOILUTSequence", (ENHANCED_PET, LEGACY_CT, LEGACY_PET, *X_RAY_3D, PARAMETRIC_MAP)),
        Group("RealWorldValueMappingSequence", (ENHANCED_PET,)),
        Group("XRay3DFrameTypeSequence", X_RAY_3D),
        Group("CTImageFrameTypeSequence", (ENHANCED_CT, LEGACY_CT)),
        Group("MRImageFrameTypeSequence", (*MR_IMAGES, LEGACY_MR)),
        Group("PETFrameTypeSequence", (ENHANCED_PET, LEGACY_PET)),
        Group("IrradiationEventIdentificationSequence", (ENHANCED_CT,)),
        Group("RadiopharmaceuticalUsageSequence", (ENHANCED_PET,)),
        Group("DerivationImageSequence", (*ENHANCED, PARAMETRIC_MAP, SEG), PARTLY_DERIVED),
    ],
    "A.70 to A.72 legacy converted": [
        Group("UnassignedSharedConvertedAttributesSequence", LEGACY),
        Group("UnassignedPerFrameConvertedAttributesSequence", LEGACY),
    ],
    "A.36.2 enhanced MR, of original frames": [
        *(Group(keyword, MR_IMAGES, NOT_DERIVED) for keyword in (
            "MRTimingAndRelatedParametersSequence", "MREchoSequence", "MRModifierSequence",
            "MRImagingModifierSequence", "MRReceiveCoilSequence", "MRTransmitCoilSequence", "MRAveragesSequence")),
        Group("MRFOVGeometrySequence", MR_IMAGES, RECTILINEAR),
        Group("MRVelocityEncodingSequence", MR_IMAGES, PHASE_CONTRAST),
        Group("MRArterialSpinLabelingSequence", MR_IMAGES, LABELED),
    ],
    "A.38.1 enhanced CT, of original frames": [
        Group(keyword, (ENHANCED_CT,), NOT_DERIVED)
        for keyword in (
            "CTAcquisitionTypeSequence", "CTAcquisitionDetailsSequence", "CTTableDynamicsSequence", "CTPositionSequence",
            "CTGeometrySequence", "CTExposureSequence", "CTXRayDetailsSequence",
        )
    ],
    "A.38.1 enhanced CT, reconstructed": [Group("CTReconstructionSequence", (ENHANCED_CT,), RECONSTRUCTED)],
    "A.56 enhanced PET, of original frames": [
        Group(keyword, (ENHANCED_PET,), ORIGINAL)
        for keyword in (
            "PETFrameAcquisitionSequence", "PETPositionSequence", "PETFrameCorrectionFactorsSequence",
            "PETReconstructionSequence",
        )
    ],
    "A.47, A.55 X-ray in three dimensions": [
        Group("DerivationImageSequence", X_RAY_3D, DERIVED),
    ],
    "A.75 Parametric map": [
        Group("ParametricMapFrameTypeSequence", (PARAMETRIC_MAP,)),
        Group("RealWorldValueMappingSequence", (PARAMETRIC_MAP,)),
        *(Group(keyword, (PARAMETRIC_MAP,), IN_PATIENT) for keyword in PLACE[1:]),
    ],
    "A.51 Segmentation": [
        Group("SegmentIdentificationSequence", (SEG,), WITH_SEGMENTS),
        *(Group(keyword, (SEG,), WITHOUT_SOURCES) for keyword in PLACE),
        Group("DerivationImageSequence", (SEG,), WITHOUT_PLACE),
    ],
    "A.8 Secondary capture": [Group(keyword, SECONDARY_CAPTURES, PLANES) for keyword in PLACE],
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
            f"It has {len(frames)} item(s), NumberOfFrames (0028,0008) is {declared} (PS3.3 C.7.6.16.1).",
            "Write one item per frame.",
        )
    groups = Frames(subject.elements, shared[0].elements if shared else {}, [item.elements for item in frames])
    _check_places(subject, groups)
    _check_required(subject, groups)
    _check_units(subject, groups)
    check_dimensions(subject, groups.items)


@lru_cache(maxsize=64)
def _has_groups(sop_class: str) -> bool:
    return Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE in requirements_of(sop_class, frozenset()).items


def _check_places(subject: DataSetContext, frames: Frames) -> None:
    for tag in {tag for item in frames.items for tag in item if tag in frames.shared and not dictionary.is_private(tag)}:
        subject.error(
            "functional groups",
            (Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, tag),
            "It is among the shared groups and among those of frames; it may be in one place only (PS3.3 C.7.6.16.1.1).",
            "Keep one of them.",
        )


@lru_cache(maxsize=32)
def _groups_of(iod: str) -> list[tuple[str, int, Group]]:
    return [(section, tag_of(group.keyword), group)
            for section, groups in GROUPS.items() for group in groups if iod in group.iods]  # fmt: skip


def _check_required(subject: DataSetContext, frames: Frames) -> None:
    """Report groups that are missing in the object, or in some of its frames."""
    for section, tag, group in _groups_of(subject.iod):
        if tag in frames.shared or (group.when is not None and not group.when.test(frames)):
            continue
        count = sum(tag in item for item in frames.items)
        if frames.items and count == len(frames.items):
            continue
        reason = f" when {group.when.words}" if group.when else ""
        where = f"Only {count} of {len(frames.items)} frames have it" if count else "No functional group has it"
        subject.error(
            "missing group",
            (Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, tag),
            f"{where}; this IOD requires it for every frame{reason} (PS3.3 {section}).",
            "Add it to the shared groups or to every frame.",
        )


def _check_units(subject: DataSetContext, frames: Frames) -> None:
    """Report original CT frames other than localizers whose values are not in Hounsfield units (PS3.3 C.8.15.3.10)."""
    if subject.iod not in (ENHANCED_CT, LEGACY_CT) or metadata.text(frames.root, Tag.MULTIENERGY_CT_ACQUISITION) == "YES":
        return
    for frame in frames.items:
        kinds = metadata.texts(frames.group_of(frame, "CTImageFrameTypeSequence"), Tag.FRAME_TYPE)
        units = metadata.text(frames.group_of(frame, "PixelValueTransformationSequence"), Tag.RESCALE_TYPE)
        if units not in ("", "HU") and kinds[:1] == ["ORIGINAL"] and kinds[2:3] != ["LOCALIZER"]:
            subject.error(
                "value",
                (tag_of("PixelValueTransformationSequence"), Tag.RESCALE_TYPE),
                f"It is {units!r}; original CT frames other than localizers must be in HU (PS3.3 C.8.15.3.10).",
                "Correct it, or set FrameType (0008,9007) to DERIVED.",
            )
            return
