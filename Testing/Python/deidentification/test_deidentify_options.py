"""Options of the profile (PS3.15 E.3), BIDS, and what is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from nifti_dicom_bridge import ConversionOptions, Job, OptionError, Target, convert, read
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.deidentification.descriptors import cleaned
from phantoms import write as write_file
from phantoms.base import CT
from phantoms.multiframe import philips_volumes
from phantoms.vendors import siemens
from support.profile_options import SECRET_KEY, codes, first, run, series


@pytest.mark.parametrize(
    ("choices", "code", "keyword", "value"),
    [({"retain": "device"}, "113109", "DeviceSerialNumber", "4711"),
     ({"retain": "institution"}, "113112", "InstitutionName", "Hospital"),
     ({"retain": "patient-characteristics"}, "113108", "PatientWeight", "70"),
     ({"retain": "full-dates"}, "113106", "StudyDate", "20200229"),
     ({"clean": "descriptors"}, "113105", "SeriesDescription", "MPRAGE sag"),
     ({"retain": "uids"}, "113110", "TableTopPositionAlignmentUID", "1.2.3.4"),
     ({"retain": "device"}, "113109", "SecondaryCaptureDeviceID", "sc7")],
)  # fmt: skip
def test_option_keeps_its_attributes_and_states_its_code(
    choices: dict[str, str], code: str, keyword: str, value: str, tmp_path: Path
) -> None:
    attributes = {"DeviceSerialNumber": "4711", "InstitutionName": "Hospital", "PatientWeight": "70", "StudyDate": "20200229",
                  "SeriesDescription": "MPRAGE sag for John Smith 20200229", "TableTopPositionAlignmentUID": "1.2.3.4",
                  "SecondaryCaptureDeviceID": "sc7"}  # fmt: skip
    series(tmp_path / "in", **attributes)
    run(tmp_path / "in", tmp_path / "out", **choices)
    run(tmp_path / "in", tmp_path / "plain")
    kept, plain = first(tmp_path / "out"), first(tmp_path / "plain")
    assert str(kept[keyword].value) == value
    assert str(plain.get(keyword) or "") != value
    assert codes(kept) == ["113100", code]


@pytest.mark.parametrize(("age", "kept"), [("089Y", "089Y"), ("097Y", "090Y"), ("018M", "018M")])
def test_high_ages_are_in_one_category(age: str, kept: str, tmp_path: Path) -> None:
    series(tmp_path / "in", PatientAge=age)
    run(tmp_path / "in", tmp_path / "out", retain="patient-characteristics")
    assert first(tmp_path / "out").PatientAge == kept


def test_retained_uids_are_those_of_the_original(tmp_path: Path) -> None:
    before = series(tmp_path / "in")
    run(tmp_path / "in", tmp_path / "out", retain="uids")
    after = first(tmp_path / "out")
    assert (after.StudyInstanceUID, after.SeriesInstanceUID) == (before[0].StudyInstanceUID, before[0].SeriesInstanceUID)
    assert after.SOPInstanceUID in {ds.SOPInstanceUID for ds in before}


def test_uids_that_the_option_does_not_list_are_replaced_but_for_values_of_content(tmp_path: Path) -> None:
    item = Dataset()
    item.UID = "1.2.3.4"
    series(tmp_path / "in", UID="1.2.3.4", AcquisitionContextSequence=Sequence([item]))
    run(tmp_path / "in", tmp_path / "out", retain="uids", clean="structured-content")
    ds = first(tmp_path / "out")
    assert ds.get("UID", "") != "1.2.3.4"
    assert ds.AcquisitionContextSequence[0].UID == "1.2.3.4"


def test_modified_dates_keep_their_distance_and_the_shift_of_the_patient(tmp_path: Path) -> None:
    series(tmp_path / "a", StudyDate="20200101", StudyTime="101112")
    series(tmp_path / "b", StudyDate="20200301")
    for name in "ab":
        run(tmp_path / name, tmp_path / f"{name}_out", retain="modified-dates", deidentify_key=SECRET_KEY)
    first_day, second_day = (np.datetime64(_iso(first(tmp_path / f"{name}_out").StudyDate)) for name in "ab")
    assert second_day - first_day == np.timedelta64(60, "D")
    assert first_day < np.datetime64("2020-01-01")
    assert first(tmp_path / "a_out").StudyTime == "101112"
    assert first(tmp_path / "a_out").LongitudinalTemporalInformationModified == "MODIFIED"


@pytest.mark.parametrize(
    ("one", "other", "is_one_patient"),
    [({}, {"PatientName": "Other"}, True), ({}, {"PatientID": "S-2"}, False),
     ({"PatientID": ""}, {"PatientID": ""}, True), ({"PatientID": ""}, {"PatientID": "", "PatientName": "Other"}, False),
     ({"PatientID": "", "PatientName": ""}, {"PatientID": "", "PatientName": "", "StudyInstanceUID": "1.2.9"}, False)],
    ids=["ID", "other ID", "name", "other name", "other study"],
)  # fmt: skip
def test_dates_of_one_patient_are_moved_alike(
    one: dict[str, str], other: dict[str, str], is_one_patient: bool, tmp_path: Path
) -> None:
    """A patient is known by PatientID, without one by the name, without both by the study."""
    for name, attributes in (("a", one), ("b", other)):
        series(tmp_path / name, StudyDate="20200101", **attributes)
        run(tmp_path / name, tmp_path / f"{name}_out", retain="modified-dates", deidentify_key=SECRET_KEY)
    dates = {first(tmp_path / f"{name}_out").StudyDate for name in "ab"}
    assert (len(dates) == 1) is is_one_patient


@pytest.mark.parametrize("keyword", ["PatientName", "PatientID", "OperatorsName"])
def test_words_of_names_and_identifiers_are_in_no_description_though_they_are_harmless_elsewhere(
    keyword: str, tmp_path: Path
) -> None:
    series(tmp_path / "in", **{"SeriesDescription": "head axial T1", keyword: "Head^Axial"})
    run(tmp_path / "in", tmp_path / "out", clean="descriptors")
    assert first(tmp_path / "out").SeriesDescription == "T1"


def _iso(date: str) -> str:
    return f"{date[:4]}-{date[4:6]}-{date[6:]}"


def test_mosaics_survive_with_safe_private_attributes(tmp_path: Path) -> None:
    for number, ds in enumerate(siemens("sSliceArray.lConc = 2")):
        ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x20, "OB", b"SECRETPROTOCOL\0\0")
        write_file(tmp_path / "in" / f"{number}.dcm", ds)
    run(tmp_path / "in", tmp_path / "out", retain="safe-private")
    before, after = read(tmp_path / "in"), read(tmp_path / "out")
    assert [volume.shape_ijk for volume in after] == [volume.shape_ijk for volume in before]
    assert all(np.allclose(a.ijk_to_ras, b.ijk_to_ras) for a, b in zip(after, before, strict=True))
    assert b"SECRETPROTOCOL" not in b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*.dcm"))


@pytest.mark.parametrize(("retain", "shape"), [("safe-private", (2, 3)), ("", (1, 2))])
def test_volumes_of_ultrasound_survive_with_safe_private_attributes(retain: str, shape: tuple, tmp_path: Path) -> None:
    write_file(tmp_path / "in" / "0.dcm", philips_volumes(2))
    report = run(tmp_path / "in", tmp_path / "out", retain=retain)

    (volume,) = read(tmp_path / "out")
    assert volume.voxels.shape[:2] == shape
    assert any("slices in volumes" in words for entry in report.entries for words in entry.log.warnings) == (not retain)


def test_structured_content_and_graphics_are_cleaned(tmp_path: Path) -> None:
    item = Dataset()
    item.ValueType, item.TextValue = "TEXT", "seen by John Smith"
    ds = series(tmp_path / "in", CT, AcquisitionContextSequence=Sequence([item]))[0]
    ds.add_new(0x60000010, "US", 8), ds.add_new(0x60000011, "US", 8), ds.add_new(0x60000040, "CS", "R")
    ds.add_new(0x60000050, "SS", [1, 1]), ds.add_new(0x60000100, "US", 1), ds.add_new(0x60000102, "US", 0)
    ds.add_new(0x60003000, "OW", bytes(8)), ds.add_new(0x60001500, "LO", "John Smith")
    write_file(tmp_path / "in" / "0.dcm", ds)
    run(tmp_path / "in", tmp_path / "out", clean="structured-content,graphics")
    data_sets = [pydicom.dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")]
    assert any(0x60003000 in one for one in data_sets)
    assert not any("Smith" in str(one) for one in data_sets)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("head 3 Feb 1951", "head"), ("03.02.1951 head", "head"), ("3/2/51 head", "head"), ("2019-08-17 brain", "brain"),
        ("123-45-678 knee", "knee"), ("555-123-9876", ""), ("head 12 Elmstreet", "head"), ("T1 axial 3", "T1 axial 3"),
        ("ep2d_diff_64dir_b1000", "ep2d diff 64dir b1000"), ("axial 2.5 3mm", "axial 2.5 3mm"),
    ],
)  # fmt: skip
def test_numbers_of_dates_addresses_and_telephones_do_not_stay_in_descriptions(text: str, words: str) -> None:
    assert cleaned(text) == words


def test_words_that_only_describe_the_tables_of_harmless_words_do_not_stay() -> None:
    assert cleaned("brain of which names are apart, side for B") == "brain of"


@pytest.mark.parametrize("choices", [{"subject": "07"}, {"pseudonyms": "table.csv"}, {}], ids=["given", "table", "keyed"])
def test_a_dataset_is_deidentified_in_one_step(choices: dict[str, str], tmp_path: Path) -> None:
    for number, ds in enumerate(siemens("sSliceArray.lConc = 2")):
        ds.PatientName, ds.PatientID, ds.StudyDate = "Smith^John", "S-1", "20200229"
        ds.SeriesDescription = ds.ProtocolName = "ep2d_bold_rest Smith"
        write_file(tmp_path / "in" / f"{number}.dcm", ds)
    (tmp_path / "table.csv").write_text("PatientID,Pseudonym\nS-1,07\n")
    given = {name: str(tmp_path / value) if value.endswith(".csv") else value for name, value in choices.items()}
    run(tmp_path / "in", tmp_path / "plain", Target.NIFTI)
    run(tmp_path / "in", tmp_path / "out", Target.NIFTI, layout="bids", **given)
    (sidecar,) = [path for path in (tmp_path / "out").rglob("*.json") if path.with_suffix(".nii.gz").exists()]
    subject = sidecar.relative_to(tmp_path / "out").as_posix().split("sub-")[1].split("/")[0]
    assert subject == "07" if choices else len(subject) == 10
    timing = [json.loads(path.read_text())["SliceTiming"] for path in (sidecar, next((tmp_path / "plain").glob("*.json")))]
    assert timing[0] == timing[1]
    written = b"".join(path.read_bytes() + str(path).encode() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert not [word for word in (b"Smith", b"S-1", b"20200229") if word in written]


def test_one_label_for_two_patients_is_refused(tmp_path: Path) -> None:
    series(tmp_path / "in" / "a")
    series(tmp_path / "in" / "b", PatientID="S-2", StudyInstanceUID="1.2.9", SeriesInstanceUID="1.2.9.1")
    options = ConversionOptions(layout="bids", subject="07")
    with pytest.raises(OptionError, match="images of 2"):
        convert(Job([tmp_path / "in"], tmp_path / "out", options))


def test_nothing_that_is_printed_names_the_patient(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    series(tmp_path / "SmithJohn", SeriesDescription="Smith knee")
    (tmp_path / "SmithJohn" / "Smith.txt").write_text("no image")
    (tmp_path / "SmithJohn" / "Smith.dcm").write_bytes(bytes(128) + b"DICM" + b"broken")
    report = tmp_path / "report.json"
    main(["convert", str(tmp_path / "SmithJohn"), "--to", "nifti", "-o", str(tmp_path / "out"), "--deidentify", "-v",
          "--report", str(report)])  # fmt: skip
    printed = capsys.readouterr()
    assert "Smith" not in printed.out + printed.err + report.read_text()


@pytest.mark.slow
def test_a_plain_sidecar_has_bids_keys_only(tmp_path: Path) -> None:
    series(tmp_path / "in")
    assert main(["convert", str(tmp_path / "in"), "--to", "nifti", "-o", str(tmp_path / "out"), "--no-record"]) == 0
    top = json.loads(next((tmp_path / "out").glob("*.json")).read_text())
    assert "Modality" in top
    assert not {"NiftiDicomBridge", "PatientName", "PatientBirthDate"} & top.keys()


def test_tracebacks_have_no_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    message = "Smith\nSmith\n  Smith"

    def fails(*_: Any, **__: Any) -> None:
        raise ValueError(message)

    monkeypatch.setattr("nifti_dicom_bridge.formats.nifti.write_image", fails)
    series(tmp_path / "in")
    report = tmp_path / "report.json"
    code = main(["convert", str(tmp_path / "in"), "--to", "nifti", "-o", str(tmp_path / "out"), "--deidentify", "-vv",
                 "--jobs", "1", "--report", str(report)])  # fmt: skip
    printed = capsys.readouterr()
    assert (code, "ValueError" in printed.err) == (1, True)
    assert "Smith" not in printed.out + printed.err + report.read_text()
