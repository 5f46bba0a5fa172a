"""Values, positions and identity of new objects: within the stated bound and from a named source, or refused."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import OptionError, read
from support.new_objects import MATRIX, entry_of, made, refused, save

pytestmark = pytest.mark.usefixtures("there")


@pytest.mark.parametrize("quaternion", [(0.0, 0.7071068, 0.7071068), (0.7071068, 0.0, 0.7071068), (0.0, 1.0000001, 0.0)])
def test_a_half_turn_of_the_qform_is_normalized_as_nifti1_io_does(quaternion):
    image = nibabel.Nifti1Image(np.zeros((8, 8, 8), np.int16), None)
    image.header["qform_code"], image.header["sform_code"] = 1, 0
    image.header["quatern_b"], image.header["quatern_c"], image.header["quatern_d"] = quaternion
    image.header["pixdim"][:4] = 1, 1.0, 1.5, 2.0
    image.header.structarr["qoffset_x"] = 40
    nibabel.save(image, "q.nii")
    (found,) = read("q.nii")
    axes = found.ijk_to_ras[:3, :3] / [1.0, 1.5, 2.0]
    assert np.abs(axes.T @ axes - np.eye(3)).max() < 1e-9


@pytest.mark.parametrize("base", [10**12, 10**15 + 7, 123456789012345678, 2**62])
def test_64_bit_integers_are_exact_or_refused(base):
    voxels = (np.random.default_rng(3).integers(0, 100, (4, 3, 3)) + base).astype(np.int64)
    nibabel.save(nibabel.Nifti1Image(voxels, MATRIX, dtype=np.int64), "i.nii")
    entry = entry_of(Path("i.nii"), kind="mr")
    if base > 2**53:
        assert "would change by" in entry.error
        return
    (back,) = read("out")
    assert sorted(back.real_values().ravel()) == sorted(voxels.ravel().astype(float))


# the smallest have no slope at all, as it would be below the smallest number of double precision
@pytest.mark.parametrize(
    ("size", "reason"), [(1e-310, "would change by"), (1e-32, "single precision"), (1e33, "single precision")]
)
def test_values_whose_slope_no_reader_can_use_are_refused(size, reason):
    voxels = np.random.default_rng(3).normal(size=(5, 4, 3)) * size
    assert reason in refused(save("v.nii", voxels), kind="mr")


def with_outlier(dtype: str = "f4") -> Path:
    """Save an image of values from 0 to 1, and one of 10⁹."""
    voxels = np.random.default_rng(3).random((6, 5, 4)).astype(dtype)
    voxels[0, 0, 0] = 1e9
    return save("outlier.nii", voxels)


@pytest.mark.parametrize("kind", ["mr", "pet", "enhanced-mr"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_one_extreme_value_does_not_hide_that_all_others_would_be_lost(kind: str, dtype: str):
    assert "while most values are from" in refused(with_outlier(dtype), kind=kind)


def test_values_next_to_an_extreme_one_are_lost_if_that_is_allowed():
    entry = entry_of(with_outlier(), kind="mr", max_error=1.0)
    assert any("values were rounded to 16 bits" in warning for warning in entry.log.warnings)


def test_even_steps_around_zero_are_not_reported_as_rounded():
    steps = np.random.default_rng(3).integers(-300, 700, (6, 5, 4)).astype("f4") * np.float32(0.001)
    entry = entry_of(save("steps.nii", steps), kind="mr")
    assert not any("rounded" in warning for warning in entry.log.warnings)


@pytest.mark.parametrize("kind", ["mr", "enhanced-mr", "sc", "pm", "seg"])
@pytest.mark.parametrize("shape", [(1, 70_000, 1), (70_000, 1, 1)])
def test_an_image_of_more_rows_or_columns_than_dicom_has_is_refused(kind: str, shape: tuple[int, ...]) -> None:
    image = nibabel.Nifti2Image(np.ones(shape, np.uint8), MATRIX)
    nibabel.save(image, "wide.nii")
    assert "at most 65535" in refused(Path("wide.nii"), kind=kind)


@pytest.mark.slow
def test_more_pet_images_than_can_be_numbered_are_refused() -> None:
    """ImageIndex (0054,1330) has 16 bits."""
    nibabel.save(nibabel.Nifti2Image(np.ones((1, 1, 1, 70_000), np.int16), MATRIX), "pet.nii")
    assert "70000: too large" in refused(Path("pet.nii"), kind="pet")


def test_small_values_of_pet_have_one_slope_that_all_readers_use():
    voxels = np.random.default_rng(3).random((6, 5, 4)) * [1e-5, 2e-5, 3e-5, 4e-5]
    slopes = {float(ds.RescaleSlope) for ds in made(save("pet.nii", voxels), kind="pet")}
    assert len(slopes) == 1
    (back,) = read("out")
    assert sorted(back.real_values().ravel()) == pytest.approx(sorted(voxels.ravel()), abs=4e-9)


def test_slices_are_along_an_axis_of_one_voxel():
    files = made(save("flat.nii", np.random.default_rng(3).integers(0, 900, (6, 1, 5)).astype(np.int16)), kind="mr")
    assert [sorted((ds.Rows, ds.Columns)) for ds in files] == [[5, 6]]


def test_a_vector_of_bytes_is_not_a_color():
    image = nibabel.Nifti1Image(np.ones((4, 3, 2, 1, 3), np.uint8), MATRIX)
    image.header.set_intent(1007)
    nibabel.save(image, "v.nii")
    assert "vector" in refused(Path("v.nii"))
    image.header.set_intent(2003)
    nibabel.save(image, "c.nii")
    assert made(Path("c.nii"))[0].PhotometricInterpretation == "RGB"


@pytest.mark.parametrize("keyword", ["RescaleSlope", "PixelSpacing", "ImagePositionPatient", "SeriesInstanceUID", "Rows"])
def test_protected_attributes_are_refused(keyword):
    with pytest.raises(OptionError, match="cannot be set"):
        entry_of(save("a.nii"), set_values={keyword: "1.2" if "UID" in keyword else "1"})


@pytest.mark.parametrize(("keyword", "value"), [("Modality", "CT"), ("ImageType", "ORIGINAL\\PRIMARY")])
def test_values_that_the_kind_determines_are_refused(keyword, value):
    assert keyword in refused(save("a.nii"), kind="mr", set_values={keyword: value})


@pytest.mark.parametrize(("low", "unit"), [(-1000, "HU"), (0, "US")])
def test_ct_is_in_hounsfield_units_only_if_that_is_plausible(low, unit):
    voxels = (np.arange(60).reshape(5, 4, 3) + low).astype(np.int16)
    assert made(save("a.nii", voxels), kind="ct")[0].RescaleType == unit


def test_parts_of_a_complex_image_share_study_and_space():
    voxels = (np.arange(60) + 1j * np.arange(60, 0, -1)).reshape(5, 4, 3).astype(np.complex64)
    one, other = made(save("c.nii", voxels), kind="enhanced-mr")
    assert {one.ComplexImageComponent, other.ComplexImageComponent} == {"REAL", "IMAGINARY"}
    assert one.StudyInstanceUID == other.StudyInstanceUID
    assert one.FrameOfReferenceUID == other.FrameOfReferenceUID


def test_images_of_one_session_on_one_grid_share_a_frame_of_reference():
    labels = (np.arange(60) % 3 == 0).reshape(5, 4, 3).astype(np.uint8)
    inputs = [save("sub-01_T1w.nii"), save("sub-01_dseg.nii", labels)]
    found = made(*inputs)
    assert len({ds.FrameOfReferenceUID for ds in found}) == len({ds.StudyInstanceUID for ds in found}) == 1


def test_bids_subjects_have_an_id_and_what_the_participants_table_contains():
    save("d/sub-01/anat/sub-01_T1w.nii", Modality="MR")
    Path("d/dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    Path("d/participants.tsv").write_text("participant_id\tage\tsex\tweight\nsub-01\t34\tM\t80\n")
    found = made(Path("d"))[0]
    assert (found.PatientID, found.PatientAge, found.PatientSex, found.PatientWeight) == ("01", "034Y", "M", 80)


@pytest.mark.slow
def test_times_of_a_parametric_map_are_one_series():
    found = made(save("m.nii", np.random.default_rng(1).random((5, 4, 3, 3)).astype(np.float32)), kind="pm")
    assert len({ds.SeriesInstanceUID for ds in found}) == 1


COUNTED = [("mr", 3, 3), ("ct", 3, 3), ("sc", 3, 3), ("mr", 1, None), ("pet", 3, None)]


@pytest.mark.parametrize(("kind", "times", "counted"), COUNTED)
def test_times_are_counted_where_there_are_several_and_the_kind_has_them(kind: str, times: int, counted: int | None):
    """PET counts its times in a module of its own (PS3.3 C.8.9.1)."""
    image = nibabel.Nifti1Image(np.arange(60 * times, dtype=np.int16).reshape(5, 4, 3, times), MATRIX)
    image.header.set_zooms((2.0, 1.5, 3.0, 2.5))
    image.header.set_xyzt_units("mm", "sec")
    nibabel.save(image, "t.nii")

    found = made(Path("t.nii"), kind=kind)

    assert {ds.get("NumberOfTemporalPositions") for ds in found} == {counted}
    assert {ds.get("TemporalResolution") for ds in found} == {2500 if counted else None}
    positions = [ds.get("TemporalPositionIdentifier") for ds in found]
    assert positions == ([1 + n // 3 for n in range(9)] if counted else [None] * len(found))
    assert {ds.get("NumberOfTimeSlices") for ds in found} == {times if kind == "pet" else None}


def test_multi_frame_secondary_capture_is_unsigned():
    (found,) = made(save("s.nii", np.array([[[-5.0]], [[7.0]]], np.float32)), kind="sc-multiframe")
    assert found.PixelRepresentation == 0


def test_slices_without_thickness_have_that_of_the_grid():
    entry = entry_of(save("a.nii", Modality="MR", SliceThickness=0))
    assert '"SliceThickness" is 0: it was left out, as it cannot be 0' in entry.log.warnings
    assert pydicom.dcmread(entry.outputs[0]).SliceThickness == 3


def test_words_that_are_joined_in_a_sidecar_are_separate_values():
    found = made(save("a.nii", Modality="MR", ScanningSequence="GR_IR", SequenceVariant="SK_SP_MP", InversionTime=0.9))[0]
    assert list(found.SequenceVariant) == ["SK", "SP", "MP"]
    assert list(found.ScanningSequence) == ["GR", "IR"]


def test_inversion_recovery_without_a_time_is_still_valid():
    entry = entry_of(save("a.nii", Modality="MR", ScanningSequence=["GR", "IR"]))
    assert not [warning for warning in entry.log.warnings if "not valid" in warning]


def test_a_decay_factor_without_decay_correction_is_left_out():
    entry = entry_of(save("a.nii", Modality="PT", DecayCorrectionFactor=[1.1]))
    assert any("DecayCorrectionFactor" in warning for warning in entry.log.warnings)


@pytest.mark.parametrize(
    ("name", "letter"),
    [("sub-01_part-phase_T2starw", "P"), ("sub-01_part-mag_T2starw", ""), ("sub-01_phasediff", "P"), ("sub-01_phase1", "P")],
)
def test_classic_images_of_phase_are_marked_as_such(name, letter):
    voxels = np.random.default_rng(4).integers(-900, 900, (5, 4, 3)).astype("int16")
    (found, *_) = made(save(f"{name}.nii", voxels), kind="mr")
    assert list(found.ImageType)[3:] == ([letter] if letter else [])
