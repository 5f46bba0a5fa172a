"""DICOM series for ``--reference``: on the grid of the image, rotated, next to it, of several patients."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np

from nifti_dicom_bridge import ConversionOptions, Job, Target, convert

from .trial import Trial

NEAR_VOXELS = 2e-4
FAR_MM = 5000.0


def make(one: Trial, folder: Path) -> Path | tuple[Path, ...]:
    """Write the reference of a trial, and return what to give as ``--reference``."""
    affine, shape = one.affine.copy(), list(one.real.shape[:3])
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if one.reference == "turned":
        affine, shape = _turned(one, affine, shape)
    elif one.reference == "near":
        affine[:3, 3] += affine[:3, 0] * NEAR_VOXELS
    elif one.reference == "partial":
        affine[:3, 3] += affine[:3, :3] @ (np.array(shape) // 2 + 0.3)
    elif one.reference == "elsewhere":
        affine[:3, 3] += FAR_MM + spacing.max() * 100
    if one.reference == "several":
        other = affine.copy()
        other[:3, 3] += affine[:3, :3] @ (np.array(shape) * 0.4)
        return _series(one, folder / "a", affine, shape, "P"), _series(one, folder / "b", other, [n + 3 for n in shape], "P")
    if one.reference == "two-patients":
        _series(one, folder / "both" / "a", affine, shape, "P")
        _series(one, folder / "both" / "b", affine, shape, "Q")
        return folder / "both"
    return _series(one, folder / "reference", affine, shape, "P")


def _turned(one: Trial, affine: np.ndarray, shape: list[int]) -> tuple[np.ndarray, list[int]]:
    """Return the same grid with axes in another order and direction."""
    random = np.random.default_rng(one.number)
    order, flips = random.permutation(3), random.choice([False, True], 3)
    found = np.eye(4)
    found[:3, :3], found[:3, 3] = affine[:3, order], affine[:3, 3]
    turned = [shape[axis] for axis in order]
    for axis in np.flatnonzero(flips):
        found[:3, 3] += found[:3, axis] * (turned[axis] - 1)
        found[:3, axis] *= -1
    return found, turned


def _series(one: Trial, folder: Path, affine: np.ndarray, shape: list[int], patient: str) -> Path:
    voxels = np.random.default_rng(one.number).integers(-900, 900, shape).astype(np.int16)
    image = nibabel.Nifti1Image(voxels, affine)
    image.set_sform(affine, 1)
    folder.mkdir(parents=True)
    path = folder.with_name(folder.name + ".nii")
    nibabel.save(image, path)
    modality = {"ct": "ct", "pet": "pet"}.get(one.kind.split("-")[-1], "mr")
    options = ConversionOptions(target=Target.DICOM, kind=modality, plane="as-stored", set_values={"PatientID": patient})
    report = convert(Job([path], folder, options))
    path.unlink()
    if not report.ok:
        raise RuntimeError(report.entries[0].error)
    return folder
