"""Processor time of whole processes against peers, in turn, in one run: see README.md in this folder."""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

import numpy as np
from compiled import use_compiled_modules

SLICES, SIZE = 300, 512
TYPE_2 = (
    "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyID",
    "PositionReferenceIndicator", "Manufacturer", "AcquisitionNumber", "KVP",
)  # fmt: skip
PLAIN_WRITE = "import sys, pydicom, pathlib\nfor p in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n" \
    "    pydicom.dcmread(p).save_as(pathlib.Path(sys.argv[2]) / p.name, enforce_file_format=True)"  # fmt: skip

READ_HEADERS = "import sys, pydicom, pathlib\nfor p in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n" \
    "    for e in pydicom.dcmread(p, stop_before_pixels=True).iterall(): e.value"  # fmt: skip


@dataclass
class Contest:
    """One comparison: our command, the peers' (the fastest counts), and the ratio that is good enough."""

    name: str
    ours: list[str]
    peers: dict[str, list[str]]
    limit: float
    size_limit: float = float("inf")
    seconds: dict[str, list[float]] = field(default_factory=dict)
    elapsed: dict[str, list[float]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    megabytes: float = 0.0


def pixels_of(images: Path | None) -> Iterator[np.ndarray]:
    """Yield planes without end: those of real images, or noise on a disc."""
    import pydicom
    from pydicom.misc import is_dicom

    paths = sorted(path for path in images.rglob("*") if path.is_file() and is_dicom(path)) if images else []
    real = [
        (ds.get("InstanceNumber"), ds.pixel_array)
        for ds in map(pydicom.dcmread, paths)
        if (ds.get("Rows"), ds.get("Columns")) == (SIZE, SIZE)
    ]
    if images is not None and not real:
        sys.exit(f"{images} has no images of {SIZE} × {SIZE} pixels")
    random = np.random.default_rng(0)
    y, x = np.mgrid[:SIZE, :SIZE]
    disc = ((x - SIZE / 2) ** 2 + (y - SIZE / 2) ** 2 < (0.4 * SIZE) ** 2) * 1050
    while True:
        for _, plane in sorted(real, key=itemgetter(0)):
            yield plane
        if not real:
            yield np.clip(disc + random.normal(24, 30, (SIZE, SIZE)), 0, 4095)  # air near 0, tissue at 50 HU


def make_ct(folder: Path, slices: int = SLICES, images: Path | None = None) -> None:
    """Write the series, 130 elements per instance."""
    import pydicom
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for k, stored in zip(range(slices), pixels_of(images), strict=False):
        ds = pydicom.Dataset()
        ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", generate_uid()
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame
        ds.ImageType, ds.Modality, ds.SeriesNumber, ds.InstanceNumber = ["ORIGINAL", "PRIMARY", "AXIAL"], "CT", "2", str(k + 1)
        ds.SeriesDescription, ds.PatientName, ds.PatientID, ds.PatientPosition = "Benchmark", "Bench^Mark", "1", "HFS"
        ds.ImagePositionPatient, ds.ImageOrientationPatient = ["-125", "-125", f"{k * 1.25:g}"], ["1", "0", "0", "0", "1", "0"]
        ds.PixelSpacing, ds.SliceThickness, ds.SliceLocation = ["0.5", "0.5"], "1.25", f"{k * 1.25:g}"
        ds.Rows = ds.Columns = SIZE
        ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 1
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.RescaleSlope, ds.RescaleIntercept = 16, 16, 15, "1", "-1024"
        for keyword in TYPE_2:
            setattr(ds, keyword, None)
        block = ds.private_block(0x0029, "BENCHMARK", create=True)
        for n in range(90):
            block.add_new(n, "LO", f"private value {n}")
        ds.PixelData = stored.astype("<i2").tobytes()
        ds["PixelData"].VR = "OW"
        ds.file_meta = pydicom.dataset.FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.save_as(folder / f"{k:04d}.dcm", enforce_file_format=True)


def contests(ct: Path, out: Path) -> list[Contest]:
    """Return what is measured."""
    bridge = [sys.executable, "-m", "nifti_dicom_bridge"]
    peer = [shutil.which("dcm2niix") or sys.exit("dcm2niix is not there: pip install dcm2niix")]

    def forth(*more: str) -> list[str]:
        return [*bridge, "convert", str(ct), "--to", "nifti", "-o", str(out / "ours"), "-q", *more]

    def dcm2niix(gzip: str) -> list[str]:
        return [*peer, "-z", gzip, "-f", "x", "-o", str(out / "peer"), str(ct)]

    back = [*bridge, "convert", str(out / "nifti"), "--to", "dicom", "-o", str(out / "ours"), "-q", "--uids", "keep"]
    plain = [sys.executable, "-c", PLAIN_WRITE, str(ct), str(out / "peer")]
    headers = [sys.executable, "-c", READ_HEADERS, str(ct)]
    zarr_peer = [sys.executable, str(Path(__file__).with_name("zarr_peer.py"))]
    nifti_peer = [sys.executable, str(Path(__file__).with_name("nifti_peer.py")), str(out / "packed"), str(out / "peer")]
    zarr_forth = [*bridge, "convert", str(ct), "--to", "zarr", "-o", str(out / "ours"), "-q"]
    zarr_back = [*bridge, "convert", str(out / "zarr"), "--to", "dicom", "-o", str(out / "ours"), "-q", "--uids", "keep"]
    return [
        Contest(".nii.gz", forth(), {"dcm2niix -z i": dcm2niix("i"), "dcm2niix -z y": dcm2niix("y")}, 0.25),
        Contest(".nii", forth("--no-gzip"), {"dcm2niix -z n": dcm2niix("n")}, 1.5),
        Contest("back to DICOM", back, {"pydicom dcmread, dcmwrite": plain}, 0.8),
        Contest("back from .nii.gz", [*back[:4], str(out / "packed"), *back[5:]], {"SimpleITK": nifti_peer}, 0.5),
        Contest(
            ".zarr", zarr_forth, {"SimpleITK, zarr": [*zarr_peer, "forth", str(ct), str(out / "peer" / "x.zarr")]}, 1.0, 1.02
        ),
        Contest(
            "zarr back to DICOM",
            zarr_back,
            {"zarr, SimpleITK": [*zarr_peer, "back", str(out / "peer.zarr"), str(out / "peer")]},
            1.0,
        ),
        *slicer_contests(out),
        Contest("validate", [*bridge, "validate", str(ct)], {"pydicom dcmread": headers}, 3.0),
        Contest("--help", [*bridge, "--help"], {"python -c pass": [sys.executable, "-c", "pass"]}, float("inf")),
    ]


def slicer_contests(out: Path) -> list[Contest]:
    """Return the loading of a NIfTI file with our sidecar into Slicer; none where Slicer's libraries are not installed."""
    if importlib.util.find_spec("slicer") is None or importlib.util.find_spec("PySide6") is None:
        return []
    load, image = [sys.executable, str(Path(__file__).with_name("slicer_load.py"))], str(out / "nifti" / "2_Benchmark.nii")
    return [Contest("load in Slicer", [*load, "ours", image], {"Slicer's reader": [*load, "slicer", image]}, 1.5)]


def run(command: Sequence[str], out: Path) -> tuple[float, float, float]:
    """Return processor seconds of all threads, seconds elapsed and peak MB of one process, with empty output folders."""
    for name in ("ours", "peer"):
        shutil.rmtree(out / name, ignore_errors=True)
    (out / "peer").mkdir()
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - start
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, elapsed, usage.ru_maxrss / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--runs", type=int, default=5)
    parser.add_argument("--only", default="", help="contests with this in their name")
    parser.add_argument(
        "--images", type=Path, metavar="FOLDER", help="DICOM files whose pixels replace the noise, again and again"
    )
    arguments = parser.parse_args()
    use_compiled_modules()
    runs, only = arguments.runs, arguments.only
    with tempfile.TemporaryDirectory() as temporary:
        ct, out = Path(temporary, "ct"), Path(temporary, "out")
        ct.mkdir(), out.mkdir()
        maker = multiprocessing.get_context("spawn").Process(target=make_ct, args=(ct, SLICES, arguments.images))
        maker.start()  # processes inherit the peak of their parent, which stays small without the images
        maker.join()
        if maker.exitcode:
            return 1
        setup = [sys.executable, "-m", "nifti_dicom_bridge", "convert", str(ct), "--to", "nifti", "-o", str(out / "nifti")]
        subprocess.run([*setup, "-q", "--no-gzip"], check=True)
        subprocess.run([*setup[:-1], str(out / "packed"), "-q"], check=True)
        subprocess.run([*setup[:-1], str(out / "zarr"), "-q", "--to", "zarr"], check=True)
        subprocess.run(
            [sys.executable, str(Path(__file__).with_name("zarr_peer.py")), "forth", str(ct), str(out / "peer.zarr")],
            check=True,
        )
        bad = [measure(contest, out, runs) for contest in contests(ct, out) if only in contest.name]
    return int(any(bad))


def measure(contest: Contest, out: Path, runs: int) -> bool:
    """Run a contest, print its row, and return whether its limit was passed."""
    commands = {"ours": contest.ours, **contest.peers}
    for _ in range(runs + 1):
        for name, command in commands.items():
            seconds, elapsed, megabytes = run(command, out)
            contest.seconds.setdefault(name, []).append(seconds)
            contest.elapsed.setdefault(name, []).append(elapsed)
            contest.sizes[name] = sum(p.stat().st_size for f in ("ours", "peer") for p in (out / f).rglob("*") if p.is_file())
            if name == "ours":
                contest.megabytes = max(contest.megabytes, megabytes)
    medians = {name: statistics.median(seconds[1:]) for name, seconds in contest.seconds.items()}  # the first warms up
    best = min(medians[name] for name in contest.peers)
    ratio = medians["ours"] / best
    elapsed = {name: statistics.median(seconds[1:]) for name, seconds in contest.elapsed.items()}
    of_elapsed = elapsed["ours"] / min(elapsed[name] for name in contest.peers)
    peers = ", ".join(f"{name} {medians[name]:.2f} s" for name in contest.peers)
    volume = SLICES * SIZE * SIZE * 2 / 2**20
    memory = f"peak {contest.megabytes:.0f} MB ({contest.megabytes / volume:.2f} × volume)"
    size = contest.sizes["ours"] / max(1, min(contest.sizes[name] for name in contest.peers))
    memory += f", {size:.3f} × the size of the peer's" if contest.size_limit < float("inf") else ""
    print(
        f"{contest.name:14} ours {medians['ours']:.2f} s, {memory}; {peers}; ratio {ratio:.2f} (wanted ≤ {contest.limit:g}), "
        f"of seconds elapsed {of_elapsed:.2f}",
        flush=True,
    )
    return ratio > contest.limit or size > contest.size_limit


if __name__ == "__main__":
    sys.exit(main())
