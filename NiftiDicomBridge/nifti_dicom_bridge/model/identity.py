"""Who and what an image is, as text for people: patient, study, series, window."""

from __future__ import annotations

from collections.abc import Iterable

from ..standard.dictionary import tag_of
from ..standard.tags import Tag
from . import metadata
from .charset import CharacterSet
from .volume import Volume

KEYWORDS = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientComments",
    "StudyInstanceUID", "StudyID", "StudyDate", "StudyTime", "StudyDescription",
    "SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "SeriesDate", "SeriesTime", "Modality", "FrameOfReferenceUID",
    "ContentDate", "ContentTime", "Manufacturer", "ManufacturerModelName", "WindowCenter", "WindowWidth", "SOPClassUID",
)  # fmt: skip
_TAGS = {
    "AccessionNumber": Tag.ACCESSION_NUMBER, "AcquisitionDate": Tag.ACQUISITION_DATE,
    "AcquisitionNumber": Tag.ACQUISITION_NUMBER, "ContentDate": Tag.CONTENT_DATE, "EchoNumbers": Tag.ECHO_NUMBERS,
    "InstanceNumber": Tag.INSTANCE_NUMBER, "Manufacturer": Tag.MANUFACTURER, "Modality": Tag.MODALITY,
    "PatientBirthDate": Tag.PATIENT_BIRTH_DATE, "PatientID": Tag.PATIENT_ID, "PatientName": Tag.PATIENT_NAME,
    "PatientSex": Tag.PATIENT_SEX, "ProtocolName": Tag.PROTOCOL_NAME, "SOPInstanceUID": Tag.SOP_INSTANCE_UID,
    "SequenceName": Tag.SEQUENCE_NAME, "SeriesDate": Tag.SERIES_DATE, "SeriesDescription": Tag.SERIES_DESCRIPTION,
    "SeriesInstanceUID": Tag.SERIES_INSTANCE_UID, "SeriesNumber": Tag.SERIES_NUMBER, "SeriesTime": Tag.SERIES_TIME,
    "StudyDate": Tag.STUDY_DATE, "StudyDescription": Tag.STUDY_DESCRIPTION, "StudyID": Tag.STUDY_ID,
    "StudyInstanceUID": Tag.STUDY_INSTANCE_UID, "StudyTime": Tag.STUDY_TIME,
}  # fmt: skip
"""Attributes of names, selections and lists: the import of pydicom, for its dictionary, takes longer than a small series."""


def identity_of(volume: Volume, keywords: Iterable[str] = KEYWORDS) -> dict[str, str]:
    """Return attributes of the first instance that a volume was made of.

    Parameters
    ----------
    volume : Volume
        Any; one that never was DICOM has no attributes.
    keywords : iterable of str
        Which attributes (PS3.6), of the top level.

    Returns
    -------
    dict of str to str
        Keyword → value in Unicode, whatever the character set was (PS3.3 C.12.1.1.2); values are separated by a backslash. What
        is absent, empty, or cannot be read is left out.

    Examples
    --------
    >>> from nifti_dicom_bridge import identity_of, read
    >>> identity_of(read("scans")[0], ["Modality", "SeriesDescription"])
    {'Modality': 'MR', 'SeriesDescription': 'Oblique MR'}
    """
    return texts_of(volume.dicom.metadata.first.elements, keywords) if volume.source is not None else {}


def texts_of(elements: metadata.Elements, keywords: Iterable[str] = KEYWORDS) -> dict[str, str]:
    """Return attributes of a data set in Unicode; see `identity_of`."""
    charset = CharacterSet().of(elements)
    result = {}
    for keyword in keywords:
        text = _text(elements, _TAGS.get(keyword) or tag_of(keyword), charset)
        if text:
            result[keyword] = text
    return result


def series_name(elements: metadata.Elements, instead: str = "ProtocolName") -> str:
    """Return what people call a series: its number, and its description, else its protocol (`instead`), else its modality."""
    words = ("SeriesDescription", instead, "Modality")
    texts = texts_of(elements, ("SeriesNumber", *words))
    return " ".join(filter(None, (texts.get("SeriesNumber"), next((texts[word] for word in words if word in texts), ""))))


def shown_date(day: str) -> str:
    """Return a DICOM date as ``2026-01-31``; other texts as they are.

    Examples
    --------
    >>> shown_date("20260131"), shown_date("2026")
    ('2026-01-31', '2026')
    """
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 and day.isdecimal() else day


def _text(elements: metadata.Elements, tag: int, charset: CharacterSet) -> str:
    element = elements.get(tag)
    if element is None or not isinstance(element.value, bytes):
        return ""
    if element.vr in metadata.NUMBER_FORMATS:
        return "\\".join(f"{value:.9g}" if element.vr == "FL" else repr(value) for value in metadata.numbers(elements, tag))
    return charset.text(elements, tag)
