"""Memory that is free in the process, but not yet returned to the system."""

from __future__ import annotations

import sys


def return_freed_memory() -> None:
    """Return what blocks of voxels needed: between two phases, where what comes next are small objects, which do not reuse it.

    Nothing happens where the C library is not glibc.
    """
    if sys.platform != "linux":
        return
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
