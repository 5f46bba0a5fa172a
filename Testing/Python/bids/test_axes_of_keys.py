"""BIDS keys along an axis of the image: phase encoding and slice timing keep their direction in the patient."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import SlicePlane
from nifti_dicom_bridge.model.volume import Volume, reoriented
from support.bids_to_dicom import MATRIX, made, save, sentences, there_and_back
from support.grids import ORIENTATIONS


def vector(letter: str, matrix: np.ndarray) -> np.ndarray:
    """Return the direction (RAS) of ``j-`` and the like."""
    axis = matrix[:3, "ijk".index(letter[0])]
    return axis / np.linalg.norm(axis) * (-1 if letter.endswith("-") else 1)


def stored(order: tuple[int, ...], flips: tuple[int, ...]) -> Volume:
    """Return an image of 6 × 5 × 4 voxels, stored in another order and direction."""
    return reoriented(Volume(np.arange(120, dtype=np.int16).reshape(1, 4, 5, 6), MATRIX), order, flips)


def save_stored(image: Volume, **sidecar: Any) -> Path:
    return save(image.voxels[0].T, image.ijk_to_ras, **sidecar)


def matrix_of_what_came_back() -> np.ndarray:
    (path,) = Path("nifti").glob("*.nii*")
    return nibabel.load(path).affine


@pytest.mark.parametrize(("order", "flips"), ORIENTATIONS)
def test_phase_encoding_keeps_its_direction_in_the_patient(there: Path, order: tuple, flips: tuple) -> None:
    image, letter = stored(order, flips), random.Random(str((order, flips))).choice(["i", "i-", "j", "j-", "k", "k-"])

    found = there_and_back(save_stored(image, PhaseEncodingDirection=letter, Manufacturer="Siemens"))

    now = vector(found["PhaseEncodingDirection"], matrix_of_what_came_back())
    assert now @ vector(letter, image.ijk_to_ras) > 0.98
    assert "PhaseEncodingAxis" not in found


@pytest.mark.parametrize("letter", ["i", "i-", "j", "j-"])
@pytest.mark.parametrize("plane", [SlicePlane.AXIAL, SlicePlane.AS_STORED])
def test_rows_columns_and_sense_are_those_of_the_slices(there: Path, letter: str, plane: SlicePlane) -> None:
    ds = made(save(PhaseEncodingDirection=letter, Manufacturer="GE"), plane=plane)[0]

    cosines = np.array(ds.ImageOrientationPatient, float)
    along = {"ROW": cosines[:3], "COL": cosines[3:]}[ds.InPlanePhaseEncodingDirection]
    sense = {"REVERSE_LINEAR": 1, "LINEAR": -1}[ds.RectilinearPhaseEncodeReordering]
    assert sense * along @ (np.array([-1, -1, 1]) * vector(letter, MATRIX)) > 0.98


def test_sense_is_not_in_an_attribute_that_others_do_not_read_as_one(there: Path) -> None:
    assert "RectilinearPhaseEncodeReordering" not in made(save(PhaseEncodingDirection="j", Manufacturer="Siemens"))[0]


def test_phase_encoding_along_the_slices_is_reported_as_inexpressible(there: Path) -> None:
    path = save(PhaseEncodingDirection="k")
    assert "phase encoding is along the slices" in sentences(path)
    assert "InPlanePhaseEncodingDirection" not in made(path)[0]


def test_rows_and_columns_of_the_original_planes_are_turned_with_them(there: Path) -> None:
    path = save(InPlanePhaseEncodingDirectionDICOM="ROW", ImageOrientationPatientDICOM=[0, 1, 0, 1, 0, 0])
    assert made(path, plane=SlicePlane.AXIAL)[0].InPlanePhaseEncodingDirection == "COL"


def moments(times: list[float], letter: str, matrix: np.ndarray) -> dict[int, float]:
    """Return place of a slice along its axis (mm) → its time."""
    listed = times[::-1] if letter.endswith("-") else times
    axis = matrix[:3, "ijk".index(letter[0])]
    places = [matrix[:3, 3] + n * axis for n in range(len(listed))]
    return {round(10 * float(place @ vector_of_slices)): time for place, time in zip(places, listed, strict=True)}


vector_of_slices = MATRIX[:3, 2] / np.linalg.norm(MATRIX[:3, 2])


@pytest.mark.parametrize(("order", "flips"), ORIENTATIONS)
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("manufacturer", ["Siemens", "GE"])
def test_slices_keep_their_times(there: Path, order: tuple, flips: tuple, sign: str, manufacturer: str) -> None:
    image, times = stored(order, flips), [0, 1.123456789, 0.5, 1.5]
    letter = "ijk"[order.index(2)] + sign

    found = there_and_back(
        save_stored(image, SliceTiming=times, SliceEncodingDirection=letter, Manufacturer=manufacturer, RepetitionTime=2,
                    AcquisitionTime="10:11:12.000000")
    )  # fmt: skip

    letters = found["SliceEncodingDirection"]
    before, after = moments(times, letter, image.ijk_to_ras), moments(found["SliceTiming"], letters, matrix_of_what_came_back())
    corner = min(before) - min(after)  # of sheared axes, places along one depend on where the grid begins
    assert {place + corner: time for place, time in after.items()} == before


def test_slice_timing_without_axis_is_reversed_with_the_slices(there: Path) -> None:
    image = stored((0, 1, 2), (1, 1, -1))
    found = there_and_back(save_stored(image, SliceTiming=[0, 1.123456789, 0.5, 1.5], RepetitionTime=2))
    forward = matrix_of_what_came_back()[:3, 2] @ image.ijk_to_ras[:3, 2] > 0
    assert found["SliceTiming"] == ([0, 1.123456789, 0.5, 1.5] if forward else [1.5, 0.5, 1.123456789, 0])
    assert "SliceEncodingDirection" not in found
