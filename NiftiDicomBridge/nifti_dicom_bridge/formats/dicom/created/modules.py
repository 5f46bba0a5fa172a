"""Modules of the IODs that are made from nothing: one row per attribute (PS3.3).

Type 1 attributes that nothing else specifies get the value in the row; Type 2 ones stay empty (PS3.5 7.4).
Attributes that follow from the image itself (pixels, planes, UIDs, dates of making) are not here.
"""

from __future__ import annotations

from typing import NamedTuple

from ....model.metadata import Element, Elements
from ....standard.tags import Tag
from .. import new_element


class Row(NamedTuple):
    """One attribute: tag, VR, type (``1``, ``2``), and the values it gets where no source specifies them; none is empty."""

    tag: int
    vr: str
    type: str
    default: tuple[str, ...] = ()

    @property
    def element(self) -> Element:
        """What the attribute is where no source specifies it."""
        if self.vr == "SQ":
            return new_element.sequence()
        return new_element.text(self.vr, *self.default)


Module = tuple[Row, ...]

# fmt: off
PATIENT: Module = (  # C.7.1.1
    Row(Tag.PATIENT_NAME, "PN", "2"),
    Row(Tag.PATIENT_ID, "LO", "2"),
    Row(Tag.PATIENT_BIRTH_DATE, "DA", "2"),
    Row(Tag.PATIENT_SEX, "CS", "2"),
)
GENERAL_STUDY: Module = (  # C.7.2.1
    Row(Tag.STUDY_DATE, "DA", "2"),
    Row(Tag.STUDY_TIME, "TM", "2"),
    Row(Tag.ACCESSION_NUMBER, "SH", "2"),
    Row(Tag.REFERRING_PHYSICIAN_NAME, "PN", "2"),
    Row(Tag.STUDY_ID, "SH", "2"),
)
GENERAL_SERIES: Module = (  # C.7.3.1
    Row(Tag.SERIES_NUMBER, "IS", "2"),
)
FRAME_OF_REFERENCE: Module = (  # C.7.4.1
    Row(Tag.POSITION_REFERENCE_INDICATOR, "LO", "2"),
)
GENERAL_EQUIPMENT: Module = (  # C.7.5.1
    Row(Tag.MANUFACTURER, "LO", "2"),
)
ENHANCED_EQUIPMENT: Module = (  # C.7.5.2: all Type 1; that they are not known is specified in words
    Row(Tag.MANUFACTURER, "LO", "1", ("UNKNOWN",)),
    Row(Tag.MANUFACTURER_MODEL_NAME, "LO", "1", ("UNKNOWN",)),
    Row(Tag.DEVICE_SERIAL_NUMBER, "LO", "1", ("UNKNOWN",)),
    Row(Tag.SOFTWARE_VERSIONS, "LO", "1", ("UNKNOWN",)),
)
PATIENT_POSITION: Module = (  # C.7.3.1, required for CT and MR unless PatientOrientationCodeSequence is there
    Row(Tag.PATIENT_POSITION, "CS", "2"),
)
RT_SERIES: Module = (  # C.8.8.1
    Row(Tag.SERIES_NUMBER, "IS", "2"),
    Row(Tag.OPERATORS_NAME, "PN", "2"),
)
STRUCTURE_SET_MODULES = (PATIENT, GENERAL_STUDY, RT_SERIES, GENERAL_EQUIPMENT, FRAME_OF_REFERENCE)  # A.19.3
CT_IMAGE: Module = (  # C.8.2.1
    Row(Tag.KVP, "DS", "2"),
    Row(Tag.ACQUISITION_NUMBER, "IS", "2"),
)
MR_IMAGE: Module = (  # C.8.3.1
    Row(Tag.SCANNING_SEQUENCE, "CS", "1", ("RM",)),  # research mode, where no one knows
    Row(Tag.SEQUENCE_VARIANT, "CS", "1", ("NONE",)),
    Row(Tag.SCAN_OPTIONS, "CS", "2"),
    Row(Tag.MR_ACQUISITION_TYPE, "CS", "2"),
    Row(Tag.ECHO_TIME, "DS", "2"),
    Row(Tag.ECHO_TRAIN_LENGTH, "IS", "2"),
    Row(Tag.REPETITION_TIME, "DS", "2"),  # 2C
)
PET_SERIES: Module = (  # C.8.9.1
    Row(Tag.UNITS, "CS", "1", ("NONE",)),
    Row(Tag.COUNTS_SOURCE, "CS", "1", ("EMISSION",)),
    Row(Tag.DECAY_CORRECTION, "CS", "1", ("NONE",)),
    Row(Tag.COLLIMATOR_TYPE, "CS", "2"),
    Row(Tag.CORRECTED_IMAGE, "CS", "2"),
)
PET_ISOTOPE: Module = (  # C.8.9.2
    Row(Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE, "SQ", "2"),
)
PATIENT_ORIENTATION: Module = (  # C.7.6.30
    Row(Tag.PATIENT_ORIENTATION_CODE_SEQUENCE, "SQ", "2"),
    Row(Tag.PATIENT_GANTRY_RELATIONSHIP_CODE_SEQUENCE, "SQ", "2"),
)
PET_IMAGE: Module = (  # C.8.9.4
    Row(Tag.ACQUISITION_DATE, "DA", "2"),
    Row(Tag.ACQUISITION_TIME, "TM", "2"),
    Row(Tag.ACTUAL_FRAME_DURATION, "IS", "2"),
)
SC_EQUIPMENT: Module = (  # C.8.6.1
    Row(Tag.CONVERSION_TYPE, "CS", "1", ("WSD",)),
)
SC_MULTI_FRAME: Module = (  # C.8.6.3
    Row(Tag.BURNED_IN_ANNOTATION, "CS", "1", ("NO",)),
)
ACQUISITION_CONTEXT: Module = (  # C.7.6.14
    Row(Tag.ACQUISITION_CONTEXT_SEQUENCE, "SQ", "2"),
)
ENHANCED_IMAGE: Module = (  # C.8.13.1, C.8.15.2, C.8.22.3 and the macros of C.8.16
    Row(Tag.CONTENT_QUALIFICATION, "CS", "1", ("RESEARCH",)),
    Row(Tag.BURNED_IN_ANNOTATION, "CS", "1", ("NO",)),
    Row(Tag.LOSSY_IMAGE_COMPRESSION, "CS", "1", ("00",)),
    Row(Tag.PRESENTATION_LUT_SHAPE, "CS", "1", ("IDENTITY",)),
    Row(Tag.PIXEL_PRESENTATION, "CS", "1", ("MONOCHROME",)),
    Row(Tag.VOLUMETRIC_PROPERTIES, "CS", "1", ("VOLUME",)),
    Row(Tag.VOLUME_BASED_CALCULATION_TECHNIQUE, "CS", "1", ("NONE",)),
)
ENHANCED_MR_IMAGE: Module = (  # C.8.13.1
    Row(Tag.APPLICABLE_SAFETY_STANDARD_AGENCY, "CS", "1", ("IEC",)),
    Row(Tag.COMPLEX_IMAGE_COMPONENT, "CS", "1", ("MAGNITUDE",)),
    Row(Tag.ACQUISITION_CONTRAST, "CS", "1", ("UNKNOWN",)),
)
# fmt: on

METHOD_UNKNOWN = "PatientIdentityRemoved is YES and the method is not specified: DeidentificationMethod UNKNOWN was written"
# body parts that there is one of (PS3.16 L): Laterality has no place next to them (PS3.3 C.7.3.1)
UNPAIRED = frozenset({
    "ABDOMEN", "ABDOMENPELVIS", "AORTA", "BACK", "BLADDER", "BRAIN", "CEREBELLUM", "CERVIX", "CHEST", "CHESTABDOMEN",
    "CHESTABDPELVIS", "CIRCLEOFWILLIS", "COCCYX", "COLON", "CORONARYARTERY", "CSPINE", "CTSPINE", "DUODENUM",
    "ESOPHAGUS", "FACE", "GALLBLADDER", "HEAD", "HEADNECK", "HEART", "ILEUM", "ILIUM", "JAW", "JEJUNUM", "LARYNX",
    "LIVER", "LSPINE", "LSSPINE", "MAXILLA", "MEDIASTINUM", "MOUTH", "NECK", "NECKCHEST", "NECKCHESTABDOMEN",
    "NECKCHESTABDPELV", "NOSE", "PANCREAS", "PELVIS", "PENIS", "PHARYNX", "PROSTATE", "RECTUM", "SCALP", "SKULL",
    "SPINE", "SPLEEN", "SSPINE", "STERNUM", "STOMACH", "THYMUS", "THYROID", "TLSPINE", "TONGUE", "TRACHEA", "TSPINE",
    "URETER", "URETHRA", "UTERUS", "VAGINA", "VULVA", "WHOLEBODY",
})  # fmt: skip

# what a reference series gives (C.7.1, C.7.2, C.7.4, C.7.5)
_OF_PATIENT = frozenset({
    Tag.PATIENT_NAME, Tag.PATIENT_ID, Tag.ISSUER_OF_PATIENT_ID, Tag.TYPE_OF_PATIENT_ID,
    Tag.ISSUER_OF_PATIENT_ID_QUALIFIERS_SEQUENCE, Tag.PATIENT_BIRTH_DATE, Tag.PATIENT_BIRTH_TIME, Tag.PATIENT_SEX,
    Tag.OTHER_PATIENT_IDS, Tag.OTHER_PATIENT_NAMES,
    Tag.OTHER_PATIENT_IDS_SEQUENCE, Tag.ETHNIC_GROUP, Tag.PATIENT_SPECIES_DESCRIPTION, Tag.PATIENT_SPECIES_CODE_SEQUENCE,
    Tag.PATIENT_SEX_NEUTERED, Tag.PATIENT_BREED_DESCRIPTION, Tag.PATIENT_BREED_CODE_SEQUENCE,
    Tag.BREED_REGISTRATION_SEQUENCE, Tag.RESPONSIBLE_PERSON, Tag.PATIENT_COMMENTS,
    Tag.CLINICAL_TRIAL_SPONSOR_NAME, Tag.CLINICAL_TRIAL_PROTOCOL_ID, Tag.CLINICAL_TRIAL_PROTOCOL_NAME,
    Tag.CLINICAL_TRIAL_SITE_ID, Tag.CLINICAL_TRIAL_SITE_NAME, Tag.CLINICAL_TRIAL_SUBJECT_ID,
    Tag.CLINICAL_TRIAL_SUBJECT_READING_ID, Tag.CLINICAL_TRIAL_TIME_POINT_ID, Tag.CLINICAL_TRIAL_TIME_POINT_DESCRIPTION,
    Tag.PATIENT_IDENTITY_REMOVED,
    Tag.DEIDENTIFICATION_METHOD, Tag.DEIDENTIFICATION_METHOD_CODE_SEQUENCE, Tag.LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED,
})  # fmt: skip
OF_ONE_STUDY = frozenset({
    Tag.STUDY_INSTANCE_UID, Tag.STUDY_DATE, Tag.STUDY_TIME, Tag.ACCESSION_NUMBER, Tag.ISSUER_OF_ACCESSION_NUMBER_SEQUENCE,
    Tag.REFERRING_PHYSICIAN_NAME, Tag.STUDY_ID, Tag.STUDY_DESCRIPTION, Tag.PROCEDURE_CODE_SEQUENCE,
    Tag.PHYSICIANS_OF_RECORD,
    Tag.PATIENT_AGE, Tag.PATIENT_SIZE, Tag.PATIENT_WEIGHT, Tag.OCCUPATION, Tag.ADDITIONAL_PATIENT_HISTORY,
    Tag.MEDICAL_ALERTS, Tag.ALLERGIES,
})  # fmt: skip
"""Attributes that hold for one study, and for no other of the same patient."""
STUDY_TAGS = _OF_PATIENT | OF_ONE_STUDY
SPACE_TAGS = frozenset(
    {Tag.FRAME_OF_REFERENCE_UID, Tag.POSITION_REFERENCE_INDICATOR, Tag.PATIENT_POSITION, Tag.BODY_PART_EXAMINED, Tag.LATERALITY}
)
EQUIPMENT_TAGS = frozenset({
    Tag.MANUFACTURER, Tag.INSTITUTION_NAME, Tag.INSTITUTION_ADDRESS, Tag.STATION_NAME, Tag.INSTITUTIONAL_DEPARTMENT_NAME,
    Tag.MANUFACTURER_MODEL_NAME, Tag.DEVICE_SERIAL_NUMBER, Tag.SOFTWARE_VERSIONS, Tag.MAGNETIC_FIELD_STRENGTH,
})  # fmt: skip


def defaults_of(modules: tuple[Module, ...]) -> Elements:
    """Return the rows of modules as elements."""
    return {row.tag: row.element for module in reversed(modules) for row in reversed(module)}
