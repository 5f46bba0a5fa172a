"""Random NIfTI images → DICOM of every kind, read back by programs that others wrote; counts what differs.

Run ``python -m sweep [COUNT [SEED [RECORD]]]`` in Testing/trials. RECORD is a file with one line of JSON per trial; trials
that it contains already are not repeated, so that a run can be stopped and continued. Readers: pydicom frame by frame,
SimpleITK and dcm2niix (images), highdicom and dcmqi (SEG, PM), dciodvfy and our own `validate` (errors), and the way back:
DICOM → NIfTI or Zarr → DICOM must give the same files. A value is wrong if it differs by more than the stated bound (1e-4 of
the range, or the precision of the values), a position if it differs by more than 1e-3 of a voxel. A refusal is wrong unless the
image has a property for which it is documented. Prints one line per failure and the totals; exit code 1 if there is one.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from .checks import check
from .images import random_trial
from .trial import KINDS


def main(count: int = 300, seed: int = 1, record: Path | None = None) -> int:
    """Run trials, and return the exit code."""
    done = {row["number"]: row for row in _rows(record) if row["seed"] == seed}
    for number in range(count):
        if number not in done:
            done[number] = _run(number, seed)
            if record is not None:
                with record.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(done[number]) + "\n")
        for problem in done[number]["problems"]:
            print(f"{number} {done[number]['kind']} {' '.join(done[number]['traits'])}: {problem}", flush=True)
    return _totals([row for number, row in done.items() if number < count], seed)


def _rows(record: Path | None) -> list[dict[str, Any]]:
    if record is None or not record.exists():
        return []
    return [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]


def _run(number: int, seed: int) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="sweep-"))
    kind = KINDS[number % len(KINDS)]
    row: dict[str, Any] = {"number": number, "seed": seed, "kind": kind, "traits": [], "refused": ""}
    try:
        one = random_trial(number, seed, kind, folder)
        row |= {"traits": [str(one.real.shape), one.reference, *one.traits], "reference": one.reference}
        row["problems"], row["refused"] = check(one, folder)
    except Exception as error:  # a traceback is the worst of findings
        place = traceback.extract_tb(error.__traceback__)[-1]
        row["problems"] = [f"traceback: {type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"]
    shutil.rmtree(folder)
    return row


def _totals(rows: list[dict[str, Any]], seed: int) -> int:
    failures = Counter(problem.split(":")[0] for row in rows for problem in row["problems"])
    refused = sum(bool(row["refused"]) for row in rows)
    kinds = Counter(row["kind"] for row in rows)
    print(f"{len(rows)} images of {len(kinds)} kinds, seed {seed}: {refused} refused, problems: {dict(failures) or 0}")
    return int(bool(failures))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(*map(int, arguments[:2]), *map(Path, arguments[2:3])))
