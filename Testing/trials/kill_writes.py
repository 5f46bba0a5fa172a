"""Kills conversions at every kind of change of the file system, and lets the disk fill up; counts what is lost.

Run ``python Testing/trials/kill_writes.py [KILLS [ERRORS [CASE]]]`` on Linux with a C compiler: KILLS (default 500) and
injected errors (default 300: ENOSPC, EDQUOT, EIO and EROFS in turn), spread evenly over all events of all cases. A small
library (`fault_preload.c`) is loaded before the C library, counts writes, renames, links, removals and new files below the
output folder, also those of libraries in C, and stops at the n-th one; a write is done by half before a kill. Then:

* at once: every file that existed is there, with its former content or that of its successor (**lost** otherwise);
* after the next run, ``--overwrite`` again or else ``--skip-existing``: the folder is what an undisturbed conversion makes of
  it (**mixed** if files are of two conversions or missing, **leftover** if there are others).

Prints one line per failure and a table; exit code 1 if there is a failure.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "Python"), str(HERE.parents[1] / "NiftiDicomBridge")]
ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)
LIBRARY = "NDB_FAULT_LIBRARY"
HOME = ".nifti-dicom-bridge"
REPORTS = {"report.json"}
"""Contain what the run did, which is less for the next one."""
UNCAUGHT = "Traceback", "unexpected error"


@dataclass
class Case:
    """One command, what its folder contains before, and what it contains after an undisturbed run."""

    name: str
    arguments: list[str]
    before: Path | None
    overwrite: bool
    expected: dict[str, bytes] = field(default_factory=dict)
    unstable: set[str] = field(default_factory=set)
    events: int = 0

    def command(self, out: Path, again: bool = False) -> list[str]:
        """Return the command line; that of the next run with `again`."""
        extra = ["--overwrite"] if self.overwrite else ["--skip-existing"] if again else []
        return ["convert", *(text.replace("OUT", str(out)) for text in self.arguments), "-o", str(out), *extra]


def listing(folder: Path) -> dict[str, bytes]:
    """Return everything below a folder, hidden files and folders too: name → content."""
    paths = sorted(folder.rglob("*")) if folder.exists() else []
    return {path.relative_to(folder).as_posix() + "/" * path.is_dir(): path.read_bytes() if path.is_file() else b""
            for path in paths}  # fmt: skip


# --- inputs and cases


def make_inputs(scratch: Path) -> None:
    """Write two versions of a study, with other voxels, and NIfTI images of both."""
    import pydicom
    from pydicom.uid import UID

    from nifti_dicom_bridge import to_nifti
    from phantoms import PHANTOMS

    for name in ("classic_ct", "mr_4d"):
        PHANTOMS[name].write(scratch / "new" / name)
        PHANTOMS[name].write(scratch / "old" / name)
    for path in sorted((scratch / "old").rglob("*.dcm")):
        data_set = pydicom.dcmread(path)
        data_set.PixelData = bytes(255 - value for value in data_set.PixelData)
        data_set.save_as(path)
    PHANTOMS["classic_ct"].write(scratch / "other")
    for path in sorted((scratch / "other").rglob("*.dcm")):  # another person, for a dataset that grows
        data_set = pydicom.dcmread(path)
        data_set.PatientID, data_set.StudyInstanceUID = "R2", UID(data_set.StudyInstanceUID + ".2")
        data_set.SeriesInstanceUID += ".2"
        data_set.SOPInstanceUID = data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID + ".2"
        data_set.save_as(path)
    for name in ("new", "old"):
        to_nifti(scratch / name, scratch / f"{name}-nifti")
    import nibabel
    import numpy as np

    (scratch / "key").write_text("0123456789abcdef" * 4)
    (scratch / "plain").mkdir()
    nibabel.save(
        nibabel.Nifti1Image(np.arange(60, dtype=np.int16).reshape(5, 4, 3), np.eye(4)), scratch / "plain" / "plain.nii"
    )


TARGETS = {
    "nifti": (["INPUT", "--to", "nifti"], "-nifti"),
    "dicom": (["INPUT-nifti", "--to", "dicom", "--uids", "keep"], ""),
    "zarr": (["INPUT", "--to", "zarr", "--pyramid", "1"], ""),
    "preview": (["INPUT", "--to", "preview", "--no-mp4", "--mosaic", "planes"], ""),
    "deidentify": (["INPUT", "--to", "dicom", "--deidentify", "--key-file", "KEY"], ""),
    "new-dicom": (["PLAIN", "--to", "dicom", "--as", "ct"], ""),
    "report": (["INPUT", "--to", "nifti", "--report", "OUT/report.json"], ""),
}


def make_cases(scratch: Path) -> Iterator[Case]:
    """Yield each target, into an empty folder and over former outputs; and datasets that are begun, grow and are replaced."""

    def arguments(words: list[str], version: str) -> list[str]:
        plain = str(scratch / "plain")
        places = {"INPUT": str(scratch / version), "PLAIN": plain, "KEY": str(scratch / "key")}
        return [_replaced(word, places) for word in words]

    for name, (words, _) in TARGETS.items():
        yield Case(name, arguments(words, "new"), None, False)
        before = scratch / "before" / name
        run(Case(name, arguments(words, "old"), None, False).command(before))
        _add_remains(before)
        yield Case(f"{name} --overwrite", arguments(words, "new"), before, True)
    bids = ["INPUT", "--to", "nifti", "--layout", "bids"]
    yield Case("bids", arguments(bids, "new"), None, False)
    before = scratch / "before" / "bids"
    run(Case("", arguments(bids, "other"), None, False).command(before))
    yield Case("bids append", arguments(bids, "new"), before, False)
    both = scratch / "before" / "bids-both"
    shutil.copytree(before, both)
    run(Case("", arguments(bids, "old"), None, False).command(both))
    yield Case("bids append --overwrite", arguments(bids, "new"), both, True)


def _replaced(word: str, places: dict[str, str]) -> str:
    for name, place in places.items():
        word = word.replace(name, place)
    return word


def _add_remains(folder: Path) -> None:
    """Add what former outputs had and new ones do not have: gradients, more slices."""
    for path in sorted(folder.rglob("*.nii.gz")):
        path.with_name(path.name.replace(".nii.gz", ".bval")).write_text("0 0\n")
    for path in sorted(folder.rglob("000001.dcm")):
        shutil.copy(path, path.with_name("000099.dcm"))


# --- children


def run(arguments: list[str]) -> tuple[int, str]:
    """Run the command line in a child process, and return its exit code and what it printed."""
    return _child(lambda: None, arguments)


def run_disturbed(arguments: list[str], root: Path, event: int, error: int) -> tuple[int, str]:
    """Run the command line, and kill it or let a call fail at an event."""
    return _child(lambda: library().fault_arm(os.fsencode(root), event, error), arguments)


def count_events(arguments: list[str], root: Path) -> int:
    """Return how many events a conversion has."""
    with tempfile.NamedTemporaryFile() as file:
        _child(lambda: library().fault_arm(os.fsencode(root), -1, 0), arguments, Path(file.name))
        return int(file.read() or 0)


def _child(before: Callable[[], None], arguments: list[str], counted: Path | None = None) -> tuple[int, str]:
    with tempfile.TemporaryFile() as output:
        process = os.fork()
        if process == 0:
            code = 99
            try:
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                from nifti_dicom_bridge.cli import main

                before()
                code = main(arguments)
                if counted is not None:
                    library().fault_disarm()
                    counted.write_text(str(library().fault_count()))
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                with contextlib.suppress(Exception):
                    sys.stdout.flush()
                    sys.stderr.flush()
                os._exit(code)
        status = os.waitpid(process, 0)[1]
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read().decode("utf-8", "replace")


def library() -> ctypes.CDLL:
    """Return the library that was loaded before all others."""
    loaded = ctypes.CDLL(os.environ[LIBRARY])
    loaded.fault_arm.argtypes = ctypes.c_char_p, ctypes.c_long, ctypes.c_int
    loaded.fault_count.restype = ctypes.c_long
    return loaded


# --- trials


class Trials:
    """Runs cases, and counts what went wrong."""

    def __init__(self, scratch: Path):
        self.out, self.failures, self.done = scratch / "out", Counter[str](), Counter[str]()

    def measure(self, case: Case) -> None:
        """Set what an undisturbed conversion gives, and how many events it has."""
        self._prepare(case)
        code, text = run(case.command(self.out))
        assert code == 0, text
        case.expected = listing(self.out)
        self._prepare(case)
        case.events = count_events(case.command(self.out), self.out)
        second = listing(self.out)
        assert case.expected.keys() == second.keys(), set(case.expected) ^ set(second)
        case.unstable = {name for name, content in second.items() if content != case.expected[name]} | REPORTS

    def kill(self, case: Case, event: int) -> None:
        """Kill a conversion at an event, and let the next one follow."""
        self._prepare(case)
        code, _ = run_disturbed(case.command(self.out), self.out, event, 0)
        self.done["kills" if code == -9 else "runs that ended before the event"] += 1
        self._check_at_once(case, f"kill {event}")
        self._check_next(case, f"kill {event}")

    def fail(self, case: Case, event: int, error: int) -> None:
        """Let a call of a conversion fail, and let the next one follow."""
        self._prepare(case)
        code, text = run_disturbed(case.command(self.out), self.out, event, error)
        what = f"{errno.errorcode[error]} {event}"
        self.done["errors"] += 1
        if code not in (0, 1, 2) or any(word in text for word in UNCAUGHT):
            self._report(case, what, f"uncaught: exit code {code}: {text[-600:]}")
        problem = self._differences(case)
        if code == 0 and problem and f"{HOME}/" not in problem:  # of temporary files the next run takes care
            self._report(case, what, f"silent: exit code 0: {problem}")
        self._check_at_once(case, what)
        self._check_next(case, what)

    def _prepare(self, case: Case) -> None:
        shutil.rmtree(self.out, ignore_errors=True)
        if case.before is not None:
            shutil.copytree(case.before, self.out)

    def _check_at_once(self, case: Case, what: str) -> None:
        before, now = listing(case.before) if case.before else {}, listing(self.out)
        for name, content in before.items():
            successor = case.expected.get(name)
            if name not in now and successor is not None:
                self._report(case, what, f"lost: {name} is missing")
            elif name in now and now[name] not in (content, successor) and name not in case.unstable:
                self._report(case, what, f"lost: {name} has other content")

    def _check_next(self, case: Case, what: str) -> None:
        code, text = run(case.command(self.out, again=True))
        if code != 0 and "report.json exists" not in text:
            self._report(case, what, f"next run: exit code {code}: {text[-600:]}")
        if problem := self._differences(case):
            self._report(case, what, problem)

    def _differences(self, case: Case) -> str:
        now = listing(self.out)
        if extra := now.keys() - case.expected.keys():
            return f"leftover: {sorted(extra)[:4]}"
        if missing := case.expected.keys() - now.keys():
            return f"mixed: {sorted(missing)[:4]} missing"
        other = [name for name in now if now[name] != case.expected[name] and name not in case.unstable]
        return f"mixed: {other[:4]} have other content" if other else self._mixed_series(now)

    def _mixed_series(self, now: dict[str, bytes]) -> str:
        import pydicom

        for folder in sorted({Path(name).parent for name in now if name.endswith(".dcm")}):
            paths = sorted((self.out / folder).glob("*.dcm"))
            series = {pydicom.dcmread(path, stop_before_pixels=True).SeriesInstanceUID for path in paths}
            if len(series) > 1:
                return f"mixed: {folder} has {len(series)} series"
        return ""

    def _report(self, case: Case, what: str, problem: str) -> None:
        self.failures[problem.partition(":")[0]] += 1
        print(f"{case.name}: {what}: {problem}", flush=True)


def spread(cases: list[Case], total: int) -> Iterator[tuple[Case, int]]:
    """Yield that many events, evenly over all events of all cases."""
    events = [(case, event) for case in cases for event in range(1, case.events + 1)]
    for n in range(min(total, len(events))):
        yield events[n * len(events) // min(total, len(events))]


def main(kills: int = 500, errors: int = 300, only: str = "") -> int:
    """Run all trials, or those of cases whose names contain a word."""
    if LIBRARY not in os.environ:
        return _again_with_library()
    import nifti_dicom_bridge.conversion.new_objects
    import nifti_dicom_bridge.conversion.to_bids
    import nifti_dicom_bridge.conversion.to_dicom
    import nifti_dicom_bridge.conversion.to_preview
    import nifti_dicom_bridge.conversion.to_zarr
    import nifti_dicom_bridge.html_report  # noqa: F401  # so that children need not import

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kill-writes-") as name:
        scratch = Path(name)
        process = os.fork()  # so that no threads exist where children are forked
        if process == 0:
            make_inputs(scratch)
            os._exit(0)
        assert os.waitpid(process, 0)[1] == 0
        trials, cases = Trials(scratch), [case for case in make_cases(scratch) if only in case.name]
        for case in cases:
            trials.measure(case)
            print(f"{case.name}: {case.events} events, {len(case.expected)} outputs", flush=True)
        for case, event in spread(cases, kills):
            trials.kill(case, event)
        for n, (case, event) in enumerate(spread(cases, errors)):
            trials.fail(case, event, ERRORS[n % len(ERRORS)])
    print(f"{dict(trials.done)} in {len(cases)} cases, {time.monotonic() - began:.0f} s: "
          f"{sum(trials.failures.values())} failures {dict(trials.failures)}")  # fmt: skip
    return int(bool(trials.failures))


def _again_with_library() -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fault_preload.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", path, HERE / "fault_preload.c", "-ldl"], check=True)
        environment = {**os.environ, LIBRARY: str(path), "LD_PRELOAD": str(path)}
        return subprocess.run([sys.executable, __file__, *sys.argv[1:]], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3]), *sys.argv[3:4]))
