"""Volumes of Philips ultrasound, whose NumberOfFrames counts volumes."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import save
from phantoms.multiframe import philips_volumes
from support.placed_frames import volumes
from support.round_trip import NEW, RoundTrip


@pytest.mark.parametrize("times", [1, 2])
def test_volumes_of_philips_ultrasound(times: int, round_trip: RoundTrip) -> None:
    """Only the first slices were in the image, as NumberOfFrames counts volumes."""
    save(round_trip.dicom, [philips_volumes(times)])

    (volume,) = read([round_trip.dicom])

    assert volume.voxels[..., 0, 0].tolist() == [[60 * t + 20 * k for k in range(3)] for t in range(times)]
    assert np.allclose(np.abs(np.diag(volume.ijk_to_ras)[:3]), [0.5, 0.6, 0.7])
    assert volume.time_step_s == (0.04 if times > 1 else 0.0)
    assert any("Philips (3001,xx01)" in warning for warning in volume.warnings)


@pytest.mark.parametrize("times", [1, 2])
def test_edited_volumes_of_philips_ultrasound_are_such_volumes(times: int, round_trip: RoundTrip) -> None:
    save(round_trip.dicom, [philips_volumes(times)])
    round_trip.forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj) + np.uint8(1), None, image.header))
    round_trip.home(NEW)

    (volume,) = read([round_trip.back])
    assert volume.voxels[..., 0, 0].tolist() == [[60 * t + 20 * k + 1 for k in range(3)] for t in range(times)]


@pytest.mark.parametrize("count", [np.nan, np.inf])
def test_a_number_of_slices_that_is_not_finite_is_ignored(count: float, tmp_path: Path) -> None:
    ds = philips_volumes(1)
    ds[0x3001, 0x1001].VR = "FD"
    ds[0x3001, 0x1001].value = count

    (volume,) = volumes(tmp_path, ds)

    assert volume.voxels.shape[:2] == (1, 1)


@pytest.mark.parametrize("size", [0.0, 1e300, np.inf, np.nan])
@pytest.mark.parametrize("which", ["PhysicalDeltaX", "PhysicalDeltaY", "distance of slices"])
def test_volumes_of_philips_ultrasound_without_a_valid_size_are_reported(
    which: str, size: float, round_trip: RoundTrip
) -> None:
    ds = philips_volumes(1)
    if which.startswith("Physical"):
        setattr(ds, which, size)
    else:
        ds[0x3001, 0x1003].value = size
    save(round_trip.dicom, [ds])

    (entry,) = round_trip.forth().entries

    assert entry.error == ""
    assert any("distances of 1 mm" in warning for warning in entry.log.warnings)
    zooms = {"PhysicalDeltaX": (1, 0.6, 0.7), "PhysicalDeltaY": (0.5, 1, 0.7), "distance of slices": (0.5, 0.6, 1)}
    assert np.allclose(nibabel.load(round_trip.image()).header.get_zooms()[:3], zooms[which])
