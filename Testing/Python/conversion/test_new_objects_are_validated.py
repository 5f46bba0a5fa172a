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
from support.circle import NEW, Circle


def edited(circle: Circle) -> ConversionReport:
    circle.make("classic_ct").forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj) + 1, image.affine))
    return circle.home(NEW)


def recast(circle: Circle) -> ConversionReport:
    return convert(Job([circle.make("classic_ct").dicom], circle.back, replace(NEW, kind=Kind.ENHANCED)))


def legacy(circle: Circle) -> ConversionReport:
    return convert(Job([circle.make("classic_ct").dicom], circle.back, replace(NEW, kind=Kind.LEGACY)))


def created(circle: Circle) -> ConversionReport:
    circle.nifti.mkdir()
    nibabel.save(nibabel.Nifti1Image(np.arange(60, dtype=np.int16).reshape(5, 4, 3), np.eye(4)), circle.nifti / "a.nii")
    return circle.home(NEW)


def segmentation(circle: Circle) -> ConversionReport:
    circle.make("segmentation_label_map").forth()
    circle.edit_image(lambda image: nibabel.Nifti1Image(np.flip(np.asarray(image.dataobj), 0).copy(), image.affine))
    return circle.home(NEW)


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
    make: Callable[[Circle], ConversionReport], circle: Circle, checked: list[Path]
) -> None:
    report = make(circle)

    assert {entry.outcome for entry in report.entries} <= {Outcome.CONVERTED, Outcome.DERIVED}
    assert report.outputs
    assert sorted(checked) == sorted(report.outputs)


def test_what_was_restored_is_not_validated(circle: Circle, checked: list[Path]) -> None:
    circle.make("classic_ct").forth()

    assert circle.home().ok
    assert checked == []
