"""Runs cases of the fuzz trial in this process, and appends a line for each to ``results.jsonl``."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import resource
import shutil
import sys
import time
import traceback
import warnings
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bases import make_bases
from commands import command
from mutations import mutate

from nifti_dicom_bridge.cli import main

LONGEST_S, MOST_KIB = 20.0, 2 << 20
INTERNAL = 70
"""Exit code of an error that nothing else caught."""


def main_loop(folder: Path, seed: int, start: int, stop: int) -> None:
    """Run the cases from `start` to `stop`."""
    bases = make_bases(folder / "bases")
    resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))
    warnings.simplefilter("ignore")
    for number in range(start, stop):
        (folder / "current").write_text(str(number), "ascii")
        result = run_case(folder, bases, seed, number)
        with open(folder / "results.jsonl", "a", encoding="utf-8", errors="backslashreplace") as lines:
            lines.write(json.dumps(result) + "\n")


def run_case(folder: Path, bases: dict[str, list[Path]], seed: int, number: int, keep: bool = False) -> dict[str, Any]:
    """Make a damaged input, run one command on it, and return what happened."""
    random = Random(f"{seed}:{number}")
    place = folder / "case"
    shutil.rmtree(place, ignore_errors=True)
    kind = random.choice(("dicom", "dicom", "nifti", "zarr"))
    base = random.choice(bases[kind])
    given, output = place / "in", place / "out"
    shutil.copytree(base, given)
    changes = damage(given, random)
    good = next(path for path in bases["nifti"] if path.name == "plain")
    arguments = command(kind, random, given, good, output)
    _reset_peak()
    before = time.process_time()
    code, trace = run(arguments)
    result = {
        "n": number,
        "base": f"{kind}/{base.name}",
        "changes": changes,
        "command": " ".join(_short(word, place) for word in arguments),
        "code": code,
        "cpu": round(time.process_time() - before, 2),
        "peak_kib": _peak(),
        "trace": trace,
    }
    if not keep:
        shutil.rmtree(place, ignore_errors=True)
    return result


def damage(given: Path, random: Random) -> list[str]:
    """Change one to three files of an input; sometimes remove one."""
    changes = []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        files = sorted(path for path in given.rglob("*") if path.is_file())
        if not files:
            break
        path = random.choice(files)
        if random.random() < 0.03:
            path.unlink()
            changes.append(f"{path.name}: removed")
        else:
            changes.append(mutate(path, random))
    return changes


def run(arguments: list[str]) -> tuple[Any, str]:
    """Return exit code and traceback of a command: what was caught by nothing, or by the handler of one entry."""
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code: Any = main([*arguments, "-vv"] if arguments[0] == "convert" and "-v" not in arguments else arguments)
    except BaseException as error:
        return f"uncaught {type(error).__name__}", _places("".join(traceback.format_exception(error)))
    printed = out.getvalue() + err.getvalue()
    return code, _places(printed) if "Traceback (most recent call last)" in printed else ""


def _places(text: str) -> str:
    """Return the last place in our code, the very last place and the error of a traceback."""
    frames = re.findall(r'File "([^"]+)", line (\d+), in (\S+)', text)
    ours = [
        f"{Path(file).parent.name}/{Path(file).name}:{line} {name}"
        for file, line, name in frames
        if "nifti_dicom_bridge" in file
    ]
    last = f"{Path(frames[-1][0]).name}:{frames[-1][1]}" if frames else ""
    errors = [
        line.strip() for line in text.splitlines() if re.match(r"\s*[A-Za-z_.]*(Error|Exception|Warning|Interrupt)\b", line)
    ]
    return f"{ours[-1] if ours else '?'} | {last} | {errors[-1][:160] if errors else ''}"


def _short(word: str, place: Path) -> str:
    return word.replace(str(place), "CASE")


def _family() -> list[str]:
    """Return the entries of /proc of this process and of its children, the decoders that run apart."""
    with contextlib.suppress(OSError):
        own = f"/proc/{os.getpid()}"
        return [own, *(f"/proc/{child}" for child in Path(f"{own}/task/{os.getpid()}/children").read_text().split())]
    return []


def _reset_peak() -> None:
    for member in _family():
        with contextlib.suppress(OSError):
            Path(f"{member}/clear_refs").write_text("5")


def _peak() -> int:
    """Return the largest memory since `_reset_peak`, of this process and its children together, KiB."""
    return sum(map(_peak_of, _family()))


def _peak_of(member: str) -> int:
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"{member}/status").read_text())
        return int(found[1]) if found else 0
    return 0


if __name__ == "__main__":
    os.environ["PYTHONWARNINGS"] = "ignore"
    main_loop(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
