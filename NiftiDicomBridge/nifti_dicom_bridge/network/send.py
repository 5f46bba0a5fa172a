"""Send DICOM files to an archive: what it has is not sent again; interruptions are continued."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from itertools import groupby

from ..errors import ArchiveError, BridgeError
from ..options import Progress
from ..options.addresses import parse_address
from ..options.path_fields import AnyPaths, paths_of
from .archive import Archive, InterruptedTransferError, StoreResult
from .local_instances import LocalInstance, find_instances
from .protocols import open_archive
from .settings import ArchiveSettings, read_archive_settings
from .transfer_report import TransferEntry, TransferOutcome, TransferReport


def send(
    paths: AnyPaths, target: str, settings: ArchiveSettings | None = None, progress: Progress | None = None
) -> TransferReport:
    """Send DICOM files to an archive.

    Parameters
    ----------
    paths : path or iterable of paths
        DICOM files, and folders of any depth; other files are skipped.
    target : str
        ``dicomweb:https://host/path`` (STOW-RS), ``pacs:AETITLE@host:port`` or ``pacs+tls:AETITLE@host:port`` (C-STORE).
    settings : ArchiveSettings, optional
        By default those of the environment.
    progress : Progress, optional
        Called as ``progress(what, done, total)``; may raise `Cancelled`.

    Returns
    -------
    TransferReport
        One entry per file. Instances that the archive has are not sent again.

    Raises
    ------
    ArchiveError
        If the archive cannot be reached or refuses the connection.
    OptionError
        If the target or a setting is not valid.

    Examples
    --------
    >>> from nifti_dicom_bridge import OptionError, send
    >>> try:
    ...     send("scans", "ftp://archive")
    ... except OptionError as error:
    ...     print(error)
    'ftp://archive' is not the address of an archive. ...
    """
    address = parse_address(target)
    settings = settings or read_archive_settings()
    instances, problems = find_instances(paths_of(paths))
    if not instances:
        raise BridgeError(f"No DICOM instances were found in {', '.join(map(os.fspath, paths_of(paths)))}. Check the path.")
    report = TransferReport([
        TransferEntry(p.path, TransferOutcome.FAILED if p.failed else TransferOutcome.SKIPPED, error=p.reason) for p in problems
    ])  # fmt: skip
    with open_archive(address, settings) as archive:
        _Sending(archive, settings, report, progress).run(instances)
    return report


class _Sending:
    """One transfer, with its interruptions."""

    def __init__(self, archive: Archive, settings: ArchiveSettings, report: TransferReport, progress: Progress | None):
        self.archive, self.settings, self.report, self.progress = archive, settings, report, progress
        self.total, self.done = 0, 0
        self.attempted: set[str] = set()
        self.refused: dict[str, str] = {}

    def run(self, instances: Sequence[LocalInstance]) -> None:
        self.total, pending = len(instances), list(instances)
        failures = 0
        while pending:
            before, reason = len(pending), ""
            try:
                if not self.done:
                    self.archive.check()
                pending = self._without_present(pending)
                before = len(pending)
                pending = self._store(pending)
            except InterruptedTransferError as error:
                reason, pending = str(error), self._unconfirmed(pending)
            except ArchiveError as error:
                return self._give_up(self._unconfirmed(pending), str(error))
            failures = 0 if len(pending) < before else failures
            if pending:
                failures += 1
                if failures > self.settings.retries:
                    return self._give_up(pending, reason)
                time.sleep(self.settings.backoff_s * 2 ** (failures - 1))
        return None

    def _unconfirmed(self, instances: Iterable[LocalInstance]) -> list[LocalInstance]:
        """Return the instances about which the archive has not answered."""
        confirmed = {entry.uid for entry in self.report.entries if entry.uid}
        return [instance for instance in instances if instance.uid not in confirmed]

    def _without_present(self, instances: Sequence[LocalInstance]) -> list[LocalInstance]:
        """Return the instances that the archive does not have; those sent before an interruption were sent now."""
        missing: list[LocalInstance] = []
        for (study, series), group in groupby(sorted(instances, key=_series), key=_series):
            stored = self.archive.stored_uids(study, series)
            if stored is None:
                note = "The archive does not answer queries: instances that it has are sent again."
                self.report.notes += [note] * (note not in self.report.notes)
            for instance in group:
                if instance.uid not in (stored or ()):
                    missing.append(instance)
                    continue
                outcome = TransferOutcome.SENT if instance.uid in self.attempted else TransferOutcome.PRESENT
                self._record(TransferEntry(str(instance.path), outcome, instance.uid, (instance.path,)))
        return missing

    def _store(self, instances: Sequence[LocalInstance]) -> list[LocalInstance]:
        """Send instances, and return those that may be sent again."""
        self.attempted |= {instance.uid for instance in instances}
        again = []
        for answer in self.archive.store(instances):
            if answer.error and answer.may_retry:
                again.append(answer.instance)
                self.refused[answer.instance.uid] = answer.error
            else:
                self._record(_entry(answer))
        return again

    def _record(self, entry: TransferEntry) -> None:
        self.report.entries.append(entry)
        self.done += 1
        if self.progress is not None:
            self.progress("Sending", self.done, self.total)

    def _give_up(self, pending: Iterable[LocalInstance], reason: str) -> None:
        """Report what was not sent: for the reason that ended the transfer, else for that of the archive."""
        if not self.done and not self.refused:
            raise ArchiveError(reason)
        for instance in pending:
            error = reason or self.refused.get(instance.uid, "")
            self._record(TransferEntry(str(instance.path), TransferOutcome.FAILED, instance.uid, (instance.path,), error))


def _series(instance: LocalInstance) -> tuple[str, str]:
    return instance.study, instance.series


def _entry(answer: StoreResult) -> TransferEntry:
    outcome = TransferOutcome.FAILED if answer.error else TransferOutcome.SENT
    path = answer.instance.path
    return TransferEntry(str(path), outcome, answer.instance.uid, (path,), answer.error, answer.warning)
