"""Commands of other programs: run with a time limit, ended with all their children, and what they printed last."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ...model.processes.process_groups import end_group, in_own_group

LAST_LINES, LAST_BYTES = 20, 1 << 14


@dataclass(frozen=True)
class Finished:
    """How a command ended.

    Attributes
    ----------
    exit_code : int or None
        None if it could not be started.
    problem : str
        Why it failed; empty if it did not.
    last_lines : str
        What it printed last.
    seconds : float
        How long it ran.
    """

    exit_code: int | None
    problem: str
    last_lines: str = ""
    seconds: float = 0.0


class Commands:
    """Runs commands in several threads; `stop` ends all of them, and none starts afterwards.

    Parameters
    ----------
    environment : mapping of str to str, optional
        All environment variables of the commands; by default those of this process.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = environment
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def run(self, words: Sequence[str], shell: bool, timeout: float | None, log: Path) -> Finished:
        """Run one command; what it prints goes to a file."""
        start = time.monotonic()
        with open(log, "wb") as output:
            try:
                process = self._start(words, shell, output)
            except OSError as error:
                name = words[0] if not shell else "the shell"
                return Finished(None, f"{name} cannot be started ({error.strerror}). Check that it is installed and on PATH")
            if process is None:
                return Finished(None, "stopped before it started")
            problem = self._wait(process, timeout, start)
        code, seconds = process.returncode, time.monotonic() - start
        return Finished(code, problem or _problem_of(code), last_lines_of(log), seconds)

    def _start(self, words: Sequence[str], shell: bool, output: IO[bytes]) -> subprocess.Popen[bytes] | None:
        """Start a process as the first of its group; None if commands have been stopped."""
        with self._lock:
            if self._stopped:
                return None
            process: subprocess.Popen[bytes] = subprocess.Popen(  # what the user wrote is run; file names in it are quoted
                words[0] if shell else list(words),
                shell=shell,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                **in_own_group(),
            )
            self._running.add(process)
            return process

    def _wait(self, process: subprocess.Popen[bytes], timeout: float | None, start: float) -> str:
        try:
            process.wait(timeout)
            return ""
        except subprocess.TimeoutExpired:
            end_group(process)
            return f"stopped after {time.monotonic() - start:.0f} s, the limit of timeout={timeout:g}"
        finally:
            with self._lock:
                self._running.discard(process)

    def stop(self) -> None:
        """End all commands and their children."""
        with self._lock:
            self._stopped, running = True, list(self._running)
        for process in running:
            end_group(process)


def _problem_of(code: int) -> str:
    if code == 0:
        return ""
    if code < 0:
        name = signal.Signals(-code).name if -code in list(signal.Signals) else f"signal {-code}"
        return f"ended by {name}"
    return f"exit code {code}"


def last_lines_of(log: Path) -> str:
    """Return the last lines of a file."""
    with open(log, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - LAST_BYTES))
        text = file.read().decode("utf-8", "replace")
    lines = [line.rsplit("\r", 1)[-1].rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return "\n".join([line for line in lines if line][-LAST_LINES:])
