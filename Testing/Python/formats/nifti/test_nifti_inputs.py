"""NIfTI images as other tools write them: two files, transparency, scaled labels, lists and odd units in sidecars."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import BridgeError, ConversionReport, Kind, LazyVoxels, Outcome
from nifti_dicom_bridge.formats import nifti
from nifti_dicom_bridge.formats.nifti import reading
from phantoms.base import ramp
from support.round_trip import NEW, RoundTrip

AFFINE = np.diag([-2.0, 2.0, 3.0, 1.0])


def to_dicom(
    round_trip: RoundTrip, image: Any, name: str = "a.nii.gz", top: dict | None = None, **choices: Any
) -> ConversionReport:
    """Convert one image that is written first."""
    round_trip.nifti.mkdir(exist_ok=True)
    nibabel.save(image, round_trip.nifti / name)
    if top is not None:
        (round_trip.nifti / f"{name.partition('.')[0]}.json").write_text(json.dumps(top))
    return round_trip.home(NEW, **choices)


def notes(report: ConversionReport) -> str:
    """Return all messages of the entries."""
    return "\n".join(line for entry in report.entries for line in [*entry.log.warnings, *entry.log.notes, entry.error])


def data_sets(folder: Path) -> list[pydicom.Dataset]:
    """Return the files below a folder by their number."""
    found = [pydicom.dcmread(path) for path in folder.rglob("*.dcm")]
    return sorted(found, key=lambda ds: ds.InstanceNumber)


# --- two files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["folder", "a.hdr", "a.img"])
def test_an_image_in_two_files_is_one_image(given: str, round_trip: RoundTrip) -> None:
    round_trip.nifti.mkdir()
    nibabel.save(nibabel.Nifti1Pair(ramp(5, 4, 3), AFFINE), round_trip.nifti / "a.img")
    (round_trip.nifti / "b.img").write_bytes(b"a disk image")
    round_trip.nifti = round_trip.nifti if given == "folder" else round_trip.nifti / given

    report = round_trip.home(NEW)

    assert [entry.outcome for entry in report.entries] == [Outcome.CONVERTED]
    assert len(data_sets(round_trip.back)) == 3


@pytest.mark.parametrize("packed", [("a.hdr", "a.img"), ("a.img",), ("a.hdr",)])
@pytest.mark.parametrize("given", ["folder", "header", "voxels"])
def test_each_file_of_an_image_in_two_files_may_be_compressed(
    given: str, packed: tuple[str, ...], round_trip: RoundTrip
) -> None:
    round_trip.nifti.mkdir()
    nibabel.save(nibabel.Nifti1Pair(ramp(5, 4, 3), AFFINE), round_trip.nifti / "a.img")
    (round_trip.nifti / "a.json").write_text('{"Modality": "MR", "EchoTime": 0.03}')
    for name in packed:
        (round_trip.nifti / f"{name}.gz").write_bytes(gzip.compress((round_trip.nifti / name).read_bytes()))
        (round_trip.nifti / name).unlink()
    if given != "folder":
        round_trip.nifti = next(round_trip.nifti.glob("a.hdr*" if given == "header" else "a.img*"))

    report = round_trip.home(NEW)

    assert [entry.outcome for entry in report.entries] == [Outcome.CONVERTED], notes(report)
    assert [ds.EchoTime for ds in data_sets(round_trip.back)] == [30] * 3


@pytest.mark.parametrize(("name", "other"), [("a.img.gz", "a.hdr.gz"), ("a.hdr.gz", "a.img.gz"), ("a.img", "a.hdr")])
def test_half_of_an_image_in_two_files_is_refused_with_the_name_of_the_other(
    name: str, other: str, round_trip: RoundTrip
) -> None:
    round_trip.nifti.mkdir()
    (round_trip.nifti / name).write_bytes(b"half")
    round_trip.nifti = round_trip.nifti / name

    with pytest.raises(BridgeError, match=f"{name} is half of an image in two files, and {other} is missing"):
        round_trip.home(NEW)


def test_an_analyze_image_is_refused_with_a_sentence_of_its_own(round_trip: RoundTrip) -> None:
    round_trip.nifti.mkdir()
    nibabel.save(nibabel.AnalyzeImage(ramp(5, 4, 3), AFFINE), round_trip.nifti / "a.img")

    report = round_trip.home(NEW)

    assert "an Analyze image" in report.entries[0].error


# --- transparency -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [255, 254, 0])
def test_transparency_is_reported(alpha: int, round_trip: RoundTrip) -> None:
    colors = np.zeros((5, 4, 3), [(name, "u1") for name in "RGBA"])
    colors["A"] = 255
    colors["A"][0, 0, 0] = alpha

    report = to_dicom(round_trip, nibabel.Nifti1Image(colors, AFFINE))

    assert ("1 voxels are transparent" in notes(report)) == (alpha < 255)


def test_transparency_of_four_values_per_voxel_is_reported(round_trip: RoundTrip) -> None:
    image = nibabel.Nifti1Image(np.full((5, 4, 3, 1, 4), 7, "u1"), AFFINE)
    image.header.set_intent(2004)

    assert "60 voxels are transparent" in notes(to_dicom(round_trip, image))


# --- large images -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".img"])
@pytest.mark.parametrize("kind", ["i2", ">i2", "c8", "RGB", "RGBA", "vector"])
def test_planes_of_large_images_are_those_of_the_array(
    kind: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = (7, 6, 5, 2, 3) if kind == "vector" else (7, 6, 5, 2)
    dtype = np.dtype([(letter, "u1") for letter in kind] if kind.startswith("RGB") else "i2" if kind == "vector" else kind)
    data = np.random.default_rng(0).integers(0, 100, np.prod(shape) * dtype.itemsize, np.uint8).view(dtype).reshape(shape)
    image_class = nibabel.Nifti1Pair if suffix == ".img" else nibabel.Nifti1Image
    nibabel.save(image_class(data, AFFINE, dtype=dtype), tmp_path / f"a{suffix}")
    whole = nifti.read_image(tmp_path / f"a{suffix}", allow_complex=True)
    monkeypatch.setattr(reading, "IN_MEMORY", 0)
    monkeypatch.setattr(reading, "IN_MEMORY_PACKED", 0)

    lazy = nifti.read_image(tmp_path / f"a{suffix}", allow_complex=True, lazy=True)

    assert isinstance(lazy.voxels, LazyVoxels)
    assert np.array_equal(lazy.voxels[1, 2:4], whole.voxels[1, 2:4])
    assert np.array_equal(lazy.array, whole.array)
    assert lazy.warnings == whole.warnings


# --- labels -----------------------------------------------------------------------------------------------------------


def _layers(*numbers: int) -> nibabel.Nifti1Image:
    """Return an image of several labels per voxel: each layer has one number."""
    voxels = np.zeros((5, 4, 3, 1, len(numbers)), "u1")
    voxels[1:4, 1:3] = numbers
    image = nibabel.Nifti1Image(voxels, AFFINE)
    image.header.set_intent("label")
    return image


def test_layers_of_different_labels_are_segments_that_overlap(round_trip: RoundTrip) -> None:
    to_dicom(round_trip, _layers(1, 2, 3))

    (ds,) = data_sets(round_trip.back)
    assert len(ds.SegmentSequence) == 3


def test_one_label_in_several_layers_is_refused(round_trip: RoundTrip) -> None:
    report = to_dicom(round_trip, _layers(1, 1, 1))

    assert "label 1 occurs in 3 of these layers" in notes(report)
    assert report.entries[0].outcome is Outcome.FAILED


@pytest.mark.parametrize("kind", [Kind.SEG, Kind.RTSTRUCT])
def test_colors_are_not_labels(kind: Kind, round_trip: RoundTrip) -> None:
    colors = np.zeros((5, 4, 3), [(name, "u1") for name in "RGB"])
    colors["R"] = 3

    assert "contains colors, not labels" in notes(to_dicom(round_trip, nibabel.Nifti1Image(colors, AFFINE), kind=kind))


def test_times_of_one_label_each_may_be_segments(round_trip: RoundTrip) -> None:
    masks = np.zeros((5, 4, 3, 2), "u1")
    masks[0, ..., 0] = masks[1, ..., 1] = 1

    words = notes(to_dicom(round_trip, nibabel.Nifti1Image(masks, AFFINE), kind=Kind.SEG))

    assert '2 times have label 1 only, and become an object each: if they are segments, segmentation="fractional"' in words


def test_probabilities_that_are_not_numbers_are_background(round_trip: RoundTrip) -> None:
    maps = np.full((5, 4, 3), 0.5, "f4")
    maps[0] = np.nan

    words = notes(to_dicom(round_trip, nibabel.Nifti1Image(maps, AFFINE), kind=Kind.SEG, segmentation="fractional"))

    assert "12 voxels are NaN: they were taken for background" in words


def _write_scaled(round_trip: RoundTrip, name: str) -> np.ndarray:
    """Write labels 0, 1, 3 with a scale that does not give whole numbers exactly."""
    labels = np.zeros((5, 4, 3), np.int16)
    labels[:1], labels[2, :2] = 1, 3
    round_trip.nifti.mkdir()
    image = nibabel.Nifti1Image(labels.astype(np.float64), AFFINE)
    image.header.set_data_dtype(np.uint16)
    nibabel.save(image, round_trip.nifti / name)
    return labels


@pytest.mark.parametrize("name", ["sub-1_dseg.nii.gz", "mine.nii.gz"])
def test_labels_saved_with_a_scale_are_labels(name: str, round_trip: RoundTrip) -> None:
    labels = _write_scaled(round_trip, name)
    stored = nibabel.load(round_trip.nifti / name)
    assert not np.array_equal(np.asarray(stored.dataobj), labels)

    report = round_trip.home(NEW)

    assert [entry.outcome for entry in report.entries] == [Outcome.CONVERTED]
    (found,) = data_sets(round_trip.back)
    assert found.Modality == "SEG"
    assert len(found.SegmentSequence) == 2


def test_the_value_that_is_not_whole_is_named(round_trip: RoundTrip) -> None:
    labels = np.zeros((5, 4, 3), np.float64)
    labels[0] = 1.0026

    report = to_dicom(round_trip, nibabel.Nifti1Image(labels, AFFINE), "a_dseg.nii.gz")

    assert "such as 1.0026" in notes(report)


# --- sidecars ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "values", "keyword", "scale"),
    [("EchoTime", [0.004, 0.008, 0.012], "EchoTime", 1000), ("FlipAngle", [5, 10, 20], "FlipAngle", 1)],
)
def test_a_list_with_a_value_for_each_volume(key: str, values: list, keyword: str, scale: int, round_trip: RoundTrip) -> None:
    image = nibabel.Nifti1Image(ramp(5, 4, 2, 3), AFFINE)

    to_dicom(round_trip, image, top={"Modality": "MR", "RepetitionTime": 2, "EchoTime": 0.03, key: values})

    found = [float(ds[keyword].value) for ds in data_sets(round_trip.back)]
    assert found == [value * scale for value in values for _ in range(2)]


def test_a_list_for_each_volume_is_left_out_of_objects_with_one_value(round_trip: RoundTrip) -> None:
    image = nibabel.Nifti1Image(ramp(5, 4, 2, 3), AFFINE)
    top = {"Modality": "MR", "RepetitionTime": 2, "FlipAngle": [5, 10, 15]}

    report = to_dicom(round_trip, image, top=top, kind=Kind.ENHANCED_MR)

    assert '"FlipAngle" has a value for each of 3 volumes' in notes(report)


@pytest.mark.parametrize(
    ("key", "value", "asked"), [("EchoTime", 30, True), ("RepetitionTime", 2000, True), ("EchoTime", 0.03, False)]
)
def test_times_that_cannot_be_seconds_are_questioned(key: str, value: float, asked: bool, round_trip: RoundTrip) -> None:
    report = to_dicom(round_trip, nibabel.Nifti1Image(ramp(5, 4, 2), AFFINE), top={"Modality": "MR", key: value})

    assert ("is it in milliseconds?" in notes(report)) == asked


# --- what is not an image of a patient ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "words"), [(2016, "coefficients of a spline"), (2005, "of a surface"), (3002, "wb_command -cifti-separate")]
)
def test_what_has_no_voxels_in_the_patient_is_refused_by_its_intent_code(code: int, words: str, round_trip: RoundTrip) -> None:
    image = nibabel.Nifti1Image(ramp(5, 4, 3).astype(np.float32), AFFINE)
    image.header["intent_code"] = code
    report = to_dicom(round_trip, image)
    assert f"intent_code is {code}: " in notes(report)
    assert words in notes(report)
    assert not report.outputs


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("code", [1005, 1007, 2006])
def test_components_on_the_fourth_axis_are_no_times(code: int, lazy: bool, tmp_path: Path, monkeypatch) -> None:
    if lazy:
        monkeypatch.setattr(reading, "IN_MEMORY", 0)
    values = np.arange(180, dtype=np.float32).reshape(5, 4, 3, 3)
    image = nibabel.Nifti1Image(values, AFFINE)
    image.header["intent_code"] = code
    nibabel.save(image, tmp_path / "warp.nii")

    volume = nifti.read_image(tmp_path / "warp.nii", lazy=lazy)
    assert volume.times == 1
    assert np.array_equal(volume.array[0], values.transpose(2, 1, 0, 3))


def test_components_are_to_be_split_for_dicom(round_trip: RoundTrip) -> None:
    image = nibabel.Nifti1Image(np.ones((5, 4, 3, 3), np.float32), AFFINE)
    image.header["intent_code"] = 2006
    assert "3 values per voxel are a vector" in notes(to_dicom(round_trip, image, kind=Kind.MR))
