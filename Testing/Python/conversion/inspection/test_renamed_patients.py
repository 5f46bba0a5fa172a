"""A patient that was renamed while the study stayed is a warning, whichever way the name was changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nifti_dicom_bridge import ConversionOptions, ConversionReport, Job, Kind, Target, convert
from support.new_objects import entry_of, save, series
from support.oracles import module
from support.round_trip import NEW, RoundTrip

KINDS = [Kind.AUTO, Kind.ENHANCED, Kind.LEGACY, Kind.SC]
WORDS = "archives may assign"


def warned(report: ConversionReport) -> bool:
    return any(WORDS in warning for entry in report.entries for warning in entry.log.warnings)


@pytest.fixture
def round_trip(tmp_path) -> RoundTrip:
    return RoundTrip(tmp_path).make("classic_ct")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", ["PatientName", "PatientID"])
def test_a_name_that_was_edited_in_the_sidecar(key, kind, round_trip):
    round_trip.forth()
    round_trip.edit_sidecar(lambda top: top.update({key: "Someone^Else"}))
    assert warned(round_trip.home(NEW, kind=kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("source", ["nifti", "dicom"])
def test_a_name_that_was_set(source, kind, round_trip):
    round_trip.forth()
    given = round_trip.nifti if source == "nifti" else round_trip.dicom
    options = ConversionOptions(Target.DICOM, kind=kind, set_values={"PatientName": "Someone^Else"})
    assert warned(convert(Job([given], round_trip.back, options)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_in_a_metadata_file(kind, round_trip):
    path = round_trip.folder / "m.json"
    path.write_text(json.dumps({"PatientName": "Someone^Else"}))
    assert warned(convert(Job([round_trip.dicom], round_trip.back, ConversionOptions(Target.DICOM, kind=kind, metadata=path))))


def test_a_name_that_was_edited_in_the_sidecar_of_a_store(round_trip):
    module("zarr")
    convert(Job([round_trip.dicom], round_trip.nifti, ConversionOptions(Target.ZARR)))
    (store,) = round_trip.nifti.glob("*.zarr")
    path = store.with_suffix(".json")
    top = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**top, "PatientName": "Someone^Else"}))
    assert warned(round_trip.home(NEW))


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_study_is_no_warning(kind, round_trip):
    round_trip.forth()
    values = {"PatientName": "Someone^Else", "StudyInstanceUID": "1.2.3.4"}
    assert not warned(round_trip.home(NEW, kind=kind, set_values=values))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_name_is_no_warning(kind, round_trip):
    round_trip.forth(identity=True)
    name = json.loads(round_trip.sidecar().read_text("utf-8"))["PatientName"]
    assert not warned(round_trip.home(NEW, kind=kind, set_values={"PatientName": name}))


@pytest.mark.parametrize("option", ["reference", "study_from"])
@pytest.mark.parametrize(("values", "wanted"), [({"PatientName": "B^B"}, True), ({"PatientName": "Ada^A"}, False),
                                                ({"PatientName": "B^B", "StudyInstanceUID": "1.2.9"}, False)])  # fmt: skip
def test_another_patient_in_the_study_of_a_reference(option, values, wanted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    series("scans")
    entry = entry_of(save("new.nii", Modality="CT"), kind="ct", set_values=values, **{option: Path("scans")})
    assert any(WORDS in warning for warning in entry.log.warnings) == wanted
