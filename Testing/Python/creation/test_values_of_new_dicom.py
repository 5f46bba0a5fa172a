"""Values and times of new DICOM: 16 bits, rescale, volumes, gradients, slice times."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import (
    ConversionOptions,
    Job,
    Kind,
    Target,
    convert,
    read,
)
from nifti_dicom_bridge.options import SegmentationForm
from support.new_objects import MATRIX, entry_of, made, refused, save

TO_DICOM = ConversionOptions(target=Target.DICOM)
FRACTIONS = np.linspace(0, 1, 60, dtype=np.float32).reshape(5, 4, 3)


@pytest.mark.parametrize(
    "voxels",
    [
        (np.arange(60).reshape(5, 4, 3) * 0.25 - 3).astype(np.float32),
        (np.arange(60).reshape(5, 4, 3) * 1.2345678e-3).astype(np.float32),
        np.arange(60).reshape(5, 4, 3).astype(np.int32) + 3_000_000,
        np.arange(60).reshape(5, 4, 3).astype(np.uint32) + 4_000_000_000,
        -np.arange(60).reshape(5, 4, 3).astype(np.int64) - 40_000,
        np.full((5, 4, 3), 3.7, np.float32),
    ],
    ids=["quarters", "steps", "offset", "uint32", "int64", "constant"],
)
def test_values_are_exact_where_sixteen_bits_can_hold_them(there, voxels):
    nibabel.save(nibabel.Nifti1Image(voxels, MATRIX, dtype=voxels.dtype), "a.nii")
    (entry,) = convert(Job([Path("a.nii")], Path("out"), replace(TO_DICOM, kind=Kind.MR))).entries
    (found,) = read("out/a")
    wanted = np.flip(np.swapaxes(voxels, 0, 2), ())[None]
    assert np.allclose(np.sort(found.real_values().ravel()), np.sort(wanted.ravel().astype(float)), rtol=1e-6, atol=0)
    assert not any("rounded" in warning for warning in entry.log.warnings)


def test_slope_of_the_image_becomes_that_of_the_slices(there):
    image = nibabel.Nifti1Image(np.arange(60, dtype=np.int16).reshape(5, 4, 3), MATRIX)
    image.header.set_slope_inter(0.5, -10)
    nibabel.save(image, "a.nii")
    first, *_ = made(Path("a.nii"), kind=Kind.MR)
    assert (float(first.RescaleSlope), float(first.RescaleIntercept), first.RescaleType) == (0.5, -10.0, "US")


def test_rounding_is_reported_with_its_bound(there):
    voxels = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)
    (entry,) = convert(Job([save("a.nii", voxels)], Path("out"), replace(TO_DICOM, kind=Kind.MR))).entries
    assert any("the largest error is" in warning for warning in entry.log.warnings)


def test_rounding_beyond_the_limit_is_refused(there):
    voxels = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)
    assert "max_error=" in refused(save("a.nii", voxels), kind=Kind.MR, max_error=1e-9)


def test_nan_becomes_padding_that_is_no_value_of_the_image(there):
    voxels = np.arange(60, dtype=np.float32).reshape(5, 4, 3)
    voxels[0, 0, 0] = np.nan
    first, *_ = made(save("a.nii", voxels), kind=Kind.MR)
    assert (first.pixel_array == first.PixelPaddingValue).sum() == 1


@pytest.mark.parametrize("low", [-100, 0, 50])
def test_nan_of_pet_and_of_ct_is_padding_below_all_values_and_does_not_change_the_unit(there, low):
    voxels = np.linspace(low, 20000, 60, dtype=np.float32).reshape(5, 4, 3)
    voxels[0] = np.nan
    pet = made(save("a.nii", voxels), kind=Kind.PET, set_values={"Units": "BQML"})
    ct = made(save("b.nii", np.where(np.isnan(voxels), np.nan, -1000 + (voxels - low) / 10).astype(np.float32)), kind=Kind.CT)

    for first in (pet[0], ct[0]):
        stored = first.pixel_array
        assert (stored == first.PixelPaddingValue).sum() == voxels[0].shape[0]
        assert stored.min() == first.PixelPaddingValue
    assert pet[0].RescaleIntercept == 0
    assert ct[0].RescaleType == "HU"


@pytest.mark.parametrize(("name", "values"), [("a_dseg.nii", [0, 1, 2]), ("a_probseg.nii", [0, 0.4, 1])])
def test_nan_outside_of_labels_and_probabilities_is_background(there, name, values):
    """As nilearn and SPM write outside of the mask; it was refused."""
    voxels = np.array(values, np.float32)[np.arange(60).reshape(5, 4, 3) % 3]
    (wanted,) = made(save(name, voxels), out="zeros")
    entry = entry_of(save(name, np.where(voxels == 0, np.nan, voxels)))

    assert any("20 voxels are NaN: they were taken for background" in text for text in entry.log.warnings)
    assert np.array_equal(pydicom.dcmread(entry.outputs[0]).pixel_array, wanted.pixel_array)


def test_complex_voxels_become_two_series(there):
    voxels = (np.arange(60) + 1j * np.arange(60)[::-1]).reshape(5, 4, 3).astype(np.complex64)
    kinds = {found.ImageType[2] for found in made(save("a.nii", voxels))}
    assert kinds == {"R", "I"}


@pytest.mark.parametrize(
    ("voxels", "choices", "words"),
    [
        (np.full((5, 4, 3), np.inf, np.float32), {"kind": Kind.MR}, "infinite"),
        (np.full((5, 4, 3), np.nan, np.float32), {"kind": Kind.MR}, "NaN"),
        (np.full((5, 4, 3), np.nan, np.float32), {"kind": Kind.PET}, "NaN"),
        (np.full((5, 4, 3), np.nan, np.float32), {"kind": Kind.SEG}, "All voxels are NaN"),
        (np.where(np.arange(60).reshape(5, 4, 3) < 3, np.inf, 1).astype(np.float32), {"kind": Kind.SEG}, "infinite"),
        (np.zeros((5, 4, 3), np.uint8), {"kind": Kind.SEG}, "all voxels are 0"),
        (-np.ones((5, 4, 3), np.int16), {"kind": Kind.SEG}, "negative"),
        (FRACTIONS, {"kind": Kind.SEG, "segmentation": SegmentationForm.BINARY}, "whole"),
        (np.zeros((5, 4, 3, 2, 3), np.int16), {}, "per voxel"),
    ],
)
def test_voxels_that_do_not_fit_are_one_clear_error(there, voxels, choices, words):
    assert words in refused(save("a.nii", voxels), **choices)


@pytest.mark.parametrize("bad", [np.nan, 0.0])
def test_matrix_that_is_none_is_one_clear_error(there, bad):
    image = nibabel.Nifti1Image(np.zeros((5, 4, 3), np.int16), MATRIX)
    image.header["srow_x"], image.header["sform_code"], image.header["qform_code"] = [bad] * 4, 1, 0
    image.header["srow_y"], image.header["srow_z"] = [0, 1, 0, 0], [0, 0, 1, 0]
    with open("a.nii", "wb") as file:
        file.write(image.header.binaryblock + bytes(4) + bytes(120))
    assert "matrix" in refused(Path("a.nii"))


def test_times_become_temporal_positions_and_come_back(there):
    voxels = np.arange(240, dtype=np.int16).reshape(5, 4, 3, 4)
    image = nibabel.Nifti1Image(voxels, MATRIX)
    image.header.set_zooms((2, 1.5, 3, 2.5))
    image.header.set_xyzt_units("mm", "sec")
    nibabel.save(image, "a_bold.nii")
    objects = made(Path("a_bold.nii"))
    assert [int(found.TemporalPositionIdentifier) for found in objects[::3]] == [1, 2, 3, 4]
    (back,) = read("out/a_bold")
    assert np.array_equal(back.voxels, np.moveaxis(voxels, [0, 1, 2, 3], [3, 2, 1, 0]))


@pytest.mark.parametrize(
    ("image", "bval", "bvec"),
    [("data.nii", "bvals", "bvecs"), ("a.nii", "a.bvals", "a.bvecs"), ("a.nii", "a.bval", "a.eddy_rotated_bvecs")],
    ids=["FSL", "DIPY", "eddy"],
)
def test_gradients_have_the_names_that_tools_give_them(there, image: str, bval: str, bvec: str):
    path = save(image, np.arange(120, dtype=np.int16).reshape(5, 4, 3, 2))
    Path(bval).write_text("0 1000\n")
    Path(bvec).write_text("0 1\n0 0\n0 0\n")
    assert {ds.DiffusionBValue for ds in made(path, kind="mr")} == {0, 1000}


@pytest.mark.parametrize("kind", [Kind.MR, Kind.ENHANCED_MR])
def test_gradients_come_back(there, kind):
    voxels = np.arange(180, dtype=np.int16).reshape(5, 4, 3, 3)
    image = save("a_dwi.nii", voxels, Modality="MR")
    Path("a_dwi.bval").write_text("0 1000 2000\n")
    Path("a_dwi.bvec").write_text("0 1 0.6\n0 0 0\n0 0 0.8\n")
    made(image, kind=kind)
    (back,) = read("out/a_dwi")
    assert np.allclose(back.gradients[:, 0], [0, 1000, 2000])
    # the matrix is left-handed for FSL's purposes no more than MATRIX is: x and y negated, so no sign of x is changed
    assert np.allclose(back.gradients[1:, 1:], [[1, 0, 0], [0.6, 0, 0.8]], atol=1e-6) or np.allclose(
        back.gradients[1:, 1:], [[-1, 0, 0], [-0.6, 0, 0.8]], atol=1e-6
    )


@pytest.mark.parametrize(("b_values", "written"), [("1000", 1000), ("0 1000", None)])
def test_one_volume_has_the_b_value_of_a_file_with_one(there, b_values: str, written: float | None):
    image = save("a_dwi.nii")
    Path("a_dwi.bval").write_text(b_values + "\n")
    Path("a_dwi.bvec").write_text("\n".join(" ".join("1" if row == 0 else "0" for _ in b_values.split()) for row in range(3)))
    entry = entry_of(image, kind="mr")
    assert pydicom.dcmread(min(entry.outputs)).get("DiffusionBValue") == written
    assert any("a_dwi.bval is not used" in text for text in entry.log.warnings) == (written is None)


def test_gradients_of_another_length_are_one_clear_error(there):
    image = save("a_dwi.nii", np.arange(180, dtype=np.int16).reshape(5, 4, 3, 3))
    Path("a_dwi.bval").write_text("0 1000\n")
    Path("a_dwi.bvec").write_text("0 1\n0 0\n0 0\n")
    assert "for each was expected" in refused(image)


def test_slices_are_acquired_when_slice_timing_specifies(there):
    image = save("a_bold.nii", SliceTiming=[0.0, 1.0, 0.5], AcquisitionTime="10:00:00.000000", Modality="MR")
    assert [str(found.AcquisitionTime) for found in made(image)] == ["100000.000000", "100001.000000", "100000.500000"]
