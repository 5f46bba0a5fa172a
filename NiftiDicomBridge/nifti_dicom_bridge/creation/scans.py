"""When an image of a BIDS data set was acquired, by ``_scans.tsv`` (BIDS specification, "Scans file")."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from ..bids.inheritance import entities_of, root_of
from ..formats.dicom import new_element
from ..formats.dicom.reading.attributes.date_times import seconds
from ..model import metadata
from ..model.metadata import Elements, Log
from ..standard.tags import Tag
from .bids_tables import NOT_AVAILABLE, rows_of

_NAME, _TIME = "filename", "acq_time"
_SAME_ACQUISITION_S = 3600
"""Times of one acquisition that differ by less: tables have that of the first or last file, of the series or the content."""
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,6})?")


def acquired(path: Path, log: Log) -> tuple[Elements, str]:
    """Return AcquisitionDate and AcquisitionTime of an image, and the path of the table; empty where it has none.

    Times in UTC (``…Z``) are not used: those of DICOM are local. Why a table or a time is not used goes into the log.
    """
    root = root_of(path)
    entities = entities_of(path.name.split(".")[0])[0]
    if root is None or "sub" not in entities:
        return {}, ""
    labels = [f"{key}-{entities[key]}" for key in ("sub", "ses") if key in entities]
    file = root.joinpath(*labels) / f"{'_'.join(labels)}_scans.tsv"
    name = path.absolute().relative_to(root).as_posix().removeprefix("/".join(labels) + "/")
    text = _moment(file, name, log)
    moment = _MOMENT.fullmatch(text)
    if moment is None or not _exists(moment):
        if text.lower() not in NOT_AVAILABLE:
            log.notes.append(f"{file.name}: {_TIME} {text!r} of {name} was left out: it is not a local date and time")
        return {}, ""
    year, month, day, *time = moment.groups()
    elements = {
        Tag.ACQUISITION_DATE: new_element.text("DA", f"{year}{month}{day}"),
        Tag.ACQUISITION_TIME: new_element.text("TM", "".join(part or "" for part in time)),
    }
    return elements, str(file)


def fitting(moment: Elements, time: str, log: Log) -> Elements:
    """Return date and time of the table if they are of the acquisition whose time the sidecar has; its sidecar has no date.

    dcm2niix writes the time of an acquisition without its date, which only the table has then.
    """
    theirs = metadata.text(moment, Tag.ACQUISITION_TIME)
    theirs_s, own_s = seconds("", theirs), seconds("", time)
    if theirs_s is None or own_s is None or abs(theirs_s - own_s) <= _SAME_ACQUISITION_S:
        return moment  # else it may be of the day before or after, too
    log.notes.append(
        f"{_TIME} of the table of scans is {theirs[:6]}, AcquisitionTime {time[:6]}: its date was not used, as it may be "
        "that of another acquisition"
    )
    return {}


def _exists(moment: re.Match[str]) -> bool:
    """Whether there are such a day and time."""
    try:
        datetime(*map(int, moment.groups()[:6]))  # type: ignore[arg-type]
    except ValueError:
        return False
    return True


def _moment(file: Path, name: str, log: Log) -> str:
    """Return the time in the row of an image; empty if there is none, or several differ."""
    if not (file.is_file() or file.is_symlink()):
        return ""
    rows = rows_of(file, _NAME, (_TIME,), log.warnings)
    moments = {row.get(_TIME, "").strip() for row in rows if row[_NAME].strip() == name}
    if len(moments) > 1:
        log.warnings.append(f"{file.name} has several rows of {name} that differ: {_TIME} left out")
    return moments.pop() if len(moments) == 1 else ""
