"""The files of a dataset next to its images: description, README, participants, scans.

They are made where they are missing; tables grow by rows, and what others wrote in them stays.
"""

from __future__ import annotations

import csv
import json
from bisect import bisect
from pathlib import Path
from typing import Any

from ..errors import OutputError
from ..model import metadata
from ..model.ages import OLDEST
from ..model.files.plain_text import TextError
from ..model.files.safe_text import tsv_cell
from ..model.files.text_tables import check_unique, read_table
from ..model.processes.limits import SizeLimitError
from ..output import Staging
from ..standard.numbers import is_number
from ..standard.tags import Tag
from ..version import TOOL, tool_version
from . import naming_rules
from .bids_map import BidsMap
from .derivatives import stage_derivative_description
from .placement import Placement

NOT_AVAILABLE = "n/a"
CODE_URL = "https://github.com/NiftiDicomBridge/SlicerNiftiDicomBridge"
SEXES = ("M", "F", "O")

PARTICIPANT_COLUMNS = {
    "age": {
        "Description": f"Age of the participant at the first examination that was converted; {OLDEST} is {OLDEST} or older",
        "Units": "year",
    },
    "sex": {
        "Description": "Sex of the participant as registered at the scanner",
        "Levels": {"M": "male", "F": "female", "O": "other"},
    },
    "height": {"Description": "Height of the participant as registered at the scanner", "Units": "m"},
    "weight": {"Description": "Weight of the participant as registered at the scanner", "Units": "kg"},
}
BODY = {"height": Tag.PATIENT_SIZE, "weight": Tag.PATIENT_WEIGHT}
EVENT_COLUMNS = ("onset", "duration", "trial_type")
REST = "rest"
"""Tasks without events begin with this."""
README = """{name}

The images were converted from DICOM by nifti-dicom-bridge {version}, which gave them names of the Brain Imaging Data Structure
(BIDS {bids}, https://bids.neuroimaging.io). What BIDS has no name for, or lacks keys that BIDS requires, is below sourcedata.

The folder sourcedata contains the complete DICOM headers of all images{names}. With it,
"nifti-dicom-bridge convert DATASET --to dicom" restores the DICOM; without it, the sidecars do not identify anyone.
"""
IDENTIFYING = ", names of people included: share the dataset without that folder"
DEIDENTIFIED = ", which were de-identified (DICOM PS3.15 E)"


def stage_dataset_files(
    placement: Placement, image_name: str, staging: Staging, table: BidsMap, deidentified: bool = False
) -> list[str]:
    """Put the files of the dataset that an image changes into a staging area, to appear together with it.

    Parameters
    ----------
    placement : Placement
        The image.
    image_name : str
        Its file name, with extension.
    staging : Staging
        Of the root of the dataset.
    table : BidsMap
        With what the person specifies for the dataset.
    deidentified : bool
        Whether the headers were de-identified, which the README states.

    Returns
    -------
    list of str
        What was added to which table, in words.

    Raises
    ------
    OutputError
        If a table that is there already is not a table.
    """
    _stage_description(staging, table, deidentified)
    if placement.derivative:
        stage_derivative_description(placement, staging)
    if not placement.is_raw:
        return []
    notes = _stage_participant(placement, staging, table)
    _stage_events(placement, staging)
    return notes + _stage_scan(placement, image_name, staging)


def _stage_description(staging: Staging, table: BidsMap, deidentified: bool) -> None:
    root = staging.folder
    name = table.dataset_description.get("Name") or root.resolve().name or "dataset"
    description = {
        "Name": name,
        "BIDSVersion": naming_rules.bids_version(),
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": TOOL, "Version": tool_version(), "CodeURL": CODE_URL}],
        **table.dataset_description,
    }
    if not (root / "dataset_description.json").exists():
        _write_json(staging.path("dataset_description.json"), description)
    if not any(root.glob("README*")):
        names = DEIDENTIFIED if deidentified else IDENTIFYING
        text = README.format(name=name, version=tool_version(), bids=naming_rules.bids_version(), names=names)
        staging.path("README").write_text(text, encoding="utf-8", newline="\n")


def _stage_participant(placement: Placement, staging: Staging, table: BidsMap) -> list[str]:
    keys = placement.image.keys
    given = table.participant(str(keys.get("PatientID", "")), str(keys.get("PatientName", "")))
    row = {"participant_id": f"sub-{placement.subject}", **_person(placement), **_body(placement), **given}
    if not (staging.folder / "participants.json").exists():
        _write_json(staging.path("participants.json"), PARTICIPANT_COLUMNS)
    return _stage_row("participants.tsv", row, staging, in_order=True)


def _person(placement: Placement) -> dict[str, str]:
    keys = placement.image.keys
    age, sex = keys.get("PatientAge") or _age_by_dates(placement), str(keys.get("PatientSex", ""))[:1].upper()
    known = is_number(age) and age > 0  # zero is what is written for unknown
    return {"age": f"{min(age, OLDEST):g}" if known else NOT_AVAILABLE, "sex": sex if sex in SEXES else NOT_AVAILABLE}


def _body(placement: Placement) -> dict[str, str]:
    """Return height and weight where the DICOM contains them; zero is what is written for unknown."""
    first = placement.image.plan.instances[0].elements
    numbers = {name: metadata.number(first, tag) for name, tag in BODY.items()}
    return {name: f"{value:g}" for name, value in numbers.items() if value is not None and value > 0}


def _stage_events(placement: Placement, staging: Staging) -> None:
    """Write the columns of the table of events of a task, for the user to fill in; not where there is one, nor for rest."""
    image = placement.image
    task = image.entities.get("task", "")
    if (image.datatype, image.suffix) != ("func", "bold") or task.lower().startswith(REST):
        return
    name = placement.table_path("events") + ".tsv"
    if not (staging.folder / name).exists():
        staging.path(name).write_text("\t".join(EVENT_COLUMNS) + "\n", encoding="utf-8", newline="\n")
        image.log.notes.append(f"{name} has columns only: add the events of the task")


def _age_by_dates(placement: Placement) -> int:
    """Return full years from birth to examination; 0 where a date is missing."""
    first = placement.image.plan.instances[0].elements
    birth = metadata.text(first, Tag.PATIENT_BIRTH_DATE)
    day = metadata.text(first, Tag.STUDY_DATE) or metadata.text(first, Tag.SERIES_DATE)
    if not all(len(date) == 8 and date.isdigit() for date in (birth, day)):
        return 0
    return int(day[:4]) - int(birth[:4]) - (day[4:] < birth[4:])


def _stage_scan(placement: Placement, image_name: str, staging: Staging) -> list[str]:
    folder = "/".join(placement.labels)
    row = {"filename": f"{placement.image.datatype}/{image_name}", "acq_time": _acquired(placement)}
    return _stage_row(f"{folder}/{'_'.join(placement.labels)}_scans.tsv", row, staging)


def _acquired(placement: Placement) -> str:
    """Return when the acquisition began: its own date and time, else its time on the day of the study."""
    keys = placement.image.keys
    if "AcquisitionDateTime" in keys:
        return str(keys["AcquisitionDateTime"])
    first = placement.image.plan.instances[0].elements
    days = (metadata.text(first, tag) for tag in (Tag.SERIES_DATE, Tag.STUDY_DATE))
    day, time = next((text for text in days if len(text) == 8 and text.isdigit()), ""), keys.get("AcquisitionTime")
    return f"{day[:4]}-{day[4:6]}-{day[6:]}T{time}" if day and time else NOT_AVAILABLE


# --- tables -----------------------------------------------------------------------------------------------------------


def _stage_row(name: str, row: dict[str, str], staging: Staging, in_order: bool = False) -> list[str]:
    """Add a row to a table, or fill the gaps of the one that is there; its first key distinguishes rows.

    With `in_order`, a table whose rows are in the order of that key stays so, and columns are in one order whichever image
    brings them first.
    """
    path, key = staging.folder / name, next(iter(row))
    columns, rows = _read_table(path, key) if path.exists() else (list(row), [])
    for column in row.keys() - set(columns) if in_order else ():
        _insert(columns, column)
    columns += [column for column in row if column not in columns]
    mine = next((present for present in rows if present[key] == row[key]), None)
    if mine is None:
        mine = {}
        keys = [present[key] for present in rows]
        rows.insert(bisect(keys, row[key]) if in_order and keys == sorted(keys) else len(rows), mine)
    before = dict(mine)
    for column, value in row.items():
        if mine.get(column, NOT_AVAILABLE) in ("", NOT_AVAILABLE):
            mine[column] = tsv_cell(value, NOT_AVAILABLE)
    if mine == before:
        return []
    with staging.path(name, update=True).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, NOT_AVAILABLE, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return [f"{name}: {'a row was completed' if before else 'a row was added'}"]


def _insert(columns: list[str], column: str) -> None:
    """Insert a column of participants behind those that come before it; others are not inserted."""
    known = ["participant_id", *PARTICIPANT_COLUMNS]
    if column in known:
        before = known[: known.index(column)]
        columns.insert(max((n for n, present in enumerate(columns, 1) if present in before), default=0), column)


def _read_table(path: Path, key: str) -> tuple[list[str], list[dict[str, str]]]:
    try:
        table = read_table(path)
        check_unique(table.columns)
    except (OSError, TextError, SizeLimitError) as error:
        raise OutputError(f"{path}: cannot be read ({error}). Repair it, or choose another folder.") from None
    if key not in table.columns:
        raise OutputError(f"{path}: column {key} is missing, so it is not a BIDS table. Repair it, or choose another folder.")
    return list(table.columns), [{name: cell or NOT_AVAILABLE for name, cell in row.items()} for row in table.named()]


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8", "backslashreplace", newline="\n")
