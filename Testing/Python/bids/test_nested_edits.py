"""Keys whose attribute is in an item of a sequence: an edit reaches it, and nothing else."""

from __future__ import annotations

import json

import pytest

from nifti_dicom_bridge import ConversionOptions, Job, Outcome, Target, convert
from phantoms import save, vendors
from support.circle import KEEP, NEW, Circle, listing


def forth(circle: Circle) -> dict:
    """Convert a PET series; return the top level of its sidecar."""
    save(circle.dicom, vendors.pet("SIEMENS"))
    circle.forth()
    return json.loads(circle.sidecar().read_text("utf-8"))


def test_an_edited_dose_is_in_every_instance_and_nothing_else_changes(circle: Circle) -> None:
    assert forth(circle)["InjectedRadioactivity"] == 350
    circle.edit_sidecar(lambda top: top.update(InjectedRadioactivity=200))

    circle.home(KEEP)

    before = listing(circle.dicom)
    assert all(raw.count(b"350000000 ") == 1 for raw in before.values())
    assert listing(circle.back) == {name: raw.replace(b"350000000 ", b"200000000 ") for name, raw in before.items()}


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
    key: str, value: object, keyword: str, expected: str, circle: Circle
) -> None:
    forth(circle)
    circle.edit_sidecar(lambda top: top.update({key: value}))

    (entry,) = circle.home(NEW).entries

    assert entry.outcome is Outcome.REISSUED
    assert {str(ds.RadiopharmaceuticalInformationSequence[0][keyword].value) for ds in circle.returned()} == {expected}
    assert [change.attribute for change in entry.log.changes] == [keyword]
    assert entry.log.changes[0].old == str(vendors.TRACER[keyword])


def test_the_edited_value_is_what_the_next_conversion_specifies(circle: Circle) -> None:
    forth(circle)
    circle.edit_sidecar(lambda top: top.update(InjectedRadioactivity=200, TracerName="FLT"))
    circle.home(NEW)

    convert(Job([circle.back], circle.folder / "again", ConversionOptions(Target.NIFTI)))

    (sidecar,) = (circle.folder / "again").glob("*.json")
    found = json.loads(sidecar.read_text("utf-8"))
    assert (found["InjectedRadioactivity"], found["TracerName"]) == (200, "FLT")


def test_an_item_is_made_where_there_is_none(circle: Circle) -> None:
    series = vendors.pet("SIEMENS")
    for ds in series:
        del ds.RadiopharmaceuticalInformationSequence
    save(circle.dicom, series)
    circle.forth()
    circle.edit_sidecar(lambda top: top.update(InjectedRadioactivity=200))

    circle.home(NEW)

    assert {float(ds.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose) for ds in circle.returned()} == {2e8}


def test_a_value_of_the_wrong_type_is_refused(circle: Circle) -> None:
    forth(circle)
    circle.edit_sidecar(lambda top: top.update(InjectedRadioactivity="much"))

    (entry,) = circle.home(NEW).entries

    assert entry.outcome is Outcome.FAILED
    assert "'InjectedRadioactivity' is 'much'; a number was expected" in entry.error
    assert circle.returned() == []
