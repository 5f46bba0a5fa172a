"""Whose images files are: patients and studies that have a SeriesInstanceUID in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .....model import metadata
from .....model.charset import AFFECTED_VRS, CharacterSet
from .....model.metadata import Elements
from .....model.person import Person, differing, excluding, normal_text, person
from .....standard.dictionary import describe, keyword_of, tag_of
from .....standard.tags import Tag
from ..attributes.shared_values import SharedValues, SimilarDataSets
from ..attributes.vendor import READ_GROUPS, creators_of_manufacturer, manufacturer

_PERSON = (Tag.PATIENT_NAME, Tag.PATIENT_BIRTH_DATE, Tag.PATIENT_SEX, Tag.ISSUER_OF_PATIENT_ID)
"""Attributes of a `Person`."""


class Owner(NamedTuple):
    """What must be equal for files to be of one examination."""

    study: str
    patient: str
    name: str
    birth_date: str


def owner_of(elements: Elements) -> Owner:
    """Return study and patient; name and date of birth count only where PatientID does not identify the patient."""
    study, patient = metadata.text(elements, Tag.STUDY_INSTANCE_UID), metadata.text(elements, Tag.PATIENT_ID)
    if patient:
        return Owner(study, patient, "", "")
    return Owner(study, "", _normal(elements, Tag.PATIENT_NAME), metadata.text(elements, Tag.PATIENT_BIRTH_DATE))


def contradiction(data_sets: SimilarDataSets) -> str:
    """Return how the files of one PatientID contradict each other about the patient; empty if they do not."""
    names = _differing(data_sets)
    return (
        f"the files have one PatientID (0010,0020), but different values of {names}: are they of one patient?" if names else ""
    )


def doubts_of_people(data_sets: Sequence[Elements]) -> list[str]:
    """Return how each of several series contradicts the first one of its PatientID about the patient; empty if it does not."""
    first: dict[str, Elements] = {}
    doubts = []
    for elements in data_sets:
        patient = metadata.text(elements, Tag.PATIENT_ID)
        names = _differing(SimilarDataSets([first.setdefault(patient, elements), elements])) if patient else ""
        words = f"another series has the same PatientID (0010,0020), but other values of {names}: are they of one patient?"
        doubts.append(words if names else "")
    return doubts


def _differing(data_sets: SimilarDataSets) -> str:
    """Return the attributes of a person that differ; empty if none does."""
    return ", ".join(describe(tag_of(keyword)) for keyword in differing(set(SharedValues(person_of).of_all(data_sets))))


def doubt_of_text(elements: Elements) -> str:
    """Return which texts for people are not in the character set of their data set; empty where all are."""
    texts = {
        tag: (element.value, element.vr) for tag, element in elements.items()
        if element.vr in AFFECTED_VRS and isinstance(element.value, bytes) and not element.value.isascii()
    }  # fmt: skip
    if not texts:
        return ""
    charset, name = CharacterSet().of(elements), describe(Tag.SPECIFIC_CHARACTER_SET)
    if not any(charset.terms):
        return f"text of {_listed(texts)} is not ASCII, but {name} is missing: read as UTF-8 or else Latin-1"
    doubtful = [tag for tag, (value, vr) in texts.items() if not _is_readable(value, vr, charset)]
    if doubtful:
        return f"text of {_listed(doubtful)} is not in the character set of {name}: it is read as Latin-1"
    specified = "\\".join(charset.terms)
    if not charset.is_known:
        return f"{name} {specified} is unknown: text of {_listed(texts)} is read as Latin-1"
    others = [tag for tag, (value, _) in texts.items() if charset.is_single_byte and _is_utf_8(value)]
    if others:
        return f"text of {_listed(others)} is read as {name} {specified} specifies, but is valid UTF-8: letters may be wrong"
    return ""


def _listed(tags: Iterable[int]) -> str:
    return ", ".join(describe(tag) for tag in list(tags)[:4] if not tag >> 16 & 1) or "private elements"


def _is_utf_8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeError:
        return False
    return True


def doubt_of_private_elements(elements: Elements) -> str:
    """Return which private elements have no private creator, and what they are taken for; empty if all have one."""
    blocks = {tag >> 8 for tag in elements if tag >> 16 & 1 and tag >> 12 & 0xF}
    without = sorted(block for block in blocks if block >> 8 << 16 | block & 0xFF not in elements)
    if not without:
        return ""
    shown = ", ".join(f"({block >> 8:04X},{block & 0xFF:02X}xx)" for block in without[:4])
    if creators_of_manufacturer(elements) and any(block >> 8 in READ_GROUPS for block in without):
        maker = metadata.text(elements, Tag.MANUFACTURER) or manufacturer(elements).title()
        use = f"they are taken for those that {maker} commonly has there, such as b-values or the tiles of a mosaic"
    else:
        use = "they are kept, but what they may specify, such as b-values or times, is not used"
    return f"private elements {shown} have no private creator (PS3.5 7.8.1): {use}"


def _is_readable(value: bytes, vr: str, charset: CharacterSet) -> bool:
    try:
        charset.shown(value, vr)
    except (UnicodeError, LookupError):
        return False
    return True


def person_of(elements: Elements) -> Person:
    """Return what a data set states of a person, in whichever character set it is."""
    charset = CharacterSet().of(elements)
    return person(*(charset.text(elements, tag) for tag in (*_PERSON, Tag.PATIENT_ID)))


def person_values(elements: Elements) -> dict[str, str]:
    """Return what a data set states of a person, as it is written: keyword → value, for `model.person.excluding`."""
    charset = CharacterSet().of(elements)
    return {keyword_of(tag): charset.text(elements, tag) for tag in (Tag.PATIENT_ID, *_PERSON)}


def is_of_another_patient(one: Elements, other: Elements) -> bool:
    """Whether two data sets are not of one person; one that lost its PatientID is of the patient of its study."""
    first, second = person_values(one), person_values(other)
    studies = {metadata.text(elements, Tag.STUDY_INSTANCE_UID) for elements in (one, other)}
    is_lost = bool(first["PatientID"]) != bool(second["PatientID"])
    return bool(excluding(first, second)) or (is_lost and len(studies) > 1)


def _normal(elements: Elements, tag: int) -> str:
    return normal_text(metadata.text(elements, tag))
