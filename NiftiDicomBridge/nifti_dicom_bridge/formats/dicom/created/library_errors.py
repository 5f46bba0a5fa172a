"""Errors that highdicom and pydicom raise about values, as errors of this package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ....errors import BridgeError, DicomReadError, LabelError
from .highdicom_tables import read_tables_by_module

LONGEST = 160
_REFUSALS = (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError, NotImplementedError, RuntimeError)


@contextmanager
def refused_by_highdicom(kind: str) -> Iterator[None]:
    """Raise `LabelError` where highdicom refuses the values of an object of a kind, such as "Segmentation"."""
    read_tables_by_module()
    try:
        yield
    except BridgeError:
        raise
    except _REFUSALS as error:
        raise LabelError(
            f"The {kind} cannot be created: highdicom does not accept the values ({_shown(error)}). Check the grid of the "
            "image and the attributes of its sidecar or reference."
        ) from error


@contextmanager
def unreadable_by_pydicom(path: str) -> Iterator[None]:
    """Raise `DicomReadError` where pydicom cannot read the headers of a file."""
    try:
        yield
    except BridgeError:
        raise
    except Exception as error:  # pydicom raises what the value of an element makes of it
        if isinstance(error, OSError) and error.errno is not None:  # of the file, not of what is in it
            raise
        raise DicomReadError(
            f"{path}: pydicom cannot read its attributes ({_shown(error)}): damaged. Copy it again from its source."
        ) from error


def _shown(error: Exception) -> str:
    words = str(error).partition("Traceback (most recent")[0].split()  # pydicom puts one into its messages
    text = " ".join(words) or type(error).__name__
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
