"""What became of the instances of a transfer, for people and for programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class TransferOutcome(StrEnum):
    """How it ended for one instance or series."""

    SENT = "sent"
    FETCHED = "fetched"
    PRESENT = "present"
    """It was there before, and was not transferred again."""
    SKIPPED = "skipped"
    """Not a DICOM instance."""
    FAILED = "failed"


@dataclass(frozen=True)
class TransferEntry:
    """What became of one instance that was sent, or one series that was fetched."""

    title: str
    outcome: TransferOutcome
    uid: str = ""
    paths: tuple[Path, ...] = ()
    error: str = ""
    warning: str = ""

    def line(self) -> str:
        """Return one line for people."""
        details = "; ".join(filter(None, (self.error, self.warning)))
        return f"{self.outcome.value:10} {self.title}" + f": {details}" * bool(details)


@dataclass
class TransferReport:
    """What a transfer did.

    Attributes
    ----------
    entries : list of TransferEntry
        One per instance that was sent, or per series that was fetched.
    notes : list of str
        What concerns the whole transfer.

    Examples
    --------
    >>> from nifti_dicom_bridge import TransferReport
    >>> TransferReport().ok
    True
    """

    entries: list[TransferEntry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not any(entry.outcome is TransferOutcome.FAILED for entry in self.entries)

    @property
    def outputs(self) -> list[Path]:
        """The files that were fetched, or were there before."""
        wanted = (TransferOutcome.FETCHED, TransferOutcome.PRESENT)
        return [path for entry in self.entries if entry.outcome in wanted for path in entry.paths]

    def count(self, outcome: TransferOutcome | str) -> int:
        """Return how many entries ended in a way."""
        return sum(entry.outcome == outcome for entry in self.entries)

    def summary(self) -> str:
        """Return the numbers in one line."""
        numbers = Counter(entry.outcome for entry in self.entries)
        return ", ".join(f"{numbers[outcome]} {outcome.value}" for outcome in TransferOutcome if numbers[outcome]) or "nothing"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        entries = [
            {"title": e.title, "outcome": e.outcome.value, "uid": e.uid, "paths": list(map(str, e.paths)), "error": e.error,
             "warning": e.warning}
            for e in self.entries
        ]  # fmt: skip
        return {"ok": self.ok, "notes": self.notes, "entries": entries}

    def __repr__(self) -> str:
        return f"TransferReport: {self.summary()}"
