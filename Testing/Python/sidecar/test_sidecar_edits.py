"""What a person may edit in a sidecar."""

from __future__ import annotations

import pytest

from nifti_dicom_bridge import Outcome
from support.round_trip import KEY, NEW, RoundTrip, listing, names_in


@pytest.mark.parametrize(
    ("key", "value", "keyword", "expected"),
    [
        ("EchoTime", 0.00312, "EchoTime", "3.12"),
        ("RepetitionTime", 2.5, "RepetitionTime", "2500"),
        ("SeriesDescription", "better", "SeriesDescription", "better"),
        ("PatientName", "Doe^Jane", "PatientName", "Doe^Jane"),
        ("SliceThickness", 1.0, "SliceThickness", "1"),
        ("ImageType", ["DERIVED", "PRIMARY", "X"], "ImageType", "['DERIVED', 'PRIMARY', 'X']"),
        ("PatientID", "Ä 7", "PatientID", "Ä 7"),
    ],
)
def test_an_edited_value_is_in_the_dicom_and_in_the_report(
    key: str, value: object, keyword: str, expected: str, round_trip: RoundTrip
) -> None:
    round_trip.make("oblique").forth()
    round_trip.edit_sidecar(lambda top: top.update({key: value}))

    (entry,) = round_trip.home(NEW).entries

    assert entry.outcome is Outcome.REISSUED
    assert {str(ds[keyword].value) for ds in round_trip.returned()} == {expected}
    assert [(change.attribute, "sidecar" in change.source) for change in entry.log.changes] == [(keyword, True)]


def test_an_edited_value_reaches_functional_groups(round_trip: RoundTrip) -> None:
    round_trip.make("enhanced_mr").forth()
    round_trip.edit_sidecar(lambda top: top.update(EchoTime=0.0055, SliceThickness=2))
    round_trip.home(NEW)

    (ds,) = round_trip.returned()
    assert ds.SharedFunctionalGroupsSequence[0].MREchoSequence[0].EffectiveEchoTime == 5.5
    assert ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SliceThickness == 2
    assert "SliceThickness" not in ds


def test_an_option_wins_over_an_edited_value(round_trip: RoundTrip) -> None:
    round_trip.make("oblique").forth()
    round_trip.edit_sidecar(lambda top: top.update(EchoTime=0.0055))

    (entry,) = round_trip.home(NEW, set_values={"EchoTime": "7.5"}).entries

    assert {float(ds.EchoTime) for ds in round_trip.returned()} == {7.5}
    assert [(c.attribute, c.old, c.new, c.source) for c in entry.log.changes] == [("EchoTime", "2.460", "7.5", "set_values=")]


def test_an_unedited_sidecar_changes_nothing(round_trip: RoundTrip) -> None:
    round_trip.make("trailing_zeros").forth()

    assert [change for entry in round_trip.home().entries for change in entry.log.changes] == []


def test_a_key_that_is_taken_away_changes_nothing(round_trip: RoundTrip) -> None:
    round_trip.make("oblique").forth()
    round_trip.edit_sidecar(lambda top: [top.pop(key) for key in list(top) if key != KEY])

    round_trip.home()

    assert listing(round_trip.back) == listing(round_trip.dicom)


def test_a_key_of_another_tool_changes_nothing(round_trip: RoundTrip) -> None:
    round_trip.make("oblique").forth()
    round_trip.edit_sidecar(lambda top: top.update(TaskName="rest", B0FieldIdentifier=["a"]))

    round_trip.home()

    assert listing(round_trip.back) == listing(round_trip.dicom)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("EchoTime", "fast"), ("EchoTime", None), ("EchoTime", True), ("EchoTime", [0.1]), ("EchoTime", float("nan")),
        ("EchoTime", 10**400), ("EchoTime", {}), ("ImageType", "DERIVED"), ("ImageType", [1, None]), ("PatientName", 7),
        ("SeriesNumber", "x"), ("Modality", ["MR"]), ("AcquisitionTime", 5), ("ImageOrientationPatientDICOM", ["a"]),
        ("ImageOrientationPatientDICOM", [1, 2]),
        ("Modality", "not a code string"), ("PatientSex", "X" * 70), ("AcquisitionTime", "noon"), ("SeriesNumber", 1.5),
    ],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_an_edited_value_that_dicom_cannot_hold_is_refused_with_its_key(key: str, value: object, round_trip: RoundTrip) -> None:
    round_trip.make("oblique").forth()
    round_trip.edit_sidecar(lambda top: top.update({key: value}))

    (entry,) = round_trip.home(NEW).entries

    assert entry.outcome is Outcome.FAILED
    assert key in entry.error
    assert round_trip.sidecar().name in entry.error
    assert names_in(round_trip.back) == []
