"""Temporary files of voxels that are read some planes at a time, where a disk has space for them."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

_DISK_IS_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


def temporary_file(write: Callable[[IO[bytes]], Any]) -> IO[bytes] | None:
    """Return a file that a function has written, which is gone when it is closed; None where the disk is full.

    Raises
    ------
    OSError
        If it cannot be written for another reason. What the function raises is raised, too.
    """
    import tempfile

    file: IO[bytes] | None = None
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the voxels in it
        write(file)
        file.flush()
    except BaseException as error:
        if file is not None:
            with suppress(OSError):  # its last bytes perhaps cannot be written; it is closed all the same
                file.close()
        if isinstance(error, OSError) and error.errno in _DISK_IS_FULL:
            return None
        raise
    return file
