"""Where and when every frame of a Legacy Converted Enhanced object is among the others (PS3.3 C.7.6.17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..restore import new_uid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_IN_STACK, _STACK_ID, _TEMPORAL = 0x00209057, 0x00209056, 0x00209128


def put_dimensions(made: Dataset, times: int, slices: int) -> None:
    """Say where and when every frame is among the others (PS3.3 C.7.6.17)."""
    from pydicom.dataset import Dataset
    from pydicom.uid import UID

    organization = Dataset()
    organization.DimensionOrganizationUID = UID(new_uid())
    made.DimensionOrganizationSequence = [organization]
    made.DimensionOrganizationType = "3D_TEMPORAL" if times > 1 else "3D"
    made.DimensionIndexSequence = []
    for pointer in (_STACK_ID, _IN_STACK, *([_TEMPORAL] if times > 1 else [])):
        item = Dataset()
        item.DimensionOrganizationUID = organization.DimensionOrganizationUID
        item.DimensionIndexPointer, item.FunctionalGroupPointer = pointer, 0x00209111  # FrameContentSequence
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
