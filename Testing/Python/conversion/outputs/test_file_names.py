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
from support.circle import Circle, edit_dicom, names_in
from support.paths import ROOT

VALUES = {
    "PatientID": "P/07", "PatientName": "Doe^Jane", "StudyID": "S1", "StudyDate": "20260102", "StudyTime": "093000.5",
    "StudyDescription": "Head", "AccessionNumber": "A9", "SeriesNumber": 4, "SeriesDescription": "T1: sag?",
    "ProtocolName": "mprage", "Modality": "MR", "SeriesInstanceUID": "1.2.3", "StudyInstanceUID": "1.2.4",
    "Manufacturer": "ACME", "AcquisitionNumber": 2, "EchoNumbers": 1,
}  # fmt: skip


@pytest.fixture
def scan(circle: Circle) -> Circle:
    circle.make("classic_ct")
    edit_dicom(circle.dicom, **VALUES)
    return circle


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
def test_a_template_names_the_image(template: str, name: str, scan: Circle) -> None:
    to_nifti(scan.dicom, scan.nifti, filename=template)

    assert images_of(scan.nifti) == [f"{name}.nii.gz"]
    assert portability_problem(f"{name}.nii.gz") == ""


@pytest.mark.parametrize("part", [*("{" + field + "}" for field in FIELDS), *("%" + code for code in CODES)])
def test_every_field_and_code_gives_a_valid_name(part: str, scan: Circle) -> None:
    to_nifti(scan.dicom, scan.nifti, filename=f"x{part}y/{part}")

    (name,) = images_of(scan.nifti)
    assert portability_problem(name) == ""
    assert name.count("/") == 1


def test_the_image_becomes_the_same_dicom(scan: Circle) -> None:
    to_nifti(scan.dicom, scan.nifti, filename="{patient}/{series:03}_{description}")
    to_dicom(scan.nifti, scan.back, uids="keep")

    assert main(["compare", str(scan.dicom), str(scan.back)]) == 0


def test_images_of_one_series_keep_what_they_differ_in(circle: Circle) -> None:
    circle.make("mixed_types")
    to_nifti(circle.dicom, circle.folder / "default")
    to_nifti(circle.dicom, circle.nifti, filename="{series}")

    assert len(images_of(circle.nifti)) == len(images_of(circle.folder / "default")) > 1


@pytest.mark.parametrize("convert", [to_zarr, to_preview])
def test_stores_and_pictures_have_the_names_too(convert, scan: Circle) -> None:
    report = convert(scan.dicom, scan.folder / "out", filename="{patient}/{series:02}")

    assert report.ok
    assert {path.parent.name for path in report.outputs} == {"P_07"}
    assert report.outputs[0].name.startswith("04")


@pytest.mark.parametrize("target", ["zarr", "preview"])
def test_images_with_a_record_are_named_by_it(target: str, scan: Circle) -> None:
    to_nifti(scan.dicom, scan.nifti)
    convert = to_zarr if target == "zarr" else to_preview
    report = convert(scan.nifti, scan.folder / "out", filename="{patient}_{protocol}")

    assert report.outputs[0].name.startswith("P_07_mprage")


@pytest.mark.parametrize("target", ["nifti", "zarr", "preview"])
def test_names_of_a_protected_run_identify_no_one(target: str, scan: Circle) -> None:
    out = scan.folder / "out"
    arguments = [str(scan.dicom), "-o", str(out), "--to", target, "--deidentify",
                 "-f", "{patient}_{patient_name}_{study}_{accession}_{description}_{date_time}"]  # fmt: skip
    assert main(arguments) == 0
    assert names_in(out)
    text = " ".join(names_in(out))
    assert not any(secret in text for secret in ("P_07", "Doe", "Jane", "S1", "A9", "sag", "2026"))


@pytest.mark.parametrize("name", ["a_probseg_b", "a_dseg", "a_probseg"])
def test_the_label_table_of_a_segmentation_is_found_by_its_name(name: str, circle: Circle) -> None:
    circle.make("segmentation")
    outputs = to_nifti(circle.dicom, circle.nifti, filename=name).outputs
    images = [path for path in outputs if ".nii" in path.suffixes]

    assert images
    assert None not in map(find_labels, images)


def test_several_patients_are_in_folders(circle: Circle) -> None:
    for name in ("A", "B"):
        PHANTOMS["classic_ct"].write(circle.dicom / name)
        edit_dicom(circle.dicom / name, PatientID=name, SeriesInstanceUID=f"1.2.{ord(name)}")
    to_nifti(circle.dicom, circle.nifti)

    assert images_of(circle.nifti) == ["A/1_series_1.nii.gz", "B/1_series_1.nii.gz"]
    assert to_nifti(circle.dicom, circle.nifti, skip_existing=True).ok


@pytest.mark.slow
def test_people_who_share_a_patient_id_are_in_folders(circle: Circle) -> None:
    for name, sex in (("A", "F"), ("B", "M"), ("C", "F")):
        PHANTOMS["classic_ct"].write(circle.dicom / name)
        edit_dicom(circle.dicom / name, PatientID="7", PatientSex=sex, SeriesInstanceUID=f"1.2.{ord(name)}")
    to_nifti(circle.dicom, circle.nifti)
    names = images_of(circle.nifti)

    assert names == ["7/1_series_1.nii.gz", "7/1_series_1_2.nii.gz", "7_2/1_series_1.nii.gz"]
    to_zarr([circle.nifti / name for name in names], circle.folder / "out")
    assert sorted(path.parent.name for path in (circle.folder / "out").rglob("*.zarr")) == ["7", "7", "7_2"]


def two_patients(circle: Circle) -> None:
    """Write images of two patients: NIfTI files of one name, each in a folder of its own."""
    for name in ("A", "B"):
        PHANTOMS["classic_ct"].write(circle.dicom / name)
        edit_dicom(circle.dicom / name, PatientID=name, SeriesInstanceUID=f"1.2.{ord(name)}")
        to_nifti(circle.dicom / name, circle.nifti / f"from-{name}")


@pytest.mark.parametrize("convert", [to_zarr, to_preview])
def test_files_of_several_patients_are_in_folders(convert, circle: Circle) -> None:
    two_patients(circle)
    report = convert(circle.nifti, circle.folder / "out")

    assert report.ok
    assert {path.parent.name for path in report.outputs} == {"A", "B"}


@pytest.mark.slow
def test_stores_of_several_patients_become_nifti_in_folders(circle: Circle) -> None:
    two_patients(circle)
    to_zarr(circle.nifti, circle.folder / "stores")
    to_nifti(circle.folder / "stores", circle.back)

    assert images_of(circle.back) == ["A/1_series_1.nii.gz", "B/1_series_1.nii.gz"]


def test_series_and_files_of_two_patients_are_in_folders(circle: Circle) -> None:
    two_patients(circle)
    report = to_zarr([circle.dicom / "A", circle.nifti / "from-B"], circle.folder / "out")

    assert {path.parent.name for path in report.outputs} == {"A", "B"}


def test_files_that_do_not_specify_a_patient_are_in_no_folder(circle: Circle) -> None:
    two_patients(circle)
    for path in circle.nifti.rglob("*.json"):
        path.unlink()
    report = to_zarr([circle.dicom / "A", circle.nifti], circle.folder / "out")

    assert {path.parent.name for path in report.outputs} == {"out"}


@pytest.mark.slow
def test_a_store_that_cannot_be_read_stops_no_other_one(circle: Circle) -> None:
    two_patients(circle)
    to_zarr(circle.nifti, circle.folder / "stores")
    (circle.folder / "stores" / "A" / "1_series_1.zarr" / "zarr.json").write_text("{")
    report = to_nifti(circle.folder / "stores", circle.back, filename="{patient}")

    assert images_of(circle.back) == ["B.nii.gz"]
    assert len(report.failures) == 1


@pytest.mark.parametrize(("first", "second", "folders"), [
    ("P/1", "P:1", ["P_1", "P_1_2"]), ("P1", "p1", ["P1", "p1_2"]), ("..", "", ["unknown_patient", "unknown_patient_2"]),
])  # fmt: skip
def test_patients_never_share_a_folder(first: str, second: str, folders: list[str], circle: Circle) -> None:
    for number, patient in enumerate((first, second)):
        PHANTOMS["classic_ct"].write(circle.dicom / str(number))
        edit_dicom(circle.dicom / str(number), PatientID=patient, PatientName="", SeriesInstanceUID=f"1.2.{number}")
    to_nifti(circle.dicom, circle.nifti)

    assert sorted({name.split("/")[0] for name in images_of(circle.nifti)}) == folders


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
