"""Megabytes per second of processor time, for the arithmetic of docs/scale.md: whole processes with one job.

``python Testing/benchmarks/throughput.py [FOLDER]``: FOLDER with images of your own is measured, too. Processor time is that of
the process and of those it starts; apart from caches, it does not depend on what else the machine does.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from compiled import use_compiled_modules

ROOT = Path(__file__).resolve().parent.parent.parent
SMALL_FILES, SMALL_SIZE = 5000, 64
MEGABYTE = 1e6
RUNS = 3
"""Of each row; the least processor time is that which other programs disturb least."""


def make_small(folder: Path) -> None:
    """Write a series of many small files: single slices of MR over time."""
    import pydicom
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    random, series, study = np.random.default_rng(0), generate_uid(), generate_uid()
    for n in range(SMALL_FILES):
        time, k = divmod(n, 25)
        ds = pydicom.Dataset()
        ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", generate_uid()
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, study
        ds.ImageType, ds.Modality, ds.SeriesNumber, ds.InstanceNumber = ["ORIGINAL", "PRIMARY", "M"], "MR", "3", str(n + 1)
        ds.SeriesDescription, ds.PatientName, ds.PatientID, ds.PatientPosition = "Small", "Bench^Mark", "1", "HFS"
        ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions, ds.MRAcquisitionType = "EP", "SK", "", "2D"
        ds.EchoTime, ds.RepetitionTime, ds.TemporalPositionIdentifier = "30", "2000", str(time + 1)
        ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 3 * k]
        ds.PixelSpacing, ds.SliceThickness = [3, 3], "3"
        ds.Rows = ds.Columns = SMALL_SIZE
        ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 12, 11
        ds.PixelData = random.integers(0, 900, (SMALL_SIZE, SMALL_SIZE), np.uint16).tobytes()
        ds.file_meta = pydicom.dataset.FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.save_as(folder / f"{n:05}.dcm", enforce_file_format=True)


def size_of(folder: Path) -> tuple[int, int]:
    """Return number and bytes of the files below a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return len(files), sum(path.stat().st_size for path in files)


def measure(name: str, source: Path, output: Path, *options: str) -> None:
    """Convert a folder several times, and print a row of the table for the least processor time."""
    command = [sys.executable, "-m", "nifti_dicom_bridge", "convert", str(source), "--jobs", "1", "-q"]
    seconds = min(used_by([*command, "-o", str(output / str(n)), *options]) for n in range(RUNS))
    (count, read), (_, written) = size_of(source), size_of(output / "0")
    print(f"| {name} | {count} | {read / MEGABYTE:.0f} MB | {seconds:.2f} s | {read / MEGABYTE / seconds:.0f} MB/s "
          f"| {count / seconds:.0f} | {written / read:.2f} |", flush=True)  # fmt: skip


def used_by(command: list[str]) -> float:
    """Return the processor seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, check=False, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT / "NiftiDicomBridge")}
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the table."""
    use_compiled_modules()
    path = Path(__file__).with_name("run.py")
    spec = importlib.util.spec_from_file_location("benchmark_run", path)
    assert spec is not None
    assert spec.loader is not None
    run = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = run
    spec.loader.exec_module(run)
    print("| | files | read | processor time | per core | files per s | written / read |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("ct", "small"):
            (folder / name).mkdir()
        run.make_ct(folder / "ct")
        make_small(folder / "small")
        ct, small = folder / "ct", folder / "small"
        measure("CT, 300 files of 512 × 512, to `.nii.gz`", ct, folder / "ct_nii", "--to", "nifti")
        measure("the same to `.nii`", ct, folder / "plain", "--to", "nifti", "--no-gzip")
        measure("the same to BIDS, de-identified", ct, folder / "bids", "--to", "nifti", "--layout", "bids", "--deidentify")
        measure("`.nii.gz` back to 300 files", folder / "ct_nii" / "0", folder / "back", "--to", "dicom")
        measure(f"MR, {SMALL_FILES} files of 64 × 64, to `.nii.gz`", small, folder / "small_nii", "--to", "nifti")
        measure(f"`.nii.gz` back to {SMALL_FILES} files", folder / "small_nii" / "0", folder / "back_small", "--to", "dicom")
        for given in sys.argv[1:]:
            measure("given folder, to `.nii.gz`", Path(given), folder / "given", "--to", "nifti")
        seconds = min(used_by([sys.executable, "-m", "nifti_dicom_bridge", "inspect", str(small)]) for _ in range(RUNS))
        print(f"| headers only (`inspect`), MR, {SMALL_FILES} files | {SMALL_FILES} | | {seconds:.2f} s | "
              f"| {SMALL_FILES / seconds:.0f} | |")  # fmt: skip


if __name__ == "__main__":
    main()
