"""Time and memory against the number of instances of a series: see README.md in this folder."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from compiled import use_compiled_modules

SIZE, SLICES = 64, 10
COUNTS = (100, 1000, 10_000, 100_000)
PRIVATE = 90
PLAIN = "import sys, pydicom, pathlib\nfor p in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n" \
    "    pydicom.dcmread(p).save_as(pathlib.Path(sys.argv[2]) / p.name, enforce_file_format=True)"  # fmt: skip


class Run(NamedTuple):
    """What one process took: processor seconds of all its threads, seconds, megabytes at most."""

    processor_s: float
    wall_s: float
    megabytes: float


def make_series(folder: Path, count: int) -> None:
    """Write a functional MR series of this number of files: one header, in which a dozen values are replaced in every file."""
    import numpy as np

    folder.mkdir(parents=True)
    whole = _first_file(folder / "first.dcm")
    (folder / "first.dcm").unlink()
    random = np.random.default_rng(0)
    pixels = random.integers(0, 1200, (SLICES, SIZE, SIZE), np.uint16)
    values = {name: _place(whole, text) for name, text in _FIELDS.items()}
    head = bytearray(whole[: -SIZE * SIZE * 2])
    for n in range(count):
        time_, slice_ = divmod(n, SLICES)
        own = {
            "uid": f"1.2.826.0.1.3680043.10.99.1{n:09d}", "number": f"{n + 1:06d}", "time": f"{time_ + 1:06d}",
            "position": f"{slice_ * 3.5:+010.3f}", "location": f"{slice_ * 3.5:+011.3f}",
            "content": f"{_clock(time_ * 2)}.000000", "private": f"{random.integers(10**9):012d}",
        }  # fmt: skip
        for name, text in own.items():
            for start in values[name]:
                head[start : start + len(text)] = text.encode()
        noise = pixels[slice_] + np.uint16(n % 7)
        (folder / f"IM{n:06d}.dcm").write_bytes(bytes(head) + noise.tobytes())


_FIELDS = {
    "uid": "1.2.826.0.1.3680043.10.99.1999999999", "number": "999999", "time": "888888", "position": "+77777.777",
    "location": "+666666.666", "content": "225555.000000", "private": "444444444444",
}  # fmt: skip
"""Placeholders, which occur in the file for these values alone."""


def _clock(seconds: int) -> str:
    """Return a time of day, after midnight once more from 0."""
    minutes, second = divmod(seconds, 60)
    return f"{minutes // 60 % 24:02d}{minutes % 60:02d}{second:02d}"


def _place(whole: bytes, text: str) -> list[int]:
    """Return where a placeholder occurs."""
    starts, start = [], whole.find(text.encode())
    while start >= 0:
        starts.append(start)
        start = whole.find(text.encode(), start + 1)
    return starts


def _first_file(path: Path) -> bytes:
    import pydicom
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    ds = pydicom.Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", _FIELDS["uid"]
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = generate_uid(), generate_uid(), generate_uid()
    ds.ImageType, ds.Modality, ds.SeriesNumber, ds.InstanceNumber = ["ORIGINAL", "PRIMARY", "M"], "MR", "2", _FIELDS["number"]
    ds.SeriesDescription, ds.PatientName, ds.PatientID, ds.PatientPosition = "fMRI", "Bench^Mark", "1", "HFS"
    ds.ImagePositionPatient = ["-112", "-112", _FIELDS["position"]]
    ds.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    ds.PixelSpacing, ds.SliceThickness, ds.SliceLocation = ["3.5", "3.5"], "3.5", _FIELDS["location"]
    ds.TemporalPositionIdentifier, ds.ContentTime = _FIELDS["time"], _FIELDS["content"]
    ds.RepetitionTime, ds.EchoTime, ds.FlipAngle, ds.MagneticFieldStrength = "2000", "30", "80", "3"
    ds.Rows = ds.Columns = SIZE
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 12, 11
    block = ds.private_block(0x0029, "BENCHMARK", create=True)
    for n in range(PRIVATE):
        block.add_new(n, "LO", f"private value {n}")
    block.add_new(PRIVATE, "LO", _FIELDS["private"])
    ds.PixelData = bytes(SIZE * SIZE * 2)
    ds["PixelData"].VR = "OW"
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(path, enforce_file_format=True)
    return path.read_bytes()


def measured(command: Sequence[str]) -> Run:
    """Run a process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return Run(usage.ru_utime + usage.ru_stime, time.perf_counter() - start, usage.ru_maxrss / 1024)


def commands(series: Path, out: Path, few: bool) -> Iterator[tuple[str, list[str]]]:
    """Yield what is measured: ours and the peers in turn; pydicom only with few files, as it takes minutes."""
    bridge = [sys.executable, "-m", "nifti_dicom_bridge"]
    yield "inspect", [*bridge, "inspect", str(series), "--json"]
    yield "to .nii.gz", [*bridge, "convert", str(series), "--to", "nifti", "-o", str(out / "nifti"), "-q", "--overwrite"]
    yield "dcm2niix -z y", [shutil.which("dcm2niix") or "dcm2niix", "-z", "y", "-f", "x", "-o", str(out / "peer"), str(series)]
    back = [*bridge, "convert", str(out / "nifti"), "--to", "dicom", "-o", str(out / "back"), "-q", "--uids", "keep"]
    if few:
        yield "back to DICOM", back
        yield "compare", [*bridge, "compare", str(series), str(out / "back")]
        yield "pydicom read and write", [sys.executable, "-c", PLAIN, str(series), str(out / "plain")]


def main() -> int:
    """Measure, and write the results as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--runs", type=int, default=3)
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--most-back", type=int, default=10_000, help="the way back only up to this number of files")
    parser.add_argument("-o", "--output", type=Path, default=Path("many_files.json"))
    parser.add_argument("--folder", type=Path, help="where to write the series, of about 13 kB a file")
    parser.add_argument("--make", type=Path, help="only write a series into this new folder")
    arguments = parser.parse_args()
    if arguments.make:
        make_series(arguments.make, arguments.counts[0])
        return 0
    use_compiled_modules()
    results: dict[str, dict[int, list[Run]]] = {}
    with tempfile.TemporaryDirectory(dir=arguments.folder) as temporary:
        for count in arguments.counts:
            series, out = Path(temporary, str(count)), Path(temporary, "out")
            # in a process of its own: the peak memory of a process begins with the memory of the one that started it
            subprocess.run([sys.executable, __file__, "--make", str(series), "--counts", str(count)], check=True)
            for _ in range(arguments.runs):
                shutil.rmtree(out, ignore_errors=True)
                (out / "peer").mkdir(parents=True)
                (out / "plain").mkdir()
                for name, command in commands(series, out, count <= arguments.most_back):
                    run = measured(command)
                    results.setdefault(name, {}).setdefault(count, []).append(run)
                    print(
                        f"{count:7} {name:24} {run.processor_s:8.2f} s {run.wall_s:8.2f} s wall {run.megabytes:6.0f} MB",
                        flush=True,
                    )
                    arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
            shutil.rmtree(series)
    return 0


if __name__ == "__main__":
    sys.exit(main())
