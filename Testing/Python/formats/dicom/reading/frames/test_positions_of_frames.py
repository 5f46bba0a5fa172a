"""Positions in multi-frame objects without functional groups: at the top level, in the detector, by offsets and locations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge.model.volume import UNPLACED
from phantoms.base import AXIAL, CT, MR
from phantoms.multiframe import group
from phantoms.series import OBLIQUE
from support.placed_frames import FRAMES, NM, multi_frame, volumes


def nuclear(spacing: str = "4") -> Dataset:
    """Return a reconstructed NM object, whose place is in its detector."""
    ds = multi_frame(NM, Modality="NM", SliceVector=list(range(1, FRAMES + 1)), SpacingBetweenSlices=spacing)
    detector = group(ImagePositionPatient=ds.ImagePositionPatient, ImageOrientationPatient=ds.ImageOrientationPatient)
    del ds.ImagePositionPatient, ds.ImageOrientationPatient
    ds.DetectorInformationSequence = [detector]
    return ds


@pytest.mark.parametrize("orientation", [AXIAL, OBLIQUE])
@pytest.mark.parametrize("spacing", ["0.25", "-0.25", None])
def test_place_at_the_top_level(orientation: tuple, spacing: str | None, tmp_path: Path) -> None:
    ds = multi_frame(orientation=orientation)
    if spacing:
        ds.SpacingBetweenSlices = spacing
    step = float(spacing or 0.5)

    (volume,) = volumes(tmp_path, ds)

    normal = np.cross(orientation[:3], orientation[3:])
    first, last = (0, FRAMES - 1) if step > 0 else (FRAMES - 1, 0)
    origin = np.array([-3.0, -2.4, 10.0]) + normal * step * first
    assert np.allclose(volume.ijk_to_ras[:3, 3] * [-1, -1, 1], origin, atol=1e-6)
    assert np.allclose(volume.ijk_to_ras[:3, 2] * [-1, -1, 1], normal * abs(step), atol=1e-6)
    assert volume.voxels[0, 0, 0, 0] == 20 * first
    assert volume.voxels[0, -1, 0, 0] == 20 * last


@pytest.mark.parametrize("spacing", ["4", "-4"])
def test_place_in_the_detector(spacing: str, tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, nuclear(spacing))

    origin = 10.0 if spacing == "4" else 10.0 - 4 * (FRAMES - 1)
    assert np.allclose(volume.ijk_to_ras[:3, 3], [3.0, 2.4, origin])
    assert volume.voxels[0, 0, 0, 0] == (0 if spacing == "4" else 20 * (FRAMES - 1))


@pytest.mark.parametrize("vector", ["TimeSlotVector", "PhaseVector", "TimeSliceVector", "RRIntervalVector"])
def test_frames_of_a_gated_or_dynamic_object_are_times(vector: str, tmp_path: Path) -> None:
    ds = nuclear()
    ds.SliceVector = [1, 2, 3, 1, 2, 3]
    setattr(ds, vector, [2, 2, 2, 1, 1, 1])

    (volume,) = volumes(tmp_path, ds)

    assert volume.voxels[:, :, 0, 0].tolist() == [[60, 80, 100], [0, 20, 40]]


@pytest.mark.parametrize("vector", ["EnergyWindowVector", "DetectorVector"])
def test_energy_windows_and_detectors_are_images_of_their_own(vector: str, tmp_path: Path) -> None:
    ds = nuclear()
    ds.SliceVector = [1, 2, 3, 1, 2, 3]
    setattr(ds, vector, [1, 1, 1, 2, 2, 2])

    found = volumes(tmp_path, ds)

    assert [volume.voxels[0, :, 0, 0].tolist() for volume in found] == [[0, 20, 40], [60, 80, 100]]


def test_frames_in_time_at_one_place_are_times(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, multi_frame(MR, FrameTime="40", FrameIncrementPointer=0x00181063))

    assert volume.voxels.shape == (FRAMES, 1, 4, 5)


DOSE = "1.2.840.10008.5.1.4.1.1.481.2"


@pytest.mark.parametrize("offsets", [[0, 3, 6], [0]])
def test_offsets_that_are_not_those_of_the_frames_are_reported(offsets: list[int], tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, multi_frame(DOSE, GridFrameOffsetVector=offsets, SliceThickness=None))

    words = f"GridFrameOffsetVector (3004,000C) has {len(offsets)} values for {FRAMES} frames"
    assert any(words in warning for warning in volume.warnings)
    assert any("the distance of slices is assumed to be 1 mm" in warning for warning in volume.warnings)


@pytest.mark.parametrize(("first", "is_doubted"), [(10.0, False), (0.0, True)])
@pytest.mark.parametrize("step", [3.0, -3.0])
def test_locations_of_slices_are_the_places_of_frames(step: float, first: float, is_doubted: bool, tmp_path: Path) -> None:
    """They were ignored: slices had the distance of SliceThickness, and descending ones were upside down."""
    ds = multi_frame(CT, SliceLocationVector=[first + step * n for n in range(FRAMES)], FrameIncrementPointer=0x00182005)

    (volume,) = volumes(tmp_path, ds)

    assert np.allclose(volume.ijk_to_ras[:3, 2], [0, 0, 3])
    assert volume.voxels[0, 0, 0, 0] == (0 if step > 0 else 20 * (FRAMES - 1))
    assert volume.ijk_to_ras[2, 3] == (10 if step > 0 else 10 + step * (FRAMES - 1))
    assert any("SliceLocationVector (0018,2005), whose direction" in warning for warning in volume.warnings) == is_doubted


@pytest.mark.parametrize(("orientation", "first"), [((1, 0, 0, 0, -1, 0), 10.0), (AXIAL, -10.0)])
def test_locations_count_against_the_normal_if_that_of_the_first_frame_does(
    orientation: tuple, first: float, tmp_path: Path
) -> None:
    """They were upside down, with a note that their direction is not specified."""
    ds = multi_frame(CT, orientation, SliceLocationVector=[first + np.sign(first) * 3 * n for n in range(FRAMES)])

    (volume,) = volumes(tmp_path, ds)

    place = volume.ijk_to_ras[2, 3] + volume.ijk_to_ras[2, 2] * np.arange(FRAMES)
    assert sorted(zip(volume.voxels[0, :, 0, 0].tolist(), place.tolist(), strict=True)) == [
        (20 * n, 10 + 3 * n) for n in range(FRAMES)
    ]
    assert not any("whose direction" in warning for warning in volume.warnings)


def test_locations_that_are_all_the_same_are_reported(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, multi_frame(CT, SliceLocationVector=[5] * FRAMES))

    assert volume.voxels.shape[1] == FRAMES
    assert any("same value for all frames" in warning for warning in volume.warnings)


@pytest.mark.parametrize(("pointer", "is_reported"), [(None, True), (0x00181063, False)])
def test_frames_without_positions_are_reported_unless_they_are_times(
    pointer: int | None, is_reported: bool, tmp_path: Path
) -> None:
    ds = multi_frame(CT)
    del ds.ImagePositionPatient, ds.ImageOrientationPatient
    if pointer:
        ds.FrameIncrementPointer, ds.FrameTime = pointer, "40"

    (volume,) = volumes(tmp_path, ds)

    assert any("they are stacked in their order" in warning for warning in volume.warnings) == is_reported
    assert any("SliceThickness (0018,0050)" in warning for warning in volume.warnings) == is_reported


def test_offsets_that_are_coordinates_of_the_patient(tmp_path: Path) -> None:
    offsets = [10.0 + 3 * n for n in range(FRAMES)]

    (volume,) = volumes(tmp_path, multi_frame(DOSE, (-1, 0, 0, 0, 1, 0), GridFrameOffsetVector=offsets))

    last = volume.ijk_to_ras @ [0, 0, FRAMES - 1, 1]
    assert sorted([float(volume.ijk_to_ras[2, 3]), float(last[2])]) == [offsets[0], offsets[-1]]


def _nuclear_medicine(positions: list[float], **vectors: list[int]) -> Dataset:
    """Return an NM object whose detectors are at some positions."""
    ds = multi_frame(NM, **vectors)
    del ds.ImagePositionPatient, ds.ImageOrientationPatient
    places = [group(ImagePositionPatient=[0, 0, z], ImageOrientationPatient=list(AXIAL)) for z in positions]
    ds.DetectorInformationSequence = places
    return ds


def test_projections_are_not_slices(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, _nuclear_medicine([5], AngularViewVector=list(range(1, FRAMES + 1))))

    assert volume.space == UNPLACED
    assert any("projections" in warning for warning in volume.warnings)


def test_frames_of_two_detectors_are_each_at_its_place(tmp_path: Path) -> None:
    found = volumes(tmp_path, _nuclear_medicine([5, -70], DetectorVector=[1] * 3 + [2] * 3))

    assert {float(volume.ijk_to_ras[2, 3]): volume.voxels[:, 0, 0, 0].tolist() for volume in found} == {
        5.0: [0, 20, 40], -70.0: [60, 80, 100],
    }  # fmt: skip


@pytest.mark.parametrize("number", [0, 3])
def test_frames_of_a_detector_that_is_not_described_have_no_place(number: int, tmp_path: Path) -> None:
    found = volumes(tmp_path, _nuclear_medicine([5, -70], DetectorVector=[1] * 3 + [number] * 3))

    assert {int(volume.voxels[0, 0, 0, 0]): volume.space for volume in found}[60] == UNPLACED


def test_frames_that_no_number_counts_are_reported(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, multi_frame(NumberOfFrames=FRAMES - 1))

    assert any("room for 1 more frame(s)" in warning for warning in volume.warnings)


def test_offsets_of_a_dose_that_are_of_neither_form_are_reported(tmp_path: Path) -> None:
    (volume,) = volumes(tmp_path, multi_frame(DOSE, GridFrameOffsetVector=[n + 500 for n in range(FRAMES)]))

    assert any("which is neither 0 nor the coordinate z" in words for words in volume.warnings)
