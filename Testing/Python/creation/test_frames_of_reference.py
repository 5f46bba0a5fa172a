"""Images of one study on one grid share a frame of reference, in whatever order they are stored; others do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nifti_dicom_bridge.creation.frames_of_reference import Spaces
from nifti_dicom_bridge.model.volume import Volume, reoriented
from support.grids import OBLIQUE, ORIENTATIONS

SHAPE = (1, 4, 5, 6)
VOXEL_MM = np.linalg.norm(OBLIQUE[:3, :3], axis=0).min()
turns = st.sampled_from(ORIENTATIONS)


def image(off_voxels: float = 0.0, axis: int = 0, shape: tuple[int, ...] = SHAPE, turn: tuple = ORIENTATIONS[0]) -> Volume:
    """Return an image that is moved along an axis of the patient, stored in some order."""
    matrix = OBLIQUE.copy()
    matrix[axis, 3] += off_voxels * VOXEL_MM
    return reoriented(Volume(np.zeros(shape, np.uint8), matrix), *turn)


@given(turns, turns, st.floats(-0.04, 0.04), st.integers(0, 2))
def test_one_grid_is_one_frame_of_reference(first: tuple, second: tuple, off: float, axis: int) -> None:
    spaces = Spaces()
    assert spaces.uid_of("1.2.3", image(turn=first)) == spaces.uid_of("1.2.3", image(off, axis, turn=second))


@given(turns, turns, st.sampled_from([-2.0, -0.06, 0.06, 0.5]), st.integers(0, 2))
def test_another_place_is_another_frame_of_reference(first: tuple, second: tuple, off: float, axis: int) -> None:
    spaces = Spaces()
    assert spaces.uid_of("1.2.3", image(turn=first)) != spaces.uid_of("1.2.3", image(off, axis, turn=second))


@pytest.mark.parametrize("shape", [(1, 5, 5, 6), (1, 4, 4, 6), (1, 4, 5, 7)])
def test_another_size_is_another_frame_of_reference(shape: tuple[int, ...]) -> None:
    spaces = Spaces()
    assert spaces.uid_of("1.2.3", image()) != spaces.uid_of("1.2.3", image(shape=shape))


def test_another_number_of_times_is_not() -> None:
    spaces = Spaces()
    assert spaces.uid_of("1.2.3", image()) == spaces.uid_of("1.2.3", image(shape=(3, *SHAPE[1:])))


@pytest.mark.parametrize("template", [{"space": "mni"}, {"name": "sub-01_space-MNI152NLin6Asym_T1w"}])
def test_a_template_is_another_frame_of_reference(template: dict[str, str]) -> None:
    spaces = Spaces()
    in_template = spaces.uid_of("1.2.3", replace(image(), **template))
    assert in_template != spaces.uid_of("1.2.3", image())
    assert in_template == spaces.uid_of("1.2.3", replace(image(), name="sub-01_space-MNI152NLin6Asym_dseg"))
    assert spaces.uid_of("1.2.3", image()) == spaces.uid_of("1.2.3", replace(image(), name="sub-01_space-T1w_dseg"))


def test_another_study_is() -> None:
    spaces = Spaces()
    assert spaces.uid_of("1.2.3", image()) != spaces.uid_of("1.2.4", image())
