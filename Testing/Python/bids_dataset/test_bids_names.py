"""Names of images in BIDS datasets: from descriptions and headers, and what distinguishes images of one name."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from nifti_dicom_bridge.bids_dataset.reproin import parse_reproin
from phantoms.examinations import EPI, GE, SPIN_ECHO, diffusion, series, spin_echo_epi
from support.bids_datasets import dataset, field_map, images, said, sidecar
from support.round_trip import RoundTrip

B0_MAP = {
    "Manufacturer": "Philips", "ComplexImageComponent": "REAL",
    "ImageType": ["ORIGINAL", "PRIMARY", "B0 MAP", "B0", "UNSPECIFIED"],
}  # fmt: skip


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
    ("mp2rage_sag_UNI_Images", 1, {"ImageType": ["DERIVED", "PRIMARY", "M", "UNI"]}, "anat/*_UNIT1"),
    ("ep2d_bold_resting", 3, EPI, "func/*_task-rest_bold"),
    ("ep2d_bold_faces", 3, EPI, "func/*_task-unknown_bold"),
    ("ep2d_bold_rest_SBRef", 1, EPI, "func/*_task-rest_sbref"),
    ("task-nback_run-2_bold_SBRef", 1, EPI, "func/*_task-nback_run-2_sbref"),
    ("task-nback_bold_MoCo", 3, {**EPI, "ImageType": ["DERIVED", "PRIMARY", "M", "MOCO"]}, "func/*_task-nback_rec-moco_bold"),
    ("anat-VFA_flip-1", 1, {"FlipAngle": "4", "RepetitionTime": "15"}, "anat/*_flip-1_VFA"),
    ("ep2d_bold_rest_MoCo", 3, {**EPI, "ImageType": ["DERIVED", "PRIMARY", "M", "MOCO"]}, "func/*_task-rest_rec-moco_bold"),
    ("ep2d_diff_ADC", 1, {**EPI, "ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]}, "dwi/*_ADC"),
    ("ep2d_diff_TRACEW", 1, {**EPI, "ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "TRACEW"]}, "dwi/*_trace"),
    ("ep2d_diff_SBRef", 1, EPI, "dwi/*_sbref"),
    ("func-bold_task-faces_run-02__late", 3, EPI, "func/*_task-faces_run-02_bold"),
    ("WIP anat-T1w_acq-fast", 1, {}, "anat/*_acq-fast_T1w"),
    ("anat-MTR_mt-on", 1, {}, "anat/*_mt-on_MTR"),
    ("anat-MTS_flip-1_mt-off", 1, {"FlipAngle": "6"}, "anat/*_flip-1_mt-off_MTS"),
    ("unheard of", 1, {**SPIN_ECHO, "RepetitionTime": "4000", "EchoTime": "90"}, "anat/*_T2w"),
]  # fmt: skip


@pytest.mark.parametrize(("description", "times", "attributes", "name"), NAMES, ids=[row[0] for row in NAMES])
def test_a_series_gets_the_name_that_bids_has_for_it(
    description: str, times: int, attributes: dict, name: str, round_trip: RoundTrip
) -> None:
    series(round_trip.dicom, 3, description, times, **attributes)
    report = dataset(round_trip)

    assert report.ok, said(report)
    assert images(round_trip) == [name]


def _inversions(round_trip: RoundTrip) -> None:
    gradient_echo = {"FlipAngle": "4", "ScanningSequence": ["GR", "IR"]}
    for number, time in ((1, "700"), (2, "2500")):
        series(round_trip.dicom, number, f"mp2rage_sag_INV{number}", 1, InversionTime=time, **gradient_echo)


def test_inversions_of_mp2rage_are_placed_with_the_keys_that_bids_requires(round_trip: RoundTrip) -> None:
    _inversions(round_trip)
    keys = {"RepetitionTimeExcitation": 0.007, "RepetitionTimePreparation": 5, "NumberShots": 176}
    (round_trip.folder / "keys.json").write_text(json.dumps({"anat/MP2RAGE": keys}))
    dataset(round_trip, bids_keys=round_trip.folder / "keys.json")

    assert images(round_trip) == ["anat/*_inv-1_MP2RAGE", "anat/*_inv-2_MP2RAGE"]


def test_inversions_of_mp2rage_without_them_are_in_sourcedata_and_the_report_names_the_keys(round_trip: RoundTrip) -> None:
    _inversions(round_trip)
    words = said(dataset(round_trip))

    assert all(name.startswith("sourcedata") for name in images(round_trip))
    assert "RepetitionTimePreparation, NumberShots of anat/MP2RAGE" in words


@pytest.mark.parametrize(("label", "state"), [("on", True), ("off", False)])
def test_the_name_states_whether_there_is_magnetization_transfer(label: str, state: bool, round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 1, f"anat-MTR_mt-{label}")
    dataset(round_trip)
    assert sidecar(round_trip, "MTR")["MTState"] is state


NAMELESS = [
    ("AAHead_Scout", 1, {}, "localizer"),
    ("anat-scout", 1, {}, "localizer|scout"),
    ("Ref_Head", 1, {}, "calibration"),
    ("T1w_MPR_vNav_setter", 1, {}, "calibration"),
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
    description: str, times: int, attributes: dict, reason: str, round_trip: RoundTrip
) -> None:
    series(round_trip.dicom, 3, description, times, **attributes)
    report = dataset(round_trip)

    assert [Path(name).parent.as_posix() for name in images(round_trip)] == ["sourcedata"]
    assert re.search(f"kept in sourcedata: .*({reason})", said(report))
    assert not (round_trip.nifti / "participants.tsv").exists()


def test_a_name_that_was_taken_from_times_is_reported(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "unheard of", RepetitionTime="4000", EchoTime="90", **SPIN_ECHO)

    assert "named from its times" in said(dataset(round_trip))


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


def test_what_a_name_specifies_and_bids_does_not_allow_is_reported(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "anat-T1w_acq-fast_inv-1")

    assert "BIDS has no inv-1 in names of anat/T1w: left out." in said(dataset(round_trip))
    assert images(round_trip) == ["anat/*_acq-fast_T1w"]


def test_a_session_that_one_name_specifies_is_that_of_the_study(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 1, "anat-scout_ses-pre")
    series(round_trip.dicom, 2, "anat-T1w")
    dataset(round_trip)

    assert "sub-P01/ses-pre/anat/sub-P01_ses-pre_T1w" in images(round_trip)


def test_repetitions_are_numbered(round_trip: RoundTrip) -> None:
    for number in (3, 5, 11):
        series(round_trip.dicom, number, "t1_mprage")
    dataset(round_trip)

    assert images(round_trip) == [f"anat/*_run-0{n}_T1w" for n in (1, 2, 3)]
    assert [sidecar(round_trip, f"run-0{n}_T1w")["SeriesNumber"] for n in (1, 2, 3)] == [3, 5, 11]


def test_runs_that_names_give_twice_go_on_counting(round_trip: RoundTrip) -> None:
    for number in (3, 4, 5):
        series(round_trip.dicom, number, "anat-T1w_run-01")
    words = said(dataset(round_trip))

    assert images(round_trip) == ["anat/*_run-01_T1w", "anat/*_run-02_T1w", "anat/*_run-03_T1w"]
    assert all(f"another image of the session has the same name: this is run-0{n}" in words for n in (2, 3))


def test_what_is_called_differently_is_no_repetition(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage_sag")
    series(round_trip.dicom, 4, "t1_tse_tra", **SPIN_ECHO)
    dataset(round_trip)

    assert images(round_trip) == ["anat/*_acq-t1mpragesag_T1w", "anat/*_acq-t1tsetra_T1w"]


@pytest.mark.parametrize(("attribute", "values", "labels"), [
    ("ImageType", tuple(["ORIGINAL", "PRIMARY", word, "ND"] for word in ("W", "F", "OPP_PHASE")), ["fat", "outphase", "water"]),
    ("InversionTime", ("100", "100.4"), ["TI100", "TI100p4"]),
])  # fmt: skip
def test_images_of_a_series_that_differ_in_meaning_are_no_repetitions(
    attribute: str, values: tuple, labels: list[str], round_trip: RoundTrip
) -> None:
    series(round_trip.dicom, 3, "t1_vibe", len(values), **{attribute: values})
    dataset(round_trip)

    assert images(round_trip) == [f"anat/*_acq-{label}_T1w" for label in labels]


def test_echoes_are_numbered_by_their_times(round_trip: RoundTrip) -> None:
    found = {**EPI, "EchoTime": ("12", "12", "30", "30"), "EchoNumbers": (1, 1, 2, 2)}
    series(round_trip.dicom, 3, "bold rest", 4, **found)
    dataset(round_trip)

    assert images(round_trip) == [f"func/*_task-rest_echo-{n}_bold" for n in (1, 2)]
    assert sidecar(round_trip, "echo-2_bold")["EchoTime"] == 0.03


@pytest.mark.slow
def test_echoes_in_series_of_their_own_are_numbered_within_each_run(round_trip: RoundTrip) -> None:
    for number, echo in enumerate((1, 2, 1, 2)):
        series(round_trip.dicom, number + 1, "bold rest", 2, EchoTime=f"{12 * echo}", EchoNumbers=echo, **EPI)
    dataset(round_trip)

    assert images(round_trip) == [f"func/*_task-rest_run-0{run}_echo-{echo}_bold" for run in (1, 2) for echo in (1, 2)]


@pytest.mark.slow
def test_magnitude_is_named_next_to_phase(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "bold rest", 2, ImageType=["ORIGINAL", "PRIMARY", "M", "ND"], **EPI)
    series(round_trip.dicom, 4, "bold rest", 2, ImageType=["ORIGINAL", "PRIMARY", "P", "ND"], **EPI)
    dataset(round_trip)

    assert images(round_trip) == ["func/*_task-rest_part-mag_bold", "func/*_task-rest_part-phase_bold"]
    assert sidecar(round_trip, "part-phase_bold")["Units"] == "arbitrary"


@pytest.mark.slow
def test_a_reference_has_the_run_of_the_images_that_follow(round_trip: RoundTrip) -> None:
    for number in (3, 6):
        series(round_trip.dicom, number, "bold rest_SBRef", **EPI)
        series(round_trip.dicom, number + 1, "bold rest", 2, **EPI)
    series(round_trip.dicom, 9, "bold rest", 2, **EPI)
    dataset(round_trip)

    wanted = [f"func/*_task-rest_run-0{run}_{suffix}" for run in (1, 2) for suffix in ("bold", "sbref")]
    assert images(round_trip) == [*wanted, "func/*_task-rest_run-03_bold"]


def test_a_field_map_has_both_magnitudes_and_the_echo_times_of_both(round_trip: RoundTrip) -> None:
    field_map(round_trip, 3)
    dataset(round_trip)

    assert images(round_trip) == [f"fmap/*_{suffix}" for suffix in ("magnitude1", "magnitude2", "phasediff")]
    found = sidecar(round_trip, "phasediff")
    assert (found["EchoTime1"], found["EchoTime2"]) == (0.00492, 0.00738)


@pytest.mark.slow
def test_images_of_one_field_map_have_the_same_run(round_trip: RoundTrip) -> None:
    field_map(round_trip, 3)
    field_map(round_trip, 13)
    dataset(round_trip)

    assert images(round_trip) == [
        f"fmap/*_run-0{run}_{name}" for run in (1, 2) for name in ("magnitude1", "magnitude2", "phasediff")
    ]
    assert sidecar(round_trip, "run-02_phasediff")["SeriesNumber"] == 14


def test_a_field_map_in_hz_has_its_magnitude(round_trip: RoundTrip) -> None:
    words = (B0_MAP["ImageType"], ["ORIGINAL", "PRIMARY", "M", "FFE"])
    series(round_trip.dicom, 3, "B0map", 2, **{**B0_MAP, "ImageType": words, "ComplexImageComponent": ("REAL", "MAGNITUDE")})
    dataset(round_trip)

    assert images(round_trip) == ["fmap/*_fieldmap", "fmap/*_magnitude"]
    assert sidecar(round_trip, "fieldmap")["Units"] == "Hz"


def test_spin_echo_epi_is_a_field_map_with_its_direction(round_trip: RoundTrip) -> None:
    spin_echo_epi(round_trip.dicom, 3, "SpinEchoFieldMap")
    dataset(round_trip)

    assert images(round_trip) == ["fmap/*_dir-PA_epi"]


@pytest.mark.parametrize(("ordering", "direction"), [("LINEAR", "PA"), ("REVERSE_LINEAR", "AP")])
def test_the_direction_of_phase_encoding_is_in_the_name(ordering: str, direction: str, round_trip: RoundTrip) -> None:
    diffusion(round_trip.dicom, 3, "dti", **{**GE, "RectilinearPhaseEncodeReordering": ordering})
    dataset(round_trip)

    assert images(round_trip) == [f"dwi/*_dir-{direction}_dwi"]
    assert {path.suffix for path in (round_trip.nifti / "sub-P01/ses-20260101/dwi").iterdir()} == {
        ".gz",
        ".json",
        ".bval",
        ".bvec",
    }
