"""Temporary folders below that of Slicer, and the sentence where they cannot be written."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import slicer

from nifti_dicom_bridge import OutputError

PREFIX = "NiftiDicomBridge-"
NOT_WRITABLE = (
    "Slicer's temporary folder {} cannot be written ({}). Free space there, or choose another one in Edit > Application "
    "Settings > Modules."
)


def new_folder(purpose: str = "") -> Path:
    """Return a new temporary folder.

    Parameters
    ----------
    purpose : str
        Part of its name.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    try:
        return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{purpose}-" if purpose else PREFIX, dir=slicer.app.temporaryPath))
    except OSError as error:
        raise OutputError(NOT_WRITABLE.format(slicer.app.temporaryPath, error.strerror or error)) from error


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a new temporary folder that is removed afterwards."""
    folder = new_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def without_temporary(text: str) -> str:
    """Return a sentence without the temporary folders of references and of images of the scene.

    Where one of them could not be written, it is about the folder that the user can choose.
    """
    parts = re.split(r"[/\\]", str(slicer.app.temporaryPath))  # Qt writes slashes on Windows, where paths have backslashes
    temporary = r"[/\\]".join([*map(re.escape, parts), PREFIX])
    reason = r": (?:cannot be written \()?([^.():]+)\)?\. (?:Free space or choose another folder|Choose another folder)\.$"
    failed = re.search(temporary + r"[^:]*" + reason, text)
    if failed:
        return text[: failed.start()] + NOT_WRITABLE.format(slicer.app.temporaryPath, failed[1])
    text = re.sub(rf" \({temporary}[^()]*\)", "", text)
    return re.sub(rf"{temporary}(?:[^/\\\s]+[/\\])+", "", text)
