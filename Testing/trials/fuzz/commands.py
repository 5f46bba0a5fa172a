"""The commands that the fuzz trial runs on a damaged input."""

from __future__ import annotations

from pathlib import Path
from random import Random

FROM_DICOM = (
    "convert IN --to nifti -o OUT -v",
    "convert IN --to nifti -o OUT --no-gzip --deidentify",
    "convert IN --to nifti -o OUT --layout bids",
    "convert IN --to nifti -o OUT --resample tilt,spacing --report OUT.json",
    "convert IN --to zarr -o OUT",
    "convert IN --to zarr -o OUT --pyramid 2 --shards",
    "convert IN --to zarr -o OUT --deidentify",
    "convert IN --to preview -o OUT",
    "convert IN --to preview -o OUT --deidentify --mosaic planes",
    "convert IN --to dicom -o OUT --uids keep --names original",
    "convert IN --to dicom -o OUT --deidentify",
    "convert IN --to dicom -o OUT --set PatientID=7",
    "convert IN --to dicom -o OUT --as legacy-enhanced",
    "convert IN --to dicom -o OUT --as sc",
    "convert IN --to dicom -o OUT --as enhanced-mr",
    "convert IN --to dicom -o OUT --as seg",
    "convert GOOD --to dicom -o OUT --as pm --reference IN",
    "convert GOOD --to dicom -o OUT --study-from IN",
    "convert IN --to nifti -o OUT --report OUT.html",
    "inspect IN",
    "inspect IN --json",
    "compare IN IN",
    "compare IN GOOD",
    "validate IN",
    "validate IN --json",
)
FROM_IMAGES = (
    "convert IN --to dicom -o OUT",
    "convert IN --to dicom -o OUT --uids keep --names original",
    "convert IN --to dicom -o OUT --deidentify",
    "convert IN --to dicom -o OUT --as seg",
    "convert IN --to dicom -o OUT --as pm",
    "convert IN --to dicom -o OUT --as ct",
    "convert IN --to dicom -o OUT --as enhanced-mr",
    "convert IN --to dicom -o OUT --as sc --set PatientID=7",
    "convert IN --to zarr -o OUT",
    "convert IN --to zarr -o OUT --pyramid 1 --deidentify",
    "convert IN --to preview -o OUT",
    "convert IN --to preview -o OUT --deidentify",
    "convert IN --to dicom -o OUT --report OUT.html",
    "convert IN --to nifti -o OUT",
    "inspect IN",
    "inspect IN --json",
    "compare IN GOOD",
    "compare IN IN",
    "validate IN",
)


def command(kind: str, random: Random, given: Path, good: Path, output: Path) -> list[str]:
    """Return the arguments of one command for an input of a kind."""
    words = random.choice(FROM_DICOM if kind == "dicom" else FROM_IMAGES).split()
    names = {
        "IN": str(given),
        "GOOD": str(good),
        "OUT": str(output),
        "OUT.json": f"{output}.json",
        "OUT.html": f"{output}.html",
    }
    return [names.get(word, word) for word in words]
