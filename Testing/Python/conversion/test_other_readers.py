"""Our files in further programs: `nifti_tool` of the NIfTI library reads images, dicom-numpy created series, voxel by voxel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest

from support.new_objects import made, save
from support.oracles import module, oracle, run
from support.round_trip import RoundTrip

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
PHANTOMS_READ = [
    "oblique", "gantry_tilt", "single_slice", "mosaic", "mr_4d", "pet_slopes", "enhanced_mr", "rgb", "double_float_pixels",
    "segmentation_with_overlaps",
]  # fmt: skip
AXES = {
    "axial": [[-1, 0, 0], [0, -1, 0], [0, 0, 1]],
    "left-handed": [[-1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "sagittal": [[0, 0, 1], [-1, 0, 0], [0, -1, 0]],
    "oblique": [[-0.8, 0.36, 0.48], [0, -0.8, 0.6], [0.6, 0.48, 0.64]],
}
SHAPE = (9, 7, 5)


@pytest.mark.slow
@pytest.mark.parametrize("phantom", PHANTOMS_READ)
def test_headers_are_valid_for_the_nifti_library(phantom: str, tmp_path: Path) -> None:
    tool = oracle("nifti_tool")
    round_trip = RoundTrip(tmp_path).make(phantom)
    round_trip.forth()
    assert round_trip.images()
    for image in round_trip.images():
        for check, verdict in (("-check_hdr", "header IS GOOD"), ("-check_nim", "nifti_image IS GOOD")):
            assert verdict in run(tool, check, "-infiles", image).stdout, image.name


def grid(axes: list[list[float]]) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(axes) @ np.diag([1.5, 1.2, 3.0])
    matrix[:3, 3] = 12.5, -40.25, 7
    return matrix


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mr", "ct", "pet"])
@pytest.mark.parametrize("axes", AXES)
def test_created_series_have_their_voxels_where_dicom_numpy_expects_them(
    axes: str, kind: str, tmp_path: Path, monkeypatch
) -> None:
    reader: Any = module("dicom_numpy")
    monkeypatch.chdir(tmp_path)
    matrix, values = grid(AXES[axes]), np.random.default_rng(1).normal(0, 300, SHAPE).astype(np.float32).round(1)
    values -= values.min() if kind == "pet" else 0
    series: list[pydicom.Dataset] = made(save("image.nii", values, matrix), kind=kind)

    voxels, lps = reader.combine_slices(series, rescale=True)
    places = nibabel.affines.apply_affine(np.linalg.inv(LPS @ lps) @ matrix, np.argwhere(np.ones(SHAPE)))
    assert places == pytest.approx(np.rint(places), abs=1e-4)
    assert voxels[tuple(np.rint(places).astype(int).T)] == pytest.approx(values.ravel(), abs=0.02)
