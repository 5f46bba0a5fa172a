"""Whether an image, its reference and the study that it is written into are of one patient."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import OptionError
from ..formats.dicom.created.attributes import Attributes
from ..formats.dicom.created.modules import OF_ONE_STUDY
from ..formats.dicom.created.reference import Reference
from ..model import metadata
from ..model.metadata import Elements
from ..model.person import excluding, normal_text
from ..standard.dictionary import keyword_of
from ..standard.tags import Tag
from .image_with_sidecar import ImageWithSidecar


def check_same_study(reference: Reference | None, studies: Sequence[Reference]) -> None:
    """Refuse a reference that is not of the study of ``study_from``: patient and study would be a mixture of both."""
    if reference is None:
        return
    for study in studies[:1]:
        if reference.study_uid != study.study_uid or excluding(reference.person_values, study.person_values):
            raise OptionError(
                f'reference="{reference.path}" and study_from="{study.path}" are of two studies ({reference.describe()}; '
                f"{study.describe()}), an image is in one. Leave out study_from=: the reference specifies patient and study."
            )


def check_patient(attributes: Attributes, other: Reference, described: ImageWithSidecar) -> None:
    """Refuse to put one patient's image next to another patient's."""
    of_sidecar = [tag for tag, source in attributes.sources.items() if source == described.where]
    stated, theirs = {keyword_of(tag): attributes.text(tag) for tag in of_sidecar}, other.person_values
    if not stated.get("PatientID"):  # then a name that is the PatientID is compared, too
        theirs["PatientID"] = ""
    for keyword in excluding(stated, theirs)[:1]:
        raise OptionError(
            f"{described.where} specifies {keyword} {stated[keyword]!r}, the reference {other.title} has "
            f"{theirs[keyword]!r}: another patient. Name a reference of the same patient, or set the right value: "
            f'set_values={{"{keyword}": "VALUE"}}'
        )


def study_of(other: Reference, attributes: Attributes, sentences: list[str]) -> Elements:
    """Return patient and study of a reference; without the study if a sidecar or the user specifies another one."""
    elements, uid = other.study(), attributes.text(Tag.STUDY_INSTANCE_UID)
    if not uid or uid == other.study_uid:
        return elements
    sentences.append(
        f"StudyInstanceUID of {attributes.sources[Tag.STUDY_INSTANCE_UID]} is not that of the reference {other.title}: the "
        "patient is copied from the reference, not the attributes of its study, such as StudyDate"
    )
    return metadata.without(elements, OF_ONE_STUDY)


def note_other_patient(attributes: Attributes, other: Reference, sentences: list[str]) -> None:
    """Warn if the user or a sidecar specifies another patient, or another spelling, than the study that the image is in."""
    theirs = Attributes(other.study())
    same_study = attributes.text(Tag.STUDY_INSTANCE_UID) == other.study_uid
    pairs = {keyword_of(tag): (theirs.text(tag), attributes.text(tag)) for tag in (Tag.PATIENT_ID, Tag.PATIENT_NAME)}
    changed = [keyword for keyword, (old, new) in pairs.items() if old and normal_text(old) != normal_text(new)]
    if changed and same_study:
        sentences.append(
            f"{' and '.join(changed)} is not that of the reference {other.title}, StudyInstanceUID is: archives may assign the "
            "image to the patient of the reference. Set StudyInstanceUID as well for another patient"
        )


def note_other_space(attributes: Attributes, reference: Reference, sentences: list[str]) -> None:
    """Warn if the user or a sidecar specifies another frame of reference than that of the reference."""
    own, theirs = attributes.text(Tag.FRAME_OF_REFERENCE_UID), reference.text(Tag.FRAME_OF_REFERENCE_UID)
    if own and theirs and own != theirs:
        sentences.append(
            f"FrameOfReferenceUID of {attributes.sources[Tag.FRAME_OF_REFERENCE_UID]} is not that of the reference "
            f"{reference.title}: viewers do not show the image on it, although it refers to its images"
        )
