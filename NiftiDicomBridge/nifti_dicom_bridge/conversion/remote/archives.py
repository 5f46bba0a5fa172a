"""Archives as inputs and outputs of a conversion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import BridgeError
from ...model.listing import listed
from ...model.report import ConversionReport, Entry, Outcome
from ...options import ConversionOptions, Progress
from ...options.urls import is_address
from .shown_places import ShownPlaces

if TYPE_CHECKING:
    from ...network.transfer_report import TransferEntry


@dataclass
class FetchedInputs:
    """Inputs of which archives are replaced by folders with what was fetched.

    Attributes
    ----------
    paths : list of pathlib.Path
        Files and folders.
    failed : list of Entry
        What was not fetched.
    places : dict
        Folder → archive.
    """

    paths: list[Path]
    failed: list[Entry] = field(default_factory=list)
    places: dict[Path, str] = field(default_factory=dict)

    @property
    def shown(self) -> ShownPlaces:
        """Archives in place of the folders."""
        return ShownPlaces(self.places)

    def report(self, report: ConversionReport) -> ConversionReport:
        """Return a report that names archives, not folders, and what was not fetched."""
        report.entries += self.failed
        return self.shown.report(report)


@contextmanager
def fetched_inputs(inputs: Sequence[Path], options: ConversionOptions, progress: Progress | None) -> Iterator[FetchedInputs]:
    """Yield inputs of which archives are replaced by folders with what was fetched; errors name the archives.

    Raises
    ------
    ArchiveError
        If an archive cannot be reached or has nothing that matches.
    OptionError
        If an address is not valid or selects nothing.
    """
    if not any(map(is_address, inputs)):
        yield FetchedInputs(list(inputs))
        return
    import tempfile

    from ...network.fetch import fetch
    from ...network.settings import read_archive_settings
    from ...options.addresses import parse_address

    settings = read_archive_settings(options.archive_settings)
    fetched = FetchedInputs([])
    with tempfile.TemporaryDirectory(prefix="nifti-dicom-bridge-") as folder:
        for number, path in enumerate(inputs):
            if not is_address(path):
                fetched.paths.append(path)
                continue
            place = Path(folder).resolve() / f"{number:04}"
            report = fetch(str(path), place, settings=settings, progress=progress)
            fetched.failed += [_not_fetched(entry, options) for entry in report.entries if entry.outcome.value == "failed"]
            if report.outputs:
                fetched.paths.append(place)
                fetched.places[place] = str(parse_address(path))
        if not fetched.paths:
            raise BridgeError(fetched.failed[0].error)
        try:
            yield fetched
        except BridgeError as error:
            fetched.shown.restate(error)
            raise


def _not_fetched(entry: TransferEntry, options: ConversionOptions) -> Entry:
    """Return the entry of what was not fetched; that of a de-identified conversion does not name it."""
    if options.deidentify:
        return Entry("archive", Outcome.FAILED, error="A part of what was selected was not fetched. fetch names it.")
    return Entry(entry.title, Outcome.FAILED, error=entry.error)


def send_outputs(report: ConversionReport, options: ConversionOptions, progress: Progress | None) -> None:
    """Send the DICOM files of a report; what was not sent becomes an entry, as the files remain."""
    from ...network.send import send
    from ...network.settings import read_archive_settings

    files = [path for entry in report.entries if entry.outcome is not Outcome.FAILED for path in entry.outputs]
    if not files:
        return
    try:
        transfer = send(files, options.send, read_archive_settings(options.archive_settings), progress)
    except BridgeError as error:
        report.entries.append(_not_sent(options.send, files, str(error)))
        return
    report.notes += [*transfer.notes, f"{options.send}: {transfer.summary()}"]
    failed: dict[str, list[Path]] = {}
    for entry in transfer.entries:
        if entry.outcome.value == "failed":
            failed.setdefault(entry.error, []).extend(entry.paths or [Path(entry.title)])
    report.entries += [_not_sent(options.send, paths, reason) for reason, paths in failed.items()]


def _not_sent(target: str, paths: list[Path], reason: str) -> Entry:
    names = listed("/".join(path.parts[-2:]) for path in paths)
    error = f"{len(paths)} file(s) were written and not sent ({names}): {reason.rstrip('.')}."
    return Entry(target, Outcome.FAILED, paths, error=f"{error} nifti-dicom-bridge send sends them.")
