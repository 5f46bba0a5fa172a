"""Images as other programs read them: the array (slices, rows, columns), and the ijk → LPS matrix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from nifti_dicom_bridge.model.volume import Volume
from support.oracles import module, oracle, run

Grid = tuple[np.ndarray, np.ndarray]
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def own_image(volume: Volume) -> Grid:
    """Return the first time of a volume of ours."""
    return np.asarray(volume.voxels[0]), LPS @ volume.ijk_to_ras


def itk_image(path: Path) -> Grid:
    """Return a file, or the series in a folder, as SimpleITK reads it."""
    itk: Any = module("SimpleITK")
    files = itk.ImageSeriesReader.GetGDCMSeriesFileNames(str(path)) if path.is_dir() else (str(path),)
    image = itk.ReadImage(files if len(files) > 1 else files[0])
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    matrix[:3, 3] = image.GetOrigin()
    return itk.GetArrayFromImage(image), matrix


def images(folder: Path) -> list[nibabel.Nifti1Image]:
    return [nibabel.load(path) for path in sorted(folder.glob("*.nii*"))]


def nifti_image(path: Path) -> Grid:
    """Return a NIfTI file as nibabel reads it."""
    image = nibabel.load(path)
    return np.asanyarray(image.dataobj).T, LPS @ image.affine


def highdicom_image(volume: Any) -> Grid:
    """Return a volume of highdicom, which counts slices first."""
    return volume.array, volume.affine[:, [2, 1, 0, 3]]


def dcm2niix_image(dicom: Path, folder: Path) -> Grid:
    """Return the only image that dcm2niix makes of the files in a folder."""
    run(oracle("dcm2niix"), "-z", "n", "-b", "n", "-o", folder, dicom)
    (path,) = folder.glob("*.nii")
    return nifti_image(path)


def dcmqi_labels(path: Path, folder: Path) -> Grid:
    """Return a segmentation as dcmqi reads it."""
    run(oracle("segimage2itkimage"), "--inputDICOM", path, "--outputDirectory", folder, "--mergeSegments").check_returncode()
    return itk_image(folder / "1.nrrd")


def dcmqi_map(path: Path, folder: Path) -> Grid:
    """Return a parametric map as dcmqi reads it."""
    run(oracle("paramap2itkimage"), "--inputDICOM", path, "--outputDirectory", folder).check_returncode()
    return itk_image(folder / "pmap.nrrd")
