"""Errors of one image, which do not stop the others: each is an entry of the report."""

from __future__ import annotations

from ...errors import Cancelled, DamagedFilesError, OutputError
from ...model.processes.failure import failure_of, is_transient
from ...model.report import Entry, Execution, Outcome


class errors_recorded_in:
    """Turns an error of any kind into a failed entry; cancelling goes through. Read: ``with errors_recorded_in(entry):``.

    With `skip_existing`, an output that exists is not a failure.
    """

    def __init__(self, entry: Entry, skip_existing: bool = False):
        self.entry, self.skip_existing = entry, skip_existing

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, Exception) or isinstance(error, Cancelled):
            return False
        failure = failure_of(error)
        self.entry.outcome, self.entry.outputs = Outcome.FAILED, []
        self.entry.error, self.entry.traceback = failure.sentence, failure.traceback
        damaged = error.reasons if isinstance(error, DamagedFilesError) else {}
        self.entry.execution = Execution(is_transient=is_transient(error), damaged=damaged)
        if self.skip_existing and isinstance(error, OutputError) and error.existing is not None:
            self.entry.outcome, self.entry.outputs = Outcome.SKIPPED, [error.existing]
            self.entry.error = f"{error.existing} exists already."
        return True
