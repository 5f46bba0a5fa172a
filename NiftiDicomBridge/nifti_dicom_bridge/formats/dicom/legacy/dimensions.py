"""Where and when every frame of a Legacy Converted Enhanced object is among the others (PS3.3 C.7.6.17)."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from ....standard.tags import Tag
from ..uids import new_uid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def put_dimensions(made: Dataset, times: int, slices: int) -> None:
    """Write position and time of every frame among the others (PS3.3 C.7.6.17)."""
    from pydicom.dataset import Dataset
    from pydicom.uid import UID

    organization = Dataset()
    organization.DimensionOrganizationUID = UID(new_uid())
    made.DimensionOrganizationSequence = [organization]
    made.DimensionOrganizationType = "3D_TEMPORAL" if times > 1 else "3D"
    made.DimensionIndexSequence = []
    for pointer in (Tag.STACK_ID, Tag.IN_STACK_POSITION_NUMBER, *([Tag.TEMPORAL_POSITION_INDEX] if times > 1 else [])):
        item = Dataset()
        item.DimensionOrganizationUID = organization.DimensionOrganizationUID
        item.DimensionIndexPointer, item.FunctionalGroupPointer = pointer, Tag.FRAME_CONTENT_SEQUENCE
        made.DimensionIndexSequence.append(item)
    for n, groups in enumerate(made.PerFrameFunctionalGroupsSequence):
        t, k = divmod(n, slices)
        if "FrameContentSequence" not in groups:
            groups.FrameContentSequence = [Dataset()]
        content = groups.FrameContentSequence[0]
        content.StackID, content.InStackPositionNumber = "1", k + 1
        content.DimensionIndexValues = [1, k + 1, *([t + 1] if times > 1 else [])]
        if times > 1:
            content.TemporalPositionIndex = t + 1
    _put_positions_in_frames(made)


def _put_positions_in_frames(made: Dataset) -> None:
    """Give every frame its position, also where all have the same: some readers look for it only there."""
    shared = made.SharedFunctionalGroupsSequence[0]
    if "PlanePositionSequence" in shared:
        for groups in made.PerFrameFunctionalGroupsSequence:
            groups.PlanePositionSequence = deepcopy(shared.PlanePositionSequence)
        del shared.PlanePositionSequence
