"""Wildcards of inputs, which the shells of Windows do not replace."""

from __future__ import annotations

from pathlib import Path

import pytest

from nifti_dicom_bridge.cli import main, wildcards
from nifti_dicom_bridge.cli.wildcards import expanded
from support.round_trip import RoundTrip, names_in


@pytest.fixture
def as_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wildcards, "IS_WINDOWS", True)


def test_images_are_named_by_a_wildcard(round_trip: RoundTrip, as_on_windows: None) -> None:
    round_trip.make("classic_ct")
    files = len(names_in(round_trip.dicom))

    assert main(["convert", str(round_trip.dicom / "*"), "--to", "nifti", "-o", str(round_trip.nifti), "-q"]) == 0
    assert main(["convert", str(round_trip.nifti / "*.nii.g?"), "--to", "dicom", "-o", str(round_trip.back), "-q"]) == 0
    assert len([name for name in names_in(round_trip.back) if name.endswith(".dcm")]) == files


def test_matches_are_sorted_and_brackets_mean_themselves(there: Path, as_on_windows: None) -> None:
    for name in ("b[1].nii", "a[1].nii", "a1.nii"):
        Path(name).touch()

    assert expanded([Path("*[1].nii")]) == [Path("a[1].nii"), Path("b[1].nii")]


@pytest.mark.parametrize("given", ["*.mgz", r"\\?\C:\scans", "https:/host/a?sv=*", "dicomweb:https:/host?PatientID=*"])
def test_what_is_no_wildcard_of_files_stays(given: str, there: Path, as_on_windows: None) -> None:
    assert expanded([Path(given)]) == [Path(given)]


def test_other_shells_have_replaced_them(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wildcards, "IS_WINDOWS", False)
    Path("a.nii").touch()

    assert expanded([Path("*.nii")]) == [Path("*.nii")]
