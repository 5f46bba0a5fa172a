"""Other programs that are ended with all processes that they started, such as the Python behind a launcher."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ...operating_system import IS_WINDOWS

if TYPE_CHECKING:
    import subprocess

GRACE_S = 5.0
"""How long a program may take to end when it is asked to."""
_POLL_S = 0.05
_NEW_GROUP, _NO_WINDOW = 0x200, 0x08000000
"""CREATE_NEW_PROCESS_GROUP and CREATE_NO_WINDOW of Windows, where an application such as Slicer has no console to share."""


def in_own_group() -> dict[str, Any]:
    """Return the arguments of `subprocess.Popen` that make a process the first of a group, which `end_group` ends."""
    return {"creationflags": _NEW_GROUP | _NO_WINDOW} if IS_WINDOWS else {"start_new_session": True}


def without_window() -> dict[str, Any]:
    """Return the arguments of `subprocess.Popen` by which no console window appears."""
    return {"creationflags": _NO_WINDOW} if IS_WINDOWS else {}


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children: asked first, forced after `GRACE_S`."""
    if IS_WINDOWS:
        _end_tree(process)
        return
    _signal_group(process.pid, signal.SIGTERM)
    end = time.monotonic() + GRACE_S
    while process.poll() is None and time.monotonic() < end:
        time.sleep(_POLL_S)
    _signal_group(process.pid, signal.SIGKILL)  # children that outlive the first of the group, too
    process.wait()


def _end_tree(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children on Windows; only the process where a computer does not permit its program for that."""
    from subprocess import run

    folder = os.path.join(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32")  # else the current one is searched first
    command = [os.path.join(folder, "taskkill.exe"), "/F", "/T", "/PID", str(process.pid)]
    with suppress(OSError):
        run(command, capture_output=True, check=False, **without_window())
    process.kill()
    process.wait()


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # it ended
        pass
