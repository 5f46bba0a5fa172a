"""Names of outputs: by a template, else by series; those of several patients are in a folder for each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..formats.dicom.reading.owners import owner_of
from ..formats.dicom.reading.plans import Plan
from ..model.identity import texts_of
from ..model.metadata import Elements
from ..model.names import portable_stem, safe_name, stem_of, unique_name
from ..options import ConversionOptions
from ..options.filename_templates import FIELDS, filled
from .image_with_record import ImageWithRecord

_KEYWORDS = tuple({keyword: None for keywords in FIELDS.values() for keyword in keywords})
_SEPARATORS = re.compile(r"[/\\]")
UNKNOWN = "unknown"
"""Name of a folder or file of which nothing is known."""


def name_plans(plans: Sequence[Plan], template: str = "") -> None:
    """Give the images names that differ, whatever the case of letters: of a template, or of their series.

    Without a template, the images of several patients are in a folder for each.
    """
    taken: set[str] = set()
    folders = {} if template else _patient_folders(plans)
    for plan in plans:
        name = plan.name
        if template:
            name = name_by(template, texts_of(plan.instances[0].elements, _KEYWORDS), plan.name, plan.paths[0], plan.suffix)
        elif folders:
            name = f"{folders[_patient_of(plan)]}/{plan.name}"
        plan.name = unique_name(name, taken)


def name_of_image(file: ImageWithRecord, options: ConversionOptions) -> str:
    """Return the name of what a NIfTI file or Zarr store becomes."""
    if not options.filename:
        return portable_stem(file.path)
    texts = {key: str(value) for key, value in file.top.items() if key in _KEYWORDS and isinstance(value, (str, int))}
    if file.record is not None:
        texts |= texts_of(file.record.source.metadata.first.elements, _KEYWORDS)
    return name_by(options.filename, texts, portable_stem(file.path), file.path)


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


def _patient_of(plan: Plan) -> tuple[str, ...]:
    return owner_of(plan.instances[0].elements)[1:]


def _patient_folders(plans: Sequence[Plan]) -> dict[tuple[str, ...], str]:
    """Return patient → folder; the names differ on every platform. Empty if there are not several patients."""
    patients: dict[tuple[str, ...], Elements] = {}
    for plan in plans:
        patients.setdefault(_patient_of(plan), plan.instances[0].elements)
    taken: set[str] = set()
    return {
        patient: unique_name(_patient_folder(elements), taken) for patient, elements in patients.items() if len(patients) > 1
    }


def _patient_folder(elements: Elements) -> str:
    texts = texts_of(elements, ("PatientID", "PatientName"))
    return safe_name(texts.get("PatientID") or texts.get("PatientName", ""), True, f"{UNKNOWN}_patient")
