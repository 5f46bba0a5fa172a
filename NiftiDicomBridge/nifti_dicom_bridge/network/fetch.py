"""Fetch series from an archive into a folder: each complete or not at all; what is there is not fetched again."""

from __future__ import annotations

import os
import re
import shutil
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from dataclasses import replace as replace_fields
from functools import partial
from pathlib import Path
from typing import TypeVar

from ..errors import ArchiveError, OptionError, OutputError
from ..options import Progress
from ..options.addresses import ArchiveSelection, parse_address
from ..output.durable import new_folder, replace
from .archive import Archive, InterruptedTransferError, RemoteSeries
from .local_instances import first_elements
from .protocols import open_archive
from .settings import ArchiveSettings, read_archive_settings
from .transfer_report import TransferEntry, TransferOutcome, TransferReport

T = TypeVar("T")
_LOST = "?\ufffd"
"""In the place of letters that a character set does not have."""
_LONGEST = 4
"""Bytes of a letter: there may be a mark for each."""


def fetch(
    source: str,
    output: str | os.PathLike[str],
    *,
    study: str | Sequence[str] = (),
    patient: str | Sequence[str] = (),
    series: str | Sequence[str] = (),
    accession: str | Sequence[str] = (),
    settings: ArchiveSettings | None = None,
    progress: Progress | None = None,
) -> TransferReport:
    """Fetch series from an archive.

    Parameters
    ----------
    source : str
        ``dicomweb:https://host/path`` or ``pacs:AETITLE@host:port``, also with ``/studies/UID/series/UID`` or
        ``?PatientID=ID``.
    output : path
        Folder; files are called ``StudyInstanceUID/SeriesInstanceUID/SOPInstanceUID.dcm``.
    study, patient, series, accession : str or sequence of str
        What to fetch; at least one of them, or a selection in `source`.
    settings : ArchiveSettings, optional
        By default those of the environment.
    progress : Progress, optional
        Called as ``progress(what, done, total)``; may raise `Cancelled`.

    Returns
    -------
    TransferReport
        One entry per series.

    Raises
    ------
    ArchiveError
        If the archive cannot be reached, or nothing matches.
    OptionError
        If nothing is selected, or a value is not valid.

    Examples
    --------
    >>> from nifti_dicom_bridge import OptionError, fetch
    >>> try:
    ...     fetch("pacs:ARCHIVE@127.0.0.1:104", "scans")
    ... except OptionError as error:
    ...     print(error)
    No study, patient, series or accession number is selected. ...
    """
    address = parse_address(source)
    settings = settings or read_archive_settings()
    given = ArchiveSelection(_several(study), _several(patient), _several(series), _several(accession))
    selection = ArchiveSelection(
        *(getattr(address.selection, f.name) + getattr(given, f.name) for f in fields(ArchiveSelection))
    )
    if not selection:
        raise OptionError("No study, patient, series or accession number is selected. Select what to fetch from the archive.")
    output = Path(output)
    report = TransferReport()
    with open_archive(address, settings) as archive:
        rows = _find(archive, _matched_by_archive(selection), settings, report)
        if not rows:
            raise ArchiveError(report.entries[0].error)
        for done, row in enumerate(rows):
            step = partial(_report_step, progress, done, len(rows))
            step(0)
            report.entries.append(_fetch_series(archive, row, output, settings, selection.patients, step))
    return report


def _report_step(progress: Progress | None, done: int, total: int, images: int) -> None:
    if progress is not None:
        progress(f"Fetching: {images} images" if images else "Fetching", done, total)


def _matched_by_archive(selection: ArchiveSelection) -> ArchiveSelection:
    """Return what an archive is asked for: not Patient IDs next to UIDs, if it may not find them by letters beyond ASCII.

    Those are compared when the images have arrived (`_check_series`).
    """
    has_uids = bool(selection.studies or selection.series)
    return replace_fields(selection, patients=()) if has_uids and not all(map(str.isascii, selection.patients)) else selection


def _several(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _words(selection: ArchiveSelection) -> str:
    return " and ".join(
        f"{f.name}: {' '.join(values)}" for f in fields(ArchiveSelection) if (values := getattr(selection, f.name))
    )


def _find(
    archive: Archive, selection: ArchiveSelection, settings: ArchiveSettings, report: TransferReport
) -> list[RemoteSeries]:
    """Return the series that are selected; values that select nothing, and studies that are not listed whole, are entries."""
    rows: dict[RemoteSeries, None] = {}
    for part in selection.parts():
        words, error = _words(part), ""
        try:
            matches = _repeated(partial(archive.find, part), settings)
            error = "" if matches else f"{archive.address} has nothing that matches {words}."
        except InterruptedTransferError:
            raise
        except ArchiveError as refused:
            matches, error = [], str(refused)
        rows |= dict.fromkeys(matches)
        if error:
            report.entries.append(TransferEntry(words, TransferOutcome.FAILED, error=error))
    if not selection.series:
        report.entries += _partly_listed(archive, rows, settings)
    return list(rows)


def _partly_listed(archive: Archive, rows: Iterable[RemoteSeries], settings: ArchiveSettings) -> list[TransferEntry]:
    """Return an entry for each study of which the archive lists fewer series than it states: some limit their answers."""
    entries = []
    for study, listed in Counter(row.study for row in rows).items():
        count = _repeated(partial(archive.count_series, study), settings)
        if listed < count:
            error = (
                f"{archive.address} lists only {listed} of the {count} series of this study. Select the others by their UIDs."
            )
            entries.append(TransferEntry(study, TransferOutcome.FAILED, study, error=error))
    return entries


def _repeated(action: Callable[[], T], settings: ArchiveSettings) -> T:
    """Return what an action returns; interruptions are retried with growing pauses."""
    for failures in range(settings.retries + 1):
        try:
            return action()
        except InterruptedTransferError:
            if failures == settings.retries:
                raise
            time.sleep(settings.backoff_s * 2**failures)
    raise AssertionError


def _fetch_series(
    archive: Archive,
    row: RemoteSeries,
    output: Path,
    settings: ArchiveSettings,
    patients: Sequence[str],
    step: Callable[[int], None],
) -> TransferEntry:
    folder = output / row.study / row.series
    try:
        expected = _repeated(lambda: archive.stored_uids(row.study, row.series), settings) or set()
        present = {path.stem for path in folder.glob("*.dcm")}
        if expected and expected <= present:
            paths = tuple(sorted(folder.glob("*.dcm")))
            return TransferEntry(row.series, TransferOutcome.PRESENT, row.series, paths)
        paths = _repeated(lambda: _retrieved(archive, row, folder, expected, patients, step), settings)
    except (ArchiveError, OutputError) as error:
        return TransferEntry(row.series, TransferOutcome.FAILED, row.series, error=str(error))
    return TransferEntry(row.series, TransferOutcome.FETCHED, row.series, paths)


def _retrieved(
    archive: Archive,
    row: RemoteSeries,
    folder: Path,
    expected: set[str],
    patients: Sequence[str],
    step: Callable[[int], None],
) -> tuple[Path, ...]:
    """Return the files of a series that was received completely into a temporary folder and then moved."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = new_folder(folder.parent, ".fetching-")
    except OSError as error:
        raise OutputError(f"{folder.parent} cannot be written to ({error.strerror or error}).") from error
    try:
        received: dict[str, Path] = {}
        for path in archive.retrieve(row, part):
            received[path.stem] = path
            step(len(received))
        if not received:
            raise ArchiveError("The archive sent no instances of the series.")
        missing = expected - received.keys()
        if missing:
            raise InterruptedTransferError(f"{len(missing)} of {len(expected)} instances of the series did not arrive.")
        _check_series(received.values(), row, patients)
        folder.mkdir(exist_ok=True)
        for path in received.values():
            replace(path, folder / path.name)
        return tuple(sorted(folder / path.name for path in received.values()))
    except OSError as error:
        raise OutputError(f"{folder} cannot be written to ({error.strerror or error}).") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _check_series(files: Iterable[Path], row: RemoteSeries, patients: Sequence[str]) -> None:
    """Refuse objects of another series, or of a patient who was not asked for: studies of several may have one UID."""
    for path in files:
        header = first_elements(path)
        if (str(header.get("StudyInstanceUID", "")), str(header.get("SeriesInstanceUID", ""))) != (row.study, row.series):
            raise ArchiveError("The archive sent objects of another series. Nothing of it was kept.")
        if patients and not _is_one_of(str(header.get("PatientID", "")), patients):
            raise ArchiveError(
                "The series is of a patient who was not asked for, by its PatientID (0010,0020): a study of both has one "
                "StudyInstanceUID. It was not kept; select it by its study and series."
            )


def _is_one_of(patient: str, wanted: Iterable[str]) -> bool:
    """Whether a Patient ID is one of some others; of one with lost letters, the other letters count."""
    patient, known = (
        unicodedata.normalize("NFC", patient.strip()),
        {unicodedata.normalize("NFC", one.strip()) for one in wanted},
    )
    if patient in known or not any(mark in patient for mark in _LOST):
        return patient in known
    patterns = ("".join(re.escape(c) if c.isascii() else f"(?:{c}|[{_LOST}]{{1,{_LONGEST}}})" for c in one) for one in known)
    return any(re.fullmatch(pattern, patient) for pattern in patterns)
