"""Errors that were not foreseen: one sentence and an exit code; the traceback on request."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import BridgeError
from .exit_codes import FAILED, UNEXPECTED

TRACEBACKS = 2
"""Number of -v that prints tracebacks of errors that were not foreseen."""


@contextmanager
def tracebacks(printed: bool, messages: bool = True) -> Iterator[None]:
    """Print the tracebacks of unexpected errors to standard error as they occur, and raise `Unexpected` for them."""
    import logging

    from ..model.processes.failure import LOGGER, WithoutMessages, failure_of

    logger, handler = logging.getLogger(LOGGER), logging.StreamHandler(sys.stderr)
    level = logger.level
    if not messages:
        handler.addFilter(WithoutMessages())
    if printed:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
    try:
        yield
    except (BridgeError, KeyboardInterrupt, BrokenPipeError):
        raise
    except Exception as error:
        failure = failure_of(error)
        raise Unexpected(failure.sentence, UNEXPECTED if failure.traceback else FAILED) from error
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class Unexpected(Exception):
    """An error that nothing else caught: what to print, and the exit code."""
