"""Labels of subjects and sessions: the same in every run, and never one for two people or two studies."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..model import metadata
from ..model.files.json_files import read_json
from ..model.person import KEYWORDS, UNKNOWN_DATES, Person, contradicting, differing, merged, person
from ..model.processes.limits import SizeLimitError
from ..options.remedies import remedy
from ..sidecar import KEY
from ..standard.dictionary import describe, tag_of
from ..standard.tags import Tag
from .bids_map import BidsMap
from .images import Image
from .reproin import ReproInName, parse_reproin

LONGEST = 40
_PLACEHOLDERS = frozenset({
    "anon", "anonym", "anonymous", "anonymized", "anonymised", "anonymouspatient", "deidentified", "removed", "unknown", "none",
    "null", "na", "noid", "noname", "patient", "patientid", "id", "xxx", "xxxx", "0", "000", "0000", "00000000",
})  # fmt: skip
"""PatientIDs that anonymizers give to all patients."""
DATES = (Tag.STUDY_DATE, Tag.SERIES_DATE, Tag.ACQUISITION_DATE, Tag.CONTENT_DATE)
Identity = tuple[str, ...]
"""What identifies a person (PatientID, PatientName) or a study (StudyInstanceUID); empty where unknown."""


class Owners:
    """Who has which label, in this job and in the dataset as it was found.

    Parameters
    ----------
    dataset : pathlib.Path
        The dataset; may not exist yet.
    """

    def __init__(self, dataset: Path):
        self._owners: dict[tuple[str, str], Identity] = {}
        self._people: dict[tuple[bool, str], Person] = {}
        self._studies: dict[str, set[str]] = {}
        for root in (dataset / "sourcedata", dataset):  # the records specify who the subjects are
            for subject in sorted(root.glob("sub-*")) if root.is_dir() else []:
                self._note_subject(subject)

    def claim(self, scope: str, candidates: Sequence[str], identity: Identity) -> str:
        """Return the label that this owner has already, else the first that no one else is known to have."""
        verdicts = [_same(self._owners.get((scope, label.lower()), ()), identity) for label in candidates]
        chosen = verdicts.index(True) if True in verdicts else verdicts.index(None) if None in verdicts else -1
        self._owners[scope, candidates[chosen].lower()] = identity
        return candidates[chosen]

    def give(self, scope: str, label: str, identity: Identity) -> bool:
        """Note a label that a person chose, and return whether another owner has it too."""
        return _same(self._owners.setdefault((scope, label.lower()), identity), identity) is False

    def doubts(self, label: str, image: Image) -> tuple[list[str], list[str]]:
        """Return the attributes of the patient of an image that cannot be of the one who has a label, and all that differ.

        A patient who is not contradicted has the label from then on. Those of de-identified images are compared with each
        other, as the dataset has no names of them.
        """
        return self._compare(image.is_deidentified, label, image.person)

    def has_other_study(self, label: str, study: str) -> bool:
        """Whether a subject has images of another study than this one, which it has from then on."""
        known = self._studies.setdefault(label.lower(), set())
        known.add(study)
        return len(known) > 1

    def _compare(self, is_deidentified: bool, label: str, one: Person) -> tuple[list[str], list[str]]:
        known = self._people.setdefault((is_deidentified, label.lower()), one)
        wrong = contradicting(known, one)
        if not wrong:
            self._people[is_deidentified, label.lower()] = merged(known, one)
        return wrong, differing([known, one])

    def _note_subject(self, folder: Path) -> None:
        label = folder.name.removeprefix("sub-").lower()
        keys = _first_sidecar(folder)
        self._owners.setdefault(("", label), identity_of(keys))
        self._compare(False, label, _recorded_person(keys))
        for session in sorted(folder.glob("ses-*")):
            study = str(_first_sidecar(session).get("StudyInstanceUID", ""))
            self._owners.setdefault((label, session.name.removeprefix("ses-").lower()), (study,))
            self._studies.setdefault(label, set()).update({study} - {""})


def _same(owner: Identity, identity: Identity) -> bool | None:
    """Whether two identities are one, by the first thing that both specify; None where they specify nothing in common."""
    return next((mine == theirs for theirs, mine in zip(owner, identity, strict=False) if theirs and mine), None)


def _first_sidecar(folder: Path) -> dict[str, Any]:
    """Return the keys of the first sidecar below a folder that describes a study; none where there is none."""
    for path in sorted(folder.rglob("*.json")):
        try:
            top = read_json(path)
        except (OSError, ValueError, SizeLimitError):
            continue
        if isinstance(top, dict) and "StudyInstanceUID" in top:
            return top
    return {}


def _recorded_person(keys: dict[str, Any]) -> Person:
    """Return what a sidecar states of a person: its keys, else its record."""
    try:
        shared = keys[KEY]["Instances"]["Shared"]
    except (KeyError, TypeError):
        shared = {}
    return person(*(str(keys.get(keyword) or _shared_text(shared, keyword)) for keyword in (*KEYWORDS, "PatientID")))


def _shared_text(shared: Any, keyword: str) -> str:
    """Return the text of an attribute in DICOM JSON (PS3.18 F); of a name the alphabetic form. Empty if it is not there."""
    try:
        (value,) = shared[f"{tag_of(keyword):08X}"]["Value"]
        return str(value["Alphabetic"] if isinstance(value, dict) else value)
    except (KeyError, TypeError, ValueError):
        return ""


def identity_of(keys: dict[str, Any]) -> Identity:
    """Return what identifies a person."""
    return str(keys.get("PatientID", "")), str(keys.get("PatientName", ""))


def label_of(text: str) -> str:
    """Return the letters and digits of a text, accents taken off; empty where there are none."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return re.sub("[^0-9A-Za-z]", "", plain)[:LONGEST]


def _hash(text: str, length: int) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()[:length]


def subject_of(image: Image, table: BidsMap, owners: Owners) -> str:
    """Return the label of the subject; what was resolved or assumed goes to the log of the image.

    Where the label is not chosen by the user, an image of another person than the one who has it is refused.
    """
    keys = image.keys
    patient, name = str(keys.get("PatientID", "")), str(keys.get("PatientName", ""))
    given = table.subject or (None if image.subject else table.subjects.of(patient, name))
    if given is not None:
        if not table.subject and owners.give("", given, identity_of(keys)):
            image.log.warnings.append(f"sub-{given} is another person's, too: the map puts both together.")
        elif differing := owners.doubts(given, image)[1]:
            image.log.warnings.append(_ARE_THEY_ONE.format(label=given, keys=" and ".join(differing)))
        return given
    label = image.subject or _claimed(image, patient, name, owners)
    wrong, differing = owners.doubts(label, image)
    if wrong:
        shared = describe(Tag.PATIENT_ID if patient or image.is_deidentified else Tag.PATIENT_NAME)
        image.refused = (
            f"sub-{label} has images of another person, who has the same {shared} and other values of "
            f"{' and '.join(wrong)}. {_to_name_the_subject(image)}"
        )
    elif differing:
        are_they_one = _ARE_THEY_ONE.format(label=label, keys=" and ".join(differing))
        image.log.warnings.append(f"{are_they_one} {_to_separate(image)}")
    elif not image.subject and label_of(patient).lower() in _PLACEHOLDERS and owners.has_other_study(label, image.study):
        image.log.warnings.append(
            f"PatientID {patient!r} is a placeholder, and sub-{label} has images of several studies: are they of one patient? "
            f"{_to_separate(image)}"
        )
    return label


def _to_name_the_subject(image: Image) -> str:
    """Return how the user decides; a map has no labels of de-identified people, whose labels are their pseudonyms."""
    if image.is_deidentified:
        return f"{remedy('bids-one-person')}, or all together if they are one person."
    return f"Give {remedy('bids-subject')} to name the subject: another one, or the same one if they are one person."


def _to_separate(image: Image) -> str:
    if image.is_deidentified:
        return f"{remedy('bids-one-person')}, if they are not."
    return f"Give {remedy('bids-map', section='subjects')} to separate them."


_ARE_THEY_ONE = "sub-{label} has images of one PatientID, but of different {keys}: are they of one patient?"


def _claimed(image: Image, patient: str, name: str, owners: Owners) -> str:
    """Return the label that is made of the PatientID, which no one else has."""
    unique = patient or name or image.study
    plain = label_of(patient) or "x" + _hash(unique, 8)
    candidates = [plain, f"{plain}x{_hash(unique, 4)}", f"{plain}x{_hash(unique, 16)}"]
    label = owners.claim("", candidates, identity_of(image.keys))
    if not label_of(patient):
        image.log.warnings.append(
            f"PatientID {patient!r} gives no label; sub-{label} is named after a hash. "
            f"Give {remedy('bids-subject')} for another one."
        )
    elif label != plain:
        image.log.warnings.append(
            f"sub-{plain} is another person's already: PatientID {patient!r} became sub-{label}. "
            f"Give {remedy('bids-map', section='subjects')} for another label."
        )
    return label


def sessions_from_reproin(images: Sequence[Image]) -> dict[str, str]:
    """Return the sessions that names in ReproIn form specify: StudyInstanceUID → label; one name is used for its study."""
    sessions: dict[str, str] = {}
    for image in images:
        name = protocol_of(image)
        if name is not None and name.session:
            sessions.setdefault(image.study, name.session)
    return sessions


def protocol_of(image: Image) -> ReproInName | None:
    """Return what the name of a series specifies in ReproIn form; None where it has another."""
    names = (str(image.keys.get(key, "")) for key in ("ProtocolName", "SeriesDescription"))
    return next((name for name in map(parse_reproin, names) if name is not None), None)


def dates_of_studies(images: Sequence[Image]) -> dict[str, str]:
    """Return the date of each study, the same for all of its images: the earliest of the first attribute that has one.

    Dates that stand for unknown ones, which de-identification writes where the standard requires a date, do not count.
    """
    dates: dict[str, str] = {}
    for tag in DATES:
        of_tag: dict[str, str] = {}
        for image in images:
            date = label_of(metadata.text(image.plan.instances[0].elements, tag))
            if date and date not in UNKNOWN_DATES:
                of_tag[image.study] = min(date, of_tag.get(image.study, date))
        dates = of_tag | dates
    return dates


def session_of(image: Image, subject: str, table: BidsMap, owners: Owners, date: str, session_labels: dict[str, str]) -> str:
    """Return the label of the session, empty for none: given, from names of series, else the date of the study."""
    if table.session:
        return table.session
    keys = ("StudyDescription", "StudyID", "AccessionNumber", "StudyInstanceUID")
    given = table.sessions.of(date, *(str(image.keys.get(key, "")) for key in keys))
    if given is not None:
        return given
    if image.study in session_labels:
        return session_labels[image.study]
    plain = date or "x" + _hash(image.study, 8)
    time = label_of(metadata.text(image.plan.instances[0].elements, Tag.STUDY_TIME))[:4]
    candidates = [plain, *([f"{plain}T{time}"] if time else []), f"{plain}x{_hash(image.study, 8)}"]
    label = owners.claim(subject.lower(), candidates, (image.study,))
    if label != plain:
        image.log.warnings.append(
            f"sub-{subject} has another study of that day as ses-{plain}: this one became ses-{label}. "
            f"Give {remedy('bids-map', section='sessions')} to put both together."
        )
    return label
