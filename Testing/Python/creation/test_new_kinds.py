"""What an image becomes by its values, name and header."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import SegmentationForm
from support.new_objects import entry_of, made, refused, save, series

SEG, PM = "Segmentation Storage", "Parametric Map Storage"


pytestmark = pytest.mark.usefixtures("there")


def regions(count: int, size: int = 3) -> np.ndarray:
    """Return a label map of cubes with background between them."""
    side = int(np.ceil(count ** (1 / 3)))
    numbers = np.arange(side**3).reshape(side, side, side) + 1
    cubes = np.where(numbers <= count, numbers, 0)
    found = np.kron(cubes, np.pad(np.ones((size,) * 3, int), ((0, 1),) * 3))
    return found.astype(np.int32)


def noise(dtype: str = "int16") -> np.ndarray:
    return np.random.default_rng(1).normal(300, 40, (12, 11, 10)).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
@pytest.mark.parametrize("count", [3, 300])
def test_label_maps_are_recognized_by_their_values(dtype, count):
    if count > 255 and dtype == "uint8":
        return
    assert made(save("x.nii", regions(count).astype(dtype)))[0].SOPClassUID.name == SEG


def test_a_label_map_that_was_saved_with_a_scale_is_one():
    image = nibabel.Nifti1Image(regions(20).astype(np.float64), np.eye(4))
    image.set_data_dtype(np.int16)
    image.header.set_slope_inter(0.00061, 0.0)
    nibabel.save(image, "x.nii")
    entry = entry_of(save("y.nii", regions(20).astype(np.float32) * np.float32(1 + 1e-6)))
    assert any("label map" in warning for warning in entry.log.warnings[:1])


@pytest.mark.parametrize("name", ["aparc+aseg", "dseg_native", "brainMask_left", "sub-01_desc-tumor_mask_v2", "labels-1mm"])
def test_a_word_of_the_name_at_any_position_makes_a_label_map(name):
    voxels = np.arange(60, dtype=np.float32).reshape(5, 4, 3)
    assert made(save(f"{name}.nii", voxels))[0].SOPClassUID.name == SEG


@pytest.mark.parametrize("name", ["unmasked", "sub-01_label-x_T1w", "segue"])
def test_other_words_do_not(name):
    assert made(save(f"{name}.nii", noise()))[0].SOPClassUID.name == "MR Image Storage"


def test_a_continuous_image_is_not_taken_for_a_label_map():
    assert "MR" in made(save("x.nii", noise()))[0].SOPClassUID.name
    assert made(save("y.nii", noise("float32")))[0].SOPClassUID.name == PM


@pytest.mark.parametrize("kind", ["ct", "mr", "pet"])
def test_a_continuous_image_next_to_a_reference_stays_of_its_modality(kind):
    voxels = np.random.default_rng(2).random((5, 4, 3)).astype(np.float32) * 900
    reference = series("scan", kind=kind) if kind != "pet" else series("scan", kind="mr")
    wanted = {"ct": "CT", "mr": "MR", "pet": "MR"}[kind]
    assert made(save("denoised.nii", voxels), reference=reference)[0].SOPClassUID.name == f"{wanted} Image Storage"


@pytest.mark.slow
def test_a_known_quantity_next_to_a_reference_is_a_parametric_map():
    voxels = np.random.default_rng(2).random((5, 4, 3)).astype(np.float32)
    assert made(save("x_T1map.nii", voxels), reference=series("scan", kind="mr"))[0].SOPClassUID.name == PM


def test_what_was_assumed_is_the_first_line():
    assert 'Use kind="KIND"' in entry_of(save("x.nii", noise())).log.warnings[0]


def test_a_mask_off_by_the_rounding_of_floats_is_binary():
    voxels = np.zeros((5, 4, 3))
    voxels[1:3] = 0.9999999
    (found,) = made(save("a_mask.nii", voxels))
    assert (found.SegmentationType, int(found.pixel_array.sum())) == ("BINARY", 24)


def test_a_label_that_its_table_leaves_without_a_name_is_reported():
    image = save("a_dseg.nii", np.repeat(np.array([0, 1, 2, 2, 0], np.uint8), 12).reshape(5, 4, 3))
    Path("a_dseg.tsv").write_text("index\tname\n1\tliver\n2\tn/a\n")
    entry = entry_of(image)
    assert "the meaning of label 2 is not specified: named by number" in entry.log.warnings


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.float32])
def test_minus_one_is_background_where_no_voxel_is_0(dtype):
    voxels = np.full((5, 4, 3), -1, dtype)
    voxels[1], voxels[2:4] = 1, 7
    entry = entry_of(save("a_dseg.nii", voxels))
    found = pydicom.dcmread(entry.outputs[0])

    assert "24 voxels are -1, and none is 0: -1 was taken for background" in entry.log.warnings
    assert [segment.SegmentLabel for segment in found.SegmentSequence] == ["Label 1", "Label 7"]
    assert int(found.pixel_array.sum()) == 36


@pytest.mark.parametrize("background", [0, -2])
def test_minus_one_is_refused_where_it_may_be_another_label(background):
    voxels = np.full((5, 4, 3), background, np.int16)
    voxels[1], voxels[2] = -1, 7
    assert "Set the background to 0" in refused(save("a_dseg.nii", voxels))


def test_values_that_are_not_whole_are_named_exactly():
    voxels = regions(3).astype(np.float64)
    voxels[0, 0, 0] = 1.0625
    assert "1.0625" in refused(save("x_seg.nii", voxels))


# --- labels


@pytest.mark.parametrize("labels", [[1], [1, 5], [1, 2, 3, 4, 5]])
def test_maps_that_add_up_to_1_are_refused_if_the_labels_do_not_match(labels):
    maps = np.full((5, 4, 3, 4), 0.25, np.float32)
    table = Path("labels.json")
    table.write_text(json.dumps({f"part {n}": n for n in labels}))
    assert "may be the background" in refused(save("p.nii", maps), kind="seg", segmentation="fractional", labels=table)


def background_first() -> np.ndarray:
    first = np.full((6, 5, 4), 0.75, np.float32)
    maps = np.stack([first, np.full_like(first, 0.25), np.zeros_like(first)], axis=-1)
    maps[2:4, 2, 1:3] = 0.25, 0.25, 0.5
    return maps


@pytest.mark.parametrize("is_named", [False, True])
def test_a_background_that_only_the_corners_show_is_a_warning(is_named: bool, tmp_path: Path):
    table = tmp_path / "labels.json"
    table.write_text(json.dumps({"part 1": 1, "part 2": 2}))
    named = {"labels": table} if is_named else {}

    log = entry_of(save("p_probseg.nii", background_first()), kind="seg", segmentation="fractional", **named).log

    words = "the first map is the background: it was left out, the second is label 1"
    assert words in (log.notes if is_named else log.warnings)
    assert words not in (log.warnings if is_named else log.notes)


@pytest.mark.slow
def test_maps_with_the_background_first_are_numbered_from_the_second():
    maps = background_first()
    (found,) = made(save("p_probseg.nii", maps))
    assert [item.SegmentLabel for item in found.SegmentSequence] == ["Label 1", "Label 2"]
    assert int(found.pixel_array.max()) == round(0.5 * 255)


@pytest.mark.parametrize(("full", "dtype"), [(100, "uint8"), (255, "uint8"), (65535, "uint16"), (1, "float32")])
def test_full_scales_of_probabilities_are_divided_out_and_reported(full, dtype):
    voxels = np.linspace(0, full, 60).reshape(5, 4, 3).astype(dtype)
    entry = entry_of(save("p.nii", voxels), kind="seg", segmentation="fractional")
    assert any(f"divided by {full}" in warning for warning in entry.log.warnings) is (full != 1)
    (found,) = made(save("p.nii", voxels), kind="seg", segmentation="fractional", out="again")
    assert int(found.pixel_array.max()) == 255


def test_fractional_makes_a_segmentation_of_an_image_of_unknown_kind():
    voxels = np.linspace(0, 100, 60).reshape(5, 4, 3).astype("uint8")
    (found,) = made(save("atlas.nii", voxels), segmentation="fractional")
    assert found.SegmentationType == "FRACTIONAL"


def test_negative_values_in_a_map_named_probseg_are_refused_as_probabilities():
    assert "probabilities are from 0 to 1" in refused(save("p_probseg.nii", np.linspace(-0.01, 1, 60).reshape(5, 4, 3)))


def test_percentages_in_a_map_named_probseg_are_not_labels():
    voxels = np.linspace(0, 100, 60).reshape(5, 4, 3).astype("uint8")
    (found,) = made(save("p_probseg.nii", voxels))
    assert found.SegmentationType == "FRACTIONAL"
    assert "which value is a probability of 1 is unknown" in refused(save("q_probseg.nii", voxels // 2))


@pytest.mark.parametrize("largest", [9e-4, 2e-3])
def test_maps_in_small_units_are_not_probabilities_whatever_their_name(largest):
    voxels = np.linspace(0, largest, 60).reshape(5, 4, 3).astype("float32")
    (found,) = made(save("adc_mask_applied.nii", voxels))
    assert found.SOPClassUID.name == PM
    words = refused(save("p_probseg.nii", voxels))
    assert "as probabilities in steps of 1/255" in words
    assert 'kind="pm"' in words


def test_a_form_of_segmentation_that_was_not_applied_is_reported():
    voxels = np.random.default_rng(3).integers(0, 900, (5, 4, 3)).astype("int16")
    entry = entry_of(save("sub-01_T1w.nii", voxels), segmentation="labelmap")
    assert any('segmentation="labelmap" was not applied' in warning for warning in entry.log.warnings)


def test_labels_are_not_probabilities():
    assert "from 0 to 3" in refused(save("l.nii", np.arange(60).reshape(5, 4, 3).astype("uint8") % 4), kind="seg",
                                    segmentation=SegmentationForm.FRACTIONAL)  # fmt: skip


@pytest.mark.parametrize("form", ["binary", "labelmap"])
def test_empty_slices_at_the_ends_survive(form):
    from nifti_dicom_bridge import read

    voxels = np.zeros((5, 4, 9), np.uint8)
    voxels[1:3, 1:3, 3:5], voxels[1:3, 1:3, 6] = 2, 5
    made(save("l_seg.nii", voxels), segmentation=form)
    (back,) = read("out")
    assert back.voxels.shape == (1, 9, 4, 5)
    assert [int(plane.max()) for plane in back.voxels[0]] == [int(voxels[:, :, k].max()) for k in range(9)] or [
        int(plane.max()) for plane in back.voxels[0]
    ] == [int(voxels[:, :, k].max()) for k in range(8, -1, -1)]
