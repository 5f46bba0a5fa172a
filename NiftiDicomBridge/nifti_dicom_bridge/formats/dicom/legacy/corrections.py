"""What highdicom leaves undone in a Legacy Converted Enhanced object, or does as the standard does not want it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....model.metadata import Log
from ..new_element import set_creation

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_MR_BITS = (8, 12, 16)


def apply_corrections(made: Dataset, sources: Sequence[Dataset], log: Log) -> None:
    """Put right what highdicom made of some instances; the object is changed in place."""
    groups = [*made.SharedFunctionalGroupsSequence, *made.PerFrameFunctionalGroupsSequence]
    if sources[0].Modality == "CT":
        _set_hounsfield(groups, log)
    if sources[0].Modality == "MR":
        _set_bits(made)
    _set_laterality(made, groups)
    _set_durations(made, sources)
    _add_unassigned_attributes(groups)
    _rename_equipment(made)
    _name_series(made, sources[0])


def _set_hounsfield(groups: Sequence[Dataset], log: Log) -> None:
    """Write the one RescaleType that CT may have (PS3.3 A.70)."""
    for rescale in (item for group in groups for item in group.get("PixelValueTransformationSequence", ())):
        if rescale.get("RescaleType") != "HU":
            note = f"RescaleType {rescale.get('RescaleType')} is not allowed in Legacy Converted Enhanced CT: HU was written"
            log.warnings += [note] if note not in log.warnings else []
            rescale.RescaleType = "HU"


def _set_bits(made: Dataset) -> None:
    """Write a BitsStored that MR objects of several frames may have (PS3.3 C.8.13.1); the stored values are the same."""
    made.BitsStored = next(bits for bits in _MR_BITS if bits >= made.BitsStored)
    made.HighBit = made.BitsStored - 1


def _set_laterality(made: Dataset, groups: Sequence[Dataset]) -> None:
    """Write on which side the anatomy is, for every frame or for the series (PS3.3 C.7.6.16.2.8, C.7.3.1)."""
    anatomies = [item for group in groups for item in group.get("FrameAnatomySequence", ())]
    for anatomy in anatomies:
        anatomy.FrameLaterality = anatomy.get("FrameLaterality") or "U"
    if not anatomies and "Laterality" not in made:
        made.Laterality = None


def _set_durations(made: Dataset, sources: Sequence[Dataset]) -> None:
    """Write FrameAcquisitionDuration in ms: AcquisitionDuration, which it was taken from, is in s."""
    for groups, source in zip(made.PerFrameFunctionalGroupsSequence, sources, strict=True):
        content = groups.get("FrameContentSequence")
        if content and source.get("AcquisitionDuration") is not None:
            content[0].FrameAcquisitionDuration = float(source.AcquisitionDuration) * 1000


def _add_unassigned_attributes(groups: Sequence[Dataset]) -> None:
    """Give every frame unassigned attributes, be it none: there must be a sequence of them (PS3.3 A.70 to A.72)."""
    from pydicom.dataset import Dataset

    if not any("UnassignedPerFrameConvertedAttributesSequence" in group for group in groups):
        for group in groups[1:]:
            group.UnassignedPerFrameConvertedAttributesSequence = [Dataset()]


def _rename_equipment(made: Dataset) -> None:
    """Date the object, and take the name of highdicom out of where some readers look for the model of the scanner."""
    own = [item for item in made.ContributingEquipmentSequence if item.get("ManufacturerModelName") == "highdicom"]
    set_creation(made, own)
    for item in own:
        item.ContributionDescription = f"highdicom {item.get('SoftwareVersions', '')}"
        del item.ManufacturerModelName, item.SoftwareVersions


def _name_series(made: Dataset, source: Dataset) -> None:
    """Keep the description; the sources are named frame by frame, in ConversionSourceAttributesSequence, and only there."""
    if "SeriesDescription" in source:
        made.SeriesDescription = source.SeriesDescription
    if "ReferencedSeriesSequence" in made:
        del made.ReferencedSeriesSequence
