"""What happened: one entry per series or image, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

from .metadata import Log


class Outcome(StrEnum):
    """How it ended for one series or image."""

    CONVERTED = "converted"
    """DICOM → NIfTI; or a NIfTI without record → DICOM."""
    RESTORED = "restored"
    """The very same instances came back, UIDs and all."""
    REISSUED = "reissued"
    """The same voxels and attributes came back as a new series with new UIDs."""
    DERIVED = "derived"
    """Voxels or geometry were edited: a new, derived series."""
    SKIPPED = "skipped"
    """No image, or a duplicate."""
    FAILED = "failed"
    """It could not be done; the log says why. The others went on."""


@dataclass
class Entry:
    """What became of one series or image.

    Attributes
    ----------
    title : str
        What a person calls it: series number and description, or file name.
    outcome : Outcome
        How it ended.
    inputs, outputs : list of pathlib.Path
        Files that went in and came out.
    log : Log
        Notes, warnings and changed attributes.
    error : str
        Why it failed or was skipped; empty otherwise.
    """

    title: str
    outcome: Outcome
    inputs: list[Path] = field(default_factory=list)
    outputs: list[Path] = field(default_factory=list)
    log: Log = field(default_factory=Log)
    error: str = ""


@dataclass
class ConversionReport:
    """What happened to each series or image of a job."""

    entries: list[Entry] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether something was done and nothing failed."""
        done = [e for e in self.entries if e.outcome is not Outcome.SKIPPED]
        return bool(done) and all(e.outcome is not Outcome.FAILED for e in done)

    @property
    def outputs(self) -> list[Path]:
        """All files that were written."""
        return [path for entry in self.entries for path in entry.outputs]

    @property
    def failures(self) -> list[Entry]:
        """The entries that failed."""
        return [entry for entry in self.entries if entry.outcome is Outcome.FAILED]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return {"ok": self.ok, "entries": [_plain(asdict(entry)) for entry in self.entries]}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value
