"""The time between volumes in the header of an image that has a record: other tools change it, the record does not follow."""

from __future__ import annotations

from collections.abc import Callable

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import Outcome
from phantoms import save
from phantoms.base import CT, MR
from support.round_trip import NEW, RoundTrip
from support.timed_series import clock, series

Change = Callable[[nibabel.Nifti1Image], nibabel.Nifti1Image]


def forth(round_trip: RoundTrip, kind: str = MR) -> None:
    """Write an image of volumes two seconds apart."""
    save(round_trip.dicom, series(lambda ds, t, k: setattr(ds, "AcquisitionTime", clock(2 * t)), kind=kind))
    round_trip.forth()


def step(seconds: float, unit: str = "sec", added: int = 0) -> Change:
    """Return how another tool changes the time step of an image, and its voxels."""

    def change(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
        edited = nibabel.Nifti1Image(np.asarray(image.dataobj) + np.int16(added), image.affine, image.header)
        edited.header.set_xyzt_units("mm", unit)
        edited.header["pixdim"][4] = seconds
        return edited

    return change


@pytest.mark.parametrize("kind", [MR, CT])
@pytest.mark.parametrize(("added", "outcome"), [(0, Outcome.REISSUED), (1, Outcome.DERIVED)])
def test_another_time_step_of_the_header_is_reported(kind: str, added: int, outcome: Outcome, round_trip: RoundTrip) -> None:
    forth(round_trip, kind)
    round_trip.edit_image(step(3, added=added))

    (entry,) = round_trip.home(NEW).entries

    assert entry.outcome is outcome
    assert [warning for warning in entry.log.warnings if "volumes are 3 s apart; its sidecar specifies 2 s" in warning]


@pytest.mark.parametrize("change", [step(0), step(1), step(2.0001), step(2000, "msec"), step(7, "hz")])
def test_no_time_step_and_the_same_one_are_not(change: Change, round_trip: RoundTrip) -> None:
    forth(round_trip)
    round_trip.edit_image(change)

    (entry,) = round_trip.home(NEW).entries
    assert not any("apart" in warning for warning in entry.log.warnings)


def test_a_repetition_time_that_was_edited_in_the_sidecar_is_not(round_trip: RoundTrip) -> None:
    forth(round_trip)
    round_trip.edit_sidecar(lambda top: top.update(RepetitionTime=3))
    round_trip.edit_image(step(3))

    (entry,) = round_trip.home(NEW).entries
    assert not any("apart" in warning for warning in entry.log.warnings)


def test_the_time_step_of_an_image_without_clocks_is_that_of_its_sidecar(round_trip: RoundTrip) -> None:
    save(round_trip.dicom, series(lambda ds, t, k: setattr(ds, "AcquisitionTime", clock(2 * t))))
    round_trip.forth(deidentify=True)

    (entry,) = round_trip.home(NEW).entries
    assert not any("apart" in warning for warning in entry.log.warnings)
