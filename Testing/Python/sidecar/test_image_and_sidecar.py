"""Which sidecar belongs to an image."""

from __future__ import annotations

import shutil
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import OptionError, Outcome
from support.round_trip import NEW, RoundTrip, names_in


def test_a_missing_sidecar_is_an_error_where_the_original_is_asked_for(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.sidecar().unlink()

    (entry,) = round_trip.home().entries

    assert entry.outcome is Outcome.FAILED
    assert "sidecar" in entry.error
    assert names_in(round_trip.back) == []


def test_without_sidecar_something_new_is_made_and_that_is_reported(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.sidecar().unlink()

    (entry,) = round_trip.home(NEW).entries

    assert entry.outcome is Outcome.CONVERTED
    assert any("no sidecar" in warning for warning in entry.log.warnings)


def test_an_image_is_deidentified_by_the_record_of_a_sidecar_that_is_named(round_trip: RoundTrip) -> None:
    """They were refused together, as a sidecar that is named had no record."""
    round_trip.make("classic_ct").forth()
    named = round_trip.sidecar().rename(round_trip.folder / "elsewhere.json")

    (entry,) = round_trip.home(NEW, sidecar=named, deidentify=True).entries

    assert (entry.outcome, entry.error) == (Outcome.REISSUED, "")
    original = pydicom.dcmread(next(round_trip.dicom.rglob("*.dcm")))
    assert original.PatientName not in {ds.PatientName for ds in round_trip.returned()}


def test_a_sidecar_that_is_named_restores_the_original(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    named = round_trip.sidecar().rename(round_trip.folder / "elsewhere.json")

    (entry,) = round_trip.home(NEW, sidecar=named).entries

    assert entry.outcome is Outcome.REISSUED


def test_an_edit_of_a_sidecar_that_is_named_is_written(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    round_trip.edit_sidecar(lambda top: top.update(BodyPart="HEAD"))
    named = round_trip.sidecar().rename(round_trip.folder / "elsewhere.json")

    round_trip.home(NEW, sidecar=named)

    assert {ds.BodyPartExamined for ds in round_trip.returned()} == {"HEAD"}


def test_a_sidecar_with_a_record_is_for_one_image(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    named = round_trip.sidecar().rename(round_trip.folder / "elsewhere.json")
    shutil.copy(round_trip.image(), round_trip.nifti / "other.nii.gz")

    with pytest.raises(OptionError, match="is for one image"):
        round_trip.home(NEW, sidecar=named)


def _without_description(image: Path) -> Path:
    """Take the description out of the header, as many tools do."""
    loaded = nibabel.load(image, mmap=False)
    loaded.header["descrip"] = b""
    nibabel.save(nibabel.Nifti1Image(loaded.dataobj.get_unscaled(), loaded.affine, loaded.header), image)
    return image


def test_a_record_whose_image_was_renamed_is_named(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    image, sidecar = round_trip.image(), round_trip.sidecar().name
    _without_description(image).rename(image.with_name("sub-01_T1w.nii.gz"))

    (entry,) = round_trip.home(NEW).entries

    assert any(f"{sidecar} has the record of an image that is not there" in text for text in entry.log.warnings)


@pytest.mark.parametrize(
    "other",
    [
        np.zeros((5, 4, 3, 7), np.int16),
        np.zeros((5, 4, 3, 1, 3), np.int16),
        np.zeros((5, 4, 3), np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])),
    ],
    ids=["more times", "more samples", "color"],
)
def test_the_sidecar_of_another_image_is_refused(other: np.ndarray, round_trip: RoundTrip) -> None:
    round_trip.make("mr_4d").forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(other, image.affine))

    (entry,) = round_trip.home().entries

    assert entry.outcome is Outcome.FAILED
    assert "do not belong together" in entry.error


def test_an_image_of_another_shape_elsewhere_in_space_is_refused(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()
    affine = np.diag([1.0, 1, 1, 1])
    affine[:3, 3] = 5000
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.zeros((7, 7, 7), np.int16), affine))

    (entry,) = round_trip.home().entries

    assert entry.outcome is Outcome.FAILED
    assert "position of the image differ" in entry.error
