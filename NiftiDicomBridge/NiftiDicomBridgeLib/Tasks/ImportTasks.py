"""Import in three steps, as `ExportTasks`: NIfTI → DICOM, in Slicer's database, a folder or both; and a dry run of it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from nifti_dicom_bridge import (
    BridgeError,
    Cancelled,
    ConversionOptions,
    ConversionReport,
    Entry,
    FileOptions,
    Job,
    Kind,
    Log,
    Outcome,
    Proposal,
    Target,
    check_options,
    convert,
    propose,
)

from ..Host import Database, DatabaseFiles, Registration
from ..Host.TemporaryFolders import new_folder, without_temporary
from .ExportFiles import COMPLETE_ARE_KEPT

Progress = Callable[[str, int, int], None]
BESIDE_IMAGES = (".json", ".tsv", ".bval", ".bvec")
"""Found by the image itself: an export's whole list of outputs can be given."""
CANCELLED = "Cancelled before it was added to the DICOM database."
NOTHING_ADDED = "Nothing was added to the DICOM database."
NOWHERE = "Nowhere to put the DICOM. Choose the DICOM database, a folder, or both."


@dataclass(frozen=True)
class FileSettings:
    """What was chosen for one file.

    Attributes
    ----------
    kind : str
        The kind of object to create.
    values : dict of str to str
        Keyword → value.
    reference : tuple of pathlib.Path or pathlib.Path
        The files of its reference series, or the folder that contains it; empty without one.
    has_no_position : bool
        Whether it is on the pixels of an image of that series that DICOM specifies no position for.
    """

    kind: str = Kind.AUTO.value
    values: dict[str, str] = field(default_factory=dict)
    reference: tuple[Path, ...] | Path = ()
    has_no_position: bool = False


@dataclass(frozen=True)
class Destination:
    """Where DICOM goes, and next to what.

    Attributes
    ----------
    database : bool
        Into Slicer's DICOM database.
    folder : pathlib.Path or None
        Into a folder.
    reference : tuple of pathlib.Path
        The files of the reference series; empty where there is none, or where the options name one.
    """

    database: bool = True
    folder: Path | None = None
    reference: tuple[Path, ...] = field(default=())


class ImportTask:
    """NIfTI → DICOM.

    Attributes
    ----------
    keep_going : callable
        Called on the main thread as ``keep_going(what, done, total)`` before a series is added to the database; the series
        that follow are not added where it returns False.
    """

    keep_going: Callable[[str, int, int], bool] = staticmethod(lambda what, done, total: True)

    @property
    def after_cancel(self) -> str:
        """What a cancelled task leaves behind, for the user."""
        sentences = (NOTHING_ADDED if self._where.database else "", COMPLETE_ARE_KEPT if self._where.folder is not None else "")
        return " ".join(filter(None, sentences))

    def __init__(
        self,
        paths: Sequence[str | Path],
        options: ConversionOptions | None = None,
        where: Destination | None = None,
        own: Mapping[Path, FileSettings] | None = None,
    ):
        paths = [paths] if isinstance(paths, (str, Path)) else list(paths)
        if not paths:
            raise BridgeError("No NIfTI file was chosen. Choose at least one.")
        self._where = where or Destination()
        if not self._where.database and self._where.folder is None:
            raise BridgeError(NOWHERE)
        if self._where.database:
            Database.require_open()
        self._paths = [path for path in map(Path, paths) if path.suffix.lower() not in BESIDE_IMAGES]
        self._options = replace(options or ConversionOptions(), target=Target.DICOM)
        check_options(self._options)
        self._own = dict(own or {})
        self._scratch = new_folder("import")
        self._headers: list[list[DatabaseFiles.Header]] = []

    def work(self, progress: Progress) -> ConversionReport:
        """Convert into the folder that was chosen, into a temporary one otherwise."""
        try:
            options = with_reference(self._options, self._where.reference, self._scratch)
            options = with_file_settings(options, self._own, self._scratch)
            report = convert(Job(self._paths, self._where.folder or self._scratch / "dicom", options), progress)
            if self._where.database:
                self._headers = [DatabaseFiles.headers_of(entry.outputs) for entry in report.entries]
            return report
        except BaseException:
            _clean_up(self._scratch)
            raise

    def finish(self, report: ConversionReport) -> ConversionReport:
        """Register what was converted; without a folder, the files of each entry are those in the database then."""
        for entry in report.entries:
            entry.log.warnings = [without_temporary(sentence) for sentence in entry.log.warnings]
            entry.error = without_temporary(entry.error)
            entry.log.notes = [without_temporary(sentence) for sentence in entry.log.notes]
        waiting = [(entry, headers) for entry, headers in zip(report.entries, self._headers, strict=False) if headers]
        only_there = self._where.folder is None
        try:
            for number, (entry, headers) in enumerate(waiting):
                if self.keep_going(entry.title, number, len(waiting)):
                    register(entry, headers, only_there)
                else:
                    fail(entry, CANCELLED, only_there)
        finally:
            _clean_up(self._scratch)
        return report


_IS_WINDOWS = os.name == "nt"
_APPLE_DOUBLE = "._"
"""Begins the names of files that macOS writes next to others on foreign file systems; they are not images."""


class FindTask:
    """NIfTI files among and below some paths; a folder may be a whole disk.

    Attributes
    ----------
    hidden : list of pathlib.Path
        Files that have the name of an image, but begin with a dot: they are left out, as in a conversion of the folder.
    """

    def __init__(self, paths: Sequence[Path], suffixes: tuple[str, ...]):
        self._paths, self._suffixes = list(paths), suffixes
        self.hidden: list[Path] = []

    def work(self, progress: Progress) -> list[Path]:
        """Look into every folder, each in the order of its names."""
        paths: list[Path] = []
        for path in self._paths:
            paths += self._below(path, progress) if path.is_dir() else [path]
        return paths

    def finish(self, paths: list[Path]) -> list[Path]:
        """Return what was found: nothing is left to do."""
        return paths

    def _below(self, folder: Path, progress: Progress) -> list[Path]:
        paths: list[Path] = []
        for root, folders, names in os.walk(folder):
            progress(root, len(paths), 0)
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            fitting = sorted(name for name in names if name.lower().endswith(self._suffixes))
            paths += [Path(root, name) for name in fitting if not name.startswith(".")]
            self.hidden += [Path(root, name) for name in fitting if name.startswith(".") and not name.startswith(_APPLE_DOUBLE)]
        return paths


class ProposeTask:
    """What NIfTI files would become."""

    def __init__(
        self,
        paths: Sequence[Path],
        options: ConversionOptions,
        reference: Sequence[Path] = (),
        own: Mapping[Path, FileSettings] | None = None,
    ):
        self._paths, self._reference, self._own = list(paths), tuple(reference), dict(own or {})
        self._options = replace(options, target=Target.DICOM)

    def work(self, progress: Progress) -> list[Proposal]:
        """Look at every file; what cannot be done at all is the error of each."""
        scratch = new_folder("import")
        try:
            options = with_file_settings(with_reference(self._options, self._reference, scratch), self._own, scratch)
            return propose(self._paths, options, progress)
        except Cancelled:
            raise
        except BridgeError as error:
            return [Proposal(path, error=str(error)) for path in self._paths]
        finally:
            _clean_up(scratch)

    def finish(self, proposals: list[Proposal]) -> list[Proposal]:
        """Return what was found, without names of temporary folders."""
        return [_without_temporary(proposal) for proposal in proposals]


def _without_temporary(proposal: Proposal) -> Proposal:
    warnings = [without_temporary(sentence) for sentence in proposal.warnings]
    return replace(proposal, warnings=warnings, error=without_temporary(proposal.error))


def with_reference(options: ConversionOptions, files: Sequence[Path], scratch: Path) -> ConversionOptions:
    """Return options whose reference is a folder with these files and no others: the database keeps many series in one."""
    return replace(options, reference=_folder_of(files, scratch / "reference")) if files else options


def with_file_settings(options: ConversionOptions, own: Mapping[Path, FileSettings], scratch: Path) -> ConversionOptions:
    """Return options with the choices of single files; files with the same reference share its folder."""
    folders: dict[tuple[Path, ...] | Path, Path] = {}
    changes = {}
    for path, chosen in own.items():
        files = chosen.reference
        if isinstance(files, Path):
            folders[files] = files
        elif files and files not in folders:
            folders[files] = _folder_of(files, scratch / f"reference-{len(folders)}")
        changes[path] = FileOptions(Kind(chosen.kind), folders.get(files), dict(chosen.values), chosen.has_no_position)
    return replace(options, per_file={**options.per_file, **changes})


def _folder_of(files: Sequence[Path], folder: Path) -> Path:
    folder.mkdir(parents=True)
    for number, path in enumerate(files):
        _link(path, folder / f"{number:06}.dcm")
    return folder


def _link(path: Path, target: Path) -> None:
    """Let a file appear at another place as well; a copy where the file system can do no better.

    A link to a file that is read-only, as it is on a CD, is read-only too, and Windows does not remove it.
    """
    is_kept = _IS_WINDOWS and path.is_file() and not path.stat().st_mode & stat.S_IWRITE
    for way in (os.symlink, shutil.copyfile) if is_kept else (os.symlink, os.link, shutil.copyfile):
        try:
            way(path, target)
            return
        except OSError:
            continue
    raise BridgeError(f"{path}: the file of the reference series cannot be read. Import the series again.")


def _clean_up(scratch: Path) -> None:
    shutil.rmtree(scratch, ignore_errors=True)


def register(entry: Entry, headers: Sequence[DatabaseFiles.Header], only_there: bool) -> None:
    """Add the files of an entry to the database; without a folder, its outputs are those in the database then."""
    try:
        registered = Registration.register(headers)
    except BridgeError as error:
        fail(entry, str(error), only_there)
        return
    if only_there:
        entry.outputs = registered.files
    entry.log = Log([*entry.log.notes, str(registered)], entry.log.warnings, entry.log.changes, entry.log.values)


def fail(entry: Entry, why: str, only_there: bool) -> None:
    """Let an entry fail; without a folder, it has no outputs."""
    entry.outcome, entry.error = Outcome.FAILED, why
    if only_there:
        entry.outputs = []
