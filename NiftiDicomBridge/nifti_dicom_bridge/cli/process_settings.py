"""Settings of a process that does nothing but run one command: they save a tenth to a quarter of its processor time.

They are not for Slicer and other programs that call `main`: those have settings of their own.
"""

from __future__ import annotations

import gc
import os
import sys

_THREADS = "OPENBLAS_NUM_THREADS"
_OBJECTS = 100_000
"""New objects before Python looks for cycles; by default 700, less than the elements of a dozen files."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MOST_ARENAS = -1, -3, -8
"""Parameters of mallopt in glibc."""
_KEPT_BYTES, _LARGEST_KEPT = 1 << 26, 1 << 25
"""Freed memory that is used again instead of being returned and cleared by the system, in all and of one array: the most that
glibc chooses itself, but only after a while."""


def collect_rarely() -> None:
    """Look for cycles of objects rarely: modules, classes and headers stay as long as the process."""
    gc.set_threshold(_OBJECTS, 20, 20)


def collect_no_more() -> None:
    """Spare the process the two searches for cycles at its end: the system frees its memory anyway."""
    gc.freeze()


def apply_settings() -> None:
    """Change the settings of this process; called before a command runs."""
    _import_numpy()
    if sys.platform == "linux":
        _keep_freed_memory()


def _import_numpy() -> None:
    """Import NumPy without threads for linear algebra: our matrices have four rows, and further threads only wait.

    The environment is as before afterwards, as programs that are started from here may need their threads.
    """
    is_chosen = _THREADS in os.environ
    os.environ.setdefault(_THREADS, "1")
    try:
        import numpy  # noqa: F401
    finally:
        if not is_chosen:
            del os.environ[_THREADS]


def _keep_freed_memory() -> None:
    """Let blocks of voxels reuse the memory of the ones before; nothing happens where the C library is not glibc."""
    import ctypes

    set_parameter = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_parameter is not None:
        set_parameter(_TRIM_THRESHOLD, _KEPT_BYTES)
        set_parameter(_MMAP_THRESHOLD, _LARGEST_KEPT)
        set_parameter(_MOST_ARENAS, 1)  # or each thread keeps memory of its own
