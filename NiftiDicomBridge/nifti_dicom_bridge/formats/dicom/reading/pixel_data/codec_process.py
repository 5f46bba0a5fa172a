"""Decoders that may end the process on damaged data run in a process of their own, which is started again if it dies.

It writes that it is ready, reads requests from its standard input and writes answers to its standard output, which we pickle.
"""

from __future__ import annotations

import atexit
import math
import os
import pickle
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .....model.processes.process_groups import end_group, in_own_group
from .frame_codecs import Attributes, NotDecoded

if TYPE_CHECKING:
    import subprocess

START_S = 300.0
"""How long the process may take to start: its packages may be on a slow disk."""
LIMIT_S, LIMIT_S_PER_MB, LIMIT_S_PER_DECODED_MB = 60.0, 5.0, 1.0
"""How long decoding may take: in any case, for each megabyte of frames, and for each that they become."""
MOST_HALVINGS = 3
"""How often the time is halved after requests in a row that took too long: a series may have a thousand of them."""
LONGEST_END_S = 5.0
"""How long we wait for the process to end when ours ends."""
READY = b"ready\n"
"""The first that the process writes: one that ends before, or prints something else, has not seen any data."""
_PACKAGE = Path(__file__).resolve().parents[5]
_WORKER = "nifti_dicom_bridge.formats.dicom.reading.pixel_data.codec_worker"


def decode_in_process(syntax: str, attributes: Attributes, frames: Sequence[bytes]) -> np.ndarray | None:
    """Return frames (frames, rows, columns[, samples]) decoded in the other process; None without a Python that starts it.

    Raises
    ------
    NotDecoded
        If it cannot decode them, dies of them, or takes too long.
    """
    python = _python()
    return None if python is None else _WORKERS.decode(python, (syntax, attributes, list(frames)))


def _python() -> str | None:
    """Return the path of a Python interpreter with our packages; None in an application that has none."""
    if not sys.executable:  # an application without its launcher; not what is in the current folder
        return None
    folder = Path(sys.executable).parent
    names = [Path(sys.executable), *(folder / name for name in ("PythonSlicer", "PythonSlicer.exe"))]
    return next((str(path) for path in names if "python" in path.name.lower() and path.is_file()), None)


class _Workers:
    """The one process, and its lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()
        self._is_ready, self._unusable, self._timeouts = False, "", 0

    def decode(self, python: str, request: tuple[str, Attributes, list[bytes]]) -> np.ndarray | None:
        with self._lock:
            if python == self._unusable:
                return None
            process = self._running(python)
            with _Limit(process, START_S):
                is_started = self._started(process)
            if not is_started:
                self._unusable = python
                return None
            answer = self._answer(process, request)
        if isinstance(answer, str):
            raise NotDecoded(answer)
        return np.asarray(answer)

    def _answer(self, process: subprocess.Popen[bytes], request: tuple[str, Attributes, list[bytes]]) -> Any:
        with _Limit(process, _limit_s(*request) / 2 ** min(self._timeouts, MOST_HALVINGS)) as limit:
            try:
                answer = _ask(process, request)
            except (OSError, EOFError, pickle.UnpicklingError) as error:
                reason = "the decoder ended with an error of its own: the data are damaged"
                if limit.is_over:
                    self._timeouts += 1
                    reason = (
                        f"the decoder was stopped after {limit.seconds:.3g} s: the data are damaged, or the computer is busy"
                    )
                self.stop()
                raise NotDecoded(reason) from error
        self._timeouts = 0
        return answer

    def _running(self, python: str) -> subprocess.Popen[bytes]:
        import subprocess  # only few conversions need it

        if self._owner != os.getpid():  # a copy of the process that started it: its answers are for that one
            self._process, self._owner = None, os.getpid()
        if self._process is None or self._process.poll() is not None:
            paths = [str(_PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
            self._process = subprocess.Popen(
                [python, "-m", _WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                **in_own_group(), env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )  # fmt: skip
            self._is_ready = False
        return self._process

    def _started(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether the process has found its packages; one that has not is stopped."""
        if not self._is_ready:
            assert process.stdout is not None
            self._is_ready = process.stdout.read(len(READY)) == READY
            if not self._is_ready:
                self.stop()
        return self._is_ready

    def end(self) -> None:
        """Let the process end by itself, at the end of ours; kill one that does not."""
        process, self._process = self._process, None
        if self._owner != os.getpid() or process is None or process.stdin is None:
            return
        import subprocess

        try:
            process.stdin.close()
            process.wait(LONGEST_END_S)
        except (OSError, subprocess.TimeoutExpired):
            end_group(process)

    def end_at_once(self) -> None:
        """End the process and leave its pipes open: a thread that reads them, even this one below a signal, uses them."""
        if self._owner == os.getpid() and self._process is not None:
            end_group(self._process)

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        end_group(process)
        for pipe in (process.stdin, process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:  # what was not written yet
                pass


class _Limit:
    """Ends a process that takes longer than some seconds, so that reading from it ends, too."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self.process, self.seconds, self.is_over = process, seconds, False
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        self.is_over = True
        end_group(self.process)


def _limit_s(_: str, attributes: Attributes, frames: Sequence[bytes]) -> float:
    """Return how long decoding of frames may take."""
    samples = [int(attributes.get(name, 0)) for name in ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated")]
    decoded = len(frames) * math.prod(samples) / 8
    return LIMIT_S + (LIMIT_S_PER_MB * sum(map(len, frames)) + LIMIT_S_PER_DECODED_MB * decoded) / 1e6


def _ask(process: subprocess.Popen[bytes], request: Any) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    pickle.dump(request, process.stdin, pickle.HIGHEST_PROTOCOL)
    process.stdin.flush()
    return pickle.load(process.stdout)


def end_decoding() -> None:
    """End the process; a thread that waits for its answer goes on with an error. May be called when a signal arrives."""
    _WORKERS.end_at_once()


_WORKERS = _Workers()
atexit.register(_WORKERS.end)
