"""The arguments of highdicom for a Segmentation or Parametric Map, and what it got wrong for an image without source."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage

from ....model.charset import UTF_8
from ....model.space.geometry import Plane
from ....standard.tags import Tag
from ....version import tool_version
from ..new_element import set_creation
from ..uids import new_uid
from .placement import Placement

# what highdicom reads from its source, and General Study and Patient must have (PS3.3 C.7.1.1, C.7.2.1)
_OF_SOURCE = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber", "StudyID",
    "ReferringPhysicianName", "PositionReferenceIndicator",
)  # fmt: skip
# what follows from voxels and planes, or is different for every instance: never taken from `common`
_OWN_GROUPS = frozenset({0x0002, 0x0028, 0x0062, 0x5200, 0x7FE0})
_OWN = frozenset({
    Tag.IMAGE_TYPE, Tag.SOP_CLASS_UID, Tag.SOP_INSTANCE_UID,
    Tag.SLICE_THICKNESS, Tag.SPACING_BETWEEN_SLICES,  # in Pixel Measures
    # InstanceNumber, position, orientation, SliceLocation
    Tag.INSTANCE_NUMBER, Tag.IMAGE_POSITION_PATIENT, Tag.IMAGE_ORIENTATION_PATIENT, Tag.SLICE_LOCATION,
})  # fmt: skip


def source_of(common: Dataset, placement: Placement) -> Dataset:
    """Return a data set that represents the source that highdicom insists on; it is nowhere to be seen in the result.

    Parameters
    ----------
    common : Dataset
        Attributes of patient, study, series, frame of reference, equipment.
    placement : Placement
        Where the frames are.
    """
    source = Dataset()
    source.SOPClassUID, source.SOPInstanceUID, source.SeriesInstanceUID = MRImageStorage, new_uid(), new_uid()
    source.StudyInstanceUID = common.get("StudyInstanceUID") or new_uid()
    source.FrameOfReferenceUID = common.get("FrameOfReferenceUID") or new_uid()
    for keyword in _OF_SOURCE:
        setattr(source, keyword, None)  # those of `common` come later; highdicom refuses values that are not valid
    source.Modality, source.LossyImageCompression = str(common.get("Modality") or "OT"), "00"
    source.Rows, source.Columns = placement.shape
    source.ImagePositionPatient, source.ImageOrientationPatient = [0, 0, 0], _across(placement.planes[0])
    source.PixelSpacing, source.SliceThickness = [1, 1], 1
    return source


def _across(plane: Plane) -> list[float]:
    """Return an orientation that is not that of a plane: highdicom replaces planes by those of the source that look alike."""
    return [*(round(float(v), 8) for v in plane.normal), *(round(float(v), 8) for v in plane.orientation[:3])]


def identity(common: Dataset, number: int) -> dict[str, Any]:
    """Return series, instance and equipment as highdicom takes them; `number` counts the instances from 1."""
    return {
        "series_instance_uid": str(common.get("SeriesInstanceUID") or new_uid()),
        "series_number": int(common.get("SeriesNumber") or 1),
        "sop_instance_uid": new_uid(),
        "instance_number": number,
        "manufacturer": str(common.get("Manufacturer") or "NiftiDicomBridge"),
        "manufacturer_model_name": str(common.get("ManufacturerModelName") or "nifti-dicom-bridge"),
        "software_versions": tool_version(),
        "device_serial_number": str(common.get("DeviceSerialNumber") or "0"),
    }


def with_resolved_attributes(made: Dataset, common: Dataset, modality: str = "") -> Dataset:
    """Return an object with the attributes decided before: they win over those of highdicom, but for voxels and planes.

    Parameters
    ----------
    made : Dataset
        As highdicom made it; changed in place.
    common : Dataset
        Attributes of patient, study, series, frame of reference, equipment.
    modality : str
        What Modality must be; empty where that of `common` will do.
    """
    own_equipment = list(made.get("ContributingEquipmentSequence", []))
    for element in common:
        if element.tag.group not in _OWN_GROUPS and element.tag not in _OWN:
            made[element.tag] = deepcopy(element)
    if modality:
        made.Modality = modality
    made.SpecificCharacterSet = UTF_8
    if "ContentCreatorName" not in made:
        made.ContentCreatorName = None
    set_creation(made, own_equipment)
    made.ContentDate, made.ContentTime = made.InstanceCreationDate, made.InstanceCreationTime
    for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"):
        if len(made.get(keyword, b"")) % 2:
            setattr(made, keyword, made[keyword].value + b"\0")
    return made
