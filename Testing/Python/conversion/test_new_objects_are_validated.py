"""Every object that is not the original is validated, and what the standard does not allow in it is reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import ConversionReport, Job, Kind, Outcome, convert
from nifti_dicom_bridge.conversion import new_objects
from support.round_trip import NEW, RoundTrip


def edited(round_trip: RoundTrip) -> ConversionReport:
    round_trip.make("classic_ct").forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj) + 1, image.affine))
    return round_trip.home(NEW)


def recast(round_trip: RoundTrip) -> ConversionReport:
    return convert(Job([round_trip.make("classic_ct").dicom], round_trip.back, replace(NEW, kind=Kind.ENHANCED)))


def legacy(round_trip: RoundTrip) -> ConversionReport:
    return convert(Job([round_trip.make("classic_ct").dicom], round_trip.back, replace(NEW, kind=Kind.LEGACY)))


def created(round_trip: RoundTrip) -> ConversionReport:
    round_trip.nifti.mkdir()
    nibabel.save(nibabel.Nifti1Image(np.arange(60, dtype=np.int16).reshape(5, 4, 3), np.eye(4)), round_trip.nifti / "a.nii")
    return round_trip.home(NEW)


def segmentation(round_trip: RoundTrip) -> ConversionReport:
    round_trip.make("segmentation_label_map").forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.flip(np.asarray(image.dataobj), 0).copy(), image.affine))
    return round_trip.home(NEW)


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return a list that grows by the files that are validated."""
    paths: list[Path] = []
    check = new_objects.check_files

    def recorded(found: list[Path]) -> object:
        paths.extend(found)
        return check(found)

    monkeypatch.setattr(new_objects, "check_files", recorded)
    return paths


@pytest.mark.parametrize("make", [edited, recast, legacy, created, segmentation], ids=lambda make: make.__name__)
def test_all_files_of_new_objects_are_validated(
    make: Callable[[RoundTrip], ConversionReport], round_trip: RoundTrip, checked: list[Path]
) -> None:
    report = make(round_trip)

    assert {entry.outcome for entry in report.entries} <= {Outcome.CONVERTED, Outcome.DERIVED}
    assert report.outputs
    assert sorted(checked) == sorted(report.outputs)


def test_what_was_restored_is_not_validated(round_trip: RoundTrip, checked: list[Path]) -> None:
    round_trip.make("classic_ct").forth()

    assert round_trip.home().ok
    assert checked == []
