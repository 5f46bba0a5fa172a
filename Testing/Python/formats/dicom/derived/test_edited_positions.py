"""Voxels of edited images are where they were: positions, frames of reference, and edits that lose the position."""

from __future__ import annotations

from collections.abc import Callable

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import Outcome
from phantoms.base import MR, ramp, save, slices
from support.nifti_edits import coarser, cropped, edited, finer_slices, frames_in, moved, one_voxel, turned_in_space
from support.round_trip import NEW, RoundTrip, edit_dicom, listing
from support.uneven_stacks import UNEVEN, stack

TIPPED = np.array([[1, 0, 0, 0], [0, 0.8, -0.6, 0], [0, 0.6, 0.8, 0], [0, 0, 0, 1]])
POSITIONED = ["classic_ct", "oblique", "feet_first", "descending", "mr_4d", "enhanced_mr", "mosaic", "gantry_tilt"]


@pytest.mark.parametrize("phantom", POSITIONED)
@pytest.mark.parametrize(
    "change", [one_voxel, moved, cropped, coarser, finer_slices, turned_in_space], ids=lambda f: f.__name__
)
def test_every_voxel_of_an_edited_image_is_found_at_its_place_with_its_value(
    phantom: str, change: Callable, round_trip: RoundTrip
) -> None:
    image = edited(round_trip, phantom, change)
    values = image.get_fdata().reshape(*image.shape[:3], -1)
    frames = frames_in(round_trip.returned())

    assert len(frames) == values.shape[2] * values.shape[3]
    to_ijk = np.linalg.inv(image.affine)
    seen = np.zeros(values.shape, int)
    for pixels, position, orientation, spacing, slope, intercept in frames:
        rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
        lps = (
            position[:, None, None]
            + orientation[:3, None, None] * spacing[1] * columns
            + orientation[3:, None, None] * spacing[0] * rows
        )
        ijk = np.tensordot(to_ijk[:3, :3], lps * np.array([-1, -1, 1])[:, None, None], 1) + to_ijk[:3, 3][:, None, None]
        i, j, k = np.rint(ijk).astype(int)
        assert np.abs(ijk - (i, j, k)).max() < 1e-3
        times = [t for t in range(values.shape[3]) if np.allclose(values[i, j, k, t], pixels * slope + intercept, atol=1e-6)]
        assert times
        seen[i, j, k, times[0]] += 1
    assert (seen == 1).all()


def test_positions_of_an_edited_image_on_the_old_grid_keep_their_text(round_trip: RoundTrip) -> None:
    edited(round_trip, "far_from_origin", one_voxel)

    for ds, path in zip(round_trip.returned(), sorted(round_trip.dicom.iterdir()), strict=True):
        original = pydicom.dcmread(path)
        for keyword in (
            "ImagePositionPatient",
            "ImageOrientationPatient",
            "PixelSpacing",
            "FrameOfReferenceUID",
            "SliceThickness",
        ):
            assert ds[keyword].value == original[keyword].value


def test_edited_slices_of_an_uneven_series_stay_where_they_are(round_trip: RoundTrip) -> None:
    edited(round_trip, "uneven_spacing", one_voxel)

    assert sorted(float(ds.ImagePositionPatient[2]) for ds in round_trip.returned()) == [0, 2, 4, 7.5]


def test_an_uneven_series_cropped_within_its_planes_keeps_the_true_positions(round_trip: RoundTrip) -> None:
    edited(round_trip, "uneven_spacing", lambda image: image.slicer[1:, :, :])

    assert sorted(float(ds.ImagePositionPatient[2]) for ds in round_trip.returned()) == pytest.approx([0, 2, 4, 7.5], abs=1e-3)


def padded(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    """One more slice in front and behind."""
    affine = image.affine.copy()
    affine[:3, 3] -= affine[:3, 2]
    return nibabel.Nifti1Image(np.pad(np.asarray(image.dataobj), ((0, 0), (0, 0), (1, 1))), affine)


@pytest.mark.parametrize(
    ("change", "places"),
    [(padded, [-2, 0, 2, 4, 7.5, 9.5]), (finer_slices, [0, 1, 2, 3, 4, 5.75, 7.5, 8.5])],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_slices_beyond_and_between_those_of_an_uneven_series_are_where_their_values_are(
    change: Callable, places: list[float], round_trip: RoundTrip
) -> None:
    """They were on the even grid, on which the slices of the original are not."""
    edited(round_trip, "uneven_spacing", change)

    assert sorted(float(ds.ImagePositionPatient[2]) for ds in round_trip.returned()) == pytest.approx(places, abs=1e-3)


def test_slices_of_an_uneven_series_that_was_turned_within_them_keep_their_distances(round_trip: RoundTrip) -> None:
    edited(round_trip, "uneven_spacing", turned_in_space)

    assert sorted(float(ds.ImagePositionPatient[2]) for ds in round_trip.returned()) == pytest.approx([0, 2, 4, 7.5], abs=1e-3)


def test_slices_of_a_tilted_uneven_series_that_was_cropped_are_apart_as_they_were(round_trip: RoundTrip) -> None:
    data_sets = stack(UNEVEN, tilt=15)
    save(round_trip.dicom, data_sets)
    round_trip.forth()
    round_trip.edit_image(lambda image: image.slicer[2:, 1:, :])
    round_trip.home(NEW)

    true, made = (np.array([ds.ImagePositionPatient for ds in some], float) for some in (data_sets, round_trip.returned()))
    assert np.diff(made, axis=0) == pytest.approx(np.diff(true, axis=0), abs=1e-3)


def test_slices_of_a_tilted_uneven_series_set_upright_are_on_its_grid_but_for_their_distances(round_trip: RoundTrip) -> None:
    """An upright grid does not have what the tilt moves within the planes."""
    data_sets = stack(UNEVEN, tilt=15)
    save(round_trip.dicom, data_sets)
    round_trip.forth()
    upright = nibabel.load(round_trip.image()).affine.copy()
    normal = np.cross(upright[:3, 0], upright[:3, 1]) / np.linalg.norm(np.cross(upright[:3, 0], upright[:3, 1]))
    upright[:3, 2] = normal * (upright[:3, 2] @ normal)
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj) + 1, upright))
    (entry,) = round_trip.home(NEW).entries

    positions = np.array([ds.ImagePositionPatient for ds in round_trip.returned()], float)
    assert not entry.error
    assert sorted(np.abs((positions - positions[0]) @ (normal * (-1, -1, 1)))) == pytest.approx(UNEVEN, abs=1e-3)
    rows = np.array(data_sets[0].ImageOrientationPatient, float).reshape(2, 3)
    assert np.abs((positions - positions[0]) @ rows.T).max() < 1e-3


def test_an_image_across_the_slices_of_an_uneven_series_is_refused(round_trip: RoundTrip) -> None:
    round_trip.make("uneven_spacing").forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj), TIPPED @ image.affine))
    (entry,) = round_trip.home(NEW).entries

    assert entry.outcome is Outcome.FAILED
    assert "unevenly spaced" in entry.error


def test_cropping_does_not_change_the_thickness_of_slices(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    edit_dicom(round_trip.dicom, SliceThickness="1.25")
    round_trip.forth()
    round_trip.edit_image(cropped)
    round_trip.home(NEW)

    assert {str(ds.SliceThickness) for ds in round_trip.returned()} == {"1.25"}


@pytest.mark.parametrize(("size", "thickness"), [(6.0, 5.0), (12.0, 12.0)])
def test_a_moved_single_slice_has_the_distance_of_its_grid(size: float, thickness: float, round_trip: RoundTrip) -> None:
    (ds,) = slices(ramp(1, 4, 5), MR)
    ds.SliceThickness, ds.SpacingBetweenSlices = "5", "6"
    save(round_trip.dicom, [ds])
    round_trip.forth()

    def moved(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
        matrix = image.affine.copy()
        matrix[0, 3] += 3
        matrix[:3, 2] *= size / 6
        return nibabel.Nifti1Image(np.asarray(image.dataobj), matrix)

    round_trip.edit_image(moved)
    round_trip.home(NEW)
    (made,) = round_trip.returned()

    assert (made.SpacingBetweenSlices, made.SliceThickness) == (size, thickness)


def moved_in_space(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    matrix = image.affine.copy()
    matrix[:3, 3] += (10, -20, 5)
    return nibabel.Nifti1Image(np.asarray(image.dataobj), matrix)


@pytest.mark.parametrize("change", [turned_in_space, moved_in_space])
def test_an_image_moved_in_space_gets_a_new_frame_of_reference_and_it_is_reported(
    change: Callable, round_trip: RoundTrip
) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_image(change)
    report = round_trip.home(NEW)

    original = pydicom.dcmread(round_trip.dicom / "001.dcm").FrameOfReferenceUID
    (new,) = {ds.FrameOfReferenceUID for ds in round_trip.returned()}
    assert new != original
    assert any(original in text for text in report.entries[0].log.warnings)


def rounded(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    """Return an image whose matrix other programs wrote with two decimals."""
    return nibabel.Nifti1Image(np.asarray(image.dataobj), image.affine + np.eye(4, k=3) * 0.004)


@pytest.mark.parametrize("change", [cropped, rounded])
def test_a_cropped_or_rounded_image_keeps_its_frame_of_reference(change: Callable, round_trip: RoundTrip) -> None:
    edited(round_trip, "classic_ct", change)

    assert {ds.FrameOfReferenceUID for ds in round_trip.returned()} == {
        pydicom.dcmread(round_trip.dicom / "001.dcm").FrameOfReferenceUID
    }


@pytest.mark.parametrize("keyword", ["PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"])
def test_the_distance_of_pixels_follows_the_grid_where_the_place_is_unknown(keyword: str, round_trip: RoundTrip) -> None:
    round_trip.make("without_position")
    for path in round_trip.dicom.iterdir():
        ds = pydicom.dcmread(path)
        ds.pop("PixelSpacing", None)
        setattr(ds, keyword, [0.2, 0.5])
        ds.save_as(path)
    round_trip.forth()
    round_trip.edit_images(lambda image: image.slicer[::2])
    report = round_trip.home(NEW)

    assert [list(ds[keyword].value) for ds in round_trip.returned()] == [[0.2, 1.0]] * len(round_trip.returned())
    assert any("the new place of its voxels is not stored" in note for note in report.entries[0].log.notes)


def _without_codes(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    found = nibabel.Nifti1Image(image.get_fdata(), image.affine)
    found.set_sform(None, 0)
    found.set_qform(None, 0)
    return found


LOST = {
    "no codes": (_without_codes, "specifies no position"),
    "identity": (lambda image: nibabel.Nifti1Image(image.get_fdata(), np.eye(4)), "voxels of 1 mm"),
    "identity in LPS": (lambda image: nibabel.Nifti1Image(image.get_fdata(), np.diag([-1, -1, 1, 1])), "voxels of 1 mm"),
}


@pytest.mark.parametrize("name", ["oblique", "enhanced_mr"])
@pytest.mark.parametrize("change", LOST)
def test_an_image_that_lost_its_position_is_refused(change: str, name: str, round_trip: RoundTrip) -> None:
    round_trip.make(name).forth()
    edit, reason = LOST[change]
    round_trip.edit_image(edit)
    (entry,) = round_trip.home(NEW).entries

    assert reason in entry.error
    assert "Copy the affine of the image that it was made from" in entry.error
    assert listing(round_trip.back) == {}


def test_a_position_that_was_lost_is_not_that_of_voxels_of_1_mm_which_fit_by_chance(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, slices(ramp(3, 4, 5), MR, origin=(-2, -3, -1), spacing=(1, 1), step=(0, 0, 1)))
    round_trip.forth()
    round_trip.edit_image(LOST["identity"][0])
    (entry,) = round_trip.home(NEW).entries

    assert "voxels of 1 mm" in entry.error


@pytest.mark.parametrize("last", [None, 2])
def test_a_part_of_an_image_that_begins_at_the_origin_has_its_position(last: int | None, round_trip: RoundTrip) -> None:
    save(round_trip.dicom, slices(ramp(3, 4, 5), MR, origin=(0, 0, 0), spacing=(1, 1), step=(0, 0, 1)))
    round_trip.forth()
    round_trip.edit_image(lambda image: image.slicer[:, :, :last] if last else _padded(image))
    (entry,) = round_trip.home(NEW).entries

    assert (entry.outcome, entry.error) == (Outcome.DERIVED, "")


def _padded(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    return nibabel.Nifti1Image(np.pad(np.asarray(image.dataobj), [(0, 0), (0, 0), (0, 2)]), image.affine)


def test_a_segmentation_that_lost_its_position_is_refused(round_trip: RoundTrip) -> None:
    round_trip.make("segmentation_label_map").forth()
    round_trip.edit_image(_without_codes)
    (entry,) = round_trip.home(NEW).entries

    assert "specifies no position" in entry.error


@pytest.mark.parametrize("change", [cropped, moved], ids=lambda f: f.__name__)
def test_a_changed_grid_of_frames_without_places_is_refused(change: Callable, round_trip: RoundTrip) -> None:
    round_trip.make("cine").forth()
    round_trip.edit_images(change)

    report = round_trip.home(NEW)

    assert {entry.outcome for entry in report.entries} == {Outcome.FAILED}
    assert all("cannot store new positions" in entry.error for entry in report.entries)
