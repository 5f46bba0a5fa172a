"""Values of edited images: true within the error that is reported, in as many bits as they need, or refused."""

from __future__ import annotations

from dataclasses import replace

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import Outcome, read
from support.nifti_edits import edited, frames_in, one_voxel, stored, with_stored
from support.round_trip import NEW, RoundTrip, edit_dicom, in_dicom_order, listing


def test_a_changed_voxel_changes_no_other(round_trip: RoundTrip) -> None:
    edited(round_trip, "classic_ct", one_voxel)

    before = np.stack([pydicom.dcmread(path).pixel_array for path in sorted(round_trip.dicom.iterdir())])
    after = np.stack([ds.pixel_array for ds in round_trip.returned()])

    # the first voxel of the image is the first of the last row: rows of a NIfTI count upwards
    assert np.argwhere(before != after).tolist() == [[0, 3, 0]]


@pytest.mark.parametrize("phantom", ["pet_slopes", "classic_ct", "enhanced_slopes", "enhanced_mr", "mr_4d"])
def test_real_values_are_kept_within_the_error_that_is_reported(phantom: str, round_trip: RoundTrip) -> None:
    round_trip.make(phantom).forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(image.get_fdata() * 1.2345 + 0.123, image.affine))
    values = np.sort(nibabel.load(round_trip.image()).get_fdata().reshape(-1))
    (entry,) = round_trip.home(NEW).entries

    (stated,) = [float(text.split("largest error is ")[1]) for text in entry.log.warnings if "largest error is" in text]
    real = np.sort(np.concatenate([(f[0] * f[4] + f[5]).reshape(-1) for f in frames_in(round_trip.returned())]))
    assert np.abs(real - values).max() <= stated * 1.01
    assert stated <= (values.max() - values.min()) / 60000 if phantom != "pet_slopes" else stated <= values.max() / 30000


SCALES = [(0.5, 0.0), (0.5, 3.0), (-0.5, 20.0), (1.0, 40.0), (1.0, -50.0)]


def _scaled_integers(image: nibabel.Nifti1Image, slope: float, intercept: float) -> nibabel.Nifti1Image:
    """Return an image of other values, which are saved as integers with a scale in the header."""
    values = np.arange(np.prod(image.shape), dtype=np.uint8).reshape(image.shape) + np.uint8(5)
    scaled = nibabel.Nifti1Image(values, image.affine)
    scaled.header.set_slope_inter(slope, intercept)
    return scaled


@pytest.mark.parametrize("phantom", ["dose_grid", "classic_ct", "pet_slopes", "mr_4d", "enhanced_mr", "eight_bit_odd"])
@pytest.mark.parametrize(("slope", "intercept"), SCALES)
def test_integers_with_a_scale_have_their_real_values(
    phantom: str, slope: float, intercept: float, round_trip: RoundTrip
) -> None:
    round_trip.make(phantom).forth()
    round_trip.edit_image(lambda image: _scaled_integers(image, slope, intercept))
    values = nibabel.load(round_trip.image()).get_fdata()
    round_trip.home(replace(NEW, max_error=0.005))
    (back,) = read(round_trip.back)

    assert np.sort(back.real_values().reshape(-1)) == pytest.approx(np.sort(values.reshape(-1)), abs=0.005)


@pytest.mark.parametrize("scale", SCALES[1:])
def test_pet_of_one_scale_has_no_intercept(scale: tuple[float, float], round_trip: RoundTrip) -> None:
    """PS3.3 C.8.9.4."""
    round_trip.make("pet_slopes")
    edit_dicom(round_trip.dicom, RescaleSlope="2")
    round_trip.forth()
    round_trip.edit_image(lambda image: _scaled_integers(image, *scale))
    round_trip.home(replace(NEW, max_error=0.005))

    assert {float(ds.RescaleIntercept) for ds in round_trip.returned()} == {0.0}


@pytest.mark.parametrize("changed", [0, 1, 2])
@pytest.mark.parametrize("phantom", ["pet_slopes", "enhanced_slopes"])
def test_slices_with_slopes_of_their_own_keep_them(phantom: str, changed: int, round_trip: RoundTrip) -> None:
    """A voxel is changed by one step of its slice: all stored values but this one stay what they were."""
    round_trip.make(phantom)
    before = sorted(frames_in([pydicom.dcmread(path) for path in round_trip.dicom.iterdir()]), key=lambda frame: frame[1][2])
    round_trip.forth()

    def one_step(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
        values = np.asarray(image.dataobj).copy()
        pixels, *_, slope, intercept = before[changed]
        values[0, 0, changed] = (int(pixels[-1, 0]) + 1) * slope + intercept
        return nibabel.Nifti1Image(values, image.affine)

    round_trip.edit_image(one_step)
    round_trip.home(NEW)
    after = sorted(frames_in(round_trip.returned()), key=lambda frame: frame[1][2])

    assert [frame[4:] for frame in after] == [frame[4:] for frame in before]
    off = np.stack([new[0].astype(int) - old[0] for old, new in zip(before, after, strict=True)])
    assert np.argwhere(off).tolist() == [[changed, off.shape[1] - 1, 0]]
    assert off[changed, -1, 0] == 1


def test_colors_of_16_bits_are_edited(round_trip: RoundTrip) -> None:
    """As of 16-bit photographs of the eye; they were refused."""
    before = edited(round_trip, "rgb_16_bit", one_voxel)

    (after,) = round_trip.returned()
    assert (after.BitsAllocated, after.PhotometricInterpretation) == (16, "RGB")
    assert np.array_equal(np.flip(stored(before), 1)[:, :, 0, 0].transpose(1, 0, 2), after.pixel_array)


def test_edited_float_pixels_stay_floats(round_trip: RoundTrip) -> None:
    round_trip.make("float_pixels").forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.nan_to_num(image.get_fdata(dtype=np.float32)) + 1, image.affine))
    image = in_dicom_order(nibabel.load(round_trip.image()))
    round_trip.home(NEW)

    found = np.stack([np.frombuffer(ds.FloatPixelData, "<f4").reshape(ds.Rows, ds.Columns) for ds in round_trip.returned()])
    assert np.array_equal(found, image)


def _spoilt(image: nibabel.Nifti1Image, bad: float) -> nibabel.Nifti1Image:
    values = image.get_fdata()
    values[:2, 0, 0] = bad
    return nibabel.Nifti1Image(values, image.affine)


@pytest.mark.parametrize("name", ["classic_ct", "enhanced_slopes", "mr_4d"])
def test_voxels_that_are_not_a_number_become_padding(name: str, round_trip: RoundTrip) -> None:
    round_trip.make(name).forth()
    round_trip.edit_image(lambda image: _spoilt(image, np.nan))
    wanted = in_dicom_order(nibabel.load(round_trip.image()))
    (entry,) = round_trip.home(NEW).entries

    assert entry.outcome is Outcome.DERIVED
    assert any("voxels are NaN: they became PixelPaddingValue" in text for text in entry.log.warnings)
    returned = round_trip.returned()
    stored = np.concatenate([ds.pixel_array.reshape(-1, ds.Rows, ds.Columns) for ds in returned])
    padding = [(ds.PixelPaddingValue, ds["PixelPaddingValue"].VR) for ds in returned]
    assert padding == [(0, "SS" if ds.PixelRepresentation else "US") for ds in returned]
    assert np.array_equal(stored == 0, np.isnan(wanted).reshape(stored.shape))


def test_voxels_of_pet_that_are_not_a_number_are_padding_below_all_others(round_trip: RoundTrip) -> None:
    """PET has no intercept; SPM and registration write NaN outside of the field of view."""
    round_trip.make("pet_slopes").forth()
    round_trip.edit_image(lambda image: _spoilt(image, np.nan))
    wanted = in_dicom_order(nibabel.load(round_trip.image()))
    (entry,) = round_trip.home(NEW).entries

    assert entry.outcome is Outcome.DERIVED, entry.error
    returned = round_trip.returned()
    stored = np.stack([ds.pixel_array for ds in returned]).astype(float)
    slopes = np.array([float(ds.RescaleSlope) for ds in returned])[:, None, None]
    missing = np.isnan(wanted).reshape(stored.shape)
    assert {(ds["PixelPaddingValue"].VR, ds.PixelPaddingValue, ds.RescaleIntercept) for ds in returned} == {("SS", -1, 0)}
    assert np.array_equal(stored == -1, missing)
    np.testing.assert_allclose((stored * slopes)[~missing], wanted.reshape(stored.shape)[~missing], atol=slopes.max() * 0.501)


@pytest.mark.parametrize(("name", "bad"), [("classic_ct", np.inf), ("pet_slopes", np.inf)])
def test_values_that_integers_cannot_hold_are_refused_with_their_number(name: str, bad: float, round_trip: RoundTrip) -> None:
    round_trip.make(name).forth()
    round_trip.edit_image(lambda image: _spoilt(image, bad))
    (entry,) = round_trip.home(NEW).entries

    assert entry.outcome is Outcome.FAILED
    assert "2 voxels are NaN or infinite" in entry.error
    assert listing(round_trip.back) == {}


def _diffusivity(image: nibabel.Nifti1Image, largest: float, outlier: float = 0) -> nibabel.Nifti1Image:
    values = np.linspace(largest / 9, largest, image.get_fdata().size).reshape(image.shape)
    values[0, 0, 0] += outlier
    return nibabel.Nifti1Image(values, image.affine)


@pytest.mark.parametrize("outlier", [10, 1000])
@pytest.mark.parametrize("name", ["classic_ct", "pet_slopes"])
def test_an_extreme_value_that_makes_16_bits_too_coarse_is_refused(name: str, outlier: float, round_trip: RoundTrip) -> None:
    round_trip.make(name).forth()
    round_trip.edit_image(lambda image: _diffusivity(image, 2e-3, outlier))
    (refused,) = round_trip.home(NEW).entries
    (allowed,) = round_trip.home(replace(NEW, max_error=outlier / 60000)).entries

    assert "while most values are from" in refused.error
    assert 'kind="pm"' in refused.error
    assert allowed.outcome is Outcome.DERIVED


@pytest.mark.parametrize("max_error", [1e-9, 1e-3])
def test_rounding_of_an_edited_image_is_limited(max_error: float, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_image(lambda image: _diffusivity(image, 2.0))
    (entry,) = round_trip.home(replace(NEW, max_error=max_error)).entries

    assert entry.outcome is (Outcome.FAILED if max_error < 1e-6 else Outcome.DERIVED)


@pytest.mark.parametrize("largest", [2e-3, 1e-6])
def test_values_far_below_one_are_not_rounding(largest: float, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_image(lambda image: _diffusivity(image, largest))  # such as mm²/s
    (entry,) = round_trip.home(NEW).entries

    assert entry.outcome is Outcome.DERIVED
    found = np.stack([ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept) for ds in round_trip.returned()])
    assert np.allclose(found, in_dicom_order(nibabel.load(round_trip.image())), atol=largest / 60000)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_labels_in_the_place_of_an_image_are_reported(dtype: type, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()

    def masked(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
        values = np.zeros(image.shape, dtype)
        values[1:3, 1:3, :2] = 1
        return nibabel.Nifti1Image(values, image.affine)

    round_trip.edit_image(masked)
    (entry,) = round_trip.home(NEW).entries

    assert entry.outcome is Outcome.DERIVED
    assert any("2 different whole numbers" in text and 'kind="seg"' in text for text in entry.log.warnings)


def test_edited_color_stays_color(round_trip: RoundTrip) -> None:
    round_trip.make("rgb").forth()

    def darker(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
        values = np.asarray(image.dataobj).copy()
        values["R"] = 0
        return nibabel.Nifti1Image(values, image.affine)

    round_trip.edit_image(darker)
    (entry,) = round_trip.home(NEW).entries

    assert entry.outcome is Outcome.DERIVED
    (ds,) = round_trip.returned()
    before = pydicom.dcmread(round_trip.dicom / "001.dcm").pixel_array
    assert not ds.pixel_array[..., 0].any()
    assert np.array_equal(ds.pixel_array[..., 1:], before[..., 1:])


def test_values_beyond_the_bits_that_were_stored_get_more_bits(round_trip: RoundTrip) -> None:
    round_trip.make("dirty_high_bits").forth()
    round_trip.edit_image(lambda image: with_stored(image, (stored(image).astype(np.int32) * 100).astype(np.uint16)))
    image = in_dicom_order(nibabel.load(round_trip.image()))
    round_trip.home(NEW)

    assert np.array_equal(np.stack([ds.pixel_array for ds in round_trip.returned()]), image)
    assert {ds.BitsStored for ds in round_trip.returned()} == {16}


def test_negative_values_in_an_unsigned_series_are_kept(round_trip: RoundTrip) -> None:
    round_trip.make("mr_4d").forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(stored(image).astype(np.int16) - 30, image.affine))
    image = nibabel.load(round_trip.image()).get_fdata()
    round_trip.home(NEW)

    assert sorted(int(v) for f in frames_in(round_trip.returned()) for v in (f[0] * f[4] + f[5]).reshape(-1)) == sorted(
        image.reshape(-1)
    )
