"""Field maps that know their images."""

from __future__ import annotations

import json

import pydicom
import pytest

from nifti_dicom_bridge import Outcome, to_dicom
from phantoms import vendors
from phantoms.examinations import EPI, diffusion, series
from support.bids_datasets import WHO, dataset, said, sidecar
from support.bids_series import REVERSED, SE, epi, gre
from support.round_trip import RoundTrip


def test_a_field_map_of_gradient_echoes_is_linked(round_trip: RoundTrip) -> None:
    gre(round_trip, 3)
    series(round_trip.dicom, 5, "bold rest", 3, **EPI)
    dataset(round_trip)

    bold = sidecar(round_trip, "bold")
    assert bold["B0FieldSource"] == "gre_20260101_1"
    for name in ("magnitude1", "magnitude2", "phasediff"):
        found = sidecar(round_trip, name)
        assert found["B0FieldIdentifier"] == "gre_20260101_1"
        assert found["IntendedFor"] == [f"bids::sub-P01/ses-20260101/func/{WHO}_task-rest_bold.nii.gz"]


@pytest.mark.slow
def test_opposite_directions_are_one_field_map(round_trip: RoundTrip) -> None:
    epi(round_trip, 3, "se_fmap", 2, **SE)
    epi(round_trip, 4, "se_fmap", 2, **SE, **REVERSED)
    epi(round_trip, 5, "bold rest", 3)
    dataset(round_trip)

    assert sidecar(round_trip, "dir-PA_bold")["B0FieldSource"] == "pepolar_20260101_1"
    assert {sidecar(round_trip, f"dir-{way}_epi")["B0FieldIdentifier"] for way in ("AP", "PA")} == {"pepolar_20260101_1"}
    assert "B0FieldIdentifier" not in sidecar(round_trip, "bold")


def test_one_direction_is_estimated_with_an_image_of_the_opposite(round_trip: RoundTrip) -> None:
    epi(round_trip, 3, "se_fmap", 2, **SE, **REVERSED)
    epi(round_trip, 5, "bold rest", 3)
    dataset(round_trip)

    assert sidecar(round_trip, "bold")["B0FieldIdentifier"] == sidecar(round_trip, "epi")["B0FieldIdentifier"]


def test_one_direction_alone_estimates_nothing(round_trip: RoundTrip) -> None:
    epi(round_trip, 3, "se_fmap", 2, **SE)
    epi(round_trip, 5, "bold rest", 3)
    dataset(round_trip)

    assert "IntendedFor" not in sidecar(round_trip, "epi")
    assert "B0FieldSource" not in sidecar(round_trip, "bold")


@pytest.mark.slow
def test_the_last_field_map_before_an_image_counts(round_trip: RoundTrip) -> None:
    gre(round_trip, 3)
    series(round_trip.dicom, 5, "bold rest", 3, **EPI)
    gre(round_trip, 7)
    series(round_trip.dicom, 9, "bold rest", 3, **EPI)
    dataset(round_trip)

    assert sidecar(round_trip, "run-01_bold")["B0FieldSource"] == "gre_20260101_1"
    assert sidecar(round_trip, "run-02_bold")["B0FieldSource"] == "gre_20260101_2"
    assert sidecar(round_trip, "run-02_phasediff")["IntendedFor"] == [
        f"bids::sub-P01/ses-20260101/func/{WHO}_task-rest_run-02_bold.nii.gz"
    ]


def shimmed(round_trip: RoundTrip, number: int, offset: int) -> None:
    """Put the first shim of a protocol of Siemens into the files of a series."""
    text = f"### ASCCONV BEGIN ###\nsGRADSPEC.asGPAData[0].lOffsetX = {offset}\n### ASCCONV END ###".ljust(200)
    for path in (round_trip.dicom / f"P-01-1-{number}").iterdir():
        ds = pydicom.dcmread(path)
        ds.Manufacturer = "SIEMENS"
        vendors.add_private([ds], 0x0021, "SIEMENS MR SDS 01", {0x19: ("OB", text.encode("ascii"))})
        ds.save_as(path)


def maps_with_shims(round_trip: RoundTrip, first: int, second: int, of_image: int) -> str:
    """Write two field maps and an image with shims; return the warnings."""
    gre(round_trip, 3)
    gre(round_trip, 5)
    series(round_trip.dicom, 7, "bold rest", 3, **EPI)
    for number, offset in ((3, first), (4, first), (5, second), (6, second), (7, of_image)):
        shimmed(round_trip, number, offset)
    return said(dataset(round_trip))


@pytest.mark.parametrize(("first", "second", "number"), [(11, 12, 1), (12, 11, 2), (11, 11, 2)])
def test_the_last_field_map_with_the_shim_of_the_image_counts(
    first: int, second: int, number: int, round_trip: RoundTrip
) -> None:
    words = maps_with_shims(round_trip, first, second, 11)

    intended = [f"bids::sub-P01/ses-20260101/func/{WHO}_task-rest_bold.nii.gz"]
    assert sidecar(round_trip, f"run-{number:02d}_phasediff")["IntendedFor"] == intended
    assert "IntendedFor" not in sidecar(round_trip, f"run-{3 - number:02d}_phasediff")
    assert "another shim" not in words


def test_a_field_map_of_another_shim_is_used_with_a_warning(round_trip: RoundTrip) -> None:
    words = maps_with_shims(round_trip, 12, 13, 11)

    assert "IntendedFor" in sidecar(round_trip, "run-02_phasediff")
    assert "its field map was acquired with another shim: the correction may be wrong." in words


@pytest.mark.slow
def test_a_field_map_for_diffusion_is_not_for_bold(round_trip: RoundTrip) -> None:
    gre(round_trip, 3, "gre_field_mapping_dwi")
    series(round_trip.dicom, 5, "bold rest", 3, **EPI)
    diffusion(round_trip.dicom, 6, "dti")
    dataset(round_trip)

    assert "B0FieldSource" not in sidecar(round_trip, "bold")
    assert sidecar(round_trip, "_dwi")["B0FieldSource"] == "gre_20260101_1"


def test_anatomy_has_no_field_map(round_trip: RoundTrip) -> None:
    gre(round_trip, 3)
    series(round_trip.dicom, 5, "t1_mprage")
    dataset(round_trip)

    assert "B0FieldSource" not in sidecar(round_trip, "T1w")
    assert "IntendedFor" not in sidecar(round_trip, "phasediff")


def test_what_the_map_specifies_of_a_field_map_stays(round_trip: RoundTrip) -> None:
    gre(round_trip, 3)
    series(round_trip.dicom, 5, "bold rest", 3, **EPI)
    rows = [{"criteria": {"SeriesDescription": "gre*"}, "sidecar_changes": {"B0FieldIdentifier": "mine"}}]
    (round_trip.folder / "map.json").write_text(json.dumps({"descriptions": rows}))
    dataset(round_trip, bids_map=round_trip.folder / "map.json")

    assert sidecar(round_trip, "phasediff")["B0FieldIdentifier"] == "mine"
    assert "B0FieldSource" not in sidecar(round_trip, "bold")


@pytest.mark.slow
def test_links_are_no_edits_on_the_way_back(round_trip: RoundTrip) -> None:
    gre(round_trip, 3)
    series(round_trip.dicom, 5, "bold rest", 3, **EPI)
    dataset(round_trip)
    report = to_dicom(round_trip.nifti, round_trip.back, uids="keep")

    assert {entry.outcome for entry in report.entries} == {Outcome.RESTORED}
    assert [entry.log.changes for entry in report.entries if entry.log.changes] == []
