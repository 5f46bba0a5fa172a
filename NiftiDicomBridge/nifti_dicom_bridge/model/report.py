"""What happened: one entry per series or image, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import Enum, StrEnum
from pathlib import Path, PurePath
from typing import Any

from ..options.messages import in_words
from ..options.remedies import OWN_WORDS
from ..options.wording import Words
from .files.safe_text import printable
from .metadata import Change, Log


class Outcome(StrEnum):
    """How it ended for one series or image.

    Examples
    --------
    >>> from nifti_dicom_bridge import Outcome, to_dicom, to_nifti
    >>> images = to_nifti("scans", "images").outputs
    >>> to_dicom(images[0], "back").entries[0].outcome is Outcome.REISSUED
    True
    """

    CONVERTED = "converted"
    """DICOM → NIfTI; or a NIfTI without record → DICOM."""
    RESTORED = "restored"
    """The original instances with their UIDs."""
    REISSUED = "reissued"
    """The original voxels and attributes as a new series with new UIDs."""
    DERIVED = "derived"
    """Voxels or geometry were edited: a new, derived series."""
    SKIPPED = "skipped"
    """No image, or a duplicate."""
    FAILED = "failed"
    """It could not be done; the log gives the reason. The others went on."""

    @property
    def text(self) -> str:
        """The outcome as it is printed."""
        return "restored (new UIDs)" if self is Outcome.REISSUED else self.value


COMPANIONS = (".json", ".bval", ".bvec", ".tsv")
"""Files that are next to an image."""
_ORDER = {Outcome.FAILED: 0, Outcome.SKIPPED: 2}
"""What is shown first, and what last."""
LINES, COLUMNS = 24, 160
"""Of a screen."""


def fitted(lines: Sequence[str]) -> str:
    """Return lines as a text that fits a screen: the first ones, and how many more there are."""
    lines = list(map(printable, lines))
    shown = lines if len(lines) <= LINES else [*lines[: LINES - 1], f"  … and {len(lines) - LINES + 1} more"]
    return "\n".join(line if len(line) <= COLUMNS else line[: COLUMNS - 1] + "…" for line in shown)


@dataclass(frozen=True)
class Execution:
    """How an image was converted: what differs from run to run, and is not part of the report.

    Attributes
    ----------
    worker : str
        Name of the computer and number of the process; empty where nothing was converted.
    seconds : float
        Time of the conversion.
    read, written : int
        Bytes of the input and output files.
    is_transient : bool
        Whether it failed because of the file system or network: a further attempt may succeed.
    damaged : dict of str to str
        Path of each damaged file, and why it cannot be read, if the image can be converted without them.
    """

    worker: str = ""
    seconds: float = 0.0
    read: int = 0
    written: int = 0
    is_transient: bool = False
    damaged: Mapping[str, str] = field(default_factory=dict)


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
    traceback : str
        Of an error that was not foreseen, for a report to the developers; empty otherwise.
    execution : Execution
        Where and how long it was converted.

    Examples
    --------
    >>> from nifti_dicom_bridge import to_nifti
    >>> [entry] = to_nifti("scans", "nifti").entries
    >>> entry.title, entry.outcome, len(entry.inputs)
    ('7 Oblique MR', <Outcome.CONVERTED: 'converted'>, 7)
    """

    title: str
    outcome: Outcome
    inputs: list[Path] = field(default_factory=list)
    outputs: list[Path] = field(default_factory=list)
    log: Log = field(default_factory=Log)
    error: str = ""
    traceback: str = ""
    execution: Execution = field(default=Execution(), compare=False, repr=False)

    @property
    def exists(self) -> bool:
        """Whether it was skipped because its outputs exist already; they are listed in `outputs`."""
        return self.outcome is Outcome.SKIPPED and bool(self.outputs)

    @property
    def problem(self) -> tuple[str, str]:
        """What failed or was skipped, and why; a path that the error begins with takes the place of the name of that file."""
        path, _, reason = self.error.partition(": ")
        return (path, reason) if reason and Path(path).name == self.title else (self.title, self.error)

    def line(self) -> str:
        """Return the outcome in one line: what went in and what came out, or why it failed."""
        if self.outcome in (Outcome.FAILED, Outcome.SKIPPED):
            return f"{self.outcome:10} {': '.join(self.problem)}"
        images = [path for path in self.outputs if path.suffix not in COMPANIONS]
        where = str(images[0]) if len(images) == 1 else f"{len(images)} files in {images[0].parent}" if images else ""
        word, _, detail = self.outcome.text.partition(" ")
        return f"{word:10} {self.title} → {where} {detail}".rstrip()

    def in_words(self, words: Words, remedies: Mapping[str, str] = OWN_WORDS) -> Entry:
        """Return the entry in the words of a front end, with its names of options and its remedies; see `in_words`."""

        def texts(originals: list[str]) -> list[str]:
            return [in_words(text, words, remedies) for text in originals]

        def renamed(changes: list[Change]) -> list[Change]:
            return [replace(change, source=in_words(change.source, words, remedies)) for change in changes]

        log = replace(
            self.log,
            warnings=texts(self.log.warnings),
            notes=texts(self.log.notes),
            changes=renamed(self.log.changes),
            values=renamed(self.log.values),
        )
        return replace(self, log=log, error=in_words(self.error, words, remedies))


@dataclass
class Run:
    """What was done, when, and where.

    Attributes
    ----------
    command : str
        Command line or call; empty for a run that removes what identifies patients.
    version : str
        Of this package.
    started : str
        Date and time with time zone (ISO 8601).
    seconds : float
        How long it took.
    inputs : list of pathlib.Path
        Files and folders as they were given; empty for a run that removes what identifies patients.
    output : pathlib.Path or None
        Folder that was written to.
    """

    command: str = ""
    version: str = ""
    started: str = ""
    seconds: float = 0.0
    inputs: list[Path] = field(default_factory=list)
    output: Path | None = None


@dataclass(repr=False)
class ConversionReport:
    """What happened to each series or image of a job.

    Attributes
    ----------
    entries : list of Entry
        One for each series or image, and for each file that was left out.
    notes : list of str
        What concerns the whole conversion, such as an earlier one that was interrupted and completed.
    run : Run or None
        What was done, when, and where.

    Examples
    --------
    >>> from nifti_dicom_bridge import to_nifti
    >>> report = to_nifti("scans", "nifti")
    >>> report.ok, len(report.outputs), report.failures
    (True, 2, [])
    """

    entries: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    run: Run | None = field(default=None, compare=False)

    @property
    def ok(self) -> bool:
        """Whether something was done, now or before, and nothing failed."""
        done = [e for e in self.entries if e.outcome is not Outcome.SKIPPED or e.exists]
        return bool(done) and all(e.outcome is not Outcome.FAILED for e in done)

    @property
    def outputs(self) -> list[Path]:
        """All files that were written."""
        return [path for entry in self.entries if not entry.exists for path in entry.outputs]

    @property
    def failures(self) -> list[Entry]:
        """The entries that failed."""
        return [entry for entry in self.entries if entry.outcome is Outcome.FAILED]

    def __repr__(self) -> str:
        counts = [(outcome.text, sum(entry.outcome is outcome for entry in self.entries)) for outcome in Outcome]
        title = f"ConversionReport: {', '.join(f'{count} {text}' for text, count in counts if count) or 'nothing found'}"
        order = sorted(self.entries, key=lambda entry: _ORDER.get(entry.outcome, 1))
        return fitted([title, *("  " + entry.line() for entry in order)])

    def in_words(self, words: Words, remedies: Mapping[str, str] = OWN_WORDS) -> ConversionReport:
        """Return the report in the words of a front end, such as `command_line_words`; see `in_words`."""
        notes = [in_words(note, words, remedies) for note in self.notes]
        return ConversionReport([entry.in_words(words, remedies) for entry in self.entries], notes, self.run)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return {"ok": self.ok, "notes": self.notes, "entries": [_values(entry) for entry in self.entries]}


def _values(entry: Entry) -> dict[str, Any]:
    """Return an entry as plain JSON values: those that are the same in each run."""
    values = asdict(entry)
    del values["execution"]
    return {key: _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, PurePath) else value  # URLs are pure paths
