"""Runs one after another: prepared here, commands in threads next to it, results written here again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import BridgeError
from ...formats.dicom.provenance import Provenance
from ...model.processes.failure import failure_of
from ...model.report import ConversionReport, Outcome
from ...options import ConversionOptions, Progress
from ...options.algorithm import Algorithm
from ...options.apply_options import ApplyOptions
from ..execution.recorded_errors import errors_recorded_in
from .functions import Function, called, write_returned
from .objects import ResultWriter
from .placeholders import filled
from .processes import Commands, Finished
from .results import Result, nothing_written, read_results, written_images
from .runs import CommandRun

POLL_S = 0.2
"""How often cancelling is possible while commands run."""


@dataclass
class Pipeline:
    """What all runs share.

    Attributes
    ----------
    task : list of str or callable
        The command, or the function.
    apply_options : ApplyOptions
        How it is applied.
    options : ConversionOptions
        For the DICOM output.
    per_study : bool
        Whether a run gets all volumes of a study.
    writer : ResultWriter
        Writes what it produced.
    algorithm : Algorithm
        Name and version, for the provenance.
    progress : Progress or None
        Called with the number of runs that are done; may raise `Cancelled`.
    """

    task: Sequence[str] | Function
    apply_options: ApplyOptions
    options: ConversionOptions
    per_study: bool
    writer: ResultWriter
    algorithm: Algorithm
    progress: Progress | None = None
    report: ConversionReport = field(default_factory=ConversionReport)
    commands: Commands = field(init=False)

    def __post_init__(self) -> None:
        self.commands = Commands(self.apply_options.environment)

    def execute(self, runs: Sequence[CommandRun]) -> ConversionReport:
        """Execute all runs; a run that fails does not stop the others, an exception ends all commands."""
        waiting: dict[Future[Finished], CommandRun] = {}
        done = 0
        pool = ThreadPoolExecutor(self.apply_options.jobs)
        try:
            for run in runs:
                while len(waiting) >= self.apply_options.jobs:
                    done += self._finish_some(waiting, done, len(runs))
                future = self._started(run, pool)
                if future is None:
                    done += 1
                else:
                    waiting[future] = run
            while waiting:
                done += self._finish_some(waiting, done, len(runs))
        finally:
            self.commands.stop()
            pool.shutdown(wait=True, cancel_futures=True)
        return self.report

    def _started(self, run: CommandRun, pool: ThreadPoolExecutor) -> Future[Finished] | None:
        """Prepare a run and start its command; None if it is done already: it failed, or is a function."""
        entry = run.entry()
        with errors_recorded_in(entry):
            volumes = run.prepare(self.apply_options.input_name, self.options, self.progress)
            if not callable(self.task):
                words = filled(self.task, run.values(self.options), self.apply_options.shell)
                return pool.submit(self.commands.run, words, self.apply_options.shell, self.apply_options.timeout, run.log)
            write_returned(called(self.task, volumes, self.per_study, self.apply_options.arrays), run.output_dir)
            del volumes
        if entry.outcome is Outcome.FAILED:
            self.report.entries.append(entry)
        else:
            self._write_results(run, "")
        shutil.rmtree(run.folder, ignore_errors=True)
        return None

    def _finish_some(self, waiting: dict[Future[Finished], CommandRun], done: int, total: int) -> int:
        """Wait until commands end, write their results, and return how many ended."""
        ended: set[Future[Finished]] = set()
        while not ended:
            if self.progress is not None:
                self.progress("Running", done, total)
            ended, _ = wait(waiting, POLL_S, FIRST_COMPLETED)
        for future in ended:
            run = waiting.pop(future)
            self._finish(run, future.result())
            shutil.rmtree(run.folder, ignore_errors=True)
        return len(ended)

    def _finish(self, run: CommandRun, finished: Finished) -> None:
        """Write the results of a command that ended, or the entry of its failure."""
        if finished.problem:
            entry = run.entry()
            entry.outcome = Outcome.FAILED
            entry.error = f"The command failed: {finished.problem}."
            if finished.last_lines:
                entry.error += f" It printed last:\n{finished.last_lines}"
            elif finished.exit_code is not None:
                entry.error += " It printed nothing."
            self.report.entries.append(entry)
            return
        self._write_results(run, f"exit code {finished.exit_code}, {finished.seconds:.1f} s")

    def _write_results(self, run: CommandRun, ending: str) -> None:
        files = written_images(run.output_dir, self.apply_options.take)
        if not files:
            entry = run.entry()
            entry.outcome, entry.error = Outcome.FAILED, nothing_written(run.output_dir, self.apply_options.take)
            self.report.entries.append(entry)
        provenance = self._provenance(run, ending)
        for result in self._results(files, run):
            entry = run.entry()
            if isinstance(result, BridgeError):
                entry.outcome, entry.error = Outcome.FAILED, failure_of(result).sentence
            else:
                entry.title = f"{run.title}: {result.file}"
                with errors_recorded_in(entry):
                    self.writer.write(result, run, provenance, entry)
                entry.log.warnings[:0] = run.warnings
                entry.log.notes.append(f"applied: {provenance.description}")
            self.report.entries.append(entry)

    def _results(self, files: Sequence[Path], run: CommandRun) -> Iterator[Result | BridgeError]:
        return read_results(files, run.output_dir, run.files, self.options.kind)

    def _provenance(self, run: CommandRun, ending: str) -> Provenance:
        """Return the command as the user wrote it, how it ended, and the digests of what it read."""
        what = f"function {self.algorithm.name}" if callable(self.task) else "command " + " ".join(self.task)
        digests = ", ".join(source.origin.digest for source in run.sources)
        details = "; ".join(filter(None, (f"input {digests}", ending, what)))
        return Provenance(self.algorithm, details)
