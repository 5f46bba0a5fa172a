"""Random images: shapes, grids, data types, scales, units and containers of NIfTI."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
from nibabel.quaternions import quat2mat

from . import grids, values
from .trial import LABELS, RECAST, Trial

KINDS_WITH_TIMES = ("ct", "mr", "pet", "pm", "enhanced-mr", "enhanced-ct", "enhanced-pet", "recast-enhanced", "recast-legacy")
UNITS = ((2, 1.0, 0.65), (1, 1000.0, 0.12), (3, 0.001, 0.15), (0, 1.0, 0.08))
"""xyzt_units, mm per unit, probability."""
HALF_TURN = 1e-7
"""In nifti1_io, a quaternion whose real part squared is below is one of 180°."""
REFERENCES = ("", "same", "turned", "near", "partial", "several", "elsewhere", "other-space", "two-patients")
ODDS = (0.58, 0.09, 0.09, 0.05, 0.07, 0.05, 0.03, 0.02, 0.02)


def random_trial(number: int, seed: int, kind: str, folder: Path) -> Trial:
    """Write a random image, and return it."""
    random = np.random.default_rng([seed, number])
    reference = "" if kind in RECAST else str(random.choice(REFERENCES, p=ODDS))
    shape = _shape(random, kind)
    affine, sheared = grids.affine(random)
    reference = "" if sheared else reference  # a series with that grid may not be possible
    one = Trial(number, kind, folder / _name(random, kind), np.zeros(0), affine, reference)
    voxels, scale = values.of_kind(random, one, shape)
    _write(random, one, voxels, scale, sheared)
    _expect(one, sheared)
    if random.random() < 0.2:
        one.options["plane"] = str(random.choice(["axial", "coronal", "sagittal", "as-stored"]))
        one.traits.append(one.options["plane"])
    return one


def _shape(random: np.random.Generator, kind: str) -> tuple[int, ...]:
    shape = [int(n) for n in random.integers(2, 13, 3)]
    if random.random() < 0.1:
        shape[2] = 1
    if random.random() < 0.05:
        shape[int(random.integers(2))] = 1
    times = int(random.integers(2, 5)) if kind in KINDS_WITH_TIMES and random.random() < 0.25 else 1
    return (*shape, times)


def _name(random: np.random.Generator, kind: str) -> str:
    stem = "sub-01_T1w" if kind in RECAST else "image"
    return stem + str(random.choice([".nii", ".nii.gz", ".hdr"], p=[0.7, 0.22, 0.08]))


def _write(
    random: np.random.Generator, one: Trial, voxels: np.ndarray, scale: tuple[float, float] | None, sheared: bool
) -> None:
    unit, millimeters, _ = UNITS[int(random.choice(len(UNITS), p=[row[2] for row in UNITS]))]
    stored = one.affine.copy()
    stored[:3] /= millimeters
    make = nibabel.Nifti1Pair if one.path.suffix == ".hdr" else nibabel.Nifti1Image
    if make is nibabel.Nifti1Image and random.random() < 0.15:
        make = nibabel.Nifti2Image
        one.traits.append("nifti2")
    last = voxels.shape[3:] if voxels.ndim > 3 and voxels.shape[3] > 1 else ()
    voxels = voxels.reshape(voxels.shape[:3] + last)
    if voxels.ndim == 3 and voxels.shape[2] == 1 and random.random() < 0.3:
        voxels = voxels[:, :, 0]
        one.traits.append("2d")
    big = random.random() < 0.12 and voxels.dtype.fields is None
    header = make.header_class(endianness=">" if big else "<")
    header.set_data_dtype(voxels.dtype)
    image = make(voxels, stored, header, dtype=voxels.dtype)
    _place(random, image, one, stored, sheared, unit)
    if scale:
        image.header.set_slope_inter(*scale)
    if voxels.ndim == 4:
        image.header["pixdim"][4] = 2.0
    nibabel.save(image, one.path)
    one.affine = _affine_of(nibabel.load(one.path))
    one.affine[:3] *= millimeters
    one.traits += [str(voxels.dtype) if voxels.dtype.fields is None else "rgb", f"unit{unit}", *(["big"] if big else [])]


def _affine_of(image: nibabel.Nifti1Pair) -> np.ndarray:
    """Return voxels → RAS as nifti1_io computes it: nibabel makes more of the turns by nearly 180° exact ones."""
    header = image.header
    vector = np.array([header[f"quatern_{part}"] for part in "bcd"], np.float64)
    real = 1 - vector @ vector
    if header["sform_code"] > 0:
        return image.affine.astype(np.float64)
    if real < HALF_TURN:
        vector, real = vector / np.linalg.norm(vector), 0.0
    found = np.eye(4)
    zooms = header["pixdim"][1:4].astype(np.float64) * [1, 1, -1 if header["pixdim"][0] < 0 else 1]
    found[:3, :3] = quat2mat([np.sqrt(real), *vector]) * zooms
    found[:3, 3] = [header[f"qoffset_{axis}"] for axis in "xyz"]
    return found


def _place(
    random: np.random.Generator, image: nibabel.Nifti1Pair, one: Trial, affine: np.ndarray, sheared: bool, unit: int
) -> None:
    code = 4 if one.reference == "other-space" else int(random.choice([1, 2]))
    form = "sform" if sheared or code == 4 else str(random.choice(["sform", "qform", "both"]))
    image.set_sform(affine if form != "qform" else None, code if form != "qform" else 0)
    image.set_qform(affine if form != "sform" else None, code if form != "sform" else 0)
    image.header["xyzt_units"] = unit | int(random.choice([8, 16, 24]))
    one.traits += [form, *(["aligned"] if code == 2 and form != "sform" else [])]


def _expect(one: Trial, sheared: bool) -> None:
    """Set what may be refused, and what must be."""
    if one.kind not in LABELS:
        one.refusals["bound"] = r"is allowed|16 bits"
    if sheared:
        one.traits.append("sheared")
        one.refusals["shear"] = r"perpendicular"
    if "unit0" in one.traits or "unit1" in one.traits:
        one.refusals["units"] = r"units? of"
    if "aligned" in one.traits and one.reference in ("partial", "near", "several", "turned"):
        one.refusals["aligned"] = "aligned to another image"
    if "sform" in one.traits and one.reference == "partial":  # the same number of voxels as the reference, in another place
        one.refusals["unplaced"] = "sform_code 2 without a qform"
    if one.reference in ("elsewhere", "other-space", "two-patients"):
        one.must_refuse = {"elsewhere": "overlap", "other-space": "template|aligned", "two-patients": "patients"}[one.reference]
