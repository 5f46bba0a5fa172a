"""What is reported of an error: one sentence, and the traceback of an error that this package did not foresee."""

from __future__ import annotations

import errno
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ...errors import BridgeError, system_sentence, without_credentials

LOGGER = "nifti_dicom_bridge"
"""Tracebacks are logged there at the level DEBUG."""
_TRANSIENT = frozenset(
    getattr(errno, name)
    for name in (
        "EIO", "ESTALE", "ETIMEDOUT", "ECONNRESET", "ECONNREFUSED", "ECONNABORTED", "ENOTCONN", "ENETDOWN", "ENETRESET",
        "ENETUNREACH", "EHOSTDOWN", "EHOSTUNREACH", "EREMOTEIO", "EAGAIN", "ENOLCK",
    )
    if hasattr(errno, name)
)  # fmt: skip
"""Errors of disks and networks that may not occur again; some names do not exist on every system."""

_STACK = "Traceback (most recent call last):"
_BETWEEN = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)


class Failure(NamedTuple):
    """Why something failed.

    Attributes
    ----------
    sentence : str
        What the user reads.
    traceback : str
        For a report to the developers; empty for errors that are raised on purpose.
    """

    sentence: str
    traceback: str = ""


def failure_of(error: BaseException) -> Failure:
    """Return what to report of an error of any kind.

    The sentence on an unforeseen error has its type and place, not its message: that may contain values of attributes.
    Credentials in URLs are hidden.
    """
    failure = _failure_of(error)
    return Failure(without_credentials(failure.sentence), failure.traceback)


def _failure_of(error: BaseException) -> Failure:
    if isinstance(error, BridgeError):
        return Failure(str(error))
    if isinstance(error, MemoryError):
        return Failure("It does not fit in memory.")
    if isinstance(error, OSError) and error.errno is not None:
        return Failure(system_sentence(error))
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    text = without_credentials("".join(traceback.format_exception(error)))
    logging.getLogger(LOGGER).debug("%s", text)
    return Failure(
        f"unexpected error ({type(error).__name__}{place}). Please report it with the traceback, which -vv prints.", text
    )


def is_transient(error: BaseException | None) -> bool:
    """Whether an error, or one that caused it, is of the file system or network and may not occur again."""
    while error is not None:
        if isinstance(error, OSError) and (error.errno in _TRANSIENT or isinstance(error, (ConnectionError, TimeoutError))):
            return True
        error = error.__cause__
    return False


def without_messages(text: str) -> Iterator[str]:
    """Return the lines of a traceback without the messages of exceptions, however many lines those have."""
    in_stack = False
    for line in text.splitlines():
        if line.startswith(_STACK):
            in_stack = True
            yield line
        elif in_stack:
            in_stack = line.startswith("  ")
            yield line if in_stack else line.split(":")[0]
        elif line in _BETWEEN:
            yield line


class WithoutMessages(logging.Filter):
    """Takes the messages of exceptions from tracebacks in a log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change a record, and let it pass."""
        record.msg, record.args = "\n".join(without_messages(record.getMessage())), ()
        return True
