"""Names of outputs: by a template, else by series; those of several patients are in a folder for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import BridgeError
from ...formats.dicom.reading.grouping.patients import owner_of, person_of
from ...formats.dicom.reading.plans import Plan
from ...model.files.names import portable_stem, safe_name, stem_of, unique_name
from ...model.identity import texts_of
from ...model.metadata import Elements
from ...model.person import KEYWORDS, UNKNOWN_PERSON, People, Person, normal_text, person
from ...options import ConversionOptions
from ...options.filename_templates import FIELDS, filled

if TYPE_CHECKING:
    from ..inputs.image_with_record import ImageWithRecord

_KEYWORDS = tuple({keyword: None for keywords in FIELDS.values() for keyword in keywords})
_SEPARATORS = re.compile(r"[/\\]")
UNKNOWN = "unknown"
"""Name of a folder or file of which nothing is known."""


Patient = tuple[str, ...]
"""What must be equal for images to be of one patient: `Owner` without the study; empty if unknown."""
Key = tuple[Patient, int]
"""A patient, and the number among the people who share his PatientID."""


@dataclass
class NamedFile:
    """A NIfTI file or Zarr store, the name of what it becomes, and its patient with the name of a folder for him."""

    path: Path
    name: str
    patient: Patient = ()
    folder: str = ""
    person: Person = UNKNOWN_PERSON


def name_plans(plans: Sequence[Plan], template: str = "", files: Sequence[NamedFile] = ()) -> None:
    """Give the images names that differ, whatever the case of letters: of a template, or of their series.

    Without a template, the images of several patients are in a folder for each, and so are those of files; a file that does
    not specify its patient is in none of these folders.
    """
    taken: set[str] = set()
    people = People()
    plan_keys = [_key(people, _patient_of(elements), person_of(elements)) for elements in map(_first, plans)]
    file_keys = [_key(people, file.patient, file.person) for file in files]
    folders = {} if template else _patient_folders([*zip(plan_keys, plans, strict=True)], [*zip(file_keys, files, strict=True)])
    for key, plan in zip(plan_keys, plans, strict=True):
        name = plan.name
        if template:
            name = name_by(template, texts_of(_first(plan), _KEYWORDS), plan.name, plan.paths[0], plan.suffix)
        elif folders:
            name = f"{folders[key]}/{plan.name}"
        plan.name = unique_name(name, taken)
    for key, file in zip(file_keys, files, strict=True):
        if key in folders:
            file.name = f"{folders[key]}/{file.name}"


def open_named(paths: Iterable[Path], opener: Callable[[Path], ImageWithRecord], options: ConversionOptions) -> list[NamedFile]:
    """Return NIfTI files or Zarr stores with the names of what they become; one that cannot be read keeps its name."""
    return [_open_named(path, opener, options) for path in paths]


def _open_named(path: Path, opener: Callable[[Path], ImageWithRecord], options: ConversionOptions) -> NamedFile:
    if options.deidentify:  # gives another name
        return NamedFile(path, portable_stem(path))
    try:
        return named_file(opener(path), options)
    except BridgeError:  # its conversion reports the reason
        return NamedFile(path, portable_stem(path))


def named_file(file: ImageWithRecord, options: ConversionOptions) -> NamedFile:
    """Return a NIfTI file or Zarr store with the name of what it becomes: by its record, else by the keys of its sidecar."""
    texts = {key: str(value) for key, value in file.top.items() if key in _KEYWORDS and isinstance(value, (str, int))}
    patient_id = texts.get("PatientID", "")
    patient: Patient = (patient_id, "" if patient_id else normal_text(texts.get("PatientName", "")), "")
    one = person(*(str(file.top.get(keyword, "")) for keyword in (*KEYWORDS, "PatientID")))
    if file.record is not None:
        elements = file.record.source.metadata.first.elements
        texts |= texts_of(elements, _KEYWORDS)
        patient, one = _patient_of(elements), person_of(elements)
    name = portable_stem(file.path)
    if options.filename:
        name = name_by(options.filename, texts, name, file.path)
    return NamedFile(file.path, name, patient if any(patient) else (), _patient_folder(texts), one)


def name_of_elements(template: str, elements: Elements, name: str) -> str:
    """Return a name by de-identified attributes; names of input files are not in it."""
    return name_by(template, texts_of(elements, _KEYWORDS), name)


def name_by(template: str, texts: Mapping[str, str], name: str, path: Path | None = None, suffix: str = "") -> str:
    """Return the name of an image, with folders.

    Parameters
    ----------
    template : str
        A valid template.
    texts : mapping
        DICOM keyword → value.
    name : str
        Name without a template.
    path : pathlib.Path, optional
        First input file.
    suffix : str
        What the image differs in from others of its series, such as ``_echo5``; not repeated if the template has ``{name}``.
    """
    values = {field: _value(field, keywords, texts) for field, keywords in FIELDS.items()}
    values["name"] = name
    if path is not None:
        values["folder"], values["basename"] = path.resolve().parent.name, stem_of(path)
    *folders, last = filled(template, {field: _SEPARATORS.sub("_", value) for field, value in values.items()}).split("/")
    if suffix and name not in last:
        last += "_" + safe_name(suffix)
    return "/".join([*(safe_name(folder, True, UNKNOWN) for folder in folders), safe_name(last, True, UNKNOWN)])


def _value(field: str, keywords: Sequence[str], texts: Mapping[str, str]) -> str:
    known = [texts[keyword].strip() for keyword in keywords if texts.get(keyword, "").strip()]
    if field == "date_time":
        return "".join(text.partition(".")[0] for text in known)
    value = known[0] if known else ""
    if field.endswith("_time"):
        return value.partition(".")[0]
    return re.sub(r"\^+", "_", value).strip("_") if field == "patient_name" else value


def _patient_of(elements: Elements) -> Patient:
    return owner_of(elements)[1:]


def _key(people: People, patient: Patient, one: Person) -> Key:
    return patient, people.number_of(patient[0], one) if patient and patient[0] else 1


def _first(plan: Plan) -> Elements:
    return plan.instances[0].elements


def _patient_folders(plans: Sequence[tuple[Key, Plan]], files: Sequence[tuple[Key, NamedFile]]) -> dict[Key, str]:
    """Return patient → folder; the names differ on every platform. Empty if there are not several patients."""
    patients: dict[Key, str] = {}
    for key, plan in plans:
        patients.setdefault(key, _patient_folder(texts_of(_first(plan), ("PatientID", "PatientName"))))
    for key, file in files:
        if file.patient:
            patients.setdefault(key, file.folder)
    taken: set[str] = set()
    return {key: unique_name(folder, taken) for key, folder in patients.items() if len(patients) > 1}


def _patient_folder(texts: Mapping[str, str]) -> str:
    return safe_name(texts.get("PatientID") or texts.get("PatientName", ""), True, f"{UNKNOWN}_patient")
