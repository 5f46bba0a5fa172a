"""Files of one SeriesInstanceUID and several StudyInstanceUIDs: one examination, or several."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import MR, ramp, save, slices, uid
from support.round_trip import RoundTrip

TIMES, SLICES = 3, 4
PIXELS = ramp(TIMES * SLICES, 4, 5)


def volumes_in_studies() -> list[Dataset]:
    """Return volumes of one series, each in a study of its own, as classic files of Siemens XA."""
    found = slices(PIXELS, MR)
    for n, ds in enumerate(found):
        ds.ImagePositionPatient = found[n % SLICES].ImagePositionPatient
        ds.AcquisitionNumber, ds.StudyInstanceUID = n // SLICES + 1, uid(20, n // SLICES)
    return found


def test_volumes_in_studies_of_their_own_are_one_image(tmp_path: Path) -> None:
    save(tmp_path, volumes_in_studies())

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.voxels, PIXELS.reshape(TIMES, SLICES, 4, 5))
    assert any("the files have 3 values of StudyInstanceUID (0020,000D)" in warning for warning in volume.warnings)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("StudyDate", "20260103"), ("StudyTime", "040404"), ("FrameOfReferenceUID", uid(30)), ("FrameOfReferenceUID", ""),
     ("InstanceNumber", 1)],
)  # fmt: skip
def test_other_studies_are_images_of_their_own(attribute: str, value: object, tmp_path: Path) -> None:
    found = volumes_in_studies()
    for ds in found[SLICES : 2 * SLICES] if value else found:
        setattr(ds, attribute, value)
    save(tmp_path, found)

    volumes = read([tmp_path])

    assert [len(volume.voxels) for volume in volumes] == [1] * TIMES
    assert all("3 studies or patients share one SeriesInstanceUID" in " ".join(volume.warnings) for volume in volumes)


def test_two_studies_of_one_examination_are_one_image(tmp_path: Path) -> None:
    save(tmp_path, volumes_in_studies()[: 2 * SLICES])

    (volume,) = read([tmp_path])

    assert volume.voxels.shape[:2] == (2, SLICES)


@pytest.mark.parametrize("copies", [1, 2])
def test_slices_that_each_have_a_study_are_one_image(copies: int, tmp_path: Path) -> None:
    """ITK writes them so, of any dates; copies of a slice are in its study."""
    found = slices(PIXELS[:SLICES], MR)
    for n, ds in enumerate(found):
        ds.StudyInstanceUID, ds.StudyTime = uid(20, n), f"04040{n}"
    for copy in range(copies):
        save(tmp_path / str(copy), found)

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.voxels, PIXELS[None, :SLICES])
    assert any("every file has a StudyInstanceUID (0020,000D) of its own" in warning for warning in volume.warnings)


def test_studies_of_several_objects_and_other_times_are_images_of_their_own(tmp_path: Path) -> None:
    found = slices(PIXELS[:SLICES], MR)
    for n, ds in enumerate(found):
        ds.StudyInstanceUID, ds.StudyTime = uid(20, n // 2), f"04040{n // 2}"
    save(tmp_path, found)

    assert [volume.voxels.shape[:2] for volume in read([tmp_path])] == [(1, 2), (1, 2)]


def test_an_edited_image_of_several_studies_is_in_one(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, volumes_in_studies())
    round_trip.forth()
    round_trip.edit_image(lambda image: type(image)(np.asarray(image.dataobj) + 1, image.affine, image.header))

    round_trip.home()

    returned = round_trip.returned()
    assert len(returned) == TIMES * SLICES
    assert len({ds.StudyInstanceUID for ds in returned}) == 1
