"""Times, b-values and gradients of edited images."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np

from phantoms.base import MR, ramp, save, slices
from support.round_trip import NEW, RoundTrip


def _gradients_after(round_trip: RoundTrip, b_values: str, vectors: str, edit: Callable | None = None) -> list[str]:
    """Return the warnings, or the error, of an image of three b-values whose .bval and .bvec have other texts."""
    found = slices(ramp(9, 4, 5), MR)
    for n, ds in enumerate(found):
        time, ds.ImagePositionPatient = n // 3, [0, 0, 3 * (n % 3)]
        ds.DiffusionBValue, ds.TemporalPositionIdentifier = 1000.0 * (time > 0), time + 1
        if time:
            ds.DiffusionGradientOrientation = [[1.0, 0, 0], [0, 0.6, 0.8]][time - 1]
    save(round_trip.dicom, found)
    round_trip.forth()
    stem = str(round_trip.image()).removesuffix(".nii.gz")
    for ending, text in ((".bval", b_values), (".bvec", vectors)):
        if text:
            Path(stem + ending).write_text(text, encoding="ascii")
    if edit is not None:
        round_trip.edit_image(edit)
    return [text for entry in round_trip.home(NEW).entries for text in (*entry.log.warnings, *filter(None, [entry.error]))]


def test_one_image_of_several_times_has_the_time_and_b_value_of_none(round_trip: RoundTrip) -> None:
    _gradients_after(round_trip, "", "")
    shutil.rmtree(round_trip.back)
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(image.get_fdata().mean(axis=-1), image.affine))
    (entry,) = round_trip.home(NEW).entries

    assert any("one time, its original 3" in text for text in entry.log.warnings)
    for ds in round_trip.returned():
        assert "DiffusionBValue" not in ds
        assert "TemporalPositionIdentifier" not in ds
        assert len(ds.SourceImageSequence) == 3


def test_gradients_of_files_that_were_not_edited_are_no_warning(round_trip: RoundTrip) -> None:
    assert not _gradients_after(round_trip, "", "")


def test_edited_gradients_are_reported(round_trip: RoundTrip) -> None:
    (warning,) = _gradients_after(round_trip, "0 1000 2000", "0 1 0\n0 0 1\n0 0 0\n")

    assert "time(s) 3 in" in warning
    assert "differ from those of the DICOM, which keeps its own" in warning


def _reversed_times(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    return nibabel.Nifti1Image(np.asarray(image.dataobj)[..., ::-1], image.affine)


def test_volumes_in_another_order_with_their_b_values_are_refused(round_trip: RoundTrip) -> None:
    (error,) = _gradients_after(round_trip, "1000 1000 0", "0 1 0\n0.6 0 0\n0.8 0 0\n", _reversed_times)

    assert "voxels were edited, and b-values in .bval differ from those of the DICOM" in error
    assert round_trip.returned() == []


def test_gradients_that_do_not_fit_are_reported(round_trip: RoundTrip) -> None:
    (warning,) = _gradients_after(round_trip, "0 1000", "0 1\n0 0\n0 0\n")

    assert "The DICOM keeps its own" in warning
