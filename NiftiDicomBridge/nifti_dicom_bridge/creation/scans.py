"""When an image of a BIDS data set was acquired, by ``_scans.tsv`` (BIDS specification, "Scans file")."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from pathlib import Path

from ..bids.inheritance import entities_of, root_of
from ..formats.dicom import new_element
from ..model.input_files import read_file
from ..model.metadata import Elements
from ..standard.tags import Tag

_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,6})?")


def acquired(path: Path) -> tuple[Elements, str]:
    """Return AcquisitionDate and AcquisitionTime of an image, and the path of the table; empty where it has none.

    Times in UTC (``…Z``) are not used: those of DICOM are local.
    """
    root = root_of(path)
    entities = entities_of(path.name.split(".")[0])[0]
    if root is None or "sub" not in entities:
        return {}, ""
    labels = [f"{key}-{entities[key]}" for key in ("sub", "ses") if key in entities]
    file = root.joinpath(*labels) / f"{'_'.join(labels)}_scans.tsv"
    name = path.absolute().relative_to(root).as_posix().removeprefix("/".join(labels) + "/")
    moment = _MOMENT.fullmatch(_rows(file).get(name, "").strip())
    if moment is None or not _exists(moment):
        return {}, ""
    year, month, day, *time = moment.groups()
    elements = {
        Tag.ACQUISITION_DATE: new_element.text("DA", f"{year}{month}{day}"),
        Tag.ACQUISITION_TIME: new_element.text("TM", "".join(part or "" for part in time)),
    }
    return elements, str(file)


def _exists(moment: re.Match[str]) -> bool:
    """Whether there are such a day and time."""
    try:
        datetime(*map(int, moment.groups()[:6]))  # type: ignore[arg-type]
    except ValueError:
        return False
    return True


def _rows(file: Path) -> dict[str, str]:
    """Return the moments of a table by the names of files; none of a table that is absent, damaged or ambiguous."""
    if not file.is_file():
        return {}
    try:
        rows = list(csv.DictReader(io.StringIO(read_file(file).decode("utf-8-sig"), newline=""), delimiter="\t"))
    except (OSError, ValueError, csv.Error):
        return {}
    moments: dict[str, str] = {}
    for row in rows:
        name, moment = row.get("filename") or "", row.get("acq_time") or ""
        moments[name] = moment if moments.get(name, moment) == moment else ""
    return moments
