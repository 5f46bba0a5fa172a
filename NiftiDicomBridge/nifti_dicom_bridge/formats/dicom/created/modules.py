"""Modules of the IODs that are made from nothing: one row per attribute (PS3.3, edition 2026b).

Type 1 attributes that nothing else tells get the value in the row; Type 2 ones stay empty (PS3.5 7.4).
Attributes that follow from the image itself (pixels, planes, UIDs, dates of making) are not here.
"""

from __future__ import annotations

from typing import NamedTuple

from ....model.metadata import Element, Elements
from .. import new_element


class Row(NamedTuple):
    """One attribute: tag, VR, type (``1``, ``2``), and the values it gets where no source tells them; none is empty."""

    tag: int
    vr: str
    type: str
    default: tuple[str, ...] = ()

    @property
    def element(self) -> Element:
        """What the attribute is where no source tells it."""
        if self.vr == "SQ":
            return new_element.sequence()
        return new_element.text(self.vr, *self.default)


Module = tuple[Row, ...]

# fmt: off
PATIENT: Module = (  # C.7.1.1
    Row(0x00100010, "PN", "2"),  # PatientName
    Row(0x00100020, "LO", "2"),  # PatientID
    Row(0x00100030, "DA", "2"),  # PatientBirthDate
    Row(0x00100040, "CS", "2"),  # PatientSex
)
GENERAL_STUDY: Module = (  # C.7.2.1
    Row(0x00080020, "DA", "2"),  # StudyDate
    Row(0x00080030, "TM", "2"),  # StudyTime
    Row(0x00080050, "SH", "2"),  # AccessionNumber
    Row(0x00080090, "PN", "2"),  # ReferringPhysicianName
    Row(0x00200010, "SH", "2"),  # StudyID
)
GENERAL_SERIES: Module = (  # C.7.3.1
    Row(0x00200011, "IS", "2"),  # SeriesNumber
)
FRAME_OF_REFERENCE: Module = (  # C.7.4.1
    Row(0x00201040, "LO", "2"),  # PositionReferenceIndicator
)
GENERAL_EQUIPMENT: Module = (  # C.7.5.1
    Row(0x00080070, "LO", "2"),  # Manufacturer
)
ENHANCED_EQUIPMENT: Module = (  # C.7.5.2: all Type 1; that they are not known is said in words
    Row(0x00080070, "LO", "1", ("UNKNOWN",)),  # Manufacturer
    Row(0x00081090, "LO", "1", ("UNKNOWN",)),  # ManufacturerModelName
    Row(0x00181000, "LO", "1", ("UNKNOWN",)),  # DeviceSerialNumber
    Row(0x00181020, "LO", "1", ("UNKNOWN",)),  # SoftwareVersions
)
PATIENT_POSITION: Module = (  # C.7.3.1, required for CT and MR unless PatientOrientationCodeSequence is there
    Row(0x00185100, "CS", "2"),  # PatientPosition
)
CT_IMAGE: Module = (  # C.8.2.1
    Row(0x00180060, "DS", "2"),  # KVP
    Row(0x00200012, "IS", "2"),  # AcquisitionNumber
)
MR_IMAGE: Module = (  # C.8.3.1
    Row(0x00180020, "CS", "1", ("RM",)),  # ScanningSequence: research mode, where nobody knows
    Row(0x00180021, "CS", "1", ("NONE",)),  # SequenceVariant
    Row(0x00180022, "CS", "2"),  # ScanOptions
    Row(0x00180023, "CS", "2"),  # MRAcquisitionType
    Row(0x00180081, "DS", "2"),  # EchoTime
    Row(0x00180091, "IS", "2"),  # EchoTrainLength
    Row(0x00180080, "DS", "2"),  # RepetitionTime, 2C
)
PET_SERIES: Module = (  # C.8.9.1
    Row(0x00541001, "CS", "1", ("NONE",)),  # Units
    Row(0x00541002, "CS", "1", ("EMISSION",)),  # CountsSource
    Row(0x00541102, "CS", "1", ("NONE",)),  # DecayCorrection
    Row(0x00181181, "CS", "2"),  # CollimatorType
    Row(0x00280051, "CS", "2"),  # CorrectedImage
)
PET_ISOTOPE: Module = (  # C.8.9.2
    Row(0x00540016, "SQ", "2"),  # RadiopharmaceuticalInformationSequence
)
PATIENT_ORIENTATION: Module = (  # C.7.6.30
    Row(0x00540410, "SQ", "2"),  # PatientOrientationCodeSequence
    Row(0x00540414, "SQ", "2"),  # PatientGantryRelationshipCodeSequence
)
PET_IMAGE: Module = (  # C.8.9.4
    Row(0x00080022, "DA", "2"),  # AcquisitionDate
    Row(0x00080032, "TM", "2"),  # AcquisitionTime
    Row(0x00181242, "IS", "2"),  # ActualFrameDuration
)
SC_EQUIPMENT: Module = (  # C.8.6.1
    Row(0x00080064, "CS", "1", ("WSD",)),  # ConversionType
)
SC_MULTI_FRAME: Module = (  # C.8.6.3
    Row(0x00280301, "CS", "1", ("NO",)),  # BurnedInAnnotation
)
ACQUISITION_CONTEXT: Module = (  # C.7.6.14
    Row(0x00400555, "SQ", "2"),  # AcquisitionContextSequence
)
ENHANCED_IMAGE: Module = (  # C.8.13.1, C.8.15.2, C.8.22.3 and the macros of C.8.16
    Row(0x00189004, "CS", "1", ("RESEARCH",)),  # ContentQualification
    Row(0x00280301, "CS", "1", ("NO",)),  # BurnedInAnnotation
    Row(0x00282110, "CS", "1", ("00",)),  # LossyImageCompression
    Row(0x20500020, "CS", "1", ("IDENTITY",)),  # PresentationLUTShape
    Row(0x00089205, "CS", "1", ("MONOCHROME",)),  # PixelPresentation
    Row(0x00089206, "CS", "1", ("VOLUME",)),  # VolumetricProperties
    Row(0x00089207, "CS", "1", ("NONE",)),  # VolumeBasedCalculationTechnique
)
ENHANCED_MR_IMAGE: Module = (  # C.8.13.1
    Row(0x00189174, "CS", "1", ("IEC",)),  # ApplicableSafetyStandardAgency
    Row(0x00089208, "CS", "1", ("MAGNITUDE",)),  # ComplexImageComponent
    Row(0x00089209, "CS", "1", ("UNKNOWN",)),  # AcquisitionContrast
)
# fmt: on

METHOD_UNKNOWN = "PatientIdentityRemoved is YES and nothing says how it was removed: DeidentificationMethod UNKNOWN was written"
# body parts that there is one of (PS3.16 L): Laterality has no place beside them (PS3.3 C.7.3.1)
UNPAIRED = frozenset({
    "ABDOMEN", "ABDOMENPELVIS", "AORTA", "BACK", "BLADDER", "BRAIN", "CEREBELLUM", "CERVIX", "CHEST", "CHESTABDOMEN",
    "CHESTABDPELVIS", "CIRCLEOFWILLIS", "COCCYX", "COLON", "CORONARYARTERY", "CSPINE", "CTSPINE", "DUODENUM",
    "ESOPHAGUS", "FACE", "GALLBLADDER", "HEAD", "HEADNECK", "HEART", "ILEUM", "ILIUM", "JAW", "JEJUNUM", "LARYNX",
    "LIVER", "LSPINE", "LSSPINE", "MAXILLA", "MEDIASTINUM", "MOUTH", "NECK", "NECKCHEST", "NECKCHESTABDOMEN",
    "NECKCHESTABDPELV", "NOSE", "PANCREAS", "PELVIS", "PENIS", "PHARYNX", "PROSTATE", "RECTUM", "SCALP", "SKULL",
    "SPINE", "SPLEEN", "SSPINE", "STERNUM", "STOMACH", "THYMUS", "THYROID", "TLSPINE", "TONGUE", "TRACHEA", "TSPINE",
    "URETER", "URETHRA", "UTERUS", "VAGINA", "VULVA", "WHOLEBODY",
})  # fmt: skip

# what a reference series gives (C.7.1, C.7.2, C.7.4, C.7.5); the study's UID is the one attribute that binds it all
STUDY_TAGS = frozenset({
    0x00100010, 0x00100020, 0x00100021, 0x00100022, 0x00100024, 0x00100030, 0x00100032, 0x00100040, 0x00101000, 0x00101001,
    0x00101002, 0x00102160, 0x00102201, 0x00102202, 0x00102203, 0x00102292, 0x00102293, 0x00102294, 0x00102297, 0x00104000,
    0x00120010, 0x00120020, 0x00120021, 0x00120030, 0x00120031, 0x00120040, 0x00120042, 0x00120050, 0x00120051, 0x00120062,
    0x00120063, 0x00120064, 0x00280303,
    0x0020000D, 0x00080020, 0x00080030, 0x00080050, 0x00080051, 0x00080090, 0x00200010, 0x00081030, 0x00081032, 0x00081048,
    0x00101010, 0x00101020, 0x00101030, 0x00102180, 0x001021B0, 0x00102000, 0x00102110,
})  # fmt: skip
SPACE_TAGS = frozenset({0x00200052, 0x00201040, 0x00185100, 0x00180015, 0x00200060})
EQUIPMENT_TAGS = frozenset({
    0x00080070, 0x00080080, 0x00080081, 0x00081010, 0x00081040, 0x00081090, 0x00181000, 0x00181020, 0x00180087,
})  # fmt: skip


def defaults_of(modules: tuple[Module, ...]) -> Elements:
    """Return the rows of modules as elements."""
    return {row.tag: row.element for module in reversed(modules) for row in reversed(module)}
