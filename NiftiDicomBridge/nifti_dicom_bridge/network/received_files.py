"""Objects that arrive by C-STORE become files: complete or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..model.files.names import is_uid_name
from ..output.durable import replace

SUCCESS, OUT_OF_RESOURCES, CANNOT_UNDERSTAND = 0x0000, 0xA700, 0xC000
"""Statuses of C-STORE (PS3.4 B.2.3)."""


def write_received(event: Any, folder: Path) -> Path:
    """Write the object of a C-STORE event, as it was encoded, to ``folder/SOPInstanceUID.dcm``.

    Raises
    ------
    ValueError
        If its SOP Instance UID is not valid.
    OSError
        If it cannot be written.
    """
    return write_instance(folder, str(event.request.AffectedSOPInstanceUID), event.encoded_dataset())


def write_instance(folder: Path, uid: str, content: bytes) -> Path:
    """Write an object to ``folder/SOPInstanceUID.dcm``; raises `ValueError` and `OSError` as `write_received` does."""
    if not is_uid_name(uid):
        raise ValueError(f"{uid!r} is not a SOP Instance UID")
    path = folder / f"{uid}.dcm"
    write_complete(path, content)
    return path


def write_complete(path: Path, content: bytes) -> None:
    """Write a file that appears only when it is complete and on the disk."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
