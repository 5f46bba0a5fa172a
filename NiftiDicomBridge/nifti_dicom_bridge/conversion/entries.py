"""What becomes of each input: entries of the report, names that differ, and what may be written of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..deidentification import Deidentifier
from ..errors import Cancelled
from ..formats.dicom.reading.read import Plan, plan_series, with_unique_names
from ..formats.dicom.reading.series import Inventory, Leftover
from ..model.failure import failure_of
from ..model.metadata import Log
from ..model.names import unique_name
from ..model.report import ConversionReport, Entry, Outcome
from ..model.volume import Volume
from ..options import ConversionOptions
from .image_with_record import ImageWithRecord
from .sidecar_edits import edited_keys


class OutputPolicy:
    """De-identifies the volumes of a conversion where that is wanted, and gives them names that differ.

    Parameters
    ----------
    key : str, optional
        For new UIDs (see `deidentify`); None to leave volumes as they are.
    taken : set of str
        Names that are taken.
    """

    def __init__(self, key: str | None, taken: set[str]):
        self._cleaner = None if key is None else Deidentifier(key)
        self._taken = taken

    @classmethod
    def of(cls, options: ConversionOptions, taken: set[str]) -> OutputPolicy:
        """Return what the options want."""
        return cls(options.deidentify_key if options.deidentify else None, taken)

    def clean(self, volume: Volume, log: Log | None = None) -> Volume:
        """Return a volume as it may be written; its name stays where nothing is to be removed."""
        return volume if self._cleaner is None else self._cleaner.clean(volume, log)

    def named(self, volume: Volume, log: Log | None = None) -> Volume:
        """Return a volume as it may be written, under a name of its own."""
        if self._cleaner is None:
            return volume
        cleaned = self._cleaner.clean(volume, log)
        return replace(cleaned, name=unique_name(cleaned.name, self._taken))

    def edits(self, file: ImageWithRecord, log: Log) -> dict[str, Any]:
        """Return what a person changed in a sidecar, as far as it may be written."""
        keys = edited_keys(file)
        if self._cleaner is None or not keys:
            return keys
        log.warnings.append(f"what was edited in the sidecar was left out, as it may tell anything: {', '.join(keys)}")
        return {}


def plans_of(inventory: Inventory, report: ConversionReport) -> list[Plan]:
    """Return what each series becomes, under names that differ; a series that cannot be understood is a failed entry."""
    return with_unique_names(plans_as_named(inventory, report))


def plans_as_named(inventory: Inventory, report: ConversionReport) -> list[Plan]:
    """Return what each series becomes, each called after itself alone."""
    plans: list[Plan] = []
    for series in inventory.series:
        entry = Entry(series.title, Outcome.CONVERTED, [Path(instance.path) for instance in series.instances])
        with errors_recorded_in(entry):
            plans += plan_series(series)
        if entry.outcome is Outcome.FAILED:
            report.entries.append(entry)
    return plans


def leftover_entries(leftovers: Sequence[Leftover]) -> list[Entry]:
    """Return an entry for every file that did not become part of a volume."""
    return [
        Entry(Path(leftover.path).name, Outcome.FAILED if leftover.failed else Outcome.SKIPPED, [Path(leftover.path)],
              error=leftover.reason, traceback=leftover.traceback)
        for leftover in leftovers
    ]  # fmt: skip


class errors_recorded_in:
    """Turns an error of any kind into a failed entry; cancelling goes through. Read: ``with errors_recorded_in(entry):``."""

    def __init__(self, entry: Entry):
        self.entry = entry

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, Exception) or isinstance(error, Cancelled):
            return False
        failure = failure_of(error)
        self.entry.outcome, self.entry.outputs = Outcome.FAILED, []
        self.entry.error, self.entry.traceback = failure.sentence, failure.traceback
        return True
