"""Keys whose attribute is in an item of a sequence: an edit reaches it, and nothing else."""

from __future__ import annotations

import json

import pytest

from nifti_dicom_bridge import ConversionOptions, Job, Outcome, Target, convert
from phantoms import save, vendors
from support.round_trip import KEEP, NEW, RoundTrip, listing


def forth(round_trip: RoundTrip) -> dict:
    """Convert a PET series; return the top level of its sidecar."""
    save(round_trip.dicom, vendors.pet("SIEMENS"))
    round_trip.forth()
    return json.loads(round_trip.sidecar().read_text("utf-8"))


def test_an_edited_dose_is_in_every_instance_and_nothing_else_changes(round_trip: RoundTrip) -> None:
    assert forth(round_trip)["InjectedRadioactivity"] == 350
    round_trip.edit_sidecar(lambda top: top.update(InjectedRadioactivity=200))

    round_trip.home(KEEP)

    before = listing(round_trip.dicom)
    assert all(raw.count(b"350000000 ") == 1 for raw in before.values())
    assert listing(round_trip.back) == {name: raw.replace(b"350000000 ", b"200000000 ") for name, raw in before.items()}


@pytest.mark.parametrize(
    ("key", "value", "keyword", "expected"),
    [
        ("TracerName", "FLT", "Radiopharmaceutical", "FLT"),
        ("RadionuclideHalfLife", 6588.0, "RadionuclideHalfLife", "6588"),
        ("MolarActivity", 1200, "RadiopharmaceuticalSpecificActivity", "1200"),
        ("InjectedVolume", 4.5, "RadiopharmaceuticalVolume", "4.5"),
    ],
)
def test_an_edited_value_is_in_the_item_and_in_the_report(
    key: str, value: object, keyword: str, expected: str, round_trip: RoundTrip
) -> None:
    forth(round_trip)
    round_trip.edit_sidecar(lambda top: top.update({key: value}))

    (entry,) = round_trip.home(NEW).entries

    assert entry.outcome is Outcome.REISSUED
    assert {str(ds.RadiopharmaceuticalInformationSequence[0][keyword].value) for ds in round_trip.returned()} == {expected}
    assert [change.attribute for change in entry.log.changes] == [keyword]
    assert entry.log.changes[0].old == str(vendors.TRACER[keyword])


def test_the_edited_value_is_what_the_next_conversion_specifies(round_trip: RoundTrip) -> None:
    forth(round_trip)
    round_trip.edit_sidecar(lambda top: top.update(InjectedRadioactivity=200, TracerName="FLT"))
    round_trip.home(NEW)

    convert(Job([round_trip.back], round_trip.folder / "again", ConversionOptions(Target.NIFTI)))

    (sidecar,) = (round_trip.folder / "again").glob("*.json")
    found = json.loads(sidecar.read_text("utf-8"))
    assert (found["InjectedRadioactivity"], found["TracerName"]) == (200, "FLT")


def test_an_item_is_made_where_there_is_none(round_trip: RoundTrip) -> None:
    series = vendors.pet("SIEMENS")
    for ds in series:
        del ds.RadiopharmaceuticalInformationSequence
    save(round_trip.dicom, series)
    round_trip.forth()
    round_trip.edit_sidecar(lambda top: top.update(InjectedRadioactivity=200))

    round_trip.home(NEW)

    assert {float(ds.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose) for ds in round_trip.returned()} == {2e8}


def test_a_value_of_the_wrong_type_is_refused(round_trip: RoundTrip) -> None:
    forth(round_trip)
    round_trip.edit_sidecar(lambda top: top.update(InjectedRadioactivity="much"))

    (entry,) = round_trip.home(NEW).entries

    assert entry.outcome is Outcome.FAILED
    assert "'InjectedRadioactivity' is 'much'; a number was expected" in entry.error
    assert round_trip.returned() == []
