"""BIDS for labs: labels by options, keys of the user, field maps that know their images, events, participants, results."""

from __future__ import annotations

import json
from typing import Any

import pydicom
import pytest

from nifti_dicom_bridge import ConversionReport, Outcome, to_dicom
from nifti_dicom_bridge.cli import main
from phantoms import PHANTOMS, vendors
from phantoms.base import save
from phantoms.examinations import EPI, GE, diffusion, pet, series
from support.bids_datasets import ASL_KEYS, PET_KEYS, WHO, dataset, said, sidecar, table
from support.circle import Circle
from support.oracles import oracle, run

GRE = "gre_field_mapping"


def names(circle: Circle) -> list[str]:
    return [path.name.removesuffix(".nii.gz") for path in circle.images()]


def gre(circle: Circle, number: int, description: str = GRE) -> None:
    """Write magnitudes and phase difference of gradient echoes."""
    magnitude, phase = (["ORIGINAL", "PRIMARY", letter, "ND"] for letter in "MP")
    series(circle.dicom, number, description, 2, EchoTime=("4.92", "7.38"), EchoNumbers=(1, 2), ImageType=magnitude)
    series(circle.dicom, number + 1, description, EchoTime="7.38", EchoNumbers=2, ImageType=phase)


def epi(circle: Circle, number: int, description: str, times: int, **attributes: Any) -> None:
    """Write echo planar images with a phase encoding direction, PA or reversed."""
    found = series(circle.dicom, number, description, times, **{**EPI, **GE, **attributes})
    for ds in found:
        ds.AcquisitionMatrix = [0, ds.Columns, ds.Rows, 0]
        block = ds.private_block(0x0043, "GEMS_PARM_01", create=True)
        block.add_new(0x2C, "SS", 700)
        block.add_new(0x83, "DS", ["1", "1"])
    save(circle.dicom / f"P-01-1-{number}", found)


REVERSED = {"RectilinearPhaseEncodeReordering": "REVERSE_LINEAR"}
SE = {"ScanningSequence": ["EP", "SE"]}


# --- labels -----------------------------------------------------------------------------------------------------------


def test_subject_session_task_and_run_are_options(circle: Circle) -> None:
    series(circle.dicom, 3, "bold rest", 3, **EPI)
    arguments = ["--layout", "bids", "-p", "01", "-s", "pre", "--task", "nback", "--run", "2"]

    assert main([str(circle.dicom), "-o", str(circle.nifti), *arguments]) == 0
    assert names(circle) == ["sub-01_ses-pre_task-nback_run-02_bold"]


@pytest.mark.parametrize("option", ["--session", "--task", "--run", "--bids-derivative"])
def test_a_label_that_is_not_one_is_wrong_usage(option: str, circle: Circle, capsys: pytest.CaptureFixture) -> None:
    assert main([str(circle.folder), "--to", "nifti", "-o", str(circle.nifti), "--layout", "bids", option, "a-b"]) == 2
    assert f"{option}: 'a-b' is not a" in capsys.readouterr().err


# --- field maps -------------------------------------------------------------------------------------------------------


def test_a_field_map_of_gradient_echoes_is_linked(circle: Circle) -> None:
    gre(circle, 3)
    series(circle.dicom, 5, "bold rest", 3, **EPI)
    dataset(circle)

    bold = sidecar(circle, "bold")
    assert bold["B0FieldSource"] == "gre_20260101_1"
    for name in ("magnitude1", "magnitude2", "phasediff"):
        found = sidecar(circle, name)
        assert found["B0FieldIdentifier"] == "gre_20260101_1"
        assert found["IntendedFor"] == [f"bids::sub-P01/ses-20260101/func/{WHO}_task-rest_bold.nii.gz"]


@pytest.mark.slow
def test_opposite_directions_are_one_field_map(circle: Circle) -> None:
    epi(circle, 3, "se_fmap", 2, **SE)
    epi(circle, 4, "se_fmap", 2, **SE, **REVERSED)
    epi(circle, 5, "bold rest", 3)
    dataset(circle)

    assert sidecar(circle, "dir-PA_bold")["B0FieldSource"] == "pepolar_20260101_1"
    assert {sidecar(circle, f"dir-{way}_epi")["B0FieldIdentifier"] for way in ("AP", "PA")} == {"pepolar_20260101_1"}
    assert "B0FieldIdentifier" not in sidecar(circle, "bold")


def test_one_direction_is_estimated_with_an_image_of_the_opposite(circle: Circle) -> None:
    epi(circle, 3, "se_fmap", 2, **SE, **REVERSED)
    epi(circle, 5, "bold rest", 3)
    dataset(circle)

    assert sidecar(circle, "bold")["B0FieldIdentifier"] == sidecar(circle, "epi")["B0FieldIdentifier"]


def test_one_direction_alone_estimates_nothing(circle: Circle) -> None:
    epi(circle, 3, "se_fmap", 2, **SE)
    epi(circle, 5, "bold rest", 3)
    dataset(circle)

    assert "IntendedFor" not in sidecar(circle, "epi")
    assert "B0FieldSource" not in sidecar(circle, "bold")


@pytest.mark.slow
def test_the_last_field_map_before_an_image_counts(circle: Circle) -> None:
    gre(circle, 3)
    series(circle.dicom, 5, "bold rest", 3, **EPI)
    gre(circle, 7)
    series(circle.dicom, 9, "bold rest", 3, **EPI)
    dataset(circle)

    assert sidecar(circle, "run-01_bold")["B0FieldSource"] == "gre_20260101_1"
    assert sidecar(circle, "run-02_bold")["B0FieldSource"] == "gre_20260101_2"
    assert sidecar(circle, "run-02_phasediff")["IntendedFor"] == [
        f"bids::sub-P01/ses-20260101/func/{WHO}_task-rest_run-02_bold.nii.gz"
    ]


def shimmed(circle: Circle, number: int, offset: int) -> None:
    """Put the first shim of a protocol of Siemens into the files of a series."""
    text = f"### ASCCONV BEGIN ###\nsGRADSPEC.asGPAData[0].lOffsetX = {offset}\n### ASCCONV END ###".ljust(200)
    for path in (circle.dicom / f"P-01-1-{number}").iterdir():
        ds = pydicom.dcmread(path)
        ds.Manufacturer = "SIEMENS"
        vendors.add_private([ds], 0x0021, "SIEMENS MR SDS 01", {0x19: ("OB", text.encode("ascii"))})
        ds.save_as(path)


def maps_with_shims(circle: Circle, first: int, second: int, of_image: int) -> str:
    """Write two field maps and an image with shims; return the warnings."""
    gre(circle, 3)
    gre(circle, 5)
    series(circle.dicom, 7, "bold rest", 3, **EPI)
    for number, offset in ((3, first), (4, first), (5, second), (6, second), (7, of_image)):
        shimmed(circle, number, offset)
    return said(dataset(circle))


@pytest.mark.parametrize(("first", "second", "number"), [(11, 12, 1), (12, 11, 2), (11, 11, 2)])
def test_the_last_field_map_with_the_shim_of_the_image_counts(first: int, second: int, number: int, circle: Circle) -> None:
    words = maps_with_shims(circle, first, second, 11)

    intended = [f"bids::sub-P01/ses-20260101/func/{WHO}_task-rest_bold.nii.gz"]
    assert sidecar(circle, f"run-{number:02d}_phasediff")["IntendedFor"] == intended
    assert "IntendedFor" not in sidecar(circle, f"run-{3 - number:02d}_phasediff")
    assert "another shim" not in words


def test_a_field_map_of_another_shim_is_used_with_a_warning(circle: Circle) -> None:
    words = maps_with_shims(circle, 12, 13, 11)

    assert "IntendedFor" in sidecar(circle, "run-02_phasediff")
    assert "its field map was acquired with another shim: the correction may be wrong." in words


@pytest.mark.slow
def test_a_field_map_for_diffusion_is_not_for_bold(circle: Circle) -> None:
    gre(circle, 3, "gre_field_mapping_dwi")
    series(circle.dicom, 5, "bold rest", 3, **EPI)
    diffusion(circle.dicom, 6, "dti")
    dataset(circle)

    assert "B0FieldSource" not in sidecar(circle, "bold")
    assert sidecar(circle, "_dwi")["B0FieldSource"] == "gre_20260101_1"


def test_anatomy_has_no_field_map(circle: Circle) -> None:
    gre(circle, 3)
    series(circle.dicom, 5, "t1_mprage")
    dataset(circle)

    assert "B0FieldSource" not in sidecar(circle, "T1w")
    assert "IntendedFor" not in sidecar(circle, "phasediff")


def test_what_the_map_specifies_of_a_field_map_stays(circle: Circle) -> None:
    gre(circle, 3)
    series(circle.dicom, 5, "bold rest", 3, **EPI)
    rows = [{"criteria": {"SeriesDescription": "gre*"}, "sidecar_changes": {"B0FieldIdentifier": "mine"}}]
    (circle.folder / "map.json").write_text(json.dumps({"descriptions": rows}))
    dataset(circle, bids_map=circle.folder / "map.json")

    assert sidecar(circle, "phasediff")["B0FieldIdentifier"] == "mine"
    assert "B0FieldSource" not in sidecar(circle, "bold")


@pytest.mark.slow
def test_links_are_no_edits_on_the_way_back(circle: Circle) -> None:
    gre(circle, 3)
    series(circle.dicom, 5, "bold rest", 3, **EPI)
    dataset(circle)
    report = to_dicom(circle.nifti, circle.back, uids="keep")

    assert {entry.outcome for entry in report.entries} == {Outcome.RESTORED}
    assert [entry.log.changes for entry in report.entries if entry.log.changes] == []


# --- tables -----------------------------------------------------------------------------------------------------------


def test_a_task_has_a_table_for_its_events_and_rest_has_none(circle: Circle) -> None:
    series(circle.dicom, 3, "bold_task-faces", 3, **EPI)
    series(circle.dicom, 4, "bold rest", 3, **EPI)
    dataset(circle)
    tables = sorted(circle.nifti.rglob("*_events.tsv"))

    assert [path.name for path in tables] == [f"{WHO}_task-faces_events.tsv"]
    assert table(tables[0]) == [["onset", "duration", "trial_type"]]


def test_events_that_were_filled_in_stay(circle: Circle) -> None:
    series(circle.dicom, 3, "bold_task-faces", 3, **EPI)
    dataset(circle)
    (path,) = circle.nifti.rglob("*_events.tsv")
    path.write_text("onset\tduration\n1\t2\n")
    assert dataset(circle, overwrite=True).ok

    assert path.read_text() == "onset\tduration\n1\t2\n"


def test_all_echoes_have_one_table(circle: Circle) -> None:
    echoes = {**EPI, "EchoTime": ("12", "12", "30", "30"), "EchoNumbers": (1, 1, 2, 2)}
    series(circle.dicom, 3, "bold_task-faces", 4, **echoes)
    dataset(circle)

    assert [path.name for path in circle.nifti.rglob("*_events.tsv")] == [f"{WHO}_task-faces_events.tsv"]


def test_participants_have_height_weight_and_the_columns_of_the_map(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage", PatientSize="1.75", PatientWeight="70")
    (circle.folder / "map.json").write_text(
        json.dumps({"participants": {"P-*": {"group": "control", "handedness": "left"}, "Q-*": {"group": "patient"}}})
    )
    dataset(circle, bids_map=circle.folder / "map.json")

    assert table(circle.nifti / "participants.tsv") == [
        ["participant_id", "age", "sex", "height", "weight", "group", "handedness"],
        ["sub-P01", "31", "F", "1.75", "70", "control", "left"],
    ]
    assert json.loads((circle.nifti / "participants.json").read_text())["height"]["Units"] == "m"


# --- keys of the user -------------------------------------------------------------------------------------------------

ASL = {**ASL_KEYS, "aslcontext": ["m0scan", "label", "control", "label", "control"]}


def with_keys(circle: Circle, keys: Any) -> ConversionReport:
    path = circle.folder / "keys.json"
    path.write_text(json.dumps(keys), "utf-8")
    return dataset(circle, bids_keys=path)


def test_pet_is_placed_with_the_keys_of_the_file(circle: Circle) -> None:
    pet(circle.dicom)
    with_keys(circle, {"pet": PET_KEYS})

    assert names(circle) == [f"{WHO}_pet"]
    assert sidecar(circle, "_pet")["AcquisitionMode"] == "list mode"


def test_asl_is_placed_with_the_keys_of_the_file(circle: Circle) -> None:
    series(circle.dicom, 3, "asl_2d", 5, **EPI)
    with_keys(circle, {"perf/asl": ASL})

    assert names(circle) == [f"{WHO}_asl"]
    context = table(circle.nifti / f"sub-P01/ses-20260101/perf/{WHO}_aslcontext.tsv")
    assert context[1:] == [["m0scan"], ["label"], ["control"], ["label"], ["control"]]


def test_volumes_are_control_and_label_as_philips_states(circle: Circle) -> None:
    found = series(circle.dicom, 3, "asl_2d", 4, Manufacturer="Philips Medical Systems", **EPI)
    for n, ds in enumerate(found):
        label = ("CONTROL", "LABEL")[n * 4 // len(found) % 2]
        ds.private_block(0x2005, "Philips MR Imaging DD 005", create=True).add_new(0x29, "CS", label)
    save(circle.dicom / "P-01-1-3", found)
    with_keys(circle, {"perf/asl": {**ASL_KEYS, "M0Type": "Absent"}})

    context = table(circle.nifti / f"sub-P01/ses-20260101/perf/{WHO}_aslcontext.tsv")
    assert context[1:] == [["control"], ["label"], ["control"], ["label"]]


@pytest.mark.parametrize(
    ("key", "value", "count"), [("SliceTiming", [0], "3 slices"), ("PostLabelingDelay", [1, 2], "5 volumes")]
)
def test_lists_of_another_length_are_not_used(key: str, value: list[float], count: str, circle: Circle) -> None:
    series(circle.dicom, 3, "asl_2d", 5, **EPI)
    report = with_keys(circle, {"perf/asl": {**ASL, key: value}})

    assert any(f'"{key}" has {len(value)} value(s), the image has {count}' in text for text in report.entries[0].log.warnings)
    assert names(circle) == ["3_asl_2d"]  # in sourcedata, as BIDS requires the key


def test_keys_at_the_top_are_for_all_images_and_those_of_the_dicom_stay(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    report = with_keys(circle, {"NonlinearGradientCorrection": True, "MagneticFieldStrength": 7})

    found = sidecar(circle, "T1w")
    assert (found["NonlinearGradientCorrection"], found["MagneticFieldStrength"]) == (True, 3)
    assert any('"MagneticFieldStrength": the DICOM states 3' in text for text in report.entries[0].log.warnings)


@pytest.mark.parametrize(("content", "words"), [
    ([], "an object with datatypes"), ({"pet": 3}, "pet: an object with keys"), ({"pet/x": {}}, "no such datatype"),
    ({"perf": {"aslcontext": ["on"]}}, "aslcontext: a list of"),
])  # fmt: skip
def test_a_wrong_file_of_keys_is_wrong_usage(content: Any, words: str, circle: Circle, capsys: pytest.CaptureFixture) -> None:
    circle.make("classic_ct")
    path = circle.folder / "keys.json"
    path.write_text(json.dumps(content))

    assert main([str(circle.dicom), "-o", str(circle.nifti), "--layout", "bids", "--bids-keys", str(path)]) == 2
    assert words in capsys.readouterr().err
    assert not circle.nifti.exists()


# --- results ----------------------------------------------------------------------------------------------------------


def segmentation(circle: Circle, description: str = "Liver & Co", number: int = 0) -> None:
    PHANTOMS["segmentation_with_gaps"].write(circle.dicom / f"seg{number}")
    for path in (circle.dicom / f"seg{number}").iterdir():
        ds = pydicom.dcmread(path)
        ds.PatientID, ds.StudyDate, ds.SeriesDescription = "P-01", "20260101", description
        ds.SeriesInstanceUID = f"{ds.SeriesInstanceUID}.{number}"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID}.{number}"
        ds.save_as(path)


def test_segmentations_go_to_the_derivatives(circle: Circle) -> None:
    segmentation(circle)
    dataset(circle, bids_derivative="organs")

    folder = circle.nifti / "derivatives" / "organs"
    stem = f"{WHO}_desc-LiverCo_dseg"
    assert sorted(path.name for path in (folder / "sub-P01" / "ses-20260101" / "anat").iterdir()) == [
        f"{stem}.json", f"{stem}.nii.gz", f"{stem}.tsv",
    ]  # fmt: skip
    assert json.loads((folder / "dataset_description.json").read_text())["DatasetType"] == "derivative"


def test_segmentations_of_one_session_have_different_names(circle: Circle) -> None:
    for number, description in enumerate(("Liver", "Liver", "Liver 2"), 1):
        segmentation(circle, description, number)
    report = dataset(circle, bids_derivative="organs")

    assert report.ok
    folder = circle.nifti / "derivatives" / "organs" / "sub-P01" / "ses-20260101" / "anat"
    assert len(list(folder.glob("*.nii.gz"))) == 3


def test_a_segmentation_of_the_derivatives_becomes_the_same_dicom(circle: Circle) -> None:
    segmentation(circle)
    dataset(circle, bids_derivative="organs")
    report = to_dicom(circle.nifti, circle.back, uids="keep")

    assert [entry.outcome for entry in report.entries] == [Outcome.RESTORED]
    assert main(["compare", str(circle.dicom), str(circle.back)]) == 0


# --- the validator ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_bids_validator_finds_no_error_in_all_of_this(circle: Circle) -> None:
    validator = oracle("bids-validator-deno")
    gre(circle, 3)
    epi(circle, 6, "se_fmap", 2, **SE)
    epi(circle, 7, "se_fmap", 2, **SE, **REVERSED)
    epi(circle, 8, "bold_task-faces", 3)
    series(circle.dicom, 9, "asl_2d", 5, **EPI)
    series(circle.dicom, 10, "t1_mprage", PatientSize="1.75", PatientWeight="70")
    pet(circle.dicom, 11)
    segmentation(circle)
    (circle.folder / "keys.json").write_text(
        json.dumps({"pet": PET_KEYS, "perf": ASL, "NonlinearGradientCorrection": False}), "utf-8"
    )
    report = dataset(circle, bids_keys=circle.folder / "keys.json", bids_derivative="organs")

    assert report.ok
    for folder in (circle.nifti, circle.nifti / "derivatives" / "organs"):
        issues = json.loads(run(validator, folder, "--json").stdout)["issues"]["issues"]
        assert [issue for issue in issues if issue["severity"] == "error"] == []
        assert [issue for issue in issues if issue["code"].startswith(("B0_FIELD", "EVENTS"))] == []


def test_parts_of_an_asl_image_share_the_roles_of_their_volumes(circle: Circle) -> None:
    for number, letter in ((3, "M"), (4, "P")):
        series(circle.dicom, number, "asl_2d", 5, ImageType=["ORIGINAL", "PRIMARY", letter, "ND"], **EPI)
    with_keys(circle, {"perf/asl": ASL})

    assert names(circle) == [f"{WHO}_part-mag_asl", f"{WHO}_part-phase_asl"]
    assert [path.name for path in circle.nifti.rglob("*_aslcontext.tsv")] == [f"{WHO}_aslcontext.tsv"]


def test_the_map_does_not_rename_the_rows_of_participants(circle: Circle, capsys: pytest.CaptureFixture) -> None:
    series(circle.dicom, 3, "t1_mprage")
    (circle.folder / "map.json").write_text(json.dumps({"participants": {"*": {"participant_id": "x"}}}))

    assert main(["convert", str(circle.dicom), "-o", str(circle.nifti), "--to", "nifti", "--layout", "bids",
                 "--bids-map", str(circle.folder / "map.json")]) == 2  # fmt: skip
    assert "participant_id is sub-LABEL always" in capsys.readouterr().err
