"""A real Dask scheduler with workers, each in a process of its own, over TCP on this computer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nifti_dicom_bridge
from support.oracles import module

MODULE = Path(nifti_dicom_bridge.__file__).parent.parent
QUIET = {"DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s"}


@dataclass
class Cluster:
    """Address of the scheduler, and the processes; the scheduler is the first."""

    address: str
    processes: list[subprocess.Popen] = field(default_factory=list)

    @property
    def scheduler(self) -> subprocess.Popen:
        return self.processes[0]

    @property
    def workers(self) -> list[subprocess.Popen]:
        return self.processes[1:]


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """Start a scheduler and workers; end them afterwards."""
    module("distributed")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "scheduler.json"
    running = Cluster("")
    try:
        running.processes.append(_start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                                        "--scheduler-file", file))  # fmt: skip
        running.address = _address_in(file)
        for n in range(workers):
            where = folder / f"worker{n}"
            running.processes.append(_start("worker", running.address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
                                            "--memory-limit", "0", "--local-directory", where))  # fmt: skip
        _wait_for_workers(running, workers)
        yield running
    finally:
        for process in running.processes:
            process.kill()
            process.wait()


def _start(kind: str, *arguments: object) -> subprocess.Popen:
    environment = {**os.environ, **QUIET, "PYTHONPATH": os.pathsep.join([str(MODULE), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "dask", kind, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _address_in(file: Path) -> str:
    for _ in range(1200):
        try:
            return json.loads(file.read_text("utf-8"))["address"]
        except (OSError, ValueError):
            time.sleep(0.1)
    raise TimeoutError("the scheduler did not start")


def _wait_for_workers(running: Cluster, count: int) -> None:
    from distributed import Client

    with Client(running.address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=120)
