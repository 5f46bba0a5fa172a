"""Other programs that are ended with all processes that they started, such as the Python behind a launcher."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess

GRACE_S = 5.0
"""How long a program may take to end when it is asked to."""
_POLL_S = 0.05
_NEW_GROUP = 0x200
"""CREATE_NEW_PROCESS_GROUP of Windows."""


def in_own_group() -> dict[str, Any]:
    """Return the arguments of `subprocess.Popen` that make a process the first of a group, which `end_group` ends."""
    return {"start_new_session": True} if os.name == "posix" else {"creationflags": _NEW_GROUP}


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children: asked first, forced after `GRACE_S`."""
    if os.name != "posix":
        from subprocess import run

        run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
        return
    _signal_group(process.pid, signal.SIGTERM)
    end = time.monotonic() + GRACE_S
    while process.poll() is None and time.monotonic() < end:
        time.sleep(_POLL_S)
    _signal_group(process.pid, signal.SIGKILL)  # children that outlive the first of the group, too
    process.wait()


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # it ended
        pass
