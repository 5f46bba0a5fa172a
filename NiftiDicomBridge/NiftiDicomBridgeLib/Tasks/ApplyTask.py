"""A command applied to a volume or a series, in three steps as `ExportTasks`; what it makes goes to the DICOM database."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import slicer
import slicer.util

from nifti_dicom_bridge import BridgeError, ConversionOptions, ConversionReport, Entry, Job, Target, apply, convert

from ..Host import Database, DatabaseFiles
from ..Host.TemporaryFolders import new_folder
from ..Nodes.NodeKinds import instance_uids_of, sequence_of
from ..Originals import SourceMatching
from .ImportTasks import CANCELLED, NOTHING_ADDED, fail, register
from .TemporaryNifti import StageTask

Progress = Callable[[str, int, int], None]
PYTHON_SLICER = "PythonSlicer"
"""First word of a command that runs in Slicer's Python."""
NO_PYTHON = (
    f"{PYTHON_SLICER} was not found, for Slicer was started without its launcher. Start Slicer by its launcher, or enter the "
    "path of a program."
)
CONVERTED = "The volume is not an unedited image of the DICOM database, so it was converted to DICOM first."


class ApplyTask:
    """Volume or series → NIfTI → command → derived DICOM in the database.

    Parameters
    ----------
    command : str
        As typed, with placeholders such as ``{input}`` and ``{output}``.
    node : vtkMRMLNode, optional
        A loaded volume, used as it is now.
    series : str
        Series Instance UID of a series of the database, if there is no node.
    **options
        As for `nifti_dicom_bridge.apply`.

    Attributes
    ----------
    keep_going : callable
        As for `ImportTasks.ImportTask`.
    """

    after_cancel = NOTHING_ADDED
    keep_going: Callable[[str, int, int], bool] = staticmethod(lambda what, done, total: True)

    def __init__(self, command: str, node: Any = None, series: str = "", **options: Any):
        Database.require_open()
        command = command.strip()
        self._command = with_program(command)
        self._options = {"environment": environment_of(command), **options}
        self._scratch = new_folder("apply")
        self._headers: list[list[DatabaseFiles.Header]] = []
        try:
            self._files = _files_of_node(node) if node is not None else Database.files_of_series(series)
            if node is None and not self._files:
                raise BridgeError("The files of the series do not exist any more. Import them again in the module DICOM.")
            self._doubt = Database.doubt_of_files(series) if node is None else ""
            self._stage = StageTask([node], self._scratch / "nifti") if node is not None else None
            self._others = Database.first_files_of_study(self._files) if self._files else []
        except BaseException:
            self._clean_up()
            raise

    def work(self, progress: Progress) -> ConversionReport:
        """Convert, run the command, and convert what it wrote; *Cancel* ends the command."""
        try:
            converted = self._converted(progress)
            files = converted.outputs if converted.entries else self._files
            uid = DatabaseFiles.headers_of(files[:1])[0].series
            options = {"select": f"SeriesInstanceUID={uid}", **self._options}
            # one file of each other series of the study: their numbers are not free
            report = apply([*files, *self._others], self._scratch / "results", self._command, progress=progress, **options)
            report.entries = converted.entries + report.entries
            self._headers = [DatabaseFiles.headers_of(entry.outputs) for entry in report.entries]
            return report
        except BaseException:
            self._clean_up()
            raise

    def _converted(self, progress: Progress) -> ConversionReport:
        """Return the conversion of a volume to DICOM; an empty report if the database has it as it is."""
        if self._stage is None:
            return ConversionReport()
        written = self._stage.work(progress)
        staged = self._stage.staged(written)
        if self._files and all(SourceMatching.UNCHANGED in entry.log.notes for entry in written.entries):
            return ConversionReport()
        options = staged.options(ConversionOptions(target=Target.DICOM), self._scratch)
        report = convert(Job(staged.images, self._scratch / "input", options), progress)
        if not report.ok:
            raise BridgeError(" ".join(entry.error for entry in report.failures))
        staged.warn(report)
        for entry in report.entries:
            entry.log.notes.insert(0, CONVERTED)
        return report

    def finish(self, report: ConversionReport) -> ConversionReport:
        """Register what was made; the files of each entry are those in the database then."""
        waiting: list[tuple[Entry, Sequence[DatabaseFiles.Header]]] = [
            (entry, headers) for entry, headers in zip(report.entries, self._headers, strict=True) if headers
        ]
        try:
            for number, (entry, headers) in enumerate(waiting):
                if self.keep_going(entry.title, number, len(waiting)):
                    register(entry, headers, only_there=True)
                else:
                    fail(entry, CANCELLED, only_there=True)
        finally:
            self._clean_up()
        for entry in report.entries if self._doubt else ():
            entry.log.warnings.append(self._doubt)
        return report

    def _clean_up(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)


def runs_in_slicer(command: str) -> bool:
    """Whether the program of a command is Slicer's own Python."""
    return command.split()[:1] == [PYTHON_SLICER]


def with_program(command: str) -> str:
    """Return a command with the path of Slicer's own Python in the place of `PYTHON_SLICER`; raises `BridgeError` if empty."""
    if not command:
        raise BridgeError("The command is empty. Enter one with {input} and {output}.")
    if runs_in_slicer(command) and not sys.executable:
        raise BridgeError(NO_PYTHON)
    return shlex.quote(sys.executable) + command.removeprefix(PYTHON_SLICER) if runs_in_slicer(command) else command


def environment_of(command: str) -> dict[str, str] | None:
    """Return the environment variables of a command: without those by which Slicer finds its own Python and libraries."""
    return None if runs_in_slicer(command) else dict(slicer.util.startupEnvironment())


def _files_of_node(node: Any) -> list[Path]:
    """Return the files of a volume in the database; none if it does not have all of them."""
    sequence = sequence_of(node)
    nodes = [sequence.GetNthDataNode(n) for n in range(sequence.GetNumberOfDataNodes())] if sequence is not None else [node]
    uids = list(dict.fromkeys(uid for one in nodes for uid in instance_uids_of(one)))
    files = Database.files_of_instances(uids)
    return files if len(files) == len(uids) else []
