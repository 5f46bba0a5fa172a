"""A BIDS map to begin with: what each series of the inputs would be, as rows that the user edits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from ...bids_dataset.bids_map import BidsMap
from ...bids_dataset.classify import classify
from ...bids_dataset.images import Image, image_of, relate
from ...bids_dataset.subject_labels import label_of
from ...errors import BridgeError
from ...model import metadata
from ...options import ConversionOptions, Progress
from ...options.path_fields import AnyPaths, paths_of
from ...standard.tags import Tag
from ..inputs.nothing_found import note_of_others
from .inspect import Inspection, plans_to_inspect

CRITERIA = ("SeriesDescription", "ProtocolName", "Modality", "Component", "EchoIndex", "Volumes", "ImageType", "SeriesNumber")
"""What images are specified apart by: as few as possible, in this order."""
ASSIGNED = ("part", "dir", "echo", "run")
"""Entities that each conversion assigns by the images."""
_SPECIAL = re.compile(r"[\[*?]")


def bids_map_starter(
    paths: AnyPaths, progress: Progress | None = None, follow_links: bool = False, **selection: Any
) -> dict[str, Any]:
    """Return a map for ``bids_map`` with a row for each series of the inputs, as it would be named without a map.

    Parameters
    ----------
    paths, progress, follow_links, **selection
        As for `inspect`.

    Raises
    ------
    BridgeError
        If a path does not exist, or no DICOM images are there.
    """
    given, options = paths_of(paths), ConversionOptions(follow_links=follow_links, **selection)
    images = [image_of(plan) for plan in plans_to_inspect(given, options, Inspection(), progress)]
    if not images:
        note = note_of_others(given, follow_links)
        raise BridgeError(f"No DICOM images were found in {', '.join(map(str, given))}.{note} Check the path.")
    relate(images)
    for image in images:
        classify(image, BidsMap())
    return {
        "subjects": {_pattern(patient): label_of(patient) for patient in _patients(images)},
        "sessions": {_pattern(date): label_of(date) for date in _dates(images)},
        "tasks": {_pattern(image.description): image.entities["task"] for image in images if image.entities.get("task")},
        "descriptions": _rows(images),
    }


def _patients(images: Sequence[Image]) -> list[str]:
    """Return the PatientIDs that give a label, without those that are the name of another patient: a pattern matches both."""
    owners: dict[str, set[str]] = {}
    for image in images:
        patient, name = str(image.keys.get("PatientID", "")), str(image.keys.get("PatientName", ""))
        owners.setdefault(name, set()).add(patient)
        owners.setdefault(patient, set()).add(patient)
    patients = dict.fromkeys(str(image.keys.get("PatientID", "")) for image in images)
    return [patient for patient in patients if label_of(patient) and owners[patient] == {patient}]


def _dates(images: Sequence[Image]) -> list[str]:
    """Return the dates of studies, without those on which a patient has several studies: a pattern would join them."""
    studies: dict[str, dict[str, set[str]]] = {}
    for image in images:
        date = metadata.text(image.plan.instances[0].elements, Tag.STUDY_DATE)
        patients = studies.setdefault(date, {})
        patients.setdefault(str(image.keys.get("PatientID", "")), set()).add(image.study)
    return [date for date, some in studies.items() if label_of(date) and all(len(uids) == 1 for uids in some.values())]


def _rows(images: Sequence[Image]) -> list[dict[str, Any]]:
    """Return the rows: one for all images that are the same in BIDS and have the same criteria."""
    rows: dict[str, dict[str, Any]] = {}
    for image in images:
        outcome = _outcome(image)
        others = [other for other in images if _outcome(other) != outcome]
        row = {"id": "", "criteria": _criteria(image, others), **outcome}
        rows.setdefault(repr({**row, "id": ""}), row)
    for number, row in enumerate(rows.values(), 1):
        row["id"] = f"{number:02d}-{row.get('suffix', 'sourcedata')}"
    return list(rows.values())


def _outcome(image: Image) -> dict[str, Any]:
    if not image.datatype:
        return {"sourcedata": image.reason or True}
    entities = [f"{key}-{label}" for key, label in image.entities.items() if key not in (*ASSIGNED, "task")]
    return {
        "datatype": image.datatype,
        "suffix": image.suffix,
        **({"custom_entities": "_".join(entities)} if entities else {}),
    }


def _criteria(image: Image, others: Iterable[Image]) -> dict[str, Any]:
    """Return the first facts by which an image differs from others that are something else in BIDS."""
    criteria: dict[str, Any] = {}
    different = list(others)
    for key in CRITERIA:
        value = image.facts.get(key)
        if value in (None, "", []) or (criteria and not different):
            continue
        remaining = [other for other in different if other.facts.get(key) == value]
        if not criteria or len(remaining) < len(different):
            criteria[key] = [_pattern(one) for one in value] if isinstance(value, list) else _pattern(value)
        different = remaining
    return criteria


def _pattern(value: Any) -> Any:
    """Return a value as a pattern that matches nothing else."""
    return _SPECIAL.sub(lambda letter: f"[{letter[0]}]", value) if isinstance(value, str) else value
