"""Names of outputs by templates, and folders for several patients."""

from __future__ import annotations

from pathlib import Path

import pytest

from nifti_dicom_bridge import OptionError, to_dicom, to_nifti, to_preview, to_zarr
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.labels import find_labels
from nifti_dicom_bridge.model.files.names import portability_problem
from nifti_dicom_bridge.options.filename_templates import CODES, FIELDS
from phantoms import PHANTOMS
from support.paths import ROOT
from support.round_trip import RoundTrip, edit_dicom, names_in

VALUES = {
    "PatientID": "P/07", "PatientName": "Doe^Jane", "StudyID": "S1", "StudyDate": "20260102", "StudyTime": "093000.5",
    "StudyDescription": "Head", "AccessionNumber": "A9", "SeriesNumber": 4, "SeriesDescription": "T1: sag?",
    "ProtocolName": "mprage", "Modality": "MR", "SeriesInstanceUID": "1.2.3", "StudyInstanceUID": "1.2.4",
    "Manufacturer": "ACME", "AcquisitionNumber": 2, "EchoNumbers": 1,
}  # fmt: skip


@pytest.fixture
def scan(round_trip: RoundTrip) -> RoundTrip:
    round_trip.make("classic_ct")
    edit_dicom(round_trip.dicom, **VALUES)
    return round_trip


def images_of(folder: Path) -> list[str]:
    return [name for name in names_in(folder) if name.endswith(".nii.gz")]


@pytest.mark.parametrize(("template", "name"), [
    ("{patient}/{study_date}_{study}/{series:03}_{description}", "P_07/20260102_S1/004_T1_sag"),
    ("%i/%3s_%d", "P_07/004_T1_sag"),
    ("%n_%t_%g%%", "Doe_Jane_20260102093000_A9"),
    ("{patient_name}_%p", "Doe_Jane_mprage"),
    ("{name}", "4_T1_sag"),
    ("{body_part}", "unknown"),
    ("{modality}_{body_part}_{comments} - {coil}_{series}", "MR_4"), ("{coil}_{series}_{body_part}", "4"),
    ("{series}__{modality}", "4__MR"),
    ("CON", "_CON"),
    ("{folder}_{basename}", "dicom_001"),
])  # fmt: skip
def test_a_template_names_the_image(template: str, name: str, scan: RoundTrip) -> None:
    to_nifti(scan.dicom, scan.nifti, filename=template)

    assert images_of(scan.nifti) == [f"{name}.nii.gz"]
    assert portability_problem(f"{name}.nii.gz") == ""


@pytest.mark.parametrize("part", [*("{" + field + "}" for field in FIELDS), *("%" + code for code in CODES)])
def test_every_field_and_code_gives_a_valid_name(part: str, scan: RoundTrip) -> None:
    to_nifti(scan.dicom, scan.nifti, filename=f"x{part}y/{part}")

    (name,) = images_of(scan.nifti)
    assert portability_problem(name) == ""
    assert name.count("/") == 1


def test_the_image_becomes_the_same_dicom(scan: RoundTrip) -> None:
    to_nifti(scan.dicom, scan.nifti, filename="{patient}/{series:03}_{description}")
    to_dicom(scan.nifti, scan.back, uids="keep")

    assert main(["compare", str(scan.dicom), str(scan.back)]) == 0


def test_images_of_one_series_keep_what_they_differ_in(round_trip: RoundTrip) -> None:
    round_trip.make("mixed_types")
    to_nifti(round_trip.dicom, round_trip.folder / "default")
    to_nifti(round_trip.dicom, round_trip.nifti, filename="{series}")

    assert len(images_of(round_trip.nifti)) == len(images_of(round_trip.folder / "default")) > 1


@pytest.mark.parametrize("convert", [to_zarr, to_preview])
def test_stores_and_pictures_have_the_names_too(convert, scan: RoundTrip) -> None:
    report = convert(scan.dicom, scan.folder / "out", filename="{patient}/{series:02}")

    assert report.ok
    assert {path.parent.name for path in report.outputs} == {"P_07"}
    assert report.outputs[0].name.startswith("04")


@pytest.mark.parametrize("target", ["zarr", "preview"])
def test_images_with_a_record_are_named_by_it(target: str, scan: RoundTrip) -> None:
    to_nifti(scan.dicom, scan.nifti)
    convert = to_zarr if target == "zarr" else to_preview
    report = convert(scan.nifti, scan.folder / "out", filename="{patient}_{protocol}")

    assert report.outputs[0].name.startswith("P_07_mprage")


@pytest.mark.parametrize("target", ["nifti", "zarr", "preview"])
def test_names_of_a_protected_run_identify_no_one(target: str, scan: RoundTrip) -> None:
    out = scan.folder / "out"
    arguments = [str(scan.dicom), "-o", str(out), "--to", target, "--deidentify",
                 "-f", "{patient}_{patient_name}_{study}_{accession}_{description}_{date_time}"]  # fmt: skip
    assert main(arguments) == 0
    assert names_in(out)
    text = " ".join(names_in(out))
    assert not any(secret in text for secret in ("P_07", "Doe", "Jane", "S1", "A9", "sag", "2026"))


@pytest.mark.parametrize("name", ["a_probseg_b", "a_dseg", "a_probseg"])
def test_the_label_table_of_a_segmentation_is_found_by_its_name(name: str, round_trip: RoundTrip) -> None:
    round_trip.make("segmentation")
    outputs = to_nifti(round_trip.dicom, round_trip.nifti, filename=name).outputs
    images = [path for path in outputs if ".nii" in path.suffixes]

    assert images
    assert None not in map(find_labels, images)


def test_several_patients_are_in_folders(round_trip: RoundTrip) -> None:
    for name in ("A", "B"):
        PHANTOMS["classic_ct"].write(round_trip.dicom / name)
        edit_dicom(round_trip.dicom / name, PatientID=name, SeriesInstanceUID=f"1.2.{ord(name)}")
    to_nifti(round_trip.dicom, round_trip.nifti)

    assert images_of(round_trip.nifti) == ["A/1_series_1.nii.gz", "B/1_series_1.nii.gz"]
    assert to_nifti(round_trip.dicom, round_trip.nifti, skip_existing=True).ok


@pytest.mark.slow
def test_people_who_share_a_patient_id_are_in_folders(round_trip: RoundTrip) -> None:
    for name, sex in (("A", "F"), ("B", "M"), ("C", "F")):
        PHANTOMS["classic_ct"].write(round_trip.dicom / name)
        edit_dicom(round_trip.dicom / name, PatientID="7", PatientSex=sex, SeriesInstanceUID=f"1.2.{ord(name)}")
    to_nifti(round_trip.dicom, round_trip.nifti)
    names = images_of(round_trip.nifti)

    assert names == ["7/1_series_1.nii.gz", "7/1_series_1_2.nii.gz", "7_2/1_series_1.nii.gz"]
    to_zarr([round_trip.nifti / name for name in names], round_trip.folder / "out")
    assert sorted(path.parent.name for path in (round_trip.folder / "out").rglob("*.zarr")) == ["7", "7", "7_2"]


def two_patients(round_trip: RoundTrip) -> None:
    """Write images of two patients: NIfTI files of one name, each in a folder of its own."""
    for name in ("A", "B"):
        PHANTOMS["classic_ct"].write(round_trip.dicom / name)
        edit_dicom(round_trip.dicom / name, PatientID=name, SeriesInstanceUID=f"1.2.{ord(name)}")
        to_nifti(round_trip.dicom / name, round_trip.nifti / f"from-{name}")


@pytest.mark.parametrize("convert", [to_zarr, to_preview])
def test_files_of_several_patients_are_in_folders(convert, round_trip: RoundTrip) -> None:
    two_patients(round_trip)
    report = convert(round_trip.nifti, round_trip.folder / "out")

    assert report.ok
    assert {path.parent.name for path in report.outputs} == {"A", "B"}


@pytest.mark.slow
def test_stores_of_several_patients_become_nifti_in_folders(round_trip: RoundTrip) -> None:
    two_patients(round_trip)
    to_zarr(round_trip.nifti, round_trip.folder / "stores")
    to_nifti(round_trip.folder / "stores", round_trip.back)

    assert images_of(round_trip.back) == ["A/1_series_1.nii.gz", "B/1_series_1.nii.gz"]


def test_series_and_files_of_two_patients_are_in_folders(round_trip: RoundTrip) -> None:
    two_patients(round_trip)
    report = to_zarr([round_trip.dicom / "A", round_trip.nifti / "from-B"], round_trip.folder / "out")

    assert {path.parent.name for path in report.outputs} == {"A", "B"}


def test_files_that_do_not_specify_a_patient_are_in_no_folder(round_trip: RoundTrip) -> None:
    two_patients(round_trip)
    for path in round_trip.nifti.rglob("*.json"):
        path.unlink()
    report = to_zarr([round_trip.dicom / "A", round_trip.nifti], round_trip.folder / "out")

    assert {path.parent.name for path in report.outputs} == {"out"}


@pytest.mark.slow
def test_a_store_that_cannot_be_read_stops_no_other_one(round_trip: RoundTrip) -> None:
    two_patients(round_trip)
    to_zarr(round_trip.nifti, round_trip.folder / "stores")
    (round_trip.folder / "stores" / "A" / "1_series_1.zarr" / "zarr.json").write_text("{")
    report = to_nifti(round_trip.folder / "stores", round_trip.back, filename="{patient}")

    assert images_of(round_trip.back) == ["B.nii.gz"]
    assert len(report.failures) == 1


@pytest.mark.parametrize(("first", "second", "folders"), [
    ("P/1", "P:1", ["P_1", "P_1_2"]), ("P1", "p1", ["P1", "p1_2"]), ("..", "", ["unknown_patient", "unknown_patient_2"]),
])  # fmt: skip
def test_patients_never_share_a_folder(first: str, second: str, folders: list[str], round_trip: RoundTrip) -> None:
    for number, patient in enumerate((first, second)):
        PHANTOMS["classic_ct"].write(round_trip.dicom / str(number))
        edit_dicom(round_trip.dicom / str(number), PatientID=patient, PatientName="", SeriesInstanceUID=f"1.2.{number}")
    to_nifti(round_trip.dicom, round_trip.nifti)

    assert sorted({name.split("/")[0] for name in images_of(round_trip.nifti)}) == folders


@pytest.mark.parametrize(("template", "words"), [
    ("x.nii.gz", r"ends with \.nii\.gz"),
    ("{serie}", r"Did you mean {series}\?"), ("%w", "there is no code %w"), ("{description:03}", "is text"),
    ("{series:x}", "a width such as 03"), ("../{series}", "without a name"), ("/{series}", "relative"), ("a\\b", "backslash"),
    ("{series", "stands alone"), ("  ", "empty"), ("a//b", "without a name"),
])  # fmt: skip
def test_a_template_that_is_not_valid_is_refused(template: str, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        to_nifti("x", "y", filename=template)


def test_the_fields_are_in_the_guide() -> None:
    guide = (ROOT / "docs" / "command-line.md").read_text("utf-8")

    assert [field for field in FIELDS if f"`{field}`" not in guide] == []
    assert [code for code in CODES if f"`%{code}`" not in guide] == []
