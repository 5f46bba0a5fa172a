"""BIDS datasets: names, tables, labels, maps, and the way back to DICOM."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nibabel
import pydicom
import pytest

from circle import KEY, Circle, listing, names_in
from nifti_dicom_bridge import (
    BridgeError,
    Cancelled,
    ConversionOptions,
    ConversionReport,
    Job,
    Layout,
    Outcome,
    Target,
    bids,
    compare,
    convert,
)
from nifti_dicom_bridge.bids_dataset import naming_rules
from nifti_dicom_bridge.bids_dataset.bids_map import ROW_KEYS, TOP_KEYS, built_in
from nifti_dicom_bridge.bids_dataset.images import image_of, relate
from nifti_dicom_bridge.bids_dataset.reproin import parse_reproin
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.formats import nifti
from nifti_dicom_bridge.formats.dicom.reading.outline import outline
from nifti_dicom_bridge.formats.dicom.reading.plans import plan_all
from nifti_dicom_bridge.formats.dicom.reading.read import load
from nifti_dicom_bridge.formats.dicom.reading.series import find_series
from oracles import oracle, run
from phantoms import PHANTOMS
from phantoms.base import save
from phantoms.dynamic import enhanced
from phantoms.examinations import EPI, GE, SPIN_ECHO, diffusion, pet, series, spin_echo_epi
from phantoms.multiframe import group
from places import ROOT, SHARED

DOCUMENT = ROOT / "docs" / "bids-layout.md"
WHO = "sub-P01_ses-20260101"
B0_MAP = {
    "Manufacturer": "Philips", "ComplexImageComponent": "REAL",
    "ImageType": ["ORIGINAL", "PRIMARY", "B0 MAP", "B0", "UNSPECIFIED"],
}  # fmt: skip


def dataset(circle: Circle, **choices: Any) -> ConversionReport:
    return circle.forth(layout=Layout.BIDS, **choices)


def with_map(circle: Circle, found: dict[str, Any], **choices: Any) -> ConversionReport:
    path = circle.folder / "map.json"
    path.write_text(json.dumps(found), "utf-8")
    return dataset(circle, bids_map=path, **choices)


def images(circle: Circle) -> list[str]:
    """Return the names of all images, the constant part left out."""
    found = [path.relative_to(circle.nifti).as_posix() for path in circle.images()]
    return [name.replace("sub-P01/ses-20260101/", "").replace(WHO, "*").removesuffix(".nii.gz") for name in found]


def sidecar(circle: Circle, name: str) -> dict[str, Any]:
    """Return the sidecar of an image: not the file with its record, which has the same name below ``sourcedata``."""
    files = [path for path in circle.nifti.rglob(f"*{name}.json") if path.with_suffix(".nii.gz").exists()]
    (path,) = files
    return json.loads(path.read_text("utf-8"))


def record_of(circle: Circle, image: Path) -> dict[str, Any]:
    """Return the file with the record of an image that has a name in BIDS."""
    name = image.name.replace(".nii.gz", ".json")
    return json.loads((circle.nifti / "sourcedata" / image.relative_to(circle.nifti).with_name(name)).read_text("utf-8"))


def table(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text("utf-8").splitlines()]


def said(report: ConversionReport) -> str:
    return "\n".join(text for entry in report.entries for text in (*entry.log.warnings, *entry.log.notes, entry.error))


# --- which name -------------------------------------------------------------------------------------------------------

NAMES = [
    ("t1_mprage_sag_p2_iso", 1, {}, "anat/*_T1w"),
    ("Ax T1 FSPGR", 1, {}, "anat/*_T1w"),
    ("t2_tse_tra", 1, SPIN_ECHO, "anat/*_T2w"),
    ("t2_space_dark-fluid_sag", 1, SPIN_ECHO, "anat/*_FLAIR"),
    ("PD_tse", 1, SPIN_ECHO, "anat/*_PDw"),
    ("t2*_gre_tra", 1, {}, "anat/*_T2starw"),
    ("Sag T1 FLAIR", 1, SPIN_ECHO, "anat/*_T1w"),
    ("fMRI_task-nback_run-2", 3, EPI, "func/*_task-nback_run-2_bold"),
    ("ep2d_se_bold_rest", 12, {**EPI, "ScanningSequence": ["EP", "SE"]}, "func/*_task-rest_bold"),
    ("TOF_3D_multi-slab", 1, {}, "anat/*_angio"),
    ("mp2rage_sag_INV1", 1, {}, "anat/*_inv-1_MP2RAGE"),
    ("mp2rage_sag_INV2", 1, {}, "anat/*_inv-2_MP2RAGE"),
    ("mp2rage_sag_UNI_Images", 1, {"ImageType": ["DERIVED", "PRIMARY", "M", "UNI"]}, "anat/*_UNIT1"),
    ("ep2d_bold_resting", 3, EPI, "func/*_task-rest_bold"),
    ("ep2d_bold_faces", 3, EPI, "func/*_task-unknown_bold"),
    ("ep2d_bold_rest_SBRef", 1, EPI, "func/*_task-rest_sbref"),
    ("ep2d_bold_rest_MoCo", 3, {**EPI, "ImageType": ["DERIVED", "PRIMARY", "M", "MOCO"]}, "func/*_task-rest_rec-moco_bold"),
    ("ep2d_diff_ADC", 1, {**EPI, "ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]}, "dwi/*_ADC"),
    ("ep2d_diff_TRACEW", 1, {**EPI, "ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "TRACEW"]}, "dwi/*_trace"),
    ("ep2d_diff_SBRef", 1, EPI, "dwi/*_sbref"),
    ("func-bold_task-faces_run-02__late", 3, EPI, "func/*_task-faces_run-02_bold"),
    ("WIP anat-T1w_acq-fast", 1, {}, "anat/*_acq-fast_T1w"),
    ("unheard of", 1, {**SPIN_ECHO, "RepetitionTime": "4000", "EchoTime": "90"}, "anat/*_T2w"),
]  # fmt: skip


@pytest.mark.parametrize(("description", "times", "attributes", "name"), NAMES, ids=[row[0] for row in NAMES])
def test_a_series_gets_the_name_that_bids_has_for_it(
    description: str, times: int, attributes: dict, name: str, circle: Circle
) -> None:
    series(circle.dicom, 3, description, times, **attributes)
    report = dataset(circle)

    assert report.ok, said(report)
    assert images(circle) == [name]


NAMELESS = [
    ("AAHead_Scout", 1, {}, "localizer"),
    ("anat-scout", 1, {}, "localizer|scout"),
    ("Ref_Head", 1, {}, "calibration"),
    ("T1 MPR", 1, {"ImageType": ["DERIVED", "SECONDARY", "MPR"]}, "computed from other images"),
    ("t1_mprage", 1, {"ImageType": ["DERIVED", "SECONDARY"]}, "DERIVED"),
    ("RELCBF", 1, {}, "perfusion map"),
    ("ep2d_perf_dsc", 3, EPI, "contrast perfusion"),
    ("ep2d_diff_b0s", 3, EPI, "no b-values"),
    ("SWI_Images", 1, {}, "susceptibility"),
    ("ep2d_bold_rest", 1, EPI, "several volumes only, and there is one"),
    ("t1_mprage", 2, {}, "one volume only, and there are 2"),
    ("mystery", 1, {"ScanningSequence": "RM"}, "its headers do not identify"),
    ("se_epi_fmap", 1, {**EPI, "ScanningSequence": ["EP", "SE"]}, "PhaseEncodingDirection"),
    ("B0 field map", 1, B0_MAP, "with its magnitude image only"),
    ("dwi-dwi_acq-b0", 2, EPI, "requires b-values of dwi"),
    ("chest", 1, {"Modality": "CT"}, "images of this modality"),
]


@pytest.mark.parametrize(("description", "times", "attributes", "reason"), NAMELESS, ids=[f"{r[0]}-{r[3]}" for r in NAMELESS])
def test_what_bids_has_no_name_for_goes_to_sourcedata_with_a_reason(
    description: str, times: int, attributes: dict, reason: str, circle: Circle
) -> None:
    series(circle.dicom, 3, description, times, **attributes)
    report = dataset(circle)

    assert [Path(name).parent.as_posix() for name in images(circle)] == ["sourcedata"]
    assert re.search(f"kept in sourcedata: .*({reason})", said(report))
    assert not (circle.nifti / "participants.tsv").exists()


def test_a_name_that_was_taken_from_times_is_said(circle: Circle) -> None:
    series(circle.dicom, 3, "unheard of", RepetitionTime="4000", EchoTime="90", **SPIN_ECHO)

    assert "named from its times" in said(dataset(circle))


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("func_task-rest_dir-AP", ("func", "bold", {"task": "rest", "dir": "AP"})),
        ("PU:func-bold_task-rest__note", ("func", "bold", {"task": "rest"})),
        ("fmap_dir-AP", ("fmap", "epi", {"dir": "AP"})),
        ("anat_acq-fast", ("anat", "", {"acq": "fast"})),
    ],
)
def test_names_in_reproin_form_are_read(name: str, stated: tuple) -> None:
    found = parse_reproin(name)

    assert found is not None
    assert (found.datatype, found.suffix, found.entities) == stated


@pytest.mark.parametrize("name", ["", "anat", "functional scan", "dwi", "anat-brain_acq-1", "t1_mprage", "func_2"])
def test_other_names_are_no_reproin(name: str) -> None:
    assert parse_reproin(name) is None


def test_a_session_that_one_name_tells_is_that_of_the_study(circle: Circle) -> None:
    series(circle.dicom, 1, "anat-scout_ses-pre")
    series(circle.dicom, 2, "anat-T1w")
    dataset(circle)

    assert "sub-P01/ses-pre/anat/sub-P01_ses-pre_T1w" in images(circle)


# --- distinguishing ----------------------------------------------------------------------------------------------------


def test_repetitions_are_numbered(circle: Circle) -> None:
    for number in (3, 5, 11):
        series(circle.dicom, number, "t1_mprage")
    dataset(circle)

    assert images(circle) == [f"anat/*_run-0{n}_T1w" for n in (1, 2, 3)]
    assert [sidecar(circle, f"run-0{n}_T1w")["SeriesNumber"] for n in (1, 2, 3)] == [3, 5, 11]


def test_what_is_called_differently_is_no_repetition(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage_sag")
    series(circle.dicom, 4, "t1_tse_tra", **SPIN_ECHO)
    dataset(circle)

    assert images(circle) == ["anat/*_acq-t1mpragesag_T1w", "anat/*_acq-t1tsetra_T1w"]


def test_echoes_are_numbered_by_their_times(circle: Circle) -> None:
    found = {**EPI, "EchoTime": ("12", "12", "30", "30"), "EchoNumbers": (1, 1, 2, 2)}
    series(circle.dicom, 3, "bold rest", 4, **found)
    dataset(circle)

    assert images(circle) == [f"func/*_task-rest_echo-{n}_bold" for n in (1, 2)]
    assert sidecar(circle, "echo-2_bold")["EchoTime"] == 0.03


@pytest.mark.slow
def test_echoes_in_series_of_their_own_are_numbered_within_each_run(circle: Circle) -> None:
    for number, echo in enumerate((1, 2, 1, 2)):
        series(circle.dicom, number + 1, "bold rest", 2, EchoTime=f"{12 * echo}", EchoNumbers=echo, **EPI)
    dataset(circle)

    assert images(circle) == [f"func/*_task-rest_run-0{run}_echo-{echo}_bold" for run in (1, 2) for echo in (1, 2)]


@pytest.mark.slow
def test_magnitude_says_so_beside_phase(circle: Circle) -> None:
    series(circle.dicom, 3, "bold rest", 2, ImageType=["ORIGINAL", "PRIMARY", "M", "ND"], **EPI)
    series(circle.dicom, 4, "bold rest", 2, ImageType=["ORIGINAL", "PRIMARY", "P", "ND"], **EPI)
    dataset(circle)

    assert images(circle) == ["func/*_task-rest_part-mag_bold", "func/*_task-rest_part-phase_bold"]
    assert sidecar(circle, "part-phase_bold")["Units"] == "arbitrary"


@pytest.mark.slow
def test_a_reference_has_the_run_of_the_images_that_follow(circle: Circle) -> None:
    for number in (3, 6):
        series(circle.dicom, number, "bold rest_SBRef", **EPI)
        series(circle.dicom, number + 1, "bold rest", 2, **EPI)
    series(circle.dicom, 9, "bold rest", 2, **EPI)
    dataset(circle)

    wanted = [f"func/*_task-rest_run-0{run}_{suffix}" for run in (1, 2) for suffix in ("bold", "sbref")]
    assert images(circle) == [*wanted, "func/*_task-rest_run-03_bold"]


def field_map(circle: Circle, number: int) -> None:
    words = ["ORIGINAL", "PRIMARY", "M", "ND"]
    series(circle.dicom, number, "gre_field_mapping", 2, EchoTime=("4.92", "7.38"), EchoNumbers=(1, 2), ImageType=words)
    series(
        circle.dicom,
        number + 1,
        "gre_field_mapping",
        EchoTime="7.38",
        EchoNumbers=2,
        ImageType=["ORIGINAL", "PRIMARY", "P", "ND"],
    )


def test_a_field_map_has_both_magnitudes_and_the_echo_times_of_both(circle: Circle) -> None:
    field_map(circle, 3)
    dataset(circle)

    assert images(circle) == [f"fmap/*_{suffix}" for suffix in ("magnitude1", "magnitude2", "phasediff")]
    found = sidecar(circle, "phasediff")
    assert (found["EchoTime1"], found["EchoTime2"]) == (0.00492, 0.00738)


@pytest.mark.slow
def test_images_of_one_field_map_have_the_same_run(circle: Circle) -> None:
    field_map(circle, 3)
    field_map(circle, 13)
    dataset(circle)

    assert images(circle) == [
        f"fmap/*_run-0{run}_{name}" for run in (1, 2) for name in ("magnitude1", "magnitude2", "phasediff")
    ]
    assert sidecar(circle, "run-02_phasediff")["SeriesNumber"] == 14


def test_a_field_map_in_hz_has_its_magnitude(circle: Circle) -> None:
    words = (B0_MAP["ImageType"], ["ORIGINAL", "PRIMARY", "M", "FFE"])
    series(circle.dicom, 3, "B0map", 2, **{**B0_MAP, "ImageType": words, "ComplexImageComponent": ("REAL", "MAGNITUDE")})
    dataset(circle)

    assert images(circle) == ["fmap/*_fieldmap", "fmap/*_magnitude"]
    assert sidecar(circle, "fieldmap")["Units"] == "Hz"


def test_spin_echo_epi_is_a_field_map_with_its_direction(circle: Circle) -> None:
    spin_echo_epi(circle.dicom, 3, "SpinEchoFieldMap")
    dataset(circle)

    assert images(circle) == ["fmap/*_dir-PA_epi"]


@pytest.mark.parametrize(("ordering", "direction"), [("LINEAR", "PA"), ("REVERSE_LINEAR", "AP")])
def test_the_direction_of_phase_encoding_is_in_the_name(ordering: str, direction: str, circle: Circle) -> None:
    diffusion(circle.dicom, 3, "dti", **{**GE, "RectilinearPhaseEncodeReordering": ordering})
    dataset(circle)

    assert images(circle) == [f"dwi/*_dir-{direction}_dwi"]
    assert {path.suffix for path in (circle.nifti / "sub-P01/ses-20260101/dwi").iterdir()} == {".gz", ".json", ".bval", ".bvec"}


# --- the dataset ------------------------------------------------------------------------------------------------------


def test_the_dataset_describes_itself(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    dataset(circle)

    description = json.loads((circle.nifti / "dataset_description.json").read_text("utf-8"))
    assert (description["DatasetType"], description["BIDSVersion"]) == ("raw", naming_rules.bids_version())
    assert description["GeneratedBy"][0]["Name"] == "nifti-dicom-bridge"
    assert table(circle.nifti / "participants.tsv") == [["participant_id", "age", "sex"], ["sub-P01", "31", "F"]]
    assert table(circle.nifti / f"sub-P01/ses-20260101/{WHO}_scans.tsv") == [
        ["filename", "acq_time"], [f"anat/{WHO}_T1w.nii.gz", "2026-01-01T03:04:05.500000"],
    ]  # fmt: skip
    assert "Ray" not in (circle.nifti / "participants.tsv").read_text("utf-8")


@pytest.mark.parametrize(
    ("age", "birth", "written"), [("093Y", "", "89"), ("000Y", "", "n/a"), ("", "19960102", "29"), ("018M", "", "1.5")]
)
def test_ages_are_in_years_and_capped(age: str, birth: str, written: str, circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage", PatientAge=age, PatientBirthDate=birth)
    dataset(circle)

    assert table(circle.nifti / "participants.tsv")[1][1] == written


@pytest.mark.parametrize(("age", "years"), [("089Y", 89), ("093Y", None)])
def test_high_ages_are_in_the_records_only(age: str, years: int | None, circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage", PatientAge=age)
    dataset(circle)

    assert sidecar(circle, "T1w").get("PatientAge") == years
    assert [entry.outcome.value for entry in circle.home().entries] == ["restored"]
    assert compare(circle.dicom, circle.back).same


def test_a_second_subject_is_appended(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    dataset(circle)
    (circle.nifti / "dataset_description.json").write_text('{"Name": "mine", "BIDSVersion": "1.9.0"}')
    circle.dicom = circle.folder / "other"
    series(circle.dicom, 3, "t1_mprage", patient="P-02", study=2)

    assert dataset(circle).ok
    assert [row[0] for row in table(circle.nifti / "participants.tsv")] == ["participant_id", "sub-P01", "sub-P02"]
    assert json.loads((circle.nifti / "dataset_description.json").read_text("utf-8"))["Name"] == "mine"


def test_columns_are_in_one_order_whichever_image_comes_first(circle: Circle) -> None:
    circle.nifti.mkdir()
    (circle.nifti / "participants.tsv").write_text("participant_id\tweight\nsub-P01\t70\n")
    series(circle.dicom, 3, "t1_mprage")

    assert dataset(circle).ok
    assert table(circle.nifti / "participants.tsv")[0] == ["participant_id", "age", "sex", "weight"]


def test_rows_of_a_subject_are_merged_and_columns_of_others_stay(circle: Circle) -> None:
    circle.nifti.mkdir()
    (circle.nifti / "participants.tsv").write_text("participant_id\tgroup\tage\nsub-P01\tcontrol\t40\nsub-P77\tn/a\tn/a\n")
    series(circle.dicom, 3, "t1_mprage")
    series(circle.dicom, 4, "t2_tse", **SPIN_ECHO)
    dataset(circle)

    assert table(circle.nifti / "participants.tsv") == [
        ["participant_id", "group", "age", "sex"], ["sub-P01", "control", "40", "F"], ["sub-P77", "n/a", "n/a", "n/a"],
    ]  # fmt: skip


def test_a_table_that_is_none_stops_the_image(circle: Circle) -> None:
    circle.nifti.mkdir()
    (circle.nifti / "participants.tsv").write_text("who\nRay\n")
    series(circle.dicom, 3, "t1_mprage")
    report = dataset(circle)

    assert "column participant_id is missing" in report.failures[0].error
    assert names_in(circle.nifti) == ["participants.tsv"]


def test_an_image_that_exists_stays_and_so_do_the_tables(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    dataset(circle)
    before = listing(circle.nifti)
    report = dataset(circle)

    assert "exists" in report.failures[0].error
    assert listing(circle.nifti) == before
    assert dataset(circle, overwrite=True).ok
    assert sorted(listing(circle.nifti)) == sorted(before)
    assert table(circle.nifti / "participants.tsv") == [["participant_id", "age", "sex"], ["sub-P01", "31", "F"]]


def test_another_series_is_not_replaced_even_with_overwrite(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    dataset(circle)
    before = listing(circle.nifti)
    circle.dicom = circle.folder / "other"
    series(circle.dicom, 8, "t1_mprage")
    report = dataset(circle, overwrite=True)

    assert "is of another series" in report.failures[0].error
    assert listing(circle.nifti) == before


def test_the_same_image_is_not_there_twice_in_two_forms(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    dataset(circle)

    assert "contains the same image as" in dataset(circle, gzip=False).failures[0].error


def test_uncompressed_images_are_listed_as_such(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    dataset(circle, gzip=False)

    assert table(circle.nifti / f"sub-P01/ses-20260101/{WHO}_scans.tsv")[1][0] == f"anat/{WHO}_T1w.nii"


def test_stopping_leaves_tables_that_fit_the_images(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    series(circle.dicom, 4, "t2_tse", **SPIN_ECHO)

    def stop(what: str, done: int, total: int) -> None:
        if "t2_tse" in what:
            raise Cancelled

    with pytest.raises(Cancelled):
        convert(Job([circle.dicom], circle.nifti, ConversionOptions(layout=Layout.BIDS)), stop)

    assert images(circle) == ["anat/*_T1w"]
    assert len(table(circle.nifti / f"sub-P01/ses-20260101/{WHO}_scans.tsv")) == 2
    assert not [name for name in names_in(circle.nifti) if name.startswith(".")]


def test_a_series_that_fails_leaves_no_row(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    series(circle.dicom, 4, "t2_tse", **SPIN_ECHO)
    broken = sorted((circle.dicom / "P-01-1-4").iterdir())
    for path in broken:
        path.write_bytes(path.read_bytes()[:-20])
    report = dataset(circle)

    assert [entry.title for entry in report.failures] == [path.name for path in broken]
    assert images(circle) == ["anat/*_T1w"]
    assert len(table(circle.nifti / f"sub-P01/ses-20260101/{WHO}_scans.tsv")) == 2


def test_the_component_of_frames_counts_for_more_than_that_of_the_object(circle: Circle) -> None:
    ds = enhanced([0])
    ds.SeriesDescription, ds.ComplexImageComponent, ds.ImageType = (
        "t1 mprage",
        "MIXED",
        ["ORIGINAL", "PRIMARY", "MIXED", "NONE"],
    )
    for frame in ds.PerFrameFunctionalGroupsSequence:
        words = ["ORIGINAL", "PRIMARY", "M", "NONE"]
        frame.MRImageFrameTypeSequence = [group(FrameType=words, ComplexImageComponent="PHASE")]
    save(circle.dicom, [ds])

    dataset(circle)

    assert [path.name.removesuffix(".nii.gz").partition("ses-20260102_")[2] for path in circle.images()] == ["part-phase_T1w"]


def test_an_echo_planar_image_of_several_volumes_is_never_anatomy(circle: Circle) -> None:
    series(circle.dicom, 3, "T2 map epi", 3, **EPI)

    report = dataset(circle)

    assert "echo planar image of 3 volumes" in said(report)
    assert not [name for name in images(circle) if name.startswith("anat")]


# --- labels -----------------------------------------------------------------------------------------------------------


def test_two_patients_never_share_a_label(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage", patient="P-01")
    series(circle.dicom, 3, "t1_mprage", patient="P_01", study=2)
    report = dataset(circle)

    subjects = {path.name for path in circle.nifti.glob("sub-*")}
    assert len(subjects) == 2
    assert "sub-P01 is another person's already: PatientID 'P_01' became" in said(report)


def test_a_patient_keeps_the_label_in_later_runs(circle: Circle) -> None:
    first, circle.dicom = circle.dicom, circle.folder / "other"
    series(first, 3, "t1_mprage", patient="P-01")
    series(circle.dicom, 3, "t1_mprage", patient="p_01", study=2)
    other, circle.dicom = circle.dicom, first
    dataset(circle)
    circle.dicom = other
    dataset(circle)
    subjects = {path.name for path in circle.nifti.glob("sub-*")}
    series(circle.dicom, 3, "t1_mprage", patient="p_01", study=3)
    report = dataset(circle)

    assert len(subjects) == 2
    assert {path.name for path in circle.nifti.glob("sub-*")} == subjects
    assert len([entry for entry in report.entries if entry.outcome is Outcome.CONVERTED]) == 1


def test_a_label_is_not_made_of_a_name(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage", patient="")

    assert "named after a hash" in said(dataset(circle))
    assert not list(circle.nifti.glob("sub-*Ramp*"))
    assert len(list(circle.nifti.glob("sub-x*"))) == 1


def test_sidecars_of_a_dataset_identify_nobody_and_the_way_back_finds_the_records(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    dataset(circle)

    top = sidecar(circle, "T1w")
    assert KEY not in top
    assert not {"PatientName", "PatientID", "PatientBirthDate", "StudyInstanceUID", "InstitutionAddress"} & top.keys()
    assert [entry.outcome.value for entry in circle.home().entries] == ["restored"]


def test_a_patient_whose_id_was_taken_from_the_sidecars_keeps_the_label(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    with_map(circle, {"descriptions": [{"criteria": {"Modality": "MR"}, "sidecar_changes": {"PatientID": None}}]})
    circle.dicom = circle.folder / "other"
    series(circle.dicom, 3, "t1_mprage", study=2)
    dataset(circle)

    assert {path.name for path in circle.nifti.glob("sub-*")} == {"sub-P01"}


def test_two_people_that_the_map_puts_together_are_said(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    series(circle.dicom, 3, "t1_mprage", patient="P-02", study=2)

    assert "sub-1 is another person's, too" in said(with_map(circle, {"subjects": {"*": "1"}}))


def two_studies(
    circle: Circle, in_one_run: bool, first: dict[str, str], second: dict[str, str], **choices: Any
) -> ConversionReport:
    """Convert two studies of one PatientID; the attributes of each by keyword."""
    series(circle.dicom, 3, "t1_mprage", **first)
    if not in_one_run:
        dataset(circle, **choices)
        circle.dicom = circle.folder / "other"
    series(circle.dicom, 4, "t1_mprage", study=2, **second)
    return dataset(circle, **choices)


JANE = {"PatientName": "Doe^Jane", "PatientBirthDate": "19800203", "PatientSex": "F"}


@pytest.mark.parametrize("in_one_run", [True, False])
@pytest.mark.parametrize(
    ("keyword", "other"),
    [
        ("PatientBirthDate", {"PatientBirthDate": "19500101"}),
        ("PatientSex", {"PatientSex": "M"}),
        ("PatientName", {"PatientName": "Roe^Richard", "PatientBirthDate": ""}),
        ("PatientName", {"PatientName": "Case02", "PatientBirthDate": ""}),
    ],
)
def test_two_people_of_one_patient_id_never_share_a_subject(
    keyword: str, other: dict[str, str], in_one_run: bool, circle: Circle
) -> None:
    report = two_studies(circle, in_one_run, JANE, JANE | other)

    (failed,) = [entry for entry in report.entries if entry.outcome is Outcome.FAILED]
    assert f"same PatientID (0010,0020) and other values of {keyword}" in failed.error
    assert "subject=" in failed.error
    assert not list(circle.nifti.rglob("*ses-20260102*"))


@pytest.mark.parametrize("in_one_run", [True, False])
@pytest.mark.parametrize("name", ["DOE^JANE^^", "Döe^Jane", "Jane Doe", "Doe^Jane^M^^Dr.", "Doe^J", "Deo^Jane", "Roe^Jane Ann"])
def test_another_spelling_or_a_new_name_is_one_person(name: str, in_one_run: bool, circle: Circle) -> None:
    report = two_studies(circle, in_one_run, JANE, JANE | {"PatientName": name})

    assert {entry.outcome for entry in report.entries} == {Outcome.CONVERTED}
    assert len(list(circle.nifti.glob("sub-*"))) == 1


@pytest.mark.parametrize("in_one_run", [True, False])
@pytest.mark.parametrize(
    ("first", "second"),
    [("P-01", "Doe^Jane"), ("Doe^Jane", "Anonymous"), ("Unknown^Trauma", "Doe^Jane"), ("case1", "case-1_v2"),
     ("case1_v1", "case1_v2"), ("Doe^Jane", "Доу^Джейн"), ("Doe^Jane", "de-identified"), ("No^Name", "Doe^Jane"),
     ("Doe^Jane", "X^X")],
)  # fmt: skip
def test_a_pseudonym_is_not_another_person(first: str, second: str, in_one_run: bool, circle: Circle) -> None:
    report = two_studies(circle, in_one_run, {"PatientName": first}, {"PatientName": second})
    assert {entry.outcome for entry in report.entries} == {Outcome.CONVERTED}


def test_numbered_pseudonyms_are_people(circle: Circle) -> None:
    report = two_studies(circle, True, {"PatientName": "case1"}, {"PatientName": "case12"})
    assert [entry.outcome for entry in report.entries].count(Outcome.FAILED) == 1


def test_another_name_is_reported(circle: Circle) -> None:
    report = two_studies(circle, True, JANE, JANE | {"PatientName": "Roe^Jane"})
    assert "sub-P01 has images of one PatientID, but of different PatientName: are they of one patient?" in said(report)


@pytest.mark.parametrize("birth_date", ["19000101", "19800101", "", "00000000"])
def test_a_birth_date_that_means_unknown_is_not_another_one(birth_date: str, circle: Circle) -> None:
    report = two_studies(circle, True, JANE, JANE | {"PatientBirthDate": birth_date})
    assert {entry.outcome for entry in report.entries} == {Outcome.CONVERTED}


@pytest.mark.parametrize("choices", [{"subject": "1"}, {"map": {"subjects": {"P-01": "1"}}}])
def test_the_user_decides_that_two_people_are_one(choices: dict[str, Any], circle: Circle) -> None:
    if "map" in choices:
        (circle.folder / "map.json").write_text(json.dumps(choices["map"]), "utf-8")
        choices = {"bids_map": circle.folder / "map.json"}
    report = two_studies(circle, True, JANE, JANE | {"PatientBirthDate": "19500101"}, **choices)

    assert {entry.outcome for entry in report.entries} == {Outcome.CONVERTED}
    assert "sub-1 has images of one PatientID, but of different PatientBirthDate" in said(report)


def test_the_user_separates_two_people_of_one_patient_id(circle: Circle) -> None:
    (circle.folder / "map.json").write_text('{"subjects": {"Doe*": "jane", "Roe*": "richard"}}', "utf-8")
    report = two_studies(circle, True, JANE, {"PatientName": "Roe^Richard"}, bids_map=circle.folder / "map.json")

    assert {entry.outcome for entry in report.entries} == {Outcome.CONVERTED}
    assert {path.name for path in circle.nifti.glob("sub-*")} == {"sub-jane", "sub-richard"}


def test_two_people_of_one_patient_id_do_not_share_a_pseudonym_of_a_dataset(circle: Circle) -> None:
    report = two_studies(circle, True, JANE, JANE | {"PatientBirthDate": "19500101"}, deidentify=True)
    assert [entry.outcome for entry in report.entries].count(Outcome.FAILED) == 1


def test_patients_of_a_deidentified_dataset_are_not_compared_with_their_pseudonyms(circle: Circle) -> None:
    key = circle.folder / "key"
    key.write_text("0123456789abcdef" * 4)
    report = two_studies(circle, False, JANE, JANE, deidentify=True, key_file=key)
    assert {entry.outcome for entry in report.entries} == {Outcome.CONVERTED}


def test_another_study_is_another_session_in_a_later_run_too(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    dataset(circle)
    circle.dicom = circle.folder / "other"
    series(circle.dicom, 3, "t1_mprage", study=2)
    dataset(circle)

    assert sorted(path.name for path in (circle.nifti / "sub-P01").iterdir()) == ["ses-20260101", "ses-20260102"]


def test_two_studies_of_one_day_are_two_sessions(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    series(circle.dicom, 3, "t1_mprage", study=2, StudyDate="20260101")
    report = dataset(circle)

    assert sorted(path.name for path in (circle.nifti / "sub-P01").iterdir()) == ["ses-20260101", "ses-20260101T0304"]
    assert "another study of that day" in said(report)


# --- the map ----------------------------------------------------------------------------------------------------------


def test_rows_of_the_map_go_before_those_that_are_built_in(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    series(circle.dicom, 4, "t1_secret")
    series(circle.dicom, 5, "AAHead_Scout")
    report = with_map(circle, {
        "descriptions": [
            {"criteria": {"SeriesDescription": "*secret*"}, "ignore": True},
            {"criteria": {"SeriesDescription": "t1*"}, "datatype": "anat", "suffix": "T1w", "custom_entities": "acq-a_rec-b",
             "sidecar_changes": {"Note": "seen", "PatientName": None}},
        ],
    })  # fmt: skip

    assert images(circle) == ["sourcedata/5_AAHead_Scout", "anat/*_acq-a_rec-b_T1w"]
    top = sidecar(circle, "T1w")
    assert top["Note"] == "seen"
    assert "PatientName" not in top
    assert [entry.title for entry in report.entries if entry.outcome is Outcome.SKIPPED] == ["4 t1_secret"]


def test_subjects_sessions_and_tasks_are_labeled_by_the_map(circle: Circle) -> None:
    series(circle.dicom, 3, "ep2d_bold_A", 2, **EPI)
    with_map(circle, {"subjects": {"P-*": "042"}, "sessions": {"20260101": "base"}, "tasks": {"*bold_A": "faces"}})

    assert images(circle) == ["sub-042/ses-base/func/sub-042_ses-base_task-faces_bold"]
    assert sidecar(circle, "bold")["TaskName"] == "faces"


def test_a_session_may_be_left_out(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    with_map(circle, {"sessions": {"*": ""}})

    assert images(circle) == ["sub-P01/anat/sub-P01_T1w"]
    assert (circle.nifti / "sub-P01" / "sub-P01_scans.tsv").is_file()


def test_a_map_in_toml_says_the_same(circle: Circle) -> None:
    series(circle.dicom, 3, "mystery", ScanningSequence="RM")
    path = circle.folder / "map.toml"
    path.write_text(
        'search_method = "re"\n[[descriptions]]\ncriteria = {SeriesNumber = 3}\ndatatype = "anat"\nsuffix = "T2w"\n'
    )
    dataset(circle, bids_map=path)

    assert images(circle) == ["anat/*_T2w"]


@pytest.mark.parametrize(
    "criteria",
    [
        {"SeriesDescription": "MYST*"},
        {"ImageType": {"any": ["*PRIM*"]}},
        {"ImageType": ["ORIG*", "PRIMARY", "AX*"]},
        {"EchoTime": {"lt": 0.003}, "RepetitionTime": {"btwe": [2, 2]}},
        {"Modality": {"not": ["CT", "PT"]}},
        {"SidecarFilename": "3_mystery*"},
        [{"SeriesNumber": 99}, {"SeriesNumber": 3}],
    ],
    ids=str,
)
def test_criteria_hold(criteria: Any, circle: Circle) -> None:
    series(circle.dicom, 3, "mystery", ScanningSequence="RM")
    row = {"criteria": criteria, "datatype": "anat", "suffix": "PDw"}
    with_map(circle, {"case_sensitive": False, "descriptions": [row]})

    assert images(circle) == ["anat/*_PDw"]


@pytest.mark.parametrize(
    "criteria",
    [
        {"SeriesDescription": "MYST*"},
        {"EchoTime": {"gt": 0.003}},
        {"Missing": "*"},
        {"ImageType": {"all": ["X"]}},
        {"SeriesNumber": 4},
    ],
    ids=str,
)
def test_criteria_do_not_hold(criteria: Any, circle: Circle) -> None:
    series(circle.dicom, 3, "mystery", ScanningSequence="RM")
    with_map(circle, {"descriptions": [{"criteria": criteria, "datatype": "anat", "suffix": "PDw"}]})

    assert images(circle) == ["sourcedata/3_mystery"]


def test_ids_of_rows_name_the_images_that_a_field_map_is_for(circle: Circle) -> None:
    spin_echo_epi(circle.dicom, 3, "fm")
    series(circle.dicom, 4, "ep2d_bold_rest", 2, **EPI)
    rows = [
        {"id": "rest", "criteria": {"SeriesDescription": "*bold*"}, "datatype": "func", "suffix": "bold"},
        {
            "criteria": {"SeriesDescription": "fm"},
            "datatype": "fmap",
            "suffix": "epi",
            "sidecar_changes": {"IntendedFor": ["rest"]},
        },
    ]
    with_map(circle, {"descriptions": rows})

    assert sidecar(circle, "epi")["IntendedFor"] == [f"bids::sub-P01/ses-20260101/func/{WHO}_task-rest_bold.nii.gz"]


def test_a_row_without_datatype_adds_to_what_the_built_in_rows_say(circle: Circle) -> None:
    series(circle.dicom, 3, "t1_mprage")
    with_map(
        circle, {"descriptions": [{"criteria": {"Modality": "MR"}, "custom_entities": "ce-gd", "sidecar_changes": {"A": 1}}]}
    )

    assert images(circle) == ["anat/*_ce-gd_T1w"]
    assert sidecar(circle, "T1w")["A"] == 1


def test_a_row_without_datatype_leaves_names_in_reproin_form_to_speak(circle: Circle) -> None:
    series(circle.dicom, 3, "func-bold_task-faces", 2, **EPI)
    with_map(circle, {"descriptions": [{"criteria": {"Modality": "MR"}, "sidecar_changes": {"A": 1}}]})

    assert images(circle) == ["func/*_task-faces_bold"]


@pytest.mark.slow
def test_the_map_of_the_document_does_what_it_says(circle: Circle) -> None:
    text = DOCUMENT.read_text("utf-8")
    (example,) = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    series(circle.dicom, 3, "bold_faces", 2, **EPI)
    series(circle.dicom, 4, "bold_test", 2, **EPI)
    series(circle.dicom, 5, "asl_2d", 5, **EPI)
    with_map(circle, json.loads(example))

    who = "sub-control01/ses-baseline"
    names = ["func/sub-control01_ses-baseline_task-faces_acq-mb4_bold", "perf/sub-control01_ses-baseline_asl"]
    assert images(circle) == [f"{who}/{name}" for name in names]
    assert json.loads((circle.nifti / "dataset_description.json").read_text("utf-8"))["Authors"] == ["R. Ramp"]


def test_the_document_names_every_key_of_the_map_and_every_fact(circle: Circle) -> None:
    text = DOCUMENT.read_text("utf-8")
    series(circle.dicom, 3, "t1_mprage")
    (image,) = [image_of(plan) for plan in plan_all(find_series([circle.dicom]))]
    relate([image])

    computed = set(image.facts) - set(image.keys)
    assert {key for key in {*TOP_KEYS, *ROW_KEYS, *computed} if f"`{key}`" not in text} == set()


WRONG = [
    ("{", "is not valid JSON"),
    ("[]", "an object was expected"),
    ('{"rows": []}', "unknown key 'rows'"),
    ('{"descriptions": {}}', "a list was expected"),
    ('{"descriptions": [{}]}', '"criteria" is missing'),
    ('{"descriptions": [{"criteria": {}}]}', "an object with keys and patterns"),
    ('{"descriptions": [{"criteria": {"A": "*"}, "color": 1}]}', "unknown key 'color'"),
    ('{"descriptions": [{"criteria": {"A": null}}]}', "a pattern, number"),
    ('{"descriptions": [{"criteria": {"A": {"near": 3}}}]}', "'near' is not a comparison"),
    ('{"descriptions": [{"criteria": {"A": {"lt": "x"}}}]}', "a number was expected"),
    ('{"descriptions": [{"criteria": {"A": {"btw": [1]}}}]}', "takes two numbers"),
    ('{"search_method": "re", "descriptions": [{"criteria": {"A": "("}}]}', "is not a valid regular expression"),
    ('{"search_method": "glob"}', "fnmatch or re"),
    ('{"case_sensitive": 1}', "true or false"),
    ('{"subjects": {"*": "a-b"}}', "is not a valid label"),
    ('{"sessions": []}', "an object with patterns and labels"),
    ('{"dataset_description": 1}', "must be an object"),
    ('{"descriptions": [{"criteria": {"A": "*"}, "datatype": "anat"}]}', "belong together"),
    ('{"descriptions": [{"criteria": {"A": "*"}, "datatype": "anat", "suffix": "bold"}]}', "BIDS has no anat/bold"),
    ('{"descriptions": [{"criteria": {"A": "*"}, "datatype": "brain", "suffix": "T1w"}]}', "datatypes are"),
    ('{"descriptions": [{"criteria": {"A": "*"}, "custom_entities": "task"}]}', "is not a valid entity"),
    ('{"descriptions": [{"criteria": {"A": "*"}, "custom_entities": "sub-1"}]}', "no entity 'sub'"),
    ('{"descriptions": [{"criteria": {"A": "*"}, "datatype": "anat", "suffix": "T1w", "custom_entities": "inv-1"}]}', "'inv'"),
    ('{"descriptions": [{"criteria": {"A": "*"}, "sidecar_changes": []}]}', "sidecar_changes: an object"),
    ('{"descriptions": [{"criteria": {"A": "*"}, "ignore": "yes"}]}', "ignore: true or false"),
    ('{"descriptions": [{"criteria": {"A": "*"}, "aslcontext": ["tag"]}]}', "aslcontext: a list of"),
    ('{"descriptions": [{"criteria": {"A": "*"}, "sourcedata": 1}]}', "sourcedata: true, false"),
    ('{"descriptions": [{"criteria": {"A": "*"}, "suffix": 1}]}', "suffix: text was expected"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WRONG, ids=[row[1] for row in WRONG])
def test_a_wrong_map_is_one_clear_line_and_nothing_is_written(
    text: str, message: str, circle: Circle, capsys: pytest.CaptureFixture
) -> None:
    series(circle.dicom, 3, "t1_mprage")
    path = circle.folder / "map.json"
    path.write_text(text)
    code = main(
        ["convert", str(circle.dicom), "--to", "nifti", "-o", str(circle.nifti), "--layout", "bids", "--bids-map", str(path)]
    )

    (line,) = capsys.readouterr().err.splitlines()
    assert code == 2
    assert message in line
    assert str(path) in line
    assert not circle.nifti.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "dicom", "--layout", "bids"], "Use it with --to nifti"),
        (["--to", "nifti", "--bids-map", "map.json"], "Use it with --layout bids"),
        (["--to", "nifti", "--layout", "bids", "--bids-map", "missing.json"], "missing.json does not exist"),
        (["--to", "nifti", "--layout", "bids", "--resample", "tilt"], "not raw data"),
    ],
)
def test_options_that_contradict_are_wrong_usage(
    options: list[str], message: str, circle: Circle, capsys: pytest.CaptureFixture
) -> None:
    series(circle.dicom, 3, "t1_mprage")

    assert main(["convert", str(circle.dicom), "-o", str(circle.nifti), *options]) == 2
    assert message in capsys.readouterr().err


def test_built_in_rows_differ_by_name() -> None:
    names = [row.name for row in (*built_in().first, *built_in().descriptions)]

    assert len(set(names)) == len(names)


# --- required keys ----------------------------------------------------------------------------------------------------

PET_KEYS = {
    "ModeOfAdministration": "bolus", "AcquisitionMode": "list mode", "ReconMethodName": "FBP",
    "ReconMethodParameterLabels": ["none"], "ReconFilterType": "none", "AttenuationCorrection": "measured",
}  # fmt: skip


def test_pet_without_required_keys_is_kept_apart_and_the_keys_are_named(circle: Circle) -> None:
    pet(circle.dicom)
    report = dataset(circle)

    assert images(circle) == ["sourcedata/1_PET_AC"]
    assert all(key in said(report) for key in PET_KEYS)
    assert "InjectedMass" not in said(report)
    assert "InjectedMass" not in sidecar(circle, "PET_AC")


def test_pet_with_the_keys_of_the_map_is_placed(circle: Circle) -> None:
    pet(circle.dicom)
    report = with_map(
        circle,
        {"descriptions": [{"criteria": {"Modality": "PT"}, "datatype": "pet", "suffix": "pet", "sidecar_changes": PET_KEYS}]},
    )

    assert images(circle) == ["pet/*_pet"]
    assert sidecar(circle, "_pet")["InjectedMass"] == "n/a"
    assert '"InjectedMass": BIDS requires it' in said(report)


ASL_KEYS = {
    "ArterialSpinLabelingType": "PCASL", "PostLabelingDelay": 1.8, "LabelingDuration": 1.8, "BackgroundSuppression": False,
    "RepetitionTimePreparation": 4.0, "SliceTiming": [0.0, 0.1, 0.2],
}  # fmt: skip
ASL_MAP = {
    "descriptions": [
        {
            "criteria": {"SeriesDescription": "*asl*"}, "datatype": "perf", "suffix": "asl", "sidecar_changes": ASL_KEYS,
            "aslcontext": ["m0scan", "label", "control", "label", "control"],
        }
    ]
}  # fmt: skip


def test_asl_with_the_keys_of_the_map_is_placed_with_the_roles_of_its_volumes(circle: Circle) -> None:
    series(circle.dicom, 3, "asl_2d", 5, **EPI)
    with_map(circle, ASL_MAP)

    assert images(circle) == ["perf/*_asl"]
    context = table(circle.nifti / f"sub-P01/ses-20260101/perf/{WHO}_aslcontext.tsv")
    assert context == [["volume_type"], ["m0scan"], ["label"], ["control"], ["label"], ["control"]]
    top = sidecar(circle, "_asl")
    assert (top["M0Type"], top["TotalAcquiredPairs"]) == ("Included", 2)


# --- the way back -----------------------------------------------------------------------------------------------------


def examination(circle: Circle) -> None:
    """Write an examination with something of everything."""
    series(circle.dicom, 1, "AAHead_Scout")
    series(circle.dicom, 2, "t1_mprage")
    series(circle.dicom, 3, "ep2d_bold_rest_SBRef", **EPI)
    series(circle.dicom, 4, "ep2d_bold_rest", 3, ImageType=["ORIGINAL", "PRIMARY", "M"], **EPI)
    series(circle.dicom, 5, "ep2d_bold_rest", 3, ImageType=["ORIGINAL", "PRIMARY", "P"], **EPI)
    series(circle.dicom, 6, "asl_2d", 5, **EPI)
    field_map(circle, 7)
    diffusion(circle.dicom, 9, "dti", **GE)
    series(circle.dicom, 10, "ep2d_diff_ADC", **{**EPI, "ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]})
    spin_echo_epi(circle.dicom, 11, "SpinEchoFieldMap")
    series(circle.dicom, 12, "t2_tse", study=2, **SPIN_ECHO)
    PHANTOMS["classic_ct"].write(circle.dicom / "ct")


@pytest.mark.slow
def test_the_dataset_becomes_the_same_dicom_again(circle: Circle) -> None:
    examination(circle)
    with_map(circle, ASL_MAP)
    report = circle.home()

    assert {entry.outcome for entry in report.entries} == {Outcome.RESTORED}
    assert [
        (entry.log.warnings, entry.log.changes) for entry in report.entries if entry.log.warnings or entry.log.changes
    ] == []
    assert listing(circle.back) == listing(circle.dicom)
    assert compare([circle.dicom], [circle.back]).same


def test_what_a_person_edits_in_the_dataset_still_reaches_the_dicom(circle: Circle) -> None:
    series(circle.dicom, 4, "ep2d_bold_rest", 3, **EPI)
    dataset(circle)
    (path,) = (circle.nifti / "sub-P01").rglob("*_bold.json")
    top = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**top, "EchoTime": 0.044}), "utf-8")
    report = circle.home()

    assert [change.attribute for change in report.entries[0].log.changes] == ["EchoTime"]
    assert {str(ds.EchoTime) for ds in circle.returned()} == {"44"}


@pytest.mark.slow
def test_the_record_knows_all_keys_of_the_sidecar(circle: Circle) -> None:
    examination(circle)
    with_map(circle, ASL_MAP)

    for image in circle.images():
        top = json.loads(image.with_name(image.name.replace(".nii.gz", ".json")).read_text("utf-8"))
        content = top if KEY in top else record_of(circle, image)
        assert {key: value for key, value in top.items() if key != KEY} == content[KEY]["WrittenBidsKeys"]


@pytest.mark.parametrize("phantom", sorted(PHANTOMS))
def test_keys_are_known_before_voxels_are_read(phantom: str, circle: Circle) -> None:
    circle.make(phantom)
    for plan in plan_all(find_series([circle.dicom])):
        known, loaded = outline(plan), load(plan)

        assert known.voxels.shape == loaded.voxels.shape
        assert known.voxels.strides == (0,) * known.voxels.ndim
        assert bids.keys_of(known, nifti.stored_affine(known)) == bids.keys_of(loaded, nifti.stored_affine(loaded))


def test_the_time_step_of_the_image_is_the_repetition_time_of_its_sidecar(circle: Circle) -> None:
    circle.make("enhanced_mr")
    for path in circle.dicom.iterdir():
        ds = pydicom.dcmread(path)
        timing = pydicom.Dataset()
        timing.RepetitionTime = 1500.0
        ds.SharedFunctionalGroupsSequence[0].MRTimingAndRelatedParametersSequence = [timing]
        ds.save_as(path)
    circle.forth()

    assert nibabel.load(circle.image()).header.get_zooms()[3] == 1.5
    assert json.loads(circle.sidecar().read_text("utf-8"))["RepetitionTime"] == 1.5


# --- the validator ----------------------------------------------------------------------------------------------------


def errors_of(folder: Path) -> list[dict[str, Any]]:
    found = json.loads(run(oracle("bids-validator-deno"), folder, "--json").stdout)
    return [issue for issue in found["issues"]["issues"] if issue.get("severity") == "error"]


@pytest.mark.slow
def test_the_bids_validator_finds_no_error(circle: Circle) -> None:
    oracle("bids-validator-deno")
    examination(circle)
    with_map(circle, ASL_MAP)

    assert errors_of(circle.nifti) == []


@pytest.mark.slow
def test_the_bids_validator_accepts_pet_with_the_keys_of_the_map(circle: Circle) -> None:
    oracle("bids-validator-deno")
    pet(circle.dicom)
    with_map(
        circle,
        {"descriptions": [{"criteria": {"Modality": "PT"}, "datatype": "pet", "suffix": "pet", "sidecar_changes": PET_KEYS}]},
    )

    assert errors_of(circle.nifti) == []


@pytest.mark.slow
def test_the_bids_validator_passes_over_sourcedata(circle: Circle) -> None:
    oracle("bids-validator-deno")
    series(circle.dicom, 1, "AAHead_Scout")
    series(circle.dicom, 2, "t1_mprage")
    dataset(circle)
    (circle.nifti / "sourcedata" / "sub-P01" / "nonsense_bold.json").write_text("{")

    assert errors_of(circle.nifti) == []


@pytest.mark.slow
def test_real_series_make_one_valid_dataset_that_becomes_the_same_dicom(circle: Circle) -> None:
    if not SHARED.is_dir():
        pytest.skip("there is no ../shared/data next to the repository")
    circle.dicom = SHARED
    forth = dataset(circle)
    converted = {str(path) for entry in forth.entries if entry.outcome is Outcome.CONVERTED for path in entry.inputs}
    home = circle.home()

    assert {entry.outcome for entry in home.entries} == {Outcome.RESTORED}
    assert [entry.log.changes for entry in home.entries if entry.log.changes] == []
    assert len(set(home.outputs)) == len(converted)
    assert errors_of(circle.nifti) == []


@pytest.mark.slow
def test_zarr_stores_that_a_dataset_leaves_out_are_named(circle: Circle) -> None:
    series(circle.dicom, 1, "t1_mprage")
    convert(Job([circle.dicom], circle.dicom / "stores", ConversionOptions(Target.ZARR)))

    assert "1 Zarr store(s) were left out: a BIDS dataset is made of DICOM" in dataset(circle).notes
    with pytest.raises(BridgeError, match=r"No DICOM images were found in .*, but 1 other image"):
        convert(Job([circle.dicom / "stores"], circle.nifti, ConversionOptions(Target.NIFTI, layout=Layout.BIDS)))
