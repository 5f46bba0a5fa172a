"""Which files make one series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import Outcome
from nifti_dicom_bridge.formats.dicom.reading.grouping.series import find_series
from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import CT, MR, put_raw, ramp, save, slices, uid
from support.round_trip import KEEP, RoundTrip
from support.series_files import series


def test_a_study_of_its_own_for_every_file_is_one_series(tmp_path: Path) -> None:
    found = series()
    for n, ds in enumerate(found):
        ds.StudyInstanceUID = uid(20, n)
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert volume.voxels.shape[1] == 4


def test_slices_that_share_a_sop_instance_uid_stay_one_volume_of_all(tmp_path: Path) -> None:
    found = series()
    for ds in found:
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(3)
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.voxels[0], ramp(4, 4, 5))
    assert any("occur in several different objects" in warning for warning in volume.warnings)


def test_copies_of_files_without_a_uid_are_left_out(tmp_path: Path) -> None:
    found = series()
    for ds in found:
        del ds.SOPInstanceUID, ds.InstanceNumber
    save(tmp_path, [*found, *found])

    inventory = find_series([tmp_path])

    assert [len(one.instances) for one in inventory.series] == [4]
    assert len(inventory.leftovers) == 4


@pytest.mark.parametrize("of", ["first", "second"])
def test_an_object_with_one_more_attribute_is_no_copy_of_another(of: str, tmp_path: Path) -> None:
    found, others = series(), series()
    (found if of == "first" else others)[1].add_new(0x00204000, "LT", "seen by a second reader")
    save(tmp_path, [*found, *others])

    inventory = find_series([tmp_path])

    assert len(inventory.leftovers) == 3
    assert sum(len(one.instances) for one in inventory.series) == 5


def test_copies_of_files_in_studies_of_their_own_are_left_out(tmp_path: Path) -> None:
    found = series()
    for n, ds in enumerate(found):
        ds.StudyInstanceUID = uid(20, n)
    save(tmp_path, [*found, *found])

    (volume,) = read([tmp_path])

    assert volume.voxels.shape[1] == 4


@pytest.mark.parametrize("choices", [{}, {"deidentify": True, "deidentify_key": "key of 16 bytes."}])
def test_objects_that_share_a_uid_come_back_one_by_one(choices: dict, round_trip: RoundTrip) -> None:
    found = series()
    for ds in found:
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(3)
    save(round_trip.dicom, found)

    round_trip.forth(**choices)
    report = round_trip.home(KEEP)

    assert len(report.outputs) == 4
    assert all(entry.outcome is not Outcome.FAILED for entry in report.entries)


def test_decimal_commas_are_read_and_reported(tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5), CT)
    for ds in found:
        put_raw(ds, 0x00281053, "DS", b"1,5 ")
        put_raw(ds, 0x00280030, "DS", b"0,5\\0,25")
        put_raw(ds, 0x00200032, "DS", b"1,5\\2,5\\%d,5 " % ds.InstanceNumber)
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert volume.rescale.slope == 1.5
    assert np.allclose(volume.ijk_to_ras[:3], [[-0.25, 0, 0, -1.5], [0, -0.5, 0, -2.5], [0, 0, 1, 1.5]])
    for name in ("RescaleSlope", "PixelSpacing", "ImagePositionPatient"):
        assert any(warning.startswith(name) and "decimal comma" in warning for warning in volume.warnings)


@pytest.mark.parametrize(("tag", "name"), [(0x00281053, "RescaleSlope"), (0x00280030, "PixelSpacing")])
def test_numbers_that_cannot_be_read_are_reported(tag: int, name: str, tmp_path: Path) -> None:
    found = slices(ramp(3, 4, 5), CT)
    for ds in found:
        put_raw(ds, tag, "DS", b"about 2 ")
    save(tmp_path, found)

    (volume,) = read([tmp_path])

    assert any(warning.startswith(name) and "not a number ('about 2')" in warning for warning in volume.warnings)


@pytest.mark.parametrize("charset", ["ISO_IR 192", "GB18030"])
def test_the_title_is_in_the_character_set_of_the_files(charset: str, tmp_path: Path) -> None:
    found = series(2)
    for ds in found:
        ds.SpecificCharacterSet, ds.SeriesDescription = charset, "头部"
    save(tmp_path, found)

    assert find_series([tmp_path]).series[0].title == "1 头部"


def _mosaic(**private: object) -> Dataset:
    """Return a Siemens mosaic of three tiles by three without a CSA header."""
    (ds,) = slices(ramp(1, 12, 15), MR)
    ds.ImageType, ds.Manufacturer = ["ORIGINAL", "PRIMARY", "M", "MOSAIC"], "SIEMENS"
    block = ds.private_block(0x19, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0B, "DS", "1")
    for number in private.values():
        block.add_new(0x0A, "US", number)
    return ds


def test_a_mosaic_whose_slices_are_only_counted(tmp_path: Path) -> None:
    save(tmp_path, [_mosaic(count=7)])
    (volume,) = read([tmp_path])

    assert volume.voxels.shape == (1, 7, 4, 5)
    assert any("assumed along the normal" in warning for warning in volume.warnings)


@pytest.mark.parametrize(
    ("spacing", "distance", "found"),
    [("1E400", 3.0, "1E400 is not valid"), ("0", 3.0, "0 is not valid"), (None, 3.0, "is missing"), ("3.5", 3.5, "")],
)
def test_a_mosaic_without_a_valid_distance_of_slices_is_reported(
    spacing: str | None, distance: float, found: str, tmp_path: Path
) -> None:
    ds = _mosaic(count=7)
    ds.SliceThickness = 3
    if spacing is not None:
        ds.SpacingBetweenSlices = spacing
    save(tmp_path, [ds])
    (volume,) = read([tmp_path])

    assert abs(volume.ijk_to_ras[:3, 2]).max() == distance
    assert any(f"SpacingBetweenSlices (0018,0088) {found}" in warning for warning in volume.warnings) == bool(found)
