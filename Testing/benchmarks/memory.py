"""Peak memory of every conversion against the size of the image: see README.md in this folder."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import memory_inputs

LIMIT = 200
"""Megabytes that a conversion may take next to two slabs."""
SLAB = 4
"""Megabytes that are read, digested or compressed at once; twice as much where values are computed from them."""


class Case(NamedTuple):
    """One conversion: its name, what makes its inputs from those of `memory_inputs`, and the command behind ``convert``.

    `panel` is the title of the graph that it is drawn in, if it is.
    """

    name: str
    source: str
    options: list[str]
    panel: str = ""


Peaks = dict[str, dict[str, int]]
"""Name of a case → megabytes of voxels → peak memory in megabytes."""
IMAGES, DICOM = "to NIfTI and Zarr", "to DICOM"


CASES = (
    Case("CT files → .nii", "series", ["--to", "nifti", "--no-gzip"], IMAGES),
    Case("CT files → .nii.gz", "series", ["--to", "nifti"], IMAGES),
    Case("CT files → .zarr", "series", ["--to", "zarr"], IMAGES),
    Case(".nii → CT files", "nifti", ["--to", "dicom", "--uids", "keep"], DICOM),
    Case(".nii.gz → CT files", "packed", ["--to", "dicom", "--uids", "keep"], DICOM),
    Case(".zarr → CT files", "zarr", ["--to", "dicom", "--uids", "keep"], DICOM),
    Case(".zarr → .nii.gz", "zarr", ["--to", "nifti"], IMAGES),
    Case(".nii → .zarr", "nifti", ["--to", "zarr"], IMAGES),
    Case("edited .nii → derived CT", "edited", ["--to", "dicom"], DICOM),
    Case("edited .nii.gz of another tool → derived CT", "edited_packed", ["--to", "dicom"]),
    Case("edited floats → derived CT", "floats", ["--to", "dicom"]),
    Case("cropped .nii → derived CT", "cropped", ["--to", "dicom"]),
    Case("edited .nii in other slices → derived CT", "turned", ["--to", "dicom"]),
    Case("CT files → enhanced CT", "series", ["--to", "dicom", "--as", "enhanced-ct"]),
    Case(".nii → enhanced CT", "nifti", ["--to", "dicom", "--as", "enhanced-ct"]),
    Case("edited .zarr → derived CT", "edited_zarr", ["--to", "dicom"]),
    Case(".nii without record → CT files", "plain", ["--to", "dicom", "--as", "ct"]),
    Case(".nii without record → enhanced CT", "plain", ["--to", "dicom", "--as", "enhanced-ct"]),
    Case("compressed MetaImage → CT files", "metaimage", ["--to", "dicom", "--as", "ct"]),
    Case("real values → CT files", "real_values", ["--to", "dicom", "--as", "ct"], DICOM),
    Case("real values → Parametric Map", "real_values", ["--to", "dicom", "--as", "pm"], DICOM),
    Case("enhanced CT → .nii.gz", "enhanced", ["--to", "nifti"], IMAGES),
    Case("enhanced CT → .zarr", "enhanced", ["--to", "zarr"]),
    Case(".nii.gz → enhanced CT", "enhanced_nifti", ["--to", "dicom", "--uids", "keep"]),
    Case(".nii → enhanced CT with slopes", "slopes_nifti", ["--to", "dicom", "--uids", "keep"]),
    Case("edited .nii → derived enhanced CT", "edited_enhanced", ["--to", "dicom"]),
    Case("Segmentation → .nii.gz", "segmentation", ["--to", "nifti"], IMAGES),
    Case("Segmentation → .zarr", "segmentation", ["--to", "zarr"]),
    Case("label map → restored Segmentation", "segmentation_nifti", ["--to", "dicom", "--uids", "keep"]),
    Case("edited label map → derived Segmentation", "edited_segmentation", ["--to", "dicom"]),
    Case("label map without record → Segmentation", "labels", ["--to", "dicom", "--as", "seg"], DICOM),
    Case("label map without record → .zarr", "labels", ["--to", "zarr"]),
    Case(".hdr and .img → CT files", "pair", ["--to", "dicom", "--as", "ct"]),
    Case("colors with transparency → secondary capture", "colors", ["--to", "dicom", "--as", "sc"]),
    Case("complex voxels → MR files", "complex", ["--to", "dicom", "--as", "mr"]),
    Case("compressed NRRD, times first → .zarr", "times_first", ["--to", "zarr"]),
    Case("MetaImage of many files → CT files", "slices", ["--to", "dicom", "--as", "ct"]),
    Case("deflated enhanced CT → .nii", "deflated", ["--to", "nifti", "--no-gzip"]),
    Case("probabilities → .nii", "fractional", ["--to", "nifti", "--no-gzip"]),
    Case("probabilities → .zarr", "fractional", ["--to", "zarr"]),
    Case("probabilities → restored Segmentation", "fractional_nifti", ["--to", "dicom", "--uids", "keep"]),
    Case("edited probabilities → derived Segmentation", "edited_fractional", ["--to", "dicom"]),
    Case("CT files → legacy enhanced CT", "series", ["--to", "dicom", "--as", "legacy"]),
    Case("CT files → preview", "series", ["--to", "preview"]),
    Case("enhanced CT → preview", "enhanced", ["--to", "preview"]),
)


def peak(command: list[str]) -> float:
    """Run a process, and return the megabytes that it had in memory at most."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return usage.ru_maxrss / 1024


def measured(case: Case, folder: Path, output: Path, megabytes: int) -> float:
    """Return the peak memory of a case for an image of a size; its inputs are made first where they are not there."""
    source = folder / f"{case.source}_{megabytes}"
    if not source.exists():
        # in a process of its own: the peak memory of a process begins with the memory of the one that started it
        subprocess.run([sys.executable, memory_inputs.__file__, case.source, str(folder), str(megabytes)], check=True)
    shutil.rmtree(output, ignore_errors=True)
    command = [sys.executable, "-m", "nifti_dicom_bridge", "convert", str(source), "-o", str(output), "-q", "--jobs", "1"]
    return peak([*command, *case.options])


def main() -> int:
    """Print the table; fail where memory grows beyond the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048], help="megabytes of voxels")
    parser.add_argument("--only", default="", help="cases with this in their name")
    parser.add_argument("--drawn", action="store_true", help="cases that plot_memory.py draws")
    parser.add_argument("--results", type=Path, help="JSON file to which the results are added")
    parser.add_argument("--folder", type=Path, help="where to write inputs and outputs: ten times the largest size")
    parser.add_argument("--keep", action="store_true", help="keep the inputs in the folder, and use them again")
    arguments = parser.parse_args()
    cases = [case for case in CASES if arguments.only in case.name and (case.panel or not arguments.drawn)]
    known = arguments.results is not None and arguments.results.exists()
    peaks: Peaks = json.loads(arguments.results.read_text(encoding="utf-8")) if known else {}
    with tempfile.TemporaryDirectory(dir=arguments.folder) as temporary:
        for size in arguments.sizes:
            folder = arguments.folder if arguments.keep else Path(temporary, str(size))
            for case in cases:
                megabytes = measured(case, folder, Path(temporary, "output"), size)
                print(f"{size:5} MB  {case.name:48} {megabytes:5.0f} MB", flush=True)
                peaks.setdefault(case.name, {})[str(size)] = round(megabytes)
                if arguments.results is not None:
                    arguments.results.write_text(json.dumps(peaks, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            if not arguments.keep:
                shutil.rmtree(folder)
    return print_table(peaks, [case.name for case in cases], arguments.sizes)


def print_table(peaks: Peaks, names: list[str], sizes: list[int]) -> int:
    """Print a table, and return whether memory grows beyond the limit, as an exit code."""
    print(f"| | {' | '.join(f'{size} MB' for size in sizes)} |\n|---|{'---|' * len(sizes)}")
    for name in names:
        print(f"| {name} | {' | '.join(str(peaks[name][str(size)]) for size in sizes)} |")
    return int(max(peaks[name][str(size)] for name in names for size in sizes) > LIMIT + 2 * SLAB)


if __name__ == "__main__":
    sys.exit(main())
