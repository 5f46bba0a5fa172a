"""A command or function on DICOM series: what is next to the original afterwards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import Outcome, apply, read
from support.applied_functions import SCIPY, doubled, mask_of, objects
from support.new_objects import series
from support.nonempty import some
from support.round_trip import names_in

pytestmark = pytest.mark.usefixtures("there")


def test_image_that_a_function_returns_is_a_derived_series() -> None:
    report = apply(series("ct"), "out", doubled)

    assert [entry.outcome for entry in report.entries] == [Outcome.DERIVED]
    assert {one.Modality for one in objects(report)} == {"CT"}


@pytest.mark.slow
def test_result_is_in_the_study_of_the_patient() -> None:
    folder = series("ct")
    original = pydicom.dcmread(next(folder.rglob("*.dcm")))

    for one in some(objects(apply(folder, "out", mask_of))):
        assert (one.PatientID, one.StudyInstanceUID) == (original.PatientID, original.StudyInstanceUID)
        assert one.FrameOfReferenceUID == original.FrameOfReferenceUID


def test_result_has_the_values_of_the_function_at_the_same_places() -> None:
    folder = series("ct")
    (before,) = read(folder)

    report = apply(folder, "out", doubled)

    (after,) = read("out")
    assert report.ok
    np.testing.assert_allclose(after.real_values(), before.real_values() * 2)
    np.testing.assert_allclose(after.ijk_to_ras, before.ijk_to_ras, atol=1e-5)


def test_function_takes_arrays_in_the_order_of_the_file() -> None:
    shapes = []
    apply(series("ct"), "out", lambda array: shapes.append(array.shape) or array + 1, arrays=True)

    assert shapes == [(5, 4, 3)]


@pytest.mark.slow
def test_dictionary_of_images_becomes_an_object_each() -> None:
    report = apply(series("ct"), "out", lambda image: {"lesion_mask": mask_of(image), "twice": doubled(image)})

    assert sorted({one.Modality for one in objects(report)}) == ["CT", "SEG"]


def test_function_that_raises_is_a_failed_entry_and_nothing_is_written() -> None:
    report = apply(series("ct"), "out", lambda image: 1 / 0)

    assert "ZeroDivisionError" in report.failures[0].error
    assert names_in(Path("out")) == []


def test_array_of_another_shape_is_refused() -> None:
    report = apply(series("ct"), "out", lambda image: np.zeros((2, 2, 2)))

    assert "(5, 4, 3)" in report.failures[0].error


def test_anything_but_images_is_refused() -> None:
    assert "NumPy arrays" in apply(series("ct"), "out", lambda image: "text").failures[0].error


@pytest.mark.slow
def test_segments_name_the_algorithm() -> None:
    (seg,) = objects(apply(series("ct"), "out", mask_of, algorithm="LesionNet:1.2"))

    assert seg.SegmentSequence[0].SegmentAlgorithmType == "AUTOMATIC"
    assert seg.SegmentSequence[0].SegmentAlgorithmName == "LesionNet 1.2"


@pytest.mark.slow
@pytest.mark.parametrize("function", [mask_of, doubled])
def test_contributing_equipment_contains_algorithm_and_digest_of_the_input(function) -> None:
    folder = series("ct")
    digest = read(folder)[0].source.origin.digest

    for one in some(objects(apply(folder, "out", function, algorithm="LesionNet:1.2"))):
        (item,) = [item for item in one.ContributingEquipmentSequence if item.Manufacturer == "LesionNet"]
        assert item.PurposeOfReferenceCodeSequence[0].CodeValue == "109102"
        assert "LesionNet 1.2" in item.ContributionDescription
        assert digest in item.ContributionDescription


@pytest.mark.slow
def test_derived_images_describe_the_command_and_its_exit_code() -> None:
    report = apply(series("ct"), "out", [*SCIPY, "smooth", "{input}", "{output}"])

    for one in some(objects(report)):
        assert "exit code 0" in one.DerivationDescription
        assert "smooth {input} {output}" in one.DerivationDescription


@pytest.mark.slow
def test_frames_of_a_segmentation_describe_the_command() -> None:
    (seg,) = objects(apply(series("ct"), "out", [*SCIPY, "threshold", "{input}", "{output}"], kind="seg"))

    derivation = seg.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0]
    assert "threshold" in derivation.DerivationDescription


@pytest.mark.slow
def test_frames_refer_to_the_images_of_the_original() -> None:
    folder = series("ct")
    uids = {pydicom.dcmread(path).SOPInstanceUID for path in folder.rglob("*.dcm")}

    (seg,) = objects(apply(folder, "out", mask_of))

    frames = seg.PerFrameFunctionalGroupsSequence
    referred = {frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID for frame in frames}
    assert referred <= uids


@pytest.mark.slow
def test_series_number_is_free_in_the_study() -> None:
    series("in/ct", SeriesNumber="3")
    series("in/other", SeriesNumber="12")

    numbers = {int(one.SeriesNumber) for one in objects(apply("in", "out", mask_of, kind="seg"))}

    assert len(numbers) == 2
    assert not numbers & {3, 12}


def test_series_number_of_a_series_that_is_not_selected_is_taken() -> None:
    series("in/ct", SeriesNumber="3")
    series("in/other", SeriesNumber="301")

    (seg,) = objects(apply("in", "out", mask_of, kind="seg", series="3"))

    assert int(seg.SeriesNumber) > 301


@pytest.mark.parametrize("number", ["5436027", "543602701", "2147483647"])
def test_series_numbers_of_eight_digits_and_more_leave_free_ones(number: str) -> None:
    series("in/ct", SeriesNumber=number)
    series("in/first", SeriesNumber="543602702")

    numbers = {int(one.SeriesNumber) for one in objects(apply("in", "out", mask_of, kind="seg"))}

    assert len(numbers) == 2
    assert not numbers & {int(number), 543602702}


def test_set_values_win() -> None:
    (seg,) = objects(apply(series("ct"), "out", mask_of, set_values={"SeriesDescription": "lesions", "SeriesNumber": "9"}))

    assert (seg.SeriesDescription, seg.SeriesNumber) == ("lesions", 9)


def test_second_run_replaces_nothing() -> None:
    folder = series("ct")
    apply(folder, "out", mask_of)
    before = {path: path.read_bytes() for path in Path("out").rglob("*.dcm")}

    report = apply(folder, "out", mask_of)

    assert "exists" in report.failures[0].error
    assert {path: path.read_bytes() for path in Path("out").rglob("*.dcm")} == before
