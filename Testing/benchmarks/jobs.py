"""How much of the processors several jobs use: processor time of the parent and of its workers, for 1 and for N jobs.

``python Testing/benchmarks/jobs.py FOLDER [convert options]``: FOLDER has many series. With T for what one job takes, S for
what only the parent does while no worker runs, M for what it does while they run, and W for the workers, N processors take
S + (M + W) / N. So the efficiency of a processor is T / (N · S + M + W), and that of a worker (T - S) / (M + W), whatever else
the machine does meanwhile.
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
import resource, sys, time
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.cli.process_settings import apply_settings, collect_rarely

meanwhile = 0.0

def counted(function):
    def with_count(*arguments):
        global meanwhile
        start = time.process_time()
        try:
            return function(*arguments)
        finally:
            meanwhile += time.process_time() - start
    return with_count

def prepare():
    collect_rarely()
    apply_settings()
    from nifti_dicom_bridge.conversion import planning, workers
    from nifti_dicom_bridge.formats.dicom.reading import found_files
    from nifti_dicom_bridge.formats.dicom.structure_sets import inventory
    in_copies = planning.computed_in_copies
    def with_own_share(compute, sizes, jobs, *rest, **options):
        options = {name: counted(option) for name, option in options.items()}
        return in_copies(counted(compute) if jobs > 1 else compute, sizes, jobs, *rest, **options)
    for module in (planning, found_files, inventory):
        module.computed_in_copies = with_own_share
    workers.run_in_processes = counted(workers.run_in_processes)

main(sys.argv[1:], prepare=prepare)
for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
    used = resource.getrusage(who)
    print(used.ru_utime + used.ru_stime)
print(meanwhile)
"""


class Used(NamedTuple):
    """Processor seconds of the process that was started, of its workers, and of the first while the others run."""

    parent: float
    workers: float
    meanwhile: float


def used_by(jobs: int, arguments: list[str]) -> Used:
    """Convert in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", CODE, "convert", *arguments, "-o", folder, "-q", "--jobs", str(jobs)]
        lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return Used(*map(float, lines[-3:]))


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
    alone = min(used.parent + used.workers for used in one)
    alone_in_parent = min(used.parent - used.meanwhile for used in several)
    together = min(used.workers + used.meanwhile for used in several)
    print(f"1 job {alone:.2f} s; {jobs} jobs: alone {alone_in_parent:.2f} s, workers and parent meanwhile {together:.2f} s")
    processor, worker = alone / (jobs * alone_in_parent + together), (alone - alone_in_parent) / together
    print(f"efficiency of a processor {processor:.2f}; of a worker {worker:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
