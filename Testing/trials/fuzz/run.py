"""Damaged inputs through every command: counts what is not caught, aborts, hangs, or takes too much memory.

Run ``python Testing/trials/fuzz/run.py FOLDER [--first 0] [--count 30000] [--seed 1]``; run it again to go on where it was
stopped; several folders with different ranges run at the same time. Each case is defined by its seed and number alone:
``--show N`` makes its input again in ``FOLDER/case``, runs it and prints what happened. The cases
run in one process, which is started again when it ends. Prints a table at the end; exit code 1 if something is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LONGEST_S, MOST_KIB, POLL_S = 20.0, 2 << 20, 1.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=30000, help="number of the case before which it ends")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, metavar="N")
    parser.add_argument("--summary", action="store_true")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.show is not None:
        return show(arguments.folder, arguments.seed, arguments.show)
    while not arguments.summary and (start := max(arguments.first, _next(arguments.folder))) < arguments.count:
        watch(arguments.folder, arguments.seed, start, arguments.count)
    return summary(arguments.folder)


def watch(folder: Path, seed: int, start: int, stop: int) -> None:
    """Run cases in a process of their own until it ends; a case that ends the process is recorded here."""
    process = subprocess.Popen([sys.executable, str(HERE / "worker.py"), str(folder), str(seed), str(start), str(stop)])
    case, since, reason = -1, 0.0, ""
    while process.poll() is None:
        time.sleep(POLL_S)
        now, used, memory = _current(folder), _cpu(process.pid), _memory(process.pid)
        if now != case:
            case, since = now, used
        if used - since > LONGEST_S and now >= start:
            reason = "hang"
        if memory > 2 * MOST_KIB:
            reason = "memory"
        if reason:
            process.kill()
            process.wait()
    if process.returncode and _current(folder) >= max(start, _next(folder)):
        line = {"n": _current(folder), "code": reason or f"abort {process.returncode}", "trace": "", "cpu": 0, "peak_kib": 0}
        with open(folder / "results.jsonl", "a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")


def _next(folder: Path) -> int:
    found = results(folder)
    return max((result["n"] for result in found), default=-1) + 1


def results(folder: Path) -> list[dict[str, Any]]:
    """Return what happened so far."""
    path = folder / "results.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def _current(folder: Path) -> int:
    try:
        return int((folder / "current").read_text("ascii") or -1)
    except (OSError, ValueError):
        return -1


def _family(pid: int) -> list[int]:
    """Return a process and its living children, the decoders that run apart."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(member for child in children for member in _family(int(child)))]


def _cpu(pid: int) -> float:
    """Return the processor time of a process and its children, ended or not, s."""
    return sum(map(_own_cpu, _family(pid)))


def _own_cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> int:
    """Return the memory of a process and its children, KiB."""
    return sum(map(_own_memory, _family(pid)))


def _own_memory(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    except OSError:
        return 0


def show(folder: Path, seed: int, number: int) -> int:
    """Make the input of one case, run it, and print what happened."""
    sys.path.insert(0, str(HERE))
    import worker

    bases = worker.make_bases(folder / "bases")
    print(json.dumps(worker.run_case(folder, bases, seed, number, keep=True), indent=1))
    return 0


def summary(folder: Path) -> int:
    """Print how cases ended, and every place where something unexpected was raised."""
    found = results(folder)
    print(f"{len(found)} cases, exit codes {dict(Counter(str(result['code']) for result in found))}")
    longest, largest = max(result["cpu"] for result in found), max(result["peak_kib"] for result in found)
    print(f"longest {longest} s of processor time, largest memory {largest >> 10} MiB")
    wrong = [r for r in found if r["code"] not in (0, 1, 2) or r["cpu"] > LONGEST_S or r["peak_kib"] > MOST_KIB]
    for title, some in (
        ("wrong", wrong),
        ("unexpected, one entry failed", [r for r in found if r["trace"] and r not in wrong]),
    ):
        places: dict[str, list[int]] = {}
        for result in some:
            places.setdefault(f"{result['code']} {result['trace']}", []).append(result["n"])
        print(f"--- {title}: {len(some)} cases, {len(places)} places")
        for place, numbers in sorted(places.items(), key=lambda item: -len(item[1])):
            print(f"{len(numbers):5} {place}   e.g. {numbers[:3]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
