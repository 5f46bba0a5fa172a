"""Edited images become derived series: true positions, true values within the error that is reported, correct attributes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from circle import KEEP, NEW, Circle, edit_dicom, in_dicom_order, listing
from nifti_dicom_bridge import Outcome
from nonempty import some
from phantoms import PHANTOMS
from phantoms.base import MR, image, ramp, save, slices, uid

# a palette or a type that cannot be edited by adding one
GREY = sorted(set(PHANTOMS) - {
    "rgb", "rgb_planar", "rgb_16_bit", "ybr_full", "ybr_full_422", "cine_rgb", "rle_color", "jpeg_2000_lossy_color",
    "jpeg_baseline_color", "float_pixels", "double_float_pixels", "sixty_four_bit",
})  # fmt: skip
POSITIONED = ["classic_ct", "oblique", "feet_first", "descending", "mr_4d", "enhanced_mr", "mosaic", "gantry_tilt"]
COUNTS_SLICES = 0x3001
"""Private group of Philips without which frames are not what they are."""
HALF_STEP = np.diag([1, 1, 0.5, 1])
STALE = {0x00880200, 0x00283010, 0x00283000, 0x00280106, 0x00280107, 0x00280120}


def stored(image: nibabel.Nifti1Image) -> np.ndarray:
    return np.asarray(image.dataobj.get_unscaled())


def with_stored(image: nibabel.Nifti1Image, values: np.ndarray, affine: np.ndarray | None = None) -> nibabel.Nifti1Image:
    found = nibabel.Nifti1Image(values, image.affine if affine is None else affine)
    found.header.set_slope_inter(image.dataobj.slope, image.dataobj.inter)
    return found


def one_voxel(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    values = stored(image).copy()
    first = (0,) * values.ndim
    values[first] = values[first] + 1 if values[first] == 0 else values[first] - 1
    return with_stored(image, values)


def moved(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    affine = image.affine.copy()
    affine[:3, 3] += (0.25, -0.5, 1.0)
    return with_stored(image, stored(image), affine)


def cropped(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    return image.slicer[1:4, 1:, 1:]


def coarser(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    return image.slicer[::2, ::2, :]


def finer_slices(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    affine = image.affine.copy()
    affine[:3, 2] /= 2
    return with_stored(image, np.repeat(stored(image), 2, axis=2), affine)


def turned_in_space(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    angle = 0.1
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return with_stored(image, stored(image), turn @ image.affine)


def edited(circle: Circle, phantom: str, change: Callable) -> nibabel.Nifti1Image:
    """Go there, edit, come back; return the edited image."""
    circle.make(phantom).forth()
    circle.edit_image(change)
    image = nibabel.load(circle.image())
    report = circle.home(NEW)
    assert [entry.outcome for entry in report.entries] == [Outcome.DERIVED], report.entries[0].error
    return image


def frames_in(found: list[pydicom.Dataset]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, list[float], float, float]]:
    """Return pixels, position, orientation, spacing, slope and intercept of every frame: read by pydicom alone."""
    frames = []
    for ds in found:
        if "PerFrameFunctionalGroupsSequence" not in ds:
            values = (ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.PixelSpacing)
            frames.append(
                (ds.pixel_array, *_floats(values), float(ds.get("RescaleSlope", 1)), float(ds.get("RescaleIntercept", 0)))
            )
            continue
        for own, plane in zip(
            ds.PerFrameFunctionalGroupsSequence, ds.pixel_array.reshape(-1, ds.Rows, ds.Columns), strict=True
        ):
            groups = (own, ds.SharedFunctionalGroupsSequence[0])
            position, turn, measures, rescale = (
                next((group[name][0] for group in groups if name in group), None)
                for name in (
                    "PlanePositionSequence",
                    "PlaneOrientationSequence",
                    "PixelMeasuresSequence",
                    "PixelValueTransformationSequence",
                )
            )
            values = (position.ImagePositionPatient, turn.ImageOrientationPatient, measures.PixelSpacing)
            slope, intercept = (float(rescale.RescaleSlope), float(rescale.RescaleIntercept)) if rescale else (1.0, 0.0)
            frames.append((plane, *_floats(values), slope, intercept))
    return frames


def _floats(values: tuple) -> list[np.ndarray]:
    return [np.array(value, float) for value in values]


@pytest.mark.parametrize("phantom", POSITIONED)
@pytest.mark.parametrize(
    "change", [one_voxel, moved, cropped, coarser, finer_slices, turned_in_space], ids=lambda f: f.__name__
)
def test_every_voxel_of_an_edited_image_is_found_at_its_place_with_its_value(
    phantom: str, change: Callable, circle: Circle
) -> None:
    image = edited(circle, phantom, change)
    values = image.get_fdata().reshape(*image.shape[:3], -1)
    frames = frames_in(circle.returned())

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


@pytest.mark.parametrize("phantom", GREY)
def test_one_changed_voxel_makes_a_derived_series_of_every_phantom(phantom: str, circle: Circle) -> None:
    circle.make(phantom).forth()
    circle.edit_images(one_voxel)

    report = circle.home(NEW)

    assert {entry.outcome for entry in report.entries} == {Outcome.DERIVED}, [entry.error for entry in report.entries]
    originals = [
        pydicom.dcmread(path, force=True) for path in circle.dicom.rglob("*") if path.is_file() and path.suffix != ".txt"
    ]
    sources = {ds.SOPInstanceUID for ds in originals if "SOPInstanceUID" in ds}
    series = {ds.SeriesInstanceUID for ds in originals if "SeriesInstanceUID" in ds}
    for ds in circle.returned():
        assert ds.ImageType[0] == "DERIVED"
        assert ds.ImageType[1] == "SECONDARY" or ds.Modality == "PT" or "SharedFunctionalGroupsSequence" in ds
        assert ds.SOPInstanceUID not in sources
        assert ds.SeriesInstanceUID not in series
        assert ds.file_meta.MediaStorageSOPInstanceUID == ds.SOPInstanceUID
        assert {item.ReferencedSOPInstanceUID for item in ds.get("SourceImageSequence", [])} <= sources
        private = {element.tag.group for element in ds.iterall() if element.tag.is_private}
        assert private <= {COUNTS_SLICES}
        background = {0x00280120} if ds.get("SegmentationType") == "LABELMAP" else set()  # created again: PixelPaddingValue
        assert not (STALE - background) & set(ds.keys())
        assert not any(tag.group & 0xFFE0 in (0x5000, 0x6000) for tag in ds.keys())  # noqa: SIM118
        assert ds.pixel_array.size


def test_overlays_that_an_edited_image_lacks_are_reported(circle: Circle) -> None:
    circle.make("overlays_and_icons").forth()
    circle.edit_image(one_voxel)
    (entry,) = circle.home().entries
    assert all(element.tag.group != 0x6000 for ds in circle.returned() for element in ds)
    assert sum("overlays (groups 6000 to 601E) were removed" in note for note in entry.log.notes) == 1


def test_a_changed_voxel_changes_no_other(circle: Circle) -> None:
    edited(circle, "classic_ct", one_voxel)

    before = np.stack([pydicom.dcmread(path).pixel_array for path in sorted(circle.dicom.iterdir())])
    after = np.stack([ds.pixel_array for ds in circle.returned()])

    # the first voxel of the image is the first of the last row: rows of a NIfTI count upwards
    assert np.argwhere(before != after).tolist() == [[0, 3, 0]]


def test_positions_of_an_edited_image_on_the_old_grid_keep_their_text(circle: Circle) -> None:
    edited(circle, "far_from_origin", one_voxel)

    for ds, path in zip(circle.returned(), sorted(circle.dicom.iterdir()), strict=True):
        original = pydicom.dcmread(path)
        for keyword in (
            "ImagePositionPatient",
            "ImageOrientationPatient",
            "PixelSpacing",
            "FrameOfReferenceUID",
            "SliceThickness",
        ):
            assert ds[keyword].value == original[keyword].value


def test_edited_slices_of_an_uneven_series_stay_where_they_are(circle: Circle) -> None:
    edited(circle, "uneven_spacing", one_voxel)

    assert sorted(float(ds.ImagePositionPatient[2]) for ds in circle.returned()) == [0, 2, 4, 7.5]


def test_an_uneven_series_cropped_within_its_planes_keeps_the_true_positions(circle: Circle) -> None:
    edited(circle, "uneven_spacing", lambda image: image.slicer[1:, :, :])

    assert sorted(float(ds.ImagePositionPatient[2]) for ds in circle.returned()) == pytest.approx([0, 2, 4, 7.5], abs=1e-3)


def test_cropping_does_not_change_the_thickness_of_slices(circle: Circle) -> None:
    circle.make("classic_ct")
    for path in circle.dicom.iterdir():
        ds = pydicom.dcmread(path)
        ds.SliceThickness = "1.25"
        ds.save_as(path)
    circle.forth()
    circle.edit_image(cropped)
    circle.home(NEW)

    assert {str(ds.SliceThickness) for ds in circle.returned()} == {"1.25"}


@pytest.mark.parametrize(("size", "thickness"), [(6.0, 5.0), (12.0, 12.0)])
def test_a_moved_single_slice_has_the_distance_of_its_grid(size: float, thickness: float, circle: Circle) -> None:
    (ds,) = slices(ramp(1, 4, 5), MR)
    ds.SliceThickness, ds.SpacingBetweenSlices = "5", "6"
    save(circle.dicom, [ds])
    circle.forth()

    def moved(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
        matrix = image.affine.copy()
        matrix[0, 3] += 3
        matrix[:3, 2] *= size / 6
        return nibabel.Nifti1Image(np.asarray(image.dataobj), matrix)

    circle.edit_image(moved)
    circle.home(NEW)
    (made,) = circle.returned()

    assert (made.SpacingBetweenSlices, made.SliceThickness) == (size, thickness)


def moved_in_space(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    matrix = image.affine.copy()
    matrix[:3, 3] += (10, -20, 5)
    return nibabel.Nifti1Image(np.asarray(image.dataobj), matrix)


@pytest.mark.parametrize("change", [turned_in_space, moved_in_space])
def test_an_image_moved_in_space_gets_a_new_frame_of_reference_and_it_is_reported(change: Callable, circle: Circle) -> None:
    circle.make("classic_ct").forth()
    circle.edit_image(change)
    report = circle.home(NEW)

    original = pydicom.dcmread(circle.dicom / "001.dcm").FrameOfReferenceUID
    (new,) = {ds.FrameOfReferenceUID for ds in circle.returned()}
    assert new != original
    assert any(original in text for text in report.entries[0].log.warnings)


def rounded(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    """Return an image whose matrix other programs wrote with two decimals."""
    return nibabel.Nifti1Image(np.asarray(image.dataobj), image.affine + np.eye(4, k=3) * 0.004)


@pytest.mark.parametrize("change", [cropped, rounded])
def test_a_cropped_or_rounded_image_keeps_its_frame_of_reference(change: Callable, circle: Circle) -> None:
    edited(circle, "classic_ct", change)

    assert {ds.FrameOfReferenceUID for ds in circle.returned()} == {
        pydicom.dcmread(circle.dicom / "001.dcm").FrameOfReferenceUID
    }


@pytest.mark.parametrize("phantom", ["pet_slopes", "classic_ct", "enhanced_slopes", "enhanced_mr", "mr_4d"])
def test_real_values_are_kept_within_the_error_that_is_reported(phantom: str, circle: Circle) -> None:
    circle.make(phantom).forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(image.get_fdata() * 1.2345 + 0.123, image.affine))
    values = np.sort(nibabel.load(circle.image()).get_fdata().reshape(-1))
    (entry,) = circle.home(NEW).entries

    (stated,) = [float(text.split("largest error is ")[1]) for text in entry.log.warnings if "largest error is" in text]
    real = np.sort(np.concatenate([(f[0] * f[4] + f[5]).reshape(-1) for f in frames_in(circle.returned())]))
    assert np.abs(real - values).max() <= stated * 1.01
    assert stated <= (values.max() - values.min()) / 60000 if phantom != "pet_slopes" else stated <= values.max() / 30000


@pytest.mark.parametrize(
    ("edit", "frames"), [(one_voxel, [[1], [2], [3]]), (finer_slices, [[1], [1, 2], [2], [2, 3], [3], [3]])]
)
def test_frames_of_a_derived_enhanced_object_name_their_source(edit: Callable, frames: list, circle: Circle) -> None:
    """PS3.3 C.7.6.16.2.6, C.8.13.2.1: source, its frames, and SourceImageEvidenceSequence, which lists the source."""
    edited(circle, "enhanced_slopes", edit)

    (source,) = [pydicom.dcmread(path) for path in circle.dicom.iterdir()]
    (ds,) = circle.returned()
    items = [item.DerivationImageSequence[-1].SourceImageSequence[0] for item in ds.PerFrameFunctionalGroupsSequence]
    assert [np.atleast_1d(item.ReferencedFrameNumber).tolist() for item in items] == frames
    (study,) = ds.SourceImageEvidenceSequence
    listed = [item.ReferencedSOPInstanceUID for item in study.ReferencedSeriesSequence[0].ReferencedSOPSequence]
    assert {item.ReferencedSOPInstanceUID for item in items} == {source.SOPInstanceUID} == set(listed)


def test_one_image_of_all_times_on_other_slices_names_the_slices_around_each(circle: Circle) -> None:
    circle.make("mr_4d").forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(np.repeat(stored(image)[..., 0], 2, axis=2), image.affine @ HALF_STEP))
    circle.home(NEW)

    numbers = {pydicom.dcmread(path).SOPInstanceUID: path.stem for path in circle.dicom.iterdir()}
    named = [[numbers[item.ReferencedSOPInstanceUID] for item in ds.SourceImageSequence] for ds in circle.returned()]
    assert named[:3] == [["001", "004"], ["001", "002", "004", "005"], ["002", "005"]]


def test_images_without_instance_uids_name_no_source(circle: Circle) -> None:
    """SourceImageSequence has at least one item (PS3.3 C.7.6.1.1.4)."""
    edited(circle, "no_instance_uids", one_voxel)

    assert all("SourceImageSequence" not in ds for ds in some(circle.returned()))


def test_a_derived_parametric_map_is_primary(circle: Circle) -> None:
    """PS3.3 C.8.23.1: also where its functional groups are missing."""
    edited(circle, "float_pixels", lambda image: nibabel.Nifti1Image(image.get_fdata(dtype=np.float32) * 2, image.affine))

    assert {ds.ImageType[1] for ds in circle.returned()} == {"PRIMARY"}


def test_colors_of_16_bits_are_edited(circle: Circle) -> None:
    """As of 16-bit photographs of the eye; they were refused."""
    before = edited(circle, "rgb_16_bit", one_voxel)

    (after,) = circle.returned()
    assert (after.BitsAllocated, after.PhotometricInterpretation) == (16, "RGB")
    assert np.array_equal(np.flip(stored(before), 1)[:, :, 0, 0].transpose(1, 0, 2), after.pixel_array)


@pytest.mark.parametrize("kind", ["20", "77.1.5.1", "77.1.5.2", "77.1.5.7"])
def test_derived_images_of_kinds_that_are_always_primary(kind: str, circle: Circle) -> None:
    """Nuclear medicine and ophthalmic images (PS3.3 C.8.4.9, C.8.17.2)."""
    ds = image(ramp(4, 5, dtype="u1"), f"1.2.840.10008.5.1.4.1.1.{kind}")
    save(circle.dicom, [ds])
    circle.forth()
    circle.edit_image(one_voxel)
    circle.home(NEW)

    assert [ds.ImageType[:2] for ds in circle.returned()] == [["DERIVED", "PRIMARY"]]


@pytest.mark.parametrize("keyword", ["PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"])
def test_the_distance_of_pixels_follows_the_grid_where_the_place_is_unknown(keyword: str, circle: Circle) -> None:
    circle.make("without_position")
    for path in circle.dicom.iterdir():
        ds = pydicom.dcmread(path)
        ds.pop("PixelSpacing", None)
        setattr(ds, keyword, [0.2, 0.5])
        ds.save_as(path)
    circle.forth()
    circle.edit_images(lambda image: image.slicer[::2])
    report = circle.home(NEW)

    assert [list(ds[keyword].value) for ds in circle.returned()] == [[0.2, 1.0]] * len(circle.returned())
    assert any("the new place of its voxels is not stored" in note for note in report.entries[0].log.notes)


def test_edited_pet_has_no_intercept(circle: Circle) -> None:
    """PS3.3 C.8.9.4: RescaleIntercept is 0."""
    circle.make("pet_slopes").forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(image.get_fdata() - 1000.5, image.affine))
    circle.home(NEW)

    assert {float(ds.RescaleIntercept) for ds in circle.returned()} == {0.0}


def test_edited_float_pixels_stay_floats(circle: Circle) -> None:
    circle.make("float_pixels").forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(np.nan_to_num(image.get_fdata(dtype=np.float32)) + 1, image.affine))
    image = in_dicom_order(nibabel.load(circle.image()))
    circle.home(NEW)

    found = np.stack([np.frombuffer(ds.FloatPixelData, "<f4").reshape(ds.Rows, ds.Columns) for ds in circle.returned()])
    assert np.array_equal(found, image)


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
def test_an_image_that_lost_its_position_is_refused(change: str, name: str, circle: Circle) -> None:
    circle.make(name).forth()
    edit, reason = LOST[change]
    circle.edit_image(edit)
    (entry,) = circle.home(NEW).entries

    assert reason in entry.error
    assert "Copy the affine of the image that it was made from" in entry.error
    assert listing(circle.back) == {}


def test_a_position_that_was_lost_is_not_that_of_voxels_of_1_mm_which_fit_by_chance(circle: Circle) -> None:
    save(circle.dicom, slices(ramp(3, 4, 5), MR, origin=(-2, -3, -1), spacing=(1, 1), step=(0, 0, 1)))
    circle.forth()
    circle.edit_image(LOST["identity"][0])
    (entry,) = circle.home(NEW).entries

    assert "voxels of 1 mm" in entry.error


@pytest.mark.parametrize("last", [None, 2])
def test_a_part_of_an_image_that_begins_at_the_origin_has_its_position(last: int | None, circle: Circle) -> None:
    save(circle.dicom, slices(ramp(3, 4, 5), MR, origin=(0, 0, 0), spacing=(1, 1), step=(0, 0, 1)))
    circle.forth()
    circle.edit_image(lambda image: image.slicer[:, :, :last] if last else _padded(image))
    (entry,) = circle.home(NEW).entries

    assert (entry.outcome, entry.error) == (Outcome.DERIVED, "")


def _padded(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    return nibabel.Nifti1Image(np.pad(np.asarray(image.dataobj), [(0, 0), (0, 0), (0, 2)]), image.affine)


def test_a_segmentation_that_lost_its_position_is_refused(circle: Circle) -> None:
    circle.make("segmentation_label_map").forth()
    circle.edit_image(_without_codes)
    (entry,) = circle.home(NEW).entries

    assert "specifies no position" in entry.error


def _scaled(image: nibabel.Nifti1Image, low: float, high: float) -> nibabel.Nifti1Image:
    values = image.get_fdata()
    part = (values - values.min()) / (values.max() - values.min())
    return nibabel.Nifti1Image((low + part * (high - low)).astype(np.float32), image.affine)


HU_RANGES = [(0, 1, "US"), (-3, 3, "US"), (-30000, 90000, "US"), (-1000.5, 2000, "HU"), (-100.5, 300, "HU")]


@pytest.mark.parametrize(("low", "high", "unit"), HU_RANGES)
def test_values_that_are_not_hounsfield_units_are_not_labeled_so(low: float, high: float, unit: str, circle: Circle) -> None:
    circle.make("classic_ct").forth()
    circle.edit_image(lambda image: _scaled(image, low, high))
    (entry,) = circle.home(NEW).entries

    assert {ds.RescaleType for ds in circle.returned()} == {unit}
    assert any("do not look like Hounsfield units" in text for text in entry.log.warnings) == (unit == "US")


def test_ct_without_a_unit_is_in_hounsfield_units_too(circle: Circle) -> None:
    """As PS3.3 C.8.2.1 defines."""
    circle.make("classic_ct")
    edit_dicom(circle.dicom, RescaleType=None)
    circle.forth()
    circle.edit_image(lambda image: _scaled(image, 0, 1))
    circle.home(NEW)

    assert {ds.RescaleType for ds in circle.returned()} == {"US"}


def test_the_unit_is_that_of_the_note_where_the_rescale_stays(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    circle.edit_image(lambda image: with_stored(image, stored(image) - 9000))
    (entry,) = circle.home(NEW).entries

    assert any("RescaleType is US" in text for text in entry.log.warnings)
    assert {ds.RescaleType for ds in circle.returned()} == {"US"}


def test_padding_that_an_edited_image_still_has_does_not_make_its_unit_doubtful(circle: Circle) -> None:
    circle.make("classic_ct")
    for path in circle.dicom.rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        ds.add_new(0x00280120, "SS", -32768)
        ds.save_as(path)
    circle.forth()
    circle.edit_image(_with_padding)
    (entry,) = circle.home(NEW).entries

    assert {ds.RescaleType for ds in circle.returned()} == {"HU"}
    assert not any("do not look like" in text for text in entry.log.warnings)


def _with_padding(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    values = stored(image).copy()
    values[0] = -32768
    return with_stored(image, values)


def test_units_that_are_set_are_not_doubted(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    circle.edit_image(lambda image: _scaled(image, 0, 1))
    (entry,) = circle.home(replace(NEW, set_values={"RescaleType": "HU"})).entries

    assert {ds.RescaleType for ds in circle.returned()} == {"HU"}
    assert not any("do not look like" in text for text in entry.log.warnings)


@pytest.mark.parametrize(("high", "is_doubted"), [(15, True), (20000, False)])
def test_uptake_values_in_the_place_of_activities_are_reported(high: float, is_doubted: bool, circle: Circle) -> None:
    circle.make("pet_slopes").forth()
    circle.edit_sidecar(lambda top: top.update(Units="Bq/mL"))
    circle.edit_image(lambda image: _scaled(image, 0, high))
    (entry,) = circle.home(NEW).entries

    assert any("do not look like Bq/mL" in text for text in entry.log.warnings) == is_doubted


def _spoilt(image: nibabel.Nifti1Image, bad: float) -> nibabel.Nifti1Image:
    values = image.get_fdata()
    values[:2, 0, 0] = bad
    return nibabel.Nifti1Image(values, image.affine)


@pytest.mark.parametrize("name", ["classic_ct", "enhanced_slopes", "mr_4d"])
def test_voxels_that_are_not_a_number_become_padding(name: str, circle: Circle) -> None:
    circle.make(name).forth()
    circle.edit_image(lambda image: _spoilt(image, np.nan))
    wanted = in_dicom_order(nibabel.load(circle.image()))
    (entry,) = circle.home(NEW).entries

    assert entry.outcome is Outcome.DERIVED
    assert any("voxels are NaN: they became PixelPaddingValue" in text for text in entry.log.warnings)
    returned = circle.returned()
    stored = np.concatenate([ds.pixel_array.reshape(-1, ds.Rows, ds.Columns) for ds in returned])
    padding = [(ds.PixelPaddingValue, ds["PixelPaddingValue"].VR) for ds in returned]
    assert padding == [(0, "SS" if ds.PixelRepresentation else "US") for ds in returned]
    assert np.array_equal(stored == 0, np.isnan(wanted).reshape(stored.shape))


@pytest.mark.parametrize(("name", "bad"), [("classic_ct", np.inf), ("pet_slopes", np.nan)])
def test_values_that_integers_cannot_hold_are_refused_with_their_number(name: str, bad: float, circle: Circle) -> None:
    circle.make(name).forth()
    circle.edit_image(lambda image: _spoilt(image, bad))
    (entry,) = circle.home(NEW).entries

    assert entry.outcome is Outcome.FAILED
    assert "2 voxels are NaN or infinite" in entry.error
    assert listing(circle.back) == {}


def _diffusivity(image: nibabel.Nifti1Image, largest: float, outlier: float = 0) -> nibabel.Nifti1Image:
    values = np.linspace(largest / 9, largest, image.get_fdata().size).reshape(image.shape)
    values[0, 0, 0] += outlier
    return nibabel.Nifti1Image(values, image.affine)


@pytest.mark.parametrize("outlier", [10, 1000])
@pytest.mark.parametrize("name", ["classic_ct", "pet_slopes"])
def test_an_extreme_value_that_makes_16_bits_too_coarse_is_refused(name: str, outlier: float, circle: Circle) -> None:
    circle.make(name).forth()
    circle.edit_image(lambda image: _diffusivity(image, 2e-3, outlier))
    (refused,) = circle.home(NEW).entries
    (allowed,) = circle.home(replace(NEW, max_error=outlier / 60000)).entries

    assert "while most values are from" in refused.error
    assert 'kind="pm"' in refused.error
    assert allowed.outcome is Outcome.DERIVED


@pytest.mark.parametrize("max_error", [1e-9, 1e-3])
def test_rounding_of_an_edited_image_is_limited(max_error: float, circle: Circle) -> None:
    circle.make("classic_ct").forth()
    circle.edit_image(lambda image: _diffusivity(image, 2.0))
    (entry,) = circle.home(replace(NEW, max_error=max_error)).entries

    assert entry.outcome is (Outcome.FAILED if max_error < 1e-6 else Outcome.DERIVED)


@pytest.mark.parametrize("largest", [2e-3, 1e-6])
def test_values_far_below_one_are_not_rounding(largest: float, circle: Circle) -> None:
    circle.make("classic_ct").forth()
    circle.edit_image(lambda image: _diffusivity(image, largest))  # such as mm²/s
    (entry,) = circle.home(NEW).entries

    assert entry.outcome is Outcome.DERIVED
    found = np.stack([ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept) for ds in circle.returned()])
    assert np.allclose(found, in_dicom_order(nibabel.load(circle.image())), atol=largest / 60000)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_labels_in_the_place_of_an_image_are_reported(dtype: type, circle: Circle) -> None:
    circle.make("classic_ct").forth()

    def masked(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
        values = np.zeros(image.shape, dtype)
        values[1:3, 1:3, :2] = 1
        return nibabel.Nifti1Image(values, image.affine)

    circle.edit_image(masked)
    (entry,) = circle.home(NEW).entries

    assert entry.outcome is Outcome.DERIVED
    assert any("2 different whole numbers" in text and 'kind="seg"' in text for text in entry.log.warnings)


def _gradients_after(circle: Circle, b_values: str, vectors: str, edit: Callable | None = None) -> list[str]:
    """Return the warnings, or the error, of an image of three b-values whose .bval and .bvec have other texts."""
    found = slices(ramp(9, 4, 5), MR)
    for n, ds in enumerate(found):
        time, ds.ImagePositionPatient = n // 3, [0, 0, 3 * (n % 3)]
        ds.DiffusionBValue, ds.TemporalPositionIdentifier = 1000.0 * (time > 0), time + 1
        if time:
            ds.DiffusionGradientOrientation = [[1.0, 0, 0], [0, 0.6, 0.8]][time - 1]
    save(circle.dicom, found)
    circle.forth()
    stem = str(circle.image()).removesuffix(".nii.gz")
    for ending, text in ((".bval", b_values), (".bvec", vectors)):
        if text:
            Path(stem + ending).write_text(text, encoding="ascii")
    if edit is not None:
        circle.edit_image(edit)
    return [text for entry in circle.home(NEW).entries for text in (*entry.log.warnings, *filter(None, [entry.error]))]


def test_one_image_of_several_times_has_the_time_and_b_value_of_none(circle: Circle) -> None:
    _gradients_after(circle, "", "")
    shutil.rmtree(circle.back)
    circle.edit_image(lambda image: nibabel.Nifti1Image(image.get_fdata().mean(axis=-1), image.affine))
    (entry,) = circle.home(NEW).entries

    assert any("one time, its original 3" in text for text in entry.log.warnings)
    for ds in circle.returned():
        assert "DiffusionBValue" not in ds
        assert "TemporalPositionIdentifier" not in ds
        assert len(ds.SourceImageSequence) == 3


def test_gradients_of_files_that_were_not_edited_are_no_warning(circle: Circle) -> None:
    assert not _gradients_after(circle, "", "")


def test_edited_gradients_are_reported(circle: Circle) -> None:
    (warning,) = _gradients_after(circle, "0 1000 2000", "0 1 0\n0 0 1\n0 0 0\n")

    assert "time(s) 3 in" in warning
    assert "differ from those of the DICOM, which keeps its own" in warning


def _reversed_times(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    return nibabel.Nifti1Image(np.asarray(image.dataobj)[..., ::-1], image.affine)


def test_volumes_in_another_order_with_their_b_values_are_refused(circle: Circle) -> None:
    (error,) = _gradients_after(circle, "1000 1000 0", "0 1 0\n0.6 0 0\n0.8 0 0\n", _reversed_times)

    assert "voxels were edited, and b-values in .bval differ from those of the DICOM" in error
    assert circle.returned() == []


def test_gradients_that_do_not_fit_are_reported(circle: Circle) -> None:
    (warning,) = _gradients_after(circle, "0 1000", "0 1\n0 0\n0 0\n")

    assert "The DICOM keeps its own" in warning


def test_edited_color_stays_color(circle: Circle) -> None:
    circle.make("rgb").forth()

    def darker(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
        values = np.asarray(image.dataobj).copy()
        values["R"] = 0
        return nibabel.Nifti1Image(values, image.affine)

    circle.edit_image(darker)
    (entry,) = circle.home(NEW).entries

    assert entry.outcome is Outcome.DERIVED
    (ds,) = circle.returned()
    before = pydicom.dcmread(circle.dicom / "001.dcm").pixel_array
    assert not ds.pixel_array[..., 0].any()
    assert np.array_equal(ds.pixel_array[..., 1:], before[..., 1:])


def test_values_beyond_the_bits_that_were_stored_get_more_bits(circle: Circle) -> None:
    circle.make("dirty_high_bits").forth()
    circle.edit_image(lambda image: with_stored(image, (stored(image).astype(np.int32) * 100).astype(np.uint16)))
    image = in_dicom_order(nibabel.load(circle.image()))
    circle.home(NEW)

    assert np.array_equal(np.stack([ds.pixel_array for ds in circle.returned()]), image)
    assert {ds.BitsStored for ds in circle.returned()} == {16}


def test_negative_values_in_an_unsigned_series_are_kept(circle: Circle) -> None:
    circle.make("mr_4d").forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(stored(image).astype(np.int16) - 30, image.affine))
    image = nibabel.load(circle.image()).get_fdata()
    circle.home(NEW)

    assert sorted(int(v) for f in frames_in(circle.returned()) for v in (f[0] * f[4] + f[5]).reshape(-1)) == sorted(
        image.reshape(-1)
    )


def test_keeping_uids_of_an_edited_image_is_refused_in_words_and_new_ones_are_given(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    circle.edit_image(one_voxel)

    (entry,) = circle.home(KEEP, names=NEW.names).entries

    assert entry.outcome is Outcome.DERIVED
    assert any("new UIDs were assigned" in text for text in entry.log.warnings)
    assert not {ds.SOPInstanceUID for ds in circle.returned()} & {
        pydicom.dcmread(p).SOPInstanceUID for p in circle.dicom.iterdir()
    }


def test_an_edited_image_can_be_written_under_the_original_names(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    circle.edit_image(one_voxel)

    (entry,) = circle.home(KEEP).entries

    assert entry.outcome is Outcome.DERIVED, entry.error
    assert len(circle.returned()) == 3


@pytest.mark.slow
def test_images_of_one_series_edited_one_by_one_share_their_new_series(circle: Circle) -> None:
    circle.make("echoes_and_phase").forth()
    circle.edit_images(one_voxel)
    circle.home(NEW)

    assert len({ds.SeriesInstanceUID for ds in circle.returned()}) == 1
    assert len({ds.SOPInstanceUID for ds in circle.returned()}) == 12


def test_instance_numbers_of_a_derived_series_are_its_own(circle: Circle) -> None:
    edited(circle, "mr_4d", one_voxel)

    assert sorted(int(ds.InstanceNumber) for ds in circle.returned()) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("change", [cropped, moved], ids=lambda f: f.__name__)
def test_a_changed_grid_of_frames_without_places_is_refused(change: Callable, circle: Circle) -> None:
    circle.make("cine").forth()
    circle.edit_images(change)

    report = circle.home(NEW)

    assert {entry.outcome for entry in report.entries} == {Outcome.FAILED}
    assert all("cannot store new positions" in entry.error for entry in report.entries)


def test_an_enhanced_object_with_fewer_groups_than_frames_never_ends_in_a_traceback(circle: Circle) -> None:
    from phantoms import save
    from phantoms.multiframe import enhanced

    ds = enhanced(1, 3)
    del ds.PerFrameFunctionalGroupsSequence[2]
    save(circle.dicom, [ds])
    circle.forth()
    circle.edit_images(one_voxel)

    report = circle.home(NEW)

    assert all(entry.outcome is Outcome.DERIVED or entry.error for entry in some(report.entries))


def test_what_was_edited_is_reported(circle: Circle) -> None:
    circle.make("classic_ct").forth()
    circle.edit_image(moved)

    (entry,) = circle.home(NEW).entries

    assert any("geometry" in note for note in entry.log.notes)


@pytest.mark.slow
def test_edited_images_of_one_series_keep_their_instance_numbers_apart(circle: Circle) -> None:
    circle.make("echoes_and_phase").forth()
    circle.edit_images(one_voxel)
    assert circle.home(NEW).ok
    numbers = sorted(int(ds.InstanceNumber) for ds in circle.returned())
    assert len({ds.SeriesInstanceUID for ds in circle.returned()}) == 1
    assert numbers == list(range(1, len(numbers) + 1))


def test_an_edited_series_is_in_one_study_also_if_its_slices_were_not(circle: Circle) -> None:
    found = slices(ramp(3, 4, 5))
    for n, ds in enumerate(found):
        ds.StudyInstanceUID = uid(70, n)
    save(circle.dicom, found)
    circle.forth()
    circle.edit_image(moved)
    report = circle.home(NEW)

    assert len({pydicom.dcmread(path).StudyInstanceUID for path in report.outputs}) == 1
