"""Programs of others that read created objects, each as voxels and affine."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from nifti_dicom_bridge.labels import number_in_description

from .compare import FLIP

Grid = tuple[np.ndarray, np.ndarray]
"""Voxels (i, j, k[, t]) and their affine, RAS in mm."""


def by_simpleitk(files: list[Path]) -> Grid:
    """Read files of one time, or one file of several frames."""
    import SimpleITK

    if len(files) == 1:
        return _of_itk(SimpleITK.ReadImage(str(files[0])))
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(files[0].parent)))
    return _of_itk(reader.Execute())


def _of_itk(image: Any) -> Grid:
    import SimpleITK

    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) @ np.diag(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0).astype(np.float64), FLIP @ affine


def by_dcm2niix(folder: Path, scratch: Path) -> list[Grid]:
    """Read all images of a folder; resampled copies are left out."""
    scratch.mkdir(exist_ok=True)
    subprocess.run(["dcm2niix", "-b", "n", "-f", "%j_%s_%i", "-o", scratch, folder], capture_output=True, check=False)
    paths = [path for path in sorted(scratch.glob("*.nii")) if "_Eq" not in path.name and "_Tilt" not in path.name]
    return [of_nibabel(path) for path in paths]


def of_nibabel(path: Path) -> Grid:
    """Return an image as nibabel reads it; colors along the last axis."""
    image = nibabel.load(path)
    raw = np.asanyarray(image.dataobj)
    if raw.dtype.fields is None:
        return np.asarray(raw, np.complex128 if np.iscomplexobj(raw) else np.float64), image.affine
    colors = np.stack([raw[name] for name in ("R", "G", "B")], -1).astype(np.float64)
    return (colors[..., None, :] if colors.ndim == 4 else colors), image.affine


def by_highdicom(file: Path) -> Grid:
    """Read an image of several frames, a Parametric Map, or a Segmentation as labels or fractions."""
    import highdicom
    import pydicom

    ds = pydicom.dcmread(file)
    if "SegmentSequence" not in ds:
        found = highdicom.imread(file).get_volume()
        return np.asarray(found.array, np.float64), FLIP @ found.affine
    segmentation = highdicom.seg.segread(file)
    fractional = ds.SegmentationType == "FRACTIONAL"
    found = segmentation.get_volume(combine_segments=not fractional)
    array = found.array[..., 0] if fractional else _labels(segmentation, found.array)
    return np.asarray(array, np.float64), FLIP @ found.affine


def _labels(segmentation: Any, numbers: np.ndarray) -> np.ndarray:
    """Return the labels of segment numbers; those of labels without a number of their own are in the descriptions."""
    labels = np.zeros(int(numbers.max()) + 1)
    for item in segmentation.SegmentSequence:
        number = number_in_description(item.get("SegmentDescription", ""))
        if int(item.SegmentNumber) < len(labels):
            labels[int(item.SegmentNumber)] = item.SegmentNumber if number is None else number
    return labels[numbers.astype(int)]


def by_dcmqi(file: Path, program: str, scratch: Path) -> list[tuple[str, Grid]]:
    """Return the name and the image of every file that dcmqi writes."""
    import SimpleITK

    scratch.mkdir(exist_ok=True)
    subprocess.run([program, "--inputDICOM", file, "--outputDirectory", scratch], capture_output=True, check=False)
    return [(path.name, _of_itk(SimpleITK.ReadImage(str(path)))) for path in sorted(scratch.glob("*.nrrd"))]


def labels_by_dcmqi(numbers: list[int], file: Path, scratch: Path) -> list[Grid]:
    """Return the label map that dcmqi's images of segments add up to; none if it reads no segment."""
    total, affine = None, np.eye(4)
    for name, (voxels, grid) in by_dcmqi(file, "segimage2itkimage", scratch):
        part = (voxels > 0) * numbers[int(name.split(".")[0]) - 1]
        total, affine = part + (0 if total is None else total), grid
    return [] if total is None else [(total, affine)]


def errors_of(file: Path) -> list[str]:
    """Return the errors that dciodvfy reports."""
    found = subprocess.run(["dciodvfy", file], capture_output=True, text=True, errors="replace", check=False)
    return [line for line in (found.stdout + found.stderr).splitlines() if line.startswith("Error")]
