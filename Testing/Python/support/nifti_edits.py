"""Edits of NIfTI images for tests: what programs do to the voxels and the grid of an image that was DICOM."""

from __future__ import annotations

from collections.abc import Callable

import nibabel
import numpy as np
import pydicom

from nifti_dicom_bridge import Outcome
from support.round_trip import NEW, RoundTrip


def stored(image: nibabel.Nifti1Image) -> np.ndarray:
    return np.asarray(image.dataobj.get_unscaled())


def with_stored(image: nibabel.Nifti1Image, values: np.ndarray, affine: np.ndarray | None = None) -> nibabel.Nifti1Image:
    found = nibabel.Nifti1Image(values, image.affine if affine is None else affine)
    found.header.set_slope_inter(image.dataobj.slope, image.dataobj.inter)
    return found


def one_voxel(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    values = stored(image).copy()
    first = (0,) * values.ndim
    values[first] = values[first] + 1 if values[first] == 0 else values[first] - 1
    return with_stored(image, values)


def moved(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    affine = image.affine.copy()
    affine[:3, 3] += (0.25, -0.5, 1.0)
    return with_stored(image, stored(image), affine)


def cropped(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    return image.slicer[1:4, 1:, 1:]


def coarser(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    return image.slicer[::2, ::2, :]


def finer_slices(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    affine = image.affine.copy()
    affine[:3, 2] /= 2
    return with_stored(image, np.repeat(stored(image), 2, axis=2), affine)


def turned_in_space(image: nibabel.Nifti1Image) -> nibabel.Nifti1Image:
    angle = 0.1
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return with_stored(image, stored(image), turn @ image.affine)


def edited(round_trip: RoundTrip, phantom: str, change: Callable) -> nibabel.Nifti1Image:
    """Go there, edit, come back; return the edited image."""
    round_trip.make(phantom).forth()
    round_trip.edit_image(change)
    image = nibabel.load(round_trip.image())
    report = round_trip.home(NEW)
    assert [entry.outcome for entry in report.entries] == [Outcome.DERIVED], report.entries[0].error
    return image


def frames_in(found: list[pydicom.Dataset]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, list[float], float, float]]:
    """Return pixels, position, orientation, spacing, slope and intercept of every frame: read by pydicom alone."""
    frames = []
    for ds in found:
        if "PerFrameFunctionalGroupsSequence" not in ds:
            values = (ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.PixelSpacing)
            frames.append(
                (ds.pixel_array, *_floats(values), float(ds.get("RescaleSlope", 1)), float(ds.get("RescaleIntercept", 0)))
            )
            continue
        for own, plane in zip(
            ds.PerFrameFunctionalGroupsSequence, ds.pixel_array.reshape(-1, ds.Rows, ds.Columns), strict=True
        ):
            groups = (own, ds.SharedFunctionalGroupsSequence[0])
            position, turn, measures, rescale = (
                next((group[name][0] for group in groups if name in group), None)
                for name in (
                    "PlanePositionSequence",
                    "PlaneOrientationSequence",
                    "PixelMeasuresSequence",
                    "PixelValueTransformationSequence",
                )
            )
            values = (position.ImagePositionPatient, turn.ImageOrientationPatient, measures.PixelSpacing)
            slope, intercept = (float(rescale.RescaleSlope), float(rescale.RescaleIntercept)) if rescale else (1.0, 0.0)
            frames.append((plane, *_floats(values), slope, intercept))
    return frames


def _floats(values: tuple) -> list[np.ndarray]:
    return [np.array(value, float) for value in values]
