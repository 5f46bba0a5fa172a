"""Gradients where elements of a vendor contradict the public ones, or mean something else in another kind of image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import MR, ramp, save, slices, uid
from phantoms.series import OBLIQUE
from phantoms.vendors import add_private

SLICES = 3
NORMAL = np.cross(OBLIQUE[:3], OBLIQUE[3:])
AXES = np.array([OBLIQUE[:3], OBLIQUE[3:], NORMAL])
"""Along row, column and normal, LPS."""


def volumes(manufacturer: str, count: int) -> list[list[Dataset]]:
    """Return the files of an oblique series by volume, which only their weighting and InstanceNumber distinguish."""
    found = []
    for t in range(count):
        volume = slices(ramp(SLICES, 4, 5), MR, OBLIQUE)
        for k, ds in enumerate(volume):
            ds.Manufacturer, ds.InstanceNumber, ds.InPlanePhaseEncodingDirection = manufacturer, SLICES * t + k + 1, "COL"
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, SLICES * t + k + 1)
        found.append(volume)
    return found


def gradients_of(folder: Path, found: list[list[Dataset]]) -> np.ndarray | None:
    """Return the gradients of the only volume that files become."""
    save(folder, [ds for volume in found for ds in volume])
    (volume,) = read([folder])
    return volume.gradients


def in_ras(direction: list[float]) -> np.ndarray:
    """Return a direction along row, column and normal in RAS."""
    return np.array(direction) @ AXES * [-1, -1, 1]


@pytest.mark.parametrize("has_own_b_value", [True, False])
def test_directions_of_united_imaging_are_those_along_the_image(has_own_b_value: bool, tmp_path: Path) -> None:
    found = volumes("UIH", 3)
    directions = [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.6, 0.0, 0.8]]
    for volume, b_value, direction in zip(found, (0.0, 1000.0, 2000.0), directions, strict=True):
        for ds in volume:
            ds.DiffusionBValue, ds.DiffusionGradientOrientation = b_value, direction[::-1]  # not rotated with the image
        own = {0x09: ("FD", b_value)} if has_own_b_value else {}
        add_private(volume, 0x0065, "Image Private Header", {**own, 0x37: ("FD", direction)})

    gradients = gradients_of(tmp_path, found)

    assert gradients is not None
    assert gradients[:, 0].tolist() == [0, 1000, 2000]
    assert np.allclose(gradients[1:, 1:], [in_ras(direction) for direction in directions[1:]], atol=1e-6)


def test_united_imaging_without_directions_of_its_own_has_the_public_ones(tmp_path: Path) -> None:
    found = volumes("UIH", 2)
    for volume, b_value in zip(found, (0.0, 929.75), strict=True):
        for ds in volume:
            ds.DiffusionBValue, ds.DiffusionGradientOrientation = b_value, [0.0, 0.0, 1.0 if b_value else 0.0]

    gradients = gradients_of(tmp_path, found)

    assert gradients is not None
    assert np.allclose(gradients, [[0, 0, 0, 0], [929.75, 0, 0, 1]])


def of_ge(b_values: list[int], directions: list[list[float]], kinds: list[int], series: int) -> list[list[Dataset]]:
    """Return volumes of GE, and the numbers by which it states what kind of diffusion images and series they are."""
    found = volumes("GE MEDICAL SYSTEMS", len(b_values))
    for volume, b_value, direction, kind in zip(found, b_values, directions, kinds, strict=True):
        add_private(volume, 0x0019, "GEMS_ACQU_01", {0xBB + n: ("DS", str(part)) for n, part in enumerate(direction)})
        flag = {0x30: ("SS", kind)} if kind else {}
        add_private(volume, 0x0043, "GEMS_PARM_01", {**flag, 0x39: ("IS", [b_value, 8, 0, 0])})
        if series:
            add_private(volume, 0x0021, "GEMS_RELA_01", {0x5A: ("SL", series)})
    return found


@pytest.mark.parametrize(("kinds", "series"), [([14, 15, 15], 0), ([14, 15, 15], 7), ([0, 0, 0], 7)])
def test_clinical_images_of_ge_have_the_b_value_that_they_state(kinds: list[int], series: int, tmp_path: Path) -> None:
    gradients = gradients_of(tmp_path, of_ge([0, 500, 1400], [[0, 0, 0]] * 3, kinds, series))

    assert gradients is not None
    assert gradients.tolist() == [[0, 0, 0, 0], [500, 0, 0, 0], [1400, 0, 0, 0]]


@pytest.mark.parametrize(("kinds", "series"), [([14, 16, 16], 0), ([14, 16, 16], 16), ([0, 0, 0], 16), ([0, 0, 0], 0)])
def test_images_without_a_direction_in_a_tensor_of_ge_are_b_0(kinds: list[int], series: int, tmp_path: Path) -> None:
    gradients = gradients_of(tmp_path, of_ge([0, 3000, 3000], [[0, 0, 0], [1, 0, 0], [0, 0, 0]], kinds, series))

    assert gradients is not None
    assert gradients[:, 0].tolist() == [0, 3000, 0]
