"""How much of the processors several jobs use: processor time of the parent and of its workers, for 1 and for N jobs.

``python Testing/benchmarks/jobs.py FOLDER [convert options]``: FOLDER has many series. With S for what only the parent does, W
for the rest with one job, and W' for it with N jobs, N processors take S + W' / N. So the efficiency of a processor is
(S + W) / (N · S + W'), and that of a worker W / W', whatever else the machine does meanwhile.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from compiled import use_compiled_modules

RUNS = 3
CODE = """
import resource, sys
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.cli.process_settings import apply_settings
main(sys.argv[1:], prepare=apply_settings)
for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
    used = resource.getrusage(who)
    print(used.ru_utime + used.ru_stime)
"""


class Used(NamedTuple):
    """Processor seconds of the process that was started, and of its workers."""

    parent: float
    workers: float


def used_by(jobs: int, arguments: list[str]) -> Used:
    """Convert in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", CODE, "convert", *arguments, "-o", folder, "-q", "--jobs", str(jobs)]
        lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return Used(*map(float, lines[-2:]))


def main() -> int:
    """Measure in turn, take the smallest of each, and print."""
    arguments, jobs = sys.argv[1:], len(os.sched_getaffinity(0))
    if not arguments or not Path(arguments[0]).is_dir():
        sys.exit(__doc__)
    use_compiled_modules()
    one, several = [], []
    for _ in range(RUNS):
        one.append(used_by(1, arguments))
        several.append(used_by(jobs, arguments))
    alone, parent, workers = min(sum(used) for used in one), min(u.parent for u in several), min(u.workers for u in several)
    print(f"1 job {alone:.2f} s; {jobs} jobs: parent {parent:.2f} s, workers {workers:.2f} s")
    print(f"efficiency of a processor {alone / (jobs * parent + workers):.2f}; of a worker {(alone - parent) / workers:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
