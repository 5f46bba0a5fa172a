"""Keys that are computed from DICOM: an edit reaches the attribute that can hold it, or the report contains the reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nifti_dicom_bridge import ConversionOptions, ConversionReport, Job, Outcome, Target, convert
from phantoms import save, vendors
from support.round_trip import KEEP, NEW, RoundTrip, listing


def edited(round_trip: RoundTrip, sources: list, **changes: Any) -> ConversionReport:
    """Convert a series there and back, with some keys of its sidecar edited in between."""
    save(round_trip.dicom, sources)
    round_trip.forth()
    round_trip.edit_sidecar(lambda top: top.update(changes))
    return round_trip.home(NEW)


def again(round_trip: RoundTrip) -> dict[str, Any]:
    """Return the sidecar of what came back."""
    convert(Job([round_trip.back], round_trip.folder / "again", ConversionOptions(Target.NIFTI)))
    (path,) = (round_trip.folder / "again").glob("*.json")
    return json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("key", "value", "keyword", "expected"),
    [
        ("EchoTrainLength", 17, "EchoTrainLength", "17"),
        ("ParallelReductionFactorInPlane", 3.0, "ParallelReductionFactorInPlane", "3.0"),
        ("AcquisitionDuration", 99.5, "AcquisitionDuration", "99.5"),
        ("AcquisitionDateTime", "2025-06-07T03:04:05.500000", "AcquisitionDate", "20250607"),
    ],
)
def test_an_edit_is_in_every_instance_and_in_the_next_sidecar(
    key: str, value: Any, keyword: str, expected: str, round_trip: RoundTrip
) -> None:
    (entry,) = edited(round_trip, vendors.mr("CANON_MEC"), **{key: value}).entries

    assert entry.outcome is Outcome.REISSUED
    assert {str(ds[keyword].value) for ds in round_trip.returned()} == {expected}
    assert [change.attribute for change in entry.log.changes] == [keyword]
    assert not [warning for warning in entry.log.warnings if "edited in the sidecar" in warning]
    assert again(round_trip)[key] == value


def test_another_day_leaves_the_times_of_slices_alone(round_trip: RoundTrip) -> None:
    sources = vendors.siemens("")
    edited(round_trip, sources, AcquisitionDateTime="2025-06-07T03:04:10.000000")

    assert [ds.AcquisitionTime for ds in round_trip.returned()] == [ds.AcquisitionTime for ds in sources]


def test_an_edit_that_an_attribute_cannot_hold_is_named_and_changes_nothing(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, vendors.mr("CANON_MEC"))
    round_trip.forth()
    round_trip.edit_sidecar(lambda top: top.update(TotalReadoutTime=1.5))

    (entry,) = round_trip.home(KEEP).entries

    assert '"TotalReadoutTime" was edited in the sidecar, but is computed of several attributes' in entry.log.warnings[0]
    assert listing(round_trip.back) == listing(round_trip.dicom)


def test_an_edit_that_a_private_attribute_outvotes_is_named(round_trip: RoundTrip) -> None:
    sources = vendors.ge(ParallelReductionFactorInPlane=4.0)

    (entry,) = edited(round_trip, sources, ParallelReductionFactorInPlane=3).entries

    assert {ds.ParallelReductionFactorInPlane for ds in round_trip.returned()} == {3.0}
    stated = again(round_trip)["ParallelReductionFactorInPlane"]
    assert stated != 3
    words = f"was edited in the sidecar and written, but other attributes still have {stated!r} as before"
    assert f'"ParallelReductionFactorInPlane" {words}' in entry.log.warnings


def test_a_condition_of_a_key_holds_for_its_edit_too(round_trip: RoundTrip) -> None:
    (entry,) = edited(round_trip, vendors.mr("UIH", AcquisitionDuration=20.0), AcquisitionDuration=99.5).entries

    assert {ds.AcquisitionDuration for ds in round_trip.returned()} == {20.0}
    assert any('"AcquisitionDuration" was edited in the sidecar' in warning for warning in entry.log.warnings)


@pytest.mark.parametrize(("key", "value"), [("AcquisitionDateTime", "2025-06-07"), ("EchoTrainLength", "many")])
def test_a_value_of_another_kind_is_one_clear_error(key: str, value: Any, round_trip: RoundTrip) -> None:
    (entry,) = edited(round_trip, vendors.mr("CANON_MEC"), **{key: value}).entries

    assert entry.outcome is Outcome.FAILED
    assert key in entry.error
    assert "\n" not in entry.error


@pytest.mark.parametrize("change", [{"EchoTime1": 0.0042}, {"EchoTime1": 0.0042, "EchoTime": 0.007}], ids=len)
def test_a_key_whose_attribute_specifies_another_key_is_not_written(change: dict[str, float], round_trip: RoundTrip) -> None:
    sources = vendors.siemens("")  # (0018,0081) is EchoTime1 in field maps of GE only
    (entry,) = edited(round_trip, sources, **change).entries

    wanted = change["EchoTime"] * 1000 if "EchoTime" in change else sources[0].EchoTime
    assert {ds.EchoTime for ds in round_trip.returned()} == {wanted}
    assert any('"EchoTime1" was edited in the sidecar, but is computed' in warning for warning in entry.log.warnings)


def test_an_edit_of_an_attribute_that_the_protocol_outvotes_is_named(round_trip: RoundTrip) -> None:
    sources = vendors.siemens('sCoilSelectMeas.aRxCoilSelectData[0].asList[0].sCoilElementID.tCoilID = ""HeadMatrix""')
    (entry,) = edited(round_trip, sources, ReceiveCoilName="Foo").entries

    assert {ds.ReceiveCoilName for ds in round_trip.returned()} == {"Foo"}
    assert again(round_trip)["ReceiveCoilName"] == "HeadMatrix"
    words = "was edited in the sidecar and written, but other attributes still have 'HeadMatrix' as before"
    assert f'"ReceiveCoilName" {words}' in entry.log.warnings


@pytest.mark.parametrize(
    ("key", "text"), [("AcquisitionTime", "10:11:12"), ("AcquisitionTime", "101112.5"), ("PatientBirthDate", "19800102")]
)
def test_another_form_of_a_date_or_time_is_not_another_value(key: str, text: str, round_trip: RoundTrip) -> None:
    (entry,) = edited(round_trip, vendors.siemens(""), **{key: text}).entries

    assert [change.attribute for change in entry.log.changes] == [key]
    assert not any("still have" in warning for warning in entry.log.warnings)


def test_the_rounding_of_keys_is_not_another_value(round_trip: RoundTrip) -> None:
    (entry,) = edited(round_trip, vendors.mr("CANON_MEC"), AcquisitionDuration=815.88375).entries

    assert again(round_trip)["AcquisitionDuration"] == 815.884
    assert not any("still have" in warning for warning in entry.log.warnings)


@pytest.mark.parametrize(
    ("keyword", "before", "after", "shown"),
    [("AcquisitionDuration", 652.70703, 99.5, "652.70703"), ("InstitutionName", "Klinik Köln", "Ward", "Klinik Köln")],
)
def test_the_former_value_is_reported_as_people_read_it(
    keyword: str, before: Any, after: Any, shown: str, round_trip: RoundTrip
) -> None:
    sources = vendors.mr("CANON_MEC", SpecificCharacterSet="ISO_IR 192", **{keyword: before})
    (entry,) = edited(round_trip, sources, **{keyword: after}).entries

    assert [(change.old, change.new) for change in entry.log.changes] == [(shown, str(after))]
