"""Segmentations of images without a position, such as ultrasound: each frame names the frame of the image that it is of."""

from __future__ import annotations

from pydicom.dataset import Dataset

from ....standard.tags import Tag
from .placement import Placement

_STACK = "1"
_UNKNOWN_SPACING = (1.0, 1.0)


def without_positions(made: Dataset, placement: Placement) -> None:
    """Replace positions that are assumed by numbers of slices; Derivation Image has the frames (PS3.3 A.51.5, C.7.6.16.2.6).

    Parameters
    ----------
    made : Dataset
        A Segmentation with functional groups, its references included; changed in place.
    placement : Placement
        Of its slices; where their positions are known, nothing changes.
    """
    if not placement.is_counted:
        return
    pointers = [int(item.DimensionIndexPointer) for item in made.DimensionIndexSequence]
    place = pointers.index(Tag.IMAGE_POSITION_PATIENT)
    _count_slices(made.DimensionIndexSequence[place])
    for item in made.PerFrameFunctionalGroupsSequence:
        number = placement.nearest([float(v) for v in item.PlanePositionSequence[0].ImagePositionPatient]) + 1
        content = item.FrameContentSequence[0]
        content.StackID, content.InStackPositionNumber = _STACK, number
        values = content["DimensionIndexValues"]
        indices = [values.value] if values.VM == 1 else list(values.value)
        content.DimensionIndexValues = [*indices[:place], number, *indices[place + 1 :]]
        del item.PlanePositionSequence
    for group in (made.SharedFunctionalGroupsSequence[0], *made.PerFrameFunctionalGroupsSequence):
        if "PlaneOrientationSequence" in group:
            del group.PlaneOrientationSequence
    if placement.matches[0]:  # Type 2C, instead of the orientation
        made.PatientOrientation = placement.matches[0][0].source.get("PatientOrientation")
    _keep_known_spacing(made.SharedFunctionalGroupsSequence[0], placement)
    for keyword in ("FrameOfReferenceUID", "PositionReferenceIndicator", "DimensionOrganizationType"):
        if keyword in made:
            delattr(made, keyword)


def _count_slices(item: Dataset) -> None:
    """Let a dimension be the number in the stack (PS3.3 C.7.6.17)."""
    item.DimensionIndexPointer, item.FunctionalGroupPointer = Tag.IN_STACK_POSITION_NUMBER, Tag.FRAME_CONTENT_SEQUENCE
    item.DimensionDescriptionLabel = "In-Stack Position Number"


def _keep_known_spacing(shared: Dataset, placement: Placement) -> None:
    """Leave out the distance of slices, and all distances where the image specifies none of its pixels.

    The thickness stays: highdicom reads no Pixel Measures without one.
    """
    if "PixelMeasuresSequence" not in shared:
        return
    if placement.planes[0].spacing == _UNKNOWN_SPACING:
        del shared.PixelMeasuresSequence
    elif "SpacingBetweenSlices" in shared.PixelMeasuresSequence[0]:
        del shared.PixelMeasuresSequence[0].SpacingBetweenSlices
