"""What the originals specify and a Legacy Converted Enhanced object specifies in other words: kept as unassigned attributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# what has a place that does not hold all of it: four values of ImageType, codes of body parts, one date and time, one duration
_RETOLD = (
    "ImageType", "BodyPartExamined", "AcquisitionDate", "AcquisitionTime", "AcquisitionDuration", "ActualFrameDuration",
    "ImageComments",
)  # fmt: skip


def keep_unassigned_attributes(made: Dataset, sources: Sequence[Dataset]) -> None:
    """Keep what has a place in the new object that cannot specify all of it, as unassigned attributes."""
    for keyword in _RETOLD:
        if any(not _is_represented(made, n, keyword, source) for n, source in enumerate(sources)):
            _move_to_unassigned(made, keyword, [source.get(keyword) for source in sources])


def _is_represented(made: Dataset, n: int, keyword: str, source: Dataset) -> bool:
    """Whether an object specifies for frame n what its source specified in this attribute."""
    if keyword not in source:
        return True
    if keyword in ("AcquisitionDate", "AcquisitionTime"):
        content = made.PerFrameFunctionalGroupsSequence[n].get("FrameContentSequence")
        moment = str(content[0].get("FrameAcquisitionDateTime") or "") if content else ""
        return moment.startswith(f"{source.get('AcquisitionDate')}{source.get('AcquisitionTime')}")
    return keyword in made and made.get(keyword) == source.get(keyword)


def _move_to_unassigned(made: Dataset, keyword: str, values: Sequence[Any]) -> None:
    """Put an attribute of every frame into the unassigned ones: once where it is the same for all."""
    from pydicom.dataset import Dataset

    if all(value == values[0] for value in values):
        places = [(made.SharedFunctionalGroupsSequence[0], "UnassignedSharedConvertedAttributesSequence", values[0])]
    else:
        name = "UnassignedPerFrameConvertedAttributesSequence"
        places = [(group, name, value) for group, value in zip(made.PerFrameFunctionalGroupsSequence, values, strict=True)]
    for group, name, value in places:
        if name not in group:
            setattr(group, name, [Dataset()])
        if value is not None:
            setattr(group[name].value[0], keyword, value)
