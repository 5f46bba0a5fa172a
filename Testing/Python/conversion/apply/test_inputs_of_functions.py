"""The images that a function gets: of a selection, of a study, of several people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nifti_dicom_bridge import BridgeError, Kind, OptionError, apply
from support.applied_functions import doubled, mask_of, objects
from support.new_objects import series
from support.nonempty import some
from support.round_trip import names_in

pytestmark = pytest.mark.usefixtures("there")


def test_segmentations_next_to_images_are_not_given_to_the_command_unless_they_are_selected() -> None:
    study = series("ct")
    some(apply(study, study / "results", mask_of).outputs)  # as a study that comes from an archive, with its results

    images = apply(study, "images", mask_of)
    labels = apply(study, "labels", mask_of, select="Modality=SEG")
    alone = apply(study / "results", "alone", mask_of)

    assert len(images.entries) == len(labels.entries) == len(alone.entries) == 1
    assert [note for note in images.notes if "Segmentations are not given" in note]
    assert not [note for note in [*labels.notes, *alone.notes] if "Segmentations are not given" in note]


TWO = ("SeriesNumber=12", "SeriesNumber=3")


@pytest.mark.parametrize(("select", "count"), [("SeriesNumber=3", 1), ("Modality=ct", 2), (TWO, 2)])
def test_selected_series_are_used(select, count) -> None:
    series("in/ct", SeriesNumber="3")
    series("in/other", SeriesNumber="12")
    calls = []

    apply("in", "out", lambda image: calls.append(1) or mask_of(image), select=select)

    assert len(calls) == count


def test_selection_that_matches_nothing_is_refused_with_the_series_that_there_are() -> None:
    with pytest.raises(BridgeError, match="matches none of the series"):
        apply(series("ct"), "out", mask_of, select="Modality=MR")


@pytest.mark.parametrize(("option", "value"), [("select", "Modality"), ("select", "Modalyti=CT"), ("jobs", 0), ("timout", 3),
                                              ("algorithm", ":2"), ("deidentify", True)])  # fmt: skip
def test_invalid_option_is_refused_before_anything_runs(option, value) -> None:
    with pytest.raises(OptionError):
        apply(series("ct"), "out", lambda image: pytest.fail("it ran"), **{option: value})


@pytest.mark.parametrize(("option", "value"), [("jobs", 2), ("timeout", 5), ("shell", True), ("take", "*")])
def test_options_of_commands_are_refused_for_functions(option, value) -> None:
    with pytest.raises(OptionError, match="applies to commands"):
        apply(series("ct"), "out", mask_of, **{option: value})


def two_series(second: Kind = Kind.CT) -> str:
    series("in/one", SeriesNumber="1", SeriesDescription="one")
    series("in/two", SeriesNumber="2", SeriesDescription="two", kind=second)
    return "in"


def test_function_gets_all_images_of_a_study() -> None:
    counts = []

    report = apply(two_series(), "out", lambda images: counts.append(len(images)) or mask_of(images[0]), per="study")

    assert counts == [2]
    assert len(objects(report)) == 1


@pytest.mark.slow
def test_function_gets_no_images_of_two_people_who_share_study_and_patient_id() -> None:
    series("in/one", SeriesNumber="1", PatientSex="F")
    series("in/two", SeriesNumber="2", PatientSex="M")
    counts = []

    apply("in", "out", lambda images: counts.append(len(images)) or mask_of(images[0]), per="study")

    assert counts == [1, 1]


def test_image_named_after_its_input_is_derived_from_that() -> None:
    report = apply(two_series(), "out", lambda images: {"2_two": doubled(images[1])}, per="study")

    assert {one.SeriesDescription.split(",")[0] for one in objects(report)} == {"two"}


def test_image_of_unclear_origin_is_refused() -> None:
    report = apply(two_series(), "out", lambda images: {"mean": doubled(images[0])}, per="study")

    assert "several inputs have its grid" in report.failures[0].error
    assert names_in(Path("out")) == []


def test_image_of_unclear_modality_is_refused() -> None:
    series("in/one", SeriesNumber="1")
    matrix = np.diag([-2.0, -1.5, 3.0, 1.0])
    matrix[:3, 3] = 31, 21, 6
    series("in/two", matrix, kind=Kind.MR, SeriesNumber="2")

    report = apply("in", "out", lambda images: {"warped": doubled(images[0])}, per="study")

    assert "CT and MR" in report.failures[0].error
