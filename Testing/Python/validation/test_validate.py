"""What is reported of series, of several files, of multi-frame objects, of unreadable files, and by the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from nifti_dicom_bridge import Finding, Severity, validate
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.validation import check_files
from nifti_dicom_bridge.validation.subject import tag_of
from phantoms import ramp, save, slices
from phantoms.base import put_raw
from support.dciodvfy import Fact, facts_of_findings
from support.nonempty import some
from support.round_trip import RoundTrip

CT, MR = ("1.2.840.10008.5.1.4.1.1." + end for end in ("2", "4"))


def errors(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.ERROR]


def facts(path: Path) -> set[Fact]:
    return facts_of_findings(validate([path]))


@pytest.fixture
def ct(tmp_path: Path) -> Path:
    """A CT series of three files."""
    found = slices(ramp(3, 4, 5), CT)
    save(tmp_path / "ct", found)
    return tmp_path / "ct"


@pytest.fixture
def mr(tmp_path: Path) -> Path:
    """An MR series of three files."""
    save(tmp_path / "mr", slices(ramp(3, 4, 5), MR))
    return tmp_path / "mr"


@pytest.mark.parametrize("kind", ["ct", "mr"])
def test_a_right_series_has_no_findings(kind: str, request: pytest.FixtureRequest) -> None:
    assert validate([request.getfixturevalue(kind)]).findings == []


def test_the_demo_is_right(tmp_path: Path) -> None:
    from nifti_dicom_bridge.samples.demo import make_sample

    assert errors(check_files(make_sample(tmp_path))) == []


@pytest.mark.parametrize("phantom", ["classic_ct", "mr_4d", "feet_first", "utf_8", "localizer", "echoes_and_phase"])
def test_what_comes_back_is_as_right_as_what_went_in(phantom: str, round_trip: RoundTrip) -> None:
    round_trip.make(phantom).forth()
    round_trip.home()

    assert facts(round_trip.back) <= facts(round_trip.dicom)


# --- several files


def _change(folder: Path, number: int, **values: object) -> None:
    path = folder / f"{number:03d}.dcm"
    ds = pydicom.dcmread(path)
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    if "SOPInstanceUID" in values:
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.save_as(path)


def test_two_files_with_one_uid_are_an_error(ct: Path) -> None:
    _change(ct, 2, SOPInstanceUID=pydicom.dcmread(ct / "001.dcm").SOPInstanceUID)

    assert [finding.rule for finding in errors(validate([ct]))] == ["UID"]


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("StudyInstanceUID", "1.2.3.4"), ("PatientID", "somebody else"), ("FrameOfReferenceUID", "1.2.3.4"), ("Modality", "MR"),
     ("PatientName", "Somebody^Else"), ("PatientBirthDate", "19010203"), ("PatientSex", "F"), ("StudyDate", "19010203"),
     ("StudyID", "other"), ("SeriesNumber", 99)],
)  # fmt: skip
def test_a_series_has_one_of_each(keyword: str, value: str, ct: Path) -> None:
    _change(ct, 1, PatientBirthDate="19020304", PatientSex="M")
    _change(ct, 2, **{keyword: value})

    assert keyword in {finding.tag.split()[0] for finding in errors(validate([ct])) if finding.rule == "one of each"}


def test_one_name_may_be_written_in_several_ways(ct: Path) -> None:
    _change(ct, 2, PatientName=f"{pydicom.dcmread(ct / '001.dcm').PatientName}^^")
    _change(ct, 3, SpecificCharacterSet="ISO_IR 192", PatientName="Müller")

    assert [finding for finding in validate([ct]) if finding.rule == "one of each"] == []


def test_slices_at_one_place_that_nothing_distinguishes_are_a_warning(ct: Path) -> None:
    _change(ct, 2, ImagePositionPatient=pydicom.dcmread(ct / "001.dcm").ImagePositionPatient)

    (finding,) = [finding for finding in validate([ct]) if finding.rule == "position"]
    assert finding.severity is Severity.WARNING


def test_slices_at_one_place_at_different_times_are_right(ct: Path) -> None:
    _change(ct, 2, ImagePositionPatient=pydicom.dcmread(ct / "001.dcm").ImagePositionPatient, AcquisitionTime="030409")

    assert [finding for finding in validate([ct]) if finding.rule == "position"] == []


def test_uneven_slices_are_good_to_know(ct: Path) -> None:
    _change(ct, 3, ImagePositionPatient=["-10.5", "20.25", "0"])

    (finding,) = validate([ct])
    assert (finding.severity, finding.rule) == (Severity.INFO, "spacing")


def test_a_wrong_distance_between_slices_is_a_warning(mr: Path) -> None:
    for number in (1, 2, 3):
        _change(mr, number, SpacingBetweenSlices="7")

    (finding,) = validate([mr])
    assert (finding.severity, finding.files) == (Severity.WARNING, 1)
    assert finding.tag == "SpacingBetweenSlices (0018,0088)"


def test_what_repeats_is_reported_once(ct: Path) -> None:
    for number in (1, 2, 3):
        _change(ct, number, PatientSex="X")

    (finding,) = validate([ct])
    assert finding.files == 3
    assert finding.file == str(ct / "001.dcm")


# --- multi-frame


def test_the_path_through_sequences_is_reported(round_trip: RoundTrip) -> None:
    round_trip.make("enhanced_mr")

    assert any(" > MRImageFrameTypeSequence (0018,9226) > " in finding.tag for finding in validate([round_trip.dicom]))


def _frames(round_trip: RoundTrip, change: Callable[[Dataset], None]) -> set[str]:
    round_trip.make("enhanced_mr")
    (path,) = [path for path in round_trip.dicom.rglob("*") if path.is_file()]
    ds = pydicom.dcmread(path)
    change(ds)
    ds.save_as(path)
    return {finding.message.partition(";")[0] for finding in validate([path]) if finding.rule == "functional groups"}


def test_a_group_in_both_places_is_an_error(round_trip: RoundTrip) -> None:
    def both(ds: Dataset) -> None:
        frame = ds.PerFrameFunctionalGroupsSequence[0]
        keyword = next(element.keyword for element in frame if element.VR == "SQ")
        setattr(ds.SharedFunctionalGroupsSequence[0], keyword, getattr(frame, keyword))

    assert _frames(round_trip, lambda ds: None) == set()
    assert _frames(round_trip, both) == {"It is among the shared groups and among those of frames"}


def test_items_and_number_of_frames_agree(round_trip: RoundTrip) -> None:
    def fewer(ds: Dataset) -> None:
        del ds.PerFrameFunctionalGroupsSequence[-1]

    assert any("NumberOfFrames" in message for message in _frames(round_trip, fewer))


# --- files that cannot be read


def test_a_file_that_is_no_dicom_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "text.dcm"
    path.write_text("hello world, not DICOM\n" * 9)

    (finding,) = validate([tmp_path])
    assert (finding.severity, finding.message) == (Severity.ERROR, "The file is not DICOM.")


def test_other_files_in_a_folder_are_good_to_know(ct: Path) -> None:
    (ct / "readme.txt").write_text("hello")

    assert [finding.severity for finding in validate([ct])] == [Severity.INFO]


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    assert [finding.severity for finding in validate([tmp_path])] == [Severity.ERROR]


def test_an_unknown_sop_class_is_checked_in_general(ct: Path) -> None:
    _change(ct, 1, SOPClassUID="1.2.3.4.5", PatientSex="X")
    path = ct / "001.dcm"
    ds = pydicom.dcmread(path)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    put_raw(ds, tag_of("StudyTime"), "TM", b"99")
    ds.save_as(path)

    assert {(finding.severity, finding.rule) for finding in check_files([path])} == {
        (Severity.INFO, "SOP class"),
        (Severity.ERROR, "VR value"),
    }


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=150)
def test_damaged_files_give_findings_and_no_traceback(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("fuzz", numbered=True)
    kind = data.draw(st.sampled_from([CT, MR]))
    save(folder, slices(ramp(1, 4, 5), kind)[:1])
    path = folder / "001.dcm"
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(128, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])

    for finding in some(check_files([path])):
        assert finding.message
        json.dumps(finding.to_dict())


# --- the command


def test_the_command_reports_what_is_wrong_and_where(ct: Path, capsys: pytest.CaptureFixture) -> None:
    _change(ct, 2, RotationDirection="X")

    assert main(["validate", str(ct)]) == 1
    printed = capsys.readouterr().out
    assert "RotationDirection (0018,1140): It is 'X'" in printed
    assert str(ct / "002.dcm") in printed
    assert printed.endswith("=> NOT VALID: 1 error(s), 0 warning(s)\n")


def test_warnings_do_not_fail(mr: Path, capsys: pytest.CaptureFixture) -> None:
    for number in (1, 2, 3):
        _change(mr, number, SpacingBetweenSlices="7")

    assert main(["validate", str(mr)]) == 0
    assert "warning" in capsys.readouterr().out
    assert main(["validate", str(mr), "-q"]) == 0
    assert capsys.readouterr().out == ""


def test_json_is_for_programs(ct: Path, capsys: pytest.CaptureFixture) -> None:
    _change(ct, 2, PatientSex="X")

    assert main(["validate", str(ct), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["valid"] is False
    assert found["findings"][0]["tag"] == "PatientSex (0010,0040)"


@pytest.mark.slow
def test_no_path_is_wrong_usage() -> None:
    assert main(["validate"]) == 2


@pytest.mark.slow
def test_file_that_ends_within_its_pixel_data_is_an_error(ct: Path) -> None:
    path = min(found for found in ct.rglob("*") if found.is_file())
    path.write_bytes(path.read_bytes()[:-20])

    assert [found.rule for found in validate([path]) if found.severity is Severity.ERROR] == ["truncated"]


@pytest.mark.parametrize("name", ["image.nii.gz", "image.json"])
def test_a_folder_without_dicom_is_not_valid(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"not DICOM")

    assert [error.message for error in validate(tmp_path).errors] == ["There are no DICOM files."]
