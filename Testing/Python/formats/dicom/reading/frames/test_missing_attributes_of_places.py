"""Files that lack an attribute of their place, or contradict the others: mosaics, slice locations, thickness."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.errors import DicomReadError
from phantoms.base import AXIAL, MR, image, put_raw, ramp, slices, uid
from phantoms.multiframe import csa_header, enhanced, group
from support.incomplete_series import GE, SLICES, dynamic, volumes, warned


def mosaics() -> list[Dataset]:
    """Return two mosaics of Siemens, of three slices."""
    found = []
    for t in range(2):
        (ds,) = slices(ramp(1, 8, 12, start=100 * t), MR)
        ds.ImageType, ds.AcquisitionMatrix = ["ORIGINAL", "PRIMARY", "M", "MOSAIC"], [0, 6, 4, 0]
        ds.InstanceNumber, ds.Manufacturer, ds.SpacingBetweenSlices = t + 1, "SIEMENS", "3.5"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(1, t + 1)
        put_raw(ds, 0x00290010, "LO", b"SIEMENS CSA HEADER")
        put_raw(ds, 0x00291010, "OB", csa_header({"NumberOfImagesInMosaic": ["3"], "SliceNormalVector": ["0", "0", "1"]}))
        found.append(ds)
    return found


def test_a_mosaic_that_lost_its_image_type_is_one_by_its_header(tmp_path: Path) -> None:
    whole = volumes(tmp_path / "whole", mosaics())[0]
    found = mosaics()
    for ds in found:
        del ds.ImageType

    (volume,) = volumes(tmp_path / "lost", found)

    assert np.array_equal(volume.voxels, whole.voxels)
    assert np.array_equal(volume.ijk_to_ras, whole.ijk_to_ras)
    assert warned(volume, "does not have MOSAIC")


def test_slices_that_kept_the_header_of_a_mosaic_are_slices(tmp_path: Path) -> None:
    found = slices(ramp(SLICES, 8, 8), MR)
    for ds in found:
        ds.Manufacturer = "SIEMENS"
        ds.private_block(0x19, "SIEMENS MR HEADER", create=True).add_new(0x0A, "US", 16)

    (volume,) = volumes(tmp_path, found)

    assert volume.voxels.shape == (1, SLICES, 8, 8)
    assert not volume.warnings


def test_a_mosaic_whose_orientation_is_not_valid_is_refused(tmp_path: Path) -> None:
    found = mosaics()
    for ds in found:
        ds.ImageOrientationPatient = [0] * 6

    with pytest.raises(DicomReadError, match=r"ImageOrientationPatient \(0020,0037\)"):
        volumes(tmp_path, found)


def test_rounded_cosines_do_not_change_the_pixels_of_a_mosaic(tmp_path: Path) -> None:
    found = mosaics()
    for ds in found:
        ds.ImageOrientationPatient = [1.02, 0, 0, 0, 1, 0]

    (volume,) = volumes(tmp_path, found)

    assert np.allclose(np.linalg.norm(volume.ijk_to_ras[:3, :3], axis=0), [0.5, 0.75, 3.5])
    assert warned(volume, "only their directions are used")


def test_a_grid_of_united_imaging_is_counted_by_its_slices(tmp_path: Path) -> None:
    ds = image(ramp(8, 10), MR)
    block = ds.private_block(0x65, "Image Private Header", create=True)
    places = [
        group(ImagePositionPatient=[0, 0, 3 * k], ImageOrientationPatient=list(AXIAL), PixelSpacing=[1, 1]) for k in range(3)
    ]
    block.add_new(0x51, "SQ", places)

    (volume,) = volumes(tmp_path, [ds])

    assert volume.voxels.shape == (1, 3, 4, 5)


def _same_positions(found: list[Dataset]) -> None:
    for n, ds in enumerate(found):
        ds.ImagePositionPatient, ds.SliceLocation = found[n // SLICES * SLICES].ImagePositionPatient, 3 * n


def _other_order(found: list[Dataset]) -> None:
    for n, ds in enumerate(found):
        ds.SliceLocation = [0, 6, 3, 9][n % SLICES]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_same_positions, "different values of SliceLocation (0020,1041): they are taken for times"),
        (_other_order, "SliceLocation (0020,1041) and ImagePositionPatient (0020,0032) order the slices differently"),
    ],
)
def test_slice_locations_that_contradict_positions_are_reported(
    change: Callable[[list[Dataset]], None], words: str, tmp_path: Path
) -> None:
    found = dynamic(2)
    change(found)

    assert any(warned(volume, words) for volume in volumes(tmp_path, found))


def test_slice_locations_against_the_positions_are_not_reported(tmp_path: Path) -> None:
    found = dynamic(2)
    for n, ds in enumerate(found):
        ds.SliceLocation = -2.5 * (n % SLICES) + 100

    (volume,) = volumes(tmp_path, found)

    assert not volume.warnings


def test_slice_locations_that_do_not_move_with_the_volumes_are_not_reported(tmp_path: Path) -> None:
    found = dynamic(3)
    for n, ds in enumerate(found):
        x, y, z = ds.ImagePositionPatient
        ds.ImagePositionPatient, ds.SliceLocation = [x, y, z + 0.5 * (n // SLICES)], 2.5 * (n % SLICES)

    (volume,) = volumes(tmp_path, found)

    assert [words for words in volume.warnings if "prospective motion correction" not in words] == []


def test_numbers_of_slices_at_one_position_are_reported(tmp_path: Path) -> None:
    ds = enhanced(1, 3)
    for groups in ds.PerFrameFunctionalGroupsSequence:
        groups.PlanePositionSequence[0].ImagePositionPatient = [0, 0, 0]
        del groups.FrameContentSequence[0].TemporalPositionIndex

    (volume,) = volumes(tmp_path, [ds])

    assert warned(volume, "3 different values of InStackPositionNumber (0020,9057)")


@pytest.mark.parametrize("count", [1, 2])
def test_a_single_slice_without_thickness_is_reported(count: int, tmp_path: Path) -> None:
    found = slices(ramp(count, 4, 5))
    for ds in found:
        del ds.SliceThickness

    (volume,) = volumes(tmp_path, found)

    assert warned(volume, "are missing: 1 mm is assumed") == (count == 1)


def test_an_object_without_the_groups_of_its_frames_is_reported(tmp_path: Path) -> None:
    ds = enhanced(1, 3)
    del ds.PerFrameFunctionalGroupsSequence

    (volume,) = volumes(tmp_path, [ds])

    assert warned(volume, "PerFrameFunctionalGroupsSequence (5200,9230) is missing")


def test_a_gradient_direction_of_which_a_part_is_missing_is_reported(tmp_path: Path) -> None:
    found = dynamic(3)
    for n, ds in enumerate(found):
        ds.Manufacturer = GE
        ds.private_block(0x43, "GEMS_PARM_01", create=True).add_new(0x39, "IS", [1000 * (n >= SLICES), 8, 0, 0])
        block = ds.private_block(0x19, "GEMS_ACQU_01", create=True)
        for number, part in zip((0xBB, 0xBC), (0.6, 0.8), strict=True):
            block.add_new(number, "DS", part if n >= SLICES else 0)

    (volume,) = volumes(tmp_path, found)

    assert warned(volume, "a part of the gradient direction is missing, private element (0019,xxBD)")
