"""Times, b-values and gradients of edited images."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np

from phantoms.base import MR, ramp, save, slices
from support.circle import NEW, Circle


def _gradients_after(circle: Circle, b_values: str, vectors: str, edit: Callable | None = None) -> list[str]:
    """Return the warnings, or the error, of an image of three b-values whose .bval and .bvec have other texts."""
    found = slices(ramp(9, 4, 5), MR)
    for n, ds in enumerate(found):
        time, ds.ImagePositionPatient = n // 3, [0, 0, 3 * (n % 3)]
        ds.DiffusionBValue, ds.TemporalPositionIdentifier = 1000.0 * (time > 0), time + 1
        if time:
            ds.DiffusionGradientOrientation = [[1.0, 0, 0], [0, 0.6, 0.8]][time - 1]
    save(circle.dicom, found)
    circle.forth()
    stem = str(circle.image()).removesuffix(".nii.gz")
    for ending, text in ((".bval", b_values), (".bvec", vectors)):
        if text:
            Path(stem + ending).write_text(text, encoding="ascii")
    if edit is not None:
        circle.edit_image(edit)
    return [text for entry in circle.home(NEW).entries for text in (*entry.log.warnings, *filter(None, [entry.error]))]


def test_one_image_of_several_times_has_the_time_and_b_value_of_none(circle: Circle) -> None:
    _gradients_after(circle, "", "")
    shutil.rmtree(circle.back)
    circle.edit_image(lambda image: nibabel.Nifti1Image(image.get_fdata().mean(axis=-1), image.affine))
    (entry,) = circle.home(NEW).entries

    assert any("one time, its original 3" in text for text in entry.log.warnings)
    for ds in circle.returned():
        assert "DiffusionBValue" not in ds
        assert "TemporalPositionIdentifier" not in ds
        assert len(ds.SourceImageSequence) == 3


def test_gradients_of_files_that_were_not_edited_are_no_warning(circle: Circle) -> None:
    assert not _gradients_after(circle, "", "")


def test_edited_gradients_are_reported(circle: Circle) -> None:
    (warning,) = _gradients_after(circle, "0 1000 2000", "0 1 0\n0 0 1\n0 0 0\n")

    assert "time(s) 3 in" in warning
    assert "differ from those of the DICOM, which keeps its own" in warning


def _reversed_times(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    return nibabel.Nifti1Image(np.asarray(image.dataobj)[..., ::-1], image.affine)


def test_volumes_in_another_order_with_their_b_values_are_refused(circle: Circle) -> None:
    (error,) = _gradients_after(circle, "1000 1000 0", "0 1 0\n0.6 0 0\n0.8 0 0\n", _reversed_times)

    assert "voxels were edited, and b-values in .bval differ from those of the DICOM" in error
    assert circle.returned() == []


def test_gradients_that_do_not_fit_are_reported(circle: Circle) -> None:
    (warning,) = _gradients_after(circle, "0 1000", "0 1\n0 0\n0 0\n")

    assert "The DICOM keeps its own" in warning
