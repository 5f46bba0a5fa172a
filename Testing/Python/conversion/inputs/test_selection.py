"""Selection of images by patient, study, series and modality, in every direction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import BridgeError, OptionError, Volume, apply, to_dicom, to_nifti, to_preview, to_zarr, write
from nifti_dicom_bridge.cli import main
from phantoms import PHANTOMS
from support.round_trip import RoundTrip, names_in

P1 = {"PatientID": "P1", "PatientName": "Müller^Jörg", "Modality": "MR"}
P2 = {"PatientID": "P2", "PatientName": "Doe^Jane", "Modality": "CT"}
SERIES = {  # folder → attributes that differ
    "a": {**P1, "SeriesNumber": 3, "SeriesDescription": "T1 mprage"},
    "b": {**P1, "SeriesNumber": 12, "SeriesDescription": "T2 [tra]"},
    "c": {**P2, "SeriesNumber": 3, "SeriesDescription": "Thorax"},
}


def write_series(folder: Path, name: str) -> None:
    PHANTOMS["classic_ct"].write(folder / name)
    for path in (folder / name).iterdir():
        ds = pydicom.dcmread(path)
        number = ord(name)
        ds.SpecificCharacterSet = "ISO_IR 192"
        for keyword, value in SERIES[name].items():
            setattr(ds, keyword, value)
        ds.SeriesInstanceUID, ds.StudyInstanceUID = f"1.2.3.{number}", f"1.2.4.{SERIES[name]['PatientID'][1:]}"
        ds.StudyDate, ds.StudyDescription = f"2026010{SERIES[name]['PatientID'][1:]}", "Follow-up"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID}.{number}"
        ds.save_as(path)


@pytest.fixture
def three(round_trip: RoundTrip) -> RoundTrip:
    """Three series of two patients."""
    for name in SERIES:
        write_series(round_trip.dicom, name)
    return round_trip


CASES = [
    ({"series": "1.2.3.97"}, ["3_T1_mprage"]),
    ({"series": "12"}, ["12_T2_tra"]),
    ({"series": "012"}, ["12_T2_tra"]),
    ({"series": "t1*"}, ["3_T1_mprage"]),
    ({"series": "T2 [tra]"}, ["12_T2_tra"]),
    ({"series": ["T1*", "thorax"]}, ["3_T1_mprage", "3_Thorax"]),
    ({"series": "3", "patient": "P2"}, ["3_Thorax"]),
    ({"patient": "müller*"}, ["12_T2_tra", "3_T1_mprage"]),
    ({"study": "20260102"}, ["3_Thorax"]),
    ({"study": "1.2.4.1"}, ["12_T2_tra", "3_T1_mprage"]),
    ({"modality": "ct"}, ["3_Thorax"]),
]  # fmt: skip


@pytest.mark.parametrize(("choices", "expected"), CASES, ids=str)
def test_only_what_matches_is_converted(choices: dict, expected: list[str], three: RoundTrip) -> None:
    report = to_nifti(three.dicom, three.nifti, **choices)

    assert sorted(path.name.removesuffix(".nii.gz") for path in three.nifti.rglob("*.nii.gz")) == expected
    assert report.notes == [f"{3 - len(expected)} series left out by the selection."]


def test_patient_ids_are_not_compared_as_numbers(round_trip: RoundTrip) -> None:
    for name, patient in (("a", "7"), ("b", "007")):
        write_series(round_trip.dicom, name)
        for path in (round_trip.dicom / name).iterdir():
            ds = pydicom.dcmread(path)
            ds.PatientID = patient
            ds.save_as(path)

    (entry,) = to_nifti(round_trip.dicom, round_trip.nifti, patient="7").entries
    assert entry.title == "3 T1 mprage"


def test_images_are_selected_by_their_record_on_the_way_back(three: RoundTrip) -> None:
    to_nifti(three.dicom, three.nifti)
    report = to_dicom(three.nifti, three.back, series="T1*")

    assert [entry.title for entry in report.entries] == ["3_T1_mprage.nii.gz"]


@pytest.mark.parametrize("convert", [to_zarr, to_preview])
@pytest.mark.parametrize("source", ["dicom", "nifti"])
def test_all_targets_and_formats_select(convert, source: str, three: RoundTrip) -> None:
    to_nifti(three.dicom, three.nifti)
    report = convert(three.dicom if source == "dicom" else three.nifti, three.folder / "out", modality="CT")

    assert len(report.entries) == 1
    assert "Thorax" in report.entries[0].title


def test_an_image_without_a_record_is_selected_by_its_name(tmp_path: Path) -> None:
    for name in ("brain_T1w", "brain_T2w"):
        write(Volume(np.zeros((1, 2, 3, 4), np.int16), np.eye(4)), tmp_path / "in" / f"{name}.nii")

    report = to_dicom(tmp_path / "in", tmp_path / "out", series="*T2w")
    assert [entry.title for entry in report.entries] == ["brain_T2w.nii"]


def test_a_selection_without_a_match_lists_what_is_there(three: RoundTrip) -> None:
    with pytest.raises(BridgeError, match=r'series="T3\*" matches no image .*3 T1 mprage, 12 T2 \[tra\], 3 Thorax'):
        to_nifti(three.dicom, three.nifti, series="T3*")
    assert not three.nifti.exists()


def test_a_protected_conversion_does_not_list_names(three: RoundTrip) -> None:
    with pytest.raises(BridgeError, match="which contains 3 DICOM series"):
        to_nifti(three.dicom, three.nifti, series="T3*", deidentify=True)


def test_a_damaged_file_of_a_series_that_is_left_out_is_no_failure(three: RoundTrip) -> None:
    path = next((three.dicom / "c").iterdir())
    path.write_bytes(path.read_bytes()[:-10])

    assert to_nifti(three.dicom, three.nifti, modality="MR").ok
    assert not to_nifti(three.dicom, three.folder / "ct", modality="CT").ok


def test_a_bids_dataset_of_selected_series(three: RoundTrip) -> None:
    report = to_nifti(three.dicom, three.nifti, layout="bids", series="T1*")

    assert [path.name for path in report.outputs if path.name.endswith(".gz")] == ["sub-P1_ses-20260101_T1w.nii.gz"]


def test_apply_lists_what_is_there_if_nothing_matches(three: RoundTrip) -> None:
    with pytest.raises(BridgeError, match=r'series="nosuch" matches no image in .*, which contains .*T1'):
        apply(three.dicom, three.folder / "out", lambda image: image, series="nosuch")


def test_apply_selects(three: RoundTrip) -> None:
    report = apply(three.dicom, three.folder / "out", lambda image: image, series="T1*")

    assert len(report.entries) == 1


@pytest.mark.parametrize("wrong", ["", [""], 7, [3]])
def test_an_empty_pattern_is_refused(wrong: object) -> None:
    with pytest.raises(OptionError, match="Expected text"):
        to_nifti("x", "y", series=wrong)


@pytest.mark.slow
def test_the_command_line_takes_several_patterns(three: RoundTrip) -> None:
    arguments = [str(three.dicom), "-o", str(three.nifti), "--series", "T1*", "--series", "12", "--patient", "P1"]

    assert main(arguments) == 0
    assert [name for name in names_in(three.nifti) if name.endswith(".gz")] == ["12_T2_tra.nii.gz", "3_T1_mprage.nii.gz"]


def test_a_part_is_compared(three: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    to_nifti(three.dicom, three.nifti, series="T1*")
    to_dicom(three.nifti, three.back, uids="keep")
    paths = [str(three.dicom), str(three.back)]

    assert main(["compare", *paths]) == 1
    assert main(["compare", *paths, "--series", "T1*"]) == 0
    assert main(["compare", *paths, "--series", "T3*"]) == 1
    assert "--series T3* matches no image" in capsys.readouterr().err


def test_a_part_is_validated(three: RoundTrip) -> None:
    """The MR series are CT objects whose Modality was changed."""
    assert main(["validate", str(three.dicom)]) == 1
    assert main(["validate", str(three.dicom), "--modality", "CT"]) == 0


def test_the_command_line_names_its_own_options(three: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    assert main([str(three.dicom), "-o", str(three.nifti), "--series", "T3*"]) == 1
    assert "--series T3* matches no image" in capsys.readouterr().err
