"""``inspect``: the tree, the values for programs, what is wrong, and the BIDS map to begin with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import JPEGLSLossless

from nifti_dicom_bridge import Volume, inspect, to_nifti, write
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.conversion.inspection.inspect_images import of_plan
from nifti_dicom_bridge.formats.dicom.created.reference import reference_of
from nifti_dicom_bridge.formats.dicom.reading.grouping.series import find_series
from nifti_dicom_bridge.formats.dicom.reading.plans import plan_all
from nifti_dicom_bridge.formats.dicom.reading.read import load
from nifti_dicom_bridge.model.volume import UNPLACED
from phantoms import PHANTOMS, Phantom
from support.nonempty import some
from support.round_trip import RoundTrip, edit_dicom


@pytest.fixture
def scan(round_trip: RoundTrip) -> RoundTrip:
    """One MR series of a patient."""
    round_trip.make("oblique")
    edit_dicom(
        round_trip.dicom, Modality="MR", PatientID="P7", PatientName="Doe^Jane", PatientSex="F", PatientBirthDate="19700131",
        StudyDate="20260102", StudyTime="093000", StudyDescription="Head", StudyID="S1", SeriesDate="20260102",
        SeriesTime="094500", SeriesNumber=4, SeriesDescription="T1 mprage", RepetitionTime=2300, EchoTime=2.98,
    )  # fmt: skip
    return round_trip


def test_the_tree_has_patient_study_series_and_what_it_becomes(scan: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    assert main(["inspect", str(scan.dicom)]) == 0
    patient, study, series, size, becomes = capsys.readouterr().out.splitlines()[:5]

    assert patient == "patient P7  Doe^Jane  F  born 1970-01-31"
    assert study == "  study 2026-01-02 09:30  Head  S1"
    assert series.startswith("    4 T1 mprage  MR  2026-01-02 09:45  ")
    assert "TR 2300 ms  TE 2.98 ms" in size
    assert becomes == "      → 4_T1_mprage.nii.gz"


@pytest.mark.parametrize("phantom", PHANTOMS.values(), ids=PHANTOMS)
def test_size_and_place_that_headers_specify_are_those_of_the_image(phantom: Phantom, tmp_path: Path) -> None:
    """Also where slices are side by side in one image, and where the position is assumed: of an image, and as a reference."""
    phantom.write(tmp_path)
    for plan in some(plan_all(find_series([tmp_path]))):
        volume, reference = load(plan), reference_of(plan, tmp_path)
        times, slices, rows, columns = volume.voxels.shape[:4]

        assert of_plan(plan)["shape"] == [columns, rows, slices] + ([times] if times > 1 else [])
        assert reference.shape_kji == (slices, rows, columns)
        assert (reference.ijk_to_ras is None) == (volume.space == UNPLACED)
        assert reference.ijk_to_ras is None or np.allclose(reference.ijk_to_ras, volume.ijk_to_ras)


def test_json_has_all_uids_and_paths(scan: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    main(["inspect", str(scan.dicom), "--json"])
    (image,) = json.loads(capsys.readouterr().out)["images"]
    ds = pydicom.dcmread(image["paths"][0])

    assert sorted(image["paths"]) == sorted(map(str, scan.dicom.iterdir()))
    assert (image["series"]["uid"], image["study"]["uid"]) == (ds.SeriesInstanceUID, ds.StudyInstanceUID)
    assert (image["repetition_time_ms"], image["echo_time_ms"]) == (2300, 2.98)


def test_images_of_several_patients_are_apart(round_trip: RoundTrip) -> None:
    for name in ("A", "B"):
        PHANTOMS["classic_ct"].write(round_trip.dicom / name)
        edit_dicom(round_trip.dicom / name, PatientID=name, SeriesInstanceUID=f"1.2.{ord(name)}")

    lines = inspect(round_trip.dicom).table().splitlines()
    assert [line.split()[1] for line in lines if line.startswith("patient ")] == ["A", "B"]


def test_an_image_without_a_record_states_what_it_would_become(tmp_path: Path) -> None:
    labels = np.zeros((1, 3, 4, 5), np.uint8)
    labels[0, 1] = 2
    write(Volume(labels, np.eye(4)), tmp_path / "liver_seg.nii")

    (image,) = inspect(tmp_path).images
    assert image["becomes"] == 'no record: becomes a new DICOM object (kind="seg")'


def test_the_command_line_names_its_option_for_that(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    write(Volume(np.zeros((1, 3, 4, 5), np.int16), np.eye(4)), tmp_path / "T1w.nii")

    main(["inspect", str(tmp_path)])
    assert "T1w.nii → no record: becomes a new DICOM object (--as mr)" in capsys.readouterr().out


def test_only_deep_finds_damage_inside_of_compressed_pixels(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    round_trip.make("classic_ct")
    for path in round_trip.dicom.iterdir():
        ds = pydicom.dcmread(path)
        ds.compress(JPEGLSLossless)
        ds.save_as(path)
    path = sorted(round_trip.dicom.iterdir())[1]
    ds = pydicom.dcmread(path)
    ds.PixelData = ds.PixelData.replace(b"\xff\xd8", b"\0\0", 1)  # start of image (ISO 14495-1 C.2.2)
    ds.save_as(path)

    assert main(["inspect", str(round_trip.dicom)]) == 0
    capsys.readouterr()
    assert main(["inspect", str(round_trip.dicom), "--deep"]) == 1
    assert "      problem: " in capsys.readouterr().out


def test_a_problem_is_shown_with_its_series(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    path = sorted(round_trip.dicom.iterdir())[1]
    path.write_bytes(path.read_bytes()[:-10])

    lines = inspect(round_trip.dicom).table().splitlines()
    assert next(line for line in lines if "truncated" in line).startswith("      problem: ")


def test_many_files_that_are_not_images_are_one_line(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    for number in range(5):
        PHANTOMS["strangers_between"].write(round_trip.dicom / str(number))

    lines = inspect(round_trip.dicom).table().splitlines()
    assert len([line for line in lines if "Basic Text SR" in line]) <= 2


# --- a map to begin with ----------------------------------------------------------------------------------------------


def study(folder: Path) -> None:
    descriptions = {2: "t1_mprage", 3: "FLAIR [tra]", 5: "AAHead_Scout"}
    for number, description in descriptions.items():
        PHANTOMS["oblique"].write(folder / str(number))
        edit_dicom(folder / str(number), Modality="MR", PatientID="P-07", StudyDate="20260102", SeriesNumber=number,
             StudyInstanceUID="1.2.3", SeriesInstanceUID=f"1.2.3.{number}", SeriesDescription=description)  # fmt: skip
        for path in (folder / str(number)).iterdir():
            ds = pydicom.dcmread(path)
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID}.{number}"
            ds.save_as(path)


def test_the_map_has_a_row_for_each_series(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    study(round_trip.dicom)
    assert main(["inspect", str(round_trip.dicom), "--bids-map"]) == 0
    content = json.loads(capsys.readouterr().out)

    assert content["subjects"] == {"P-07": "P07"}
    assert content["sessions"] == {"20260102": "20260102"}
    assert [(row["criteria"]["SeriesDescription"], row.get("suffix")) for row in content["descriptions"]] == [
        ("t1_mprage", "T1w"), ("FLAIR [[]tra]", "FLAIR"), ("AAHead_Scout", None),
    ]  # fmt: skip


def test_the_map_joins_neither_patients_nor_studies(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    for number, (patient, name) in enumerate([("A", "x"), ("A", "x"), ("B", "A")], 1):
        PHANTOMS["oblique"].write(round_trip.dicom / str(number))
        edit_dicom(round_trip.dicom / str(number), Modality="MR", PatientID=patient, PatientName=name, StudyDate="20260102",
             SeriesNumber=number, StudyInstanceUID=f"1.2.{number}", SeriesInstanceUID=f"1.2.3.{number}",
             SeriesDescription="t1_mprage")  # fmt: skip
    main(["inspect", str(round_trip.dicom), "--bids-map"])
    content = json.loads(capsys.readouterr().out)

    assert content["subjects"] == {"B": "B"}
    assert content["sessions"] == {}


@pytest.mark.slow
def test_the_map_names_the_images_as_they_are_named_without_it(round_trip: RoundTrip, capsys: pytest.CaptureFixture) -> None:
    study(round_trip.dicom)
    main(["inspect", str(round_trip.dicom), "--bids-map"])
    (round_trip.folder / "map.json").write_text(capsys.readouterr().out)
    without = to_nifti(round_trip.dicom, round_trip.nifti, layout="bids").outputs
    with_map = to_nifti(round_trip.dicom, round_trip.back, layout="bids", bids_map=round_trip.folder / "map.json").outputs

    assert [path.relative_to(round_trip.back) for path in with_map] == [path.relative_to(round_trip.nifti) for path in without]
