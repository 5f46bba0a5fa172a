"""The map of BIDS datasets: criteria, labels, keys that BIDS requires, and mistakes in it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from nifti_dicom_bridge import Outcome
from nifti_dicom_bridge.bids_dataset.bids_map import ROW_KEYS, TOP_KEYS, built_in
from nifti_dicom_bridge.bids_dataset.images import image_of, relate
from nifti_dicom_bridge.cli import main
from nifti_dicom_bridge.formats.dicom.reading.grouping.series import find_series
from nifti_dicom_bridge.formats.dicom.reading.plans import plan_all
from phantoms.examinations import EPI, pet, series, spin_echo_epi
from support.bids_datasets import (
    ASL_MAP,
    PET_KEYS,
    WHO,
    dataset,
    images,
    said,
    sidecar,
    table,
    with_map,
)
from support.paths import ROOT
from support.round_trip import RoundTrip

DOCUMENT = ROOT / "docs" / "bids-layout.md"


def test_rows_of_the_map_go_before_those_that_are_built_in(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    series(round_trip.dicom, 4, "t1_secret")
    series(round_trip.dicom, 5, "AAHead_Scout")
    report = with_map(round_trip, {
        "descriptions": [
            {"criteria": {"SeriesDescription": "*secret*"}, "ignore": True},
            {"criteria": {"SeriesDescription": "t1*"}, "datatype": "anat", "suffix": "T1w", "custom_entities": "acq-a_rec-b",
             "sidecar_changes": {"Note": "seen", "PatientName": None}},
        ],
    })  # fmt: skip

    assert images(round_trip) == ["sourcedata/5_AAHead_Scout", "anat/*_acq-a_rec-b_T1w"]
    top = sidecar(round_trip, "T1w")
    assert top["Note"] == "seen"
    assert "PatientName" not in top
    assert [entry.title for entry in report.entries if entry.outcome is Outcome.SKIPPED] == ["4 t1_secret"]


def test_subjects_sessions_and_tasks_are_labeled_by_the_map(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "ep2d_bold_A", 2, **EPI)
    with_map(round_trip, {"subjects": {"P-*": "042"}, "sessions": {"20260101": "base"}, "tasks": {"*bold_A": "faces"}})

    assert images(round_trip) == ["sub-042/ses-base/func/sub-042_ses-base_task-faces_bold"]
    assert sidecar(round_trip, "bold")["TaskName"] == "faces"


def test_a_session_may_be_left_out(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    with_map(round_trip, {"sessions": {"*": ""}})

    assert images(round_trip) == ["sub-P01/anat/sub-P01_T1w"]
    assert (round_trip.nifti / "sub-P01" / "sub-P01_scans.tsv").is_file()


def test_a_map_in_toml_specifies_the_same(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "mystery", ScanningSequence="RM")
    path = round_trip.folder / "map.toml"
    path.write_text(
        'search_method = "re"\n[[descriptions]]\ncriteria = {SeriesNumber = 3}\ndatatype = "anat"\nsuffix = "T2w"\n'
    )
    dataset(round_trip, bids_map=path)

    assert images(round_trip) == ["anat/*_T2w"]


@pytest.mark.parametrize(
    "criteria",
    [
        {"SeriesDescription": "MYST*"},
        {"ImageType": {"any": ["*PRIM*"]}},
        {"ImageType": ["ORIG*", "PRIMARY", "AX*"]},
        {"EchoTime": {"lt": 0.003}, "RepetitionTime": {"btwe": [2, 2]}},
        {"Modality": {"not": ["CT", "PT"]}},
        {"SidecarFilename": "3_mystery*"},
        {"RepetitionTime": {"ge": 2}, "SeriesNumber": {"le": 3}},
        [{"SeriesNumber": 99}, {"SeriesNumber": 3}],
    ],
    ids=str,
)
def test_criteria_hold(criteria: Any, round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "mystery", ScanningSequence="RM")
    row = {"criteria": criteria, "datatype": "anat", "suffix": "PDw"}
    with_map(round_trip, {"case_sensitive": False, "descriptions": [row]})

    assert images(round_trip) == ["anat/*_PDw"]


@pytest.mark.parametrize(
    "criteria",
    [
        {"SeriesDescription": "MYST*"},
        {"EchoTime": {"gt": 0.003}},
        {"Missing": "*"},
        {"ImageType": {"all": ["X"]}},
        {"SeriesNumber": 4},
        {"RepetitionTime": {"gt": 2}}, {"SeriesNumber": {"lt": 3}}, {"RepetitionTime": {"btw": [2, 3]}},
        {"ImageType": ["ORIG*", "SECONDARY", "AX*"]}, {"ImageType": ["ORIG*", "PRIMARY"]}, {"SeriesDescription": ["mystery"]},
    ],
    ids=str,
)  # fmt: skip
def test_criteria_do_not_hold(criteria: Any, round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "mystery", ScanningSequence="RM")
    with_map(round_trip, {"descriptions": [{"criteria": criteria, "datatype": "anat", "suffix": "PDw"}]})

    assert images(round_trip) == ["sourcedata/3_mystery"]


def test_ids_of_rows_name_the_images_that_a_field_map_is_for(round_trip: RoundTrip) -> None:
    spin_echo_epi(round_trip.dicom, 3, "fm")
    series(round_trip.dicom, 4, "ep2d_bold_rest", 2, **EPI)
    rows = [
        {"id": "rest", "criteria": {"SeriesDescription": "*bold*"}, "datatype": "func", "suffix": "bold"},
        {
            "criteria": {"SeriesDescription": "fm"},
            "datatype": "fmap",
            "suffix": "epi",
            "sidecar_changes": {"IntendedFor": ["rest"]},
        },
    ]
    with_map(round_trip, {"descriptions": rows})

    assert sidecar(round_trip, "epi")["IntendedFor"] == [f"bids::sub-P01/ses-20260101/func/{WHO}_task-rest_bold.nii.gz"]


@pytest.mark.parametrize(("wanted", "written", "words"), [
    (["rest", "other"], [f"bids::sub-P01/ses-20260101/func/{WHO}_task-rest_bold.nii.gz"], ""),
    ("bids::sub-P01/x.nii.gz", ["bids::sub-P01/x.nii.gz"], ""),
    (["other"], None, "no image of the session was named by the row ['other']: left out"),
])  # fmt: skip
def test_ids_of_rows_that_name_no_image_are_left_out(wanted: Any, written: Any, words: str, round_trip: RoundTrip) -> None:
    spin_echo_epi(round_trip.dicom, 3, "fm")
    series(round_trip.dicom, 4, "ep2d_bold_rest", 2, **EPI)
    series(round_trip.dicom, 5, "ep2d_bold_rest", 2, study=2, **EPI)
    rows = [
        {"id": "rest", "criteria": {"SeriesDescription": "*bold*"}, "datatype": "func", "suffix": "bold"},
        {"criteria": {"SeriesDescription": "fm"}, "datatype": "fmap", "suffix": "epi",
         "sidecar_changes": {"IntendedFor": wanted}},
    ]  # fmt: skip
    report = with_map(round_trip, {"descriptions": rows})

    assert sidecar(round_trip, "epi").get("IntendedFor") == written
    assert words in said(report)


def test_a_row_without_datatype_adds_to_the_built_in_rows(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    with_map(
        round_trip,
        {"descriptions": [{"criteria": {"Modality": "MR"}, "custom_entities": "ce-gd", "sidecar_changes": {"A": 1}}]},
    )

    assert images(round_trip) == ["anat/*_ce-gd_T1w"]
    assert sidecar(round_trip, "T1w")["A"] == 1


def test_a_row_without_datatype_leaves_names_in_reproin_form_to_speak(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "func-bold_task-faces", 2, **EPI)
    with_map(round_trip, {"descriptions": [{"criteria": {"Modality": "MR"}, "sidecar_changes": {"A": 1}}]})

    assert images(round_trip) == ["func/*_task-faces_bold"]


@pytest.mark.slow
def test_the_map_of_the_document_has_the_described_effect(round_trip: RoundTrip) -> None:
    text = DOCUMENT.read_text("utf-8")
    (example,) = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    series(round_trip.dicom, 3, "bold_faces", 2, **EPI)
    series(round_trip.dicom, 4, "bold_test", 2, **EPI)
    series(round_trip.dicom, 5, "asl_2d", 5, **EPI)
    with_map(round_trip, json.loads(example))

    who = "sub-control01/ses-baseline"
    names = ["func/sub-control01_ses-baseline_task-faces_acq-mb4_bold", "perf/sub-control01_ses-baseline_asl"]
    assert images(round_trip) == [f"{who}/{name}" for name in names]
    assert json.loads((round_trip.nifti / "dataset_description.json").read_text("utf-8"))["Authors"] == ["R. Ramp"]


def test_the_document_names_every_key_of_the_map_and_every_fact(round_trip: RoundTrip) -> None:
    text = DOCUMENT.read_text("utf-8")
    series(round_trip.dicom, 3, "t1_mprage")
    (image,) = [image_of(plan) for plan in plan_all(find_series([round_trip.dicom]))]
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
    text: str, message: str, round_trip: RoundTrip, capsys: pytest.CaptureFixture
) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    path = round_trip.folder / "map.json"
    path.write_text(text)
    code = main(
        [
            "convert",
            str(round_trip.dicom),
            "--to",
            "nifti",
            "-o",
            str(round_trip.nifti),
            "--layout",
            "bids",
            "--bids-map",
            str(path),
        ]
    )

    (line,) = capsys.readouterr().err.splitlines()
    assert code == 2
    assert message in line
    assert str(path) in line
    assert not round_trip.nifti.exists()


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
    options: list[str], message: str, round_trip: RoundTrip, capsys: pytest.CaptureFixture
) -> None:
    series(round_trip.dicom, 3, "t1_mprage")

    assert main(["convert", str(round_trip.dicom), "-o", str(round_trip.nifti), *options]) == 2
    assert message in capsys.readouterr().err


def test_built_in_rows_differ_by_name() -> None:
    names = [row.name for row in (*built_in().first, *built_in().descriptions)]

    assert len(set(names)) == len(names)


def test_pet_without_required_keys_is_kept_apart_and_the_keys_are_named(round_trip: RoundTrip) -> None:
    pet(round_trip.dicom)
    report = dataset(round_trip)

    assert images(round_trip) == ["sourcedata/1_PET_AC"]
    assert all(key in said(report) for key in PET_KEYS)
    assert "InjectedMass" not in said(report)
    assert "InjectedMass" not in sidecar(round_trip, "PET_AC")


def test_pet_with_the_keys_of_the_map_is_placed(round_trip: RoundTrip) -> None:
    pet(round_trip.dicom)
    report = with_map(
        round_trip,
        {"descriptions": [{"criteria": {"Modality": "PT"}, "datatype": "pet", "suffix": "pet", "sidecar_changes": PET_KEYS}]},
    )

    assert images(round_trip) == ["pet/*_pet"]
    assert sidecar(round_trip, "_pet")["InjectedMass"] == "n/a"
    assert '"InjectedMass": BIDS requires it' in said(report)


def test_asl_with_the_keys_of_the_map_is_placed_with_the_roles_of_its_volumes(round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "asl_2d", 5, **EPI)
    with_map(round_trip, ASL_MAP)

    assert images(round_trip) == ["perf/*_asl"]
    context = table(round_trip.nifti / f"sub-P01/ses-20260101/perf/{WHO}_aslcontext.tsv")
    assert context == [["volume_type"], ["m0scan"], ["label"], ["control"], ["label"], ["control"]]
    top = sidecar(round_trip, "_asl")
    assert (top["M0Type"], top["TotalAcquiredPairs"]) == ("Included", 2)


@pytest.mark.parametrize(("keyword", "notes"), [
    ("SeriesDescription", []), ("SeriesDescriptio", ["rows of bids_map= that match no image: anatomy"]),
])  # fmt: skip
def test_a_row_that_matches_no_image_is_named(keyword: str, notes: list[str], round_trip: RoundTrip) -> None:
    series(round_trip.dicom, 3, "t1_mprage")
    row = {"id": "anatomy", "criteria": {keyword: "t1*"}, "datatype": "anat", "suffix": "T1w"}

    assert with_map(round_trip, {"descriptions": [row]}).notes == notes
