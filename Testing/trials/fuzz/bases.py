"""The undamaged inputs of the fuzz trial: small phantoms, and what they become in every format."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Python"))

from nifti_dicom_bridge import ConversionOptions, Job, Target, Volume, convert, write
from phantoms import PHANTOMS

DICOM = (
    "classic_ct",
    "gantry_tilt",
    "uneven_spacing",
    "mr_4d",
    "pet_slopes",
    "echoes_and_phase",
    "without_position",
    "enhanced_mr",
    "enhanced_two_stacks",
    "cine",
    "dose_grid",
    "segmentation",
    "segmentation_fractional",
    "segmentation_label_map",
    "mosaic",
    "implicit",
    "big_endian",
    "deflated",
    "rle",
    "rle_color",
    "jpeg_ls",
    "jpeg_2000",
    "jpeg_baseline",
    "jpeg_baseline_color",
    "rle_multi_frame",
    "no_file_meta",
    "private_nested",
    "undefined_lengths",
    "group_lengths",
    "large_values",
    "many_items",
    "japanese",
    "charset_in_items",
    "numbers_of_all_kinds",
)
"""Phantoms that are mutated as DICOM."""
IMAGES = (
    "classic_ct",
    "mr_4d",
    "pet_slopes",
    "enhanced_mr",
    "segmentation",
    "mosaic",
    "large_values",
    "rle_color",
    "japanese",
)
"""Phantoms that are mutated as NIfTI and Zarr, too."""


def make_bases(folder: Path) -> dict[str, list[Path]]:
    """Return the folders of inputs by format; those that are missing are written."""
    for name in DICOM:
        if not (folder / "dicom" / name).is_dir():
            PHANTOMS[name].write(folder / "dicom" / name)
    for name in IMAGES:
        _converted(folder, "nifti", name, gzip=name in ("mr_4d", "segmentation"))
        _converted(folder, "zarr", name, pyramid=1 if name == "classic_ct" else 0)
    if not (folder / "nifti" / "plain").is_dir():
        _plain(folder / "nifti" / "plain")
        _labels(folder / "nifti" / "labels")
        _bids(folder / "nifti" / "bids")
        _plain_store(folder / "zarr" / "plain")
    return {kind: sorted(path for path in (folder / kind).iterdir() if path.is_dir()) for kind in ("dicom", "nifti", "zarr")}


def _converted(folder: Path, target: str, name: str, **options: object) -> None:
    output = folder / target / name
    if not output.is_dir():
        convert(Job([folder / "dicom" / name], output, ConversionOptions(Target(target), **options)))


def _volume(kind: str, *shape: int) -> Volume:
    count = int(np.prod(shape))
    affine = np.diag([-2.0, -2.0, 3.0, 1.0])
    affine[:3, 3] = 10.0, 12.0, -5.0
    return Volume(np.arange(count).reshape(shape).astype(kind), affine)


def _plain(folder: Path) -> None:
    folder.mkdir(parents=True)
    write(_volume("f4", 1, 4, 6, 5), folder / "plain.nii.gz")
    write(_volume("i2", 1, 4, 6, 5), folder / "whole.nii")


def _labels(folder: Path) -> None:
    folder.mkdir(parents=True)
    write(Volume(_volume("u1", 1, 4, 6, 5).array % 3, np.eye(4)), folder / "seg_dseg.nii")
    (folder / "seg_dseg.tsv").write_text("index\tname\tcolor\n1\tliver\t#ff0000\n2\tspleen\t#00ff00\n", "utf-8")


def _bids(folder: Path) -> None:
    place = folder / "sub-01" / "dwi"
    place.mkdir(parents=True)
    write(_volume("i2", 3, 4, 6, 5), place / "sub-01_dwi.nii.gz")
    (place / "sub-01_dwi.bval").write_text("0 1000 1000\n", "utf-8")
    (place / "sub-01_dwi.bvec").write_text("0 1 0\n0 0 1\n0 0 0\n", "utf-8")
    keys = {
        "Modality": "MR",
        "EchoTime": 0.03,
        "RepetitionTime": 2.0,
        "SliceTiming": [0.0, 0.5, 1.0, 1.5],
        "FlipAngle": 90,
        "PhaseEncodingDirection": "j-",
        "EffectiveEchoSpacing": 0.0005,
        "TotalReadoutTime": 0.03,
    }
    (place / "sub-01_dwi.json").write_text(json.dumps(keys, indent=1), "utf-8")
    (folder / "participants.tsv").write_text("participant_id\tage\tsex\tweight\nsub-01\t34\tF\t60\n", "utf-8")
    (folder / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}', "utf-8")


def _plain_store(folder: Path) -> None:
    folder.mkdir(parents=True)
    write(_volume("i2", 2, 4, 6, 5), folder / "plain.zarr", ConversionOptions(Target.ZARR))
