"""Which time a frame of a multi-frame object or a mosaic belongs to."""

from __future__ import annotations

import copy
import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from nifti_dicom_bridge import DicomReadError
from phantoms import PHANTOMS
from phantoms.base import uid
from phantoms.dynamic import enhanced
from support.timed_series import SLICES, TIMES, expected, images, numbers


def _part(start: int, stop: int, number: int) -> Dataset:
    """Return some frames of two times, of which nothing but their order specifies the time, as a part of a concatenation."""
    ds = enhanced([0, 1], instance=number)
    del ds.DimensionIndexSequence
    for groups in ds.PerFrameFunctionalGroupsSequence:
        del groups.FrameContentSequence
    ds.PerFrameFunctionalGroupsSequence = ds.PerFrameFunctionalGroupsSequence[start:stop]
    ds.PixelData, ds.NumberOfFrames = ds.PixelData[40 * start : 40 * stop], stop - start
    ds.ConcatenationUID, ds.InConcatenationNumber, ds.ConcatenationFrameOffsetNumber = uid(6), number, start
    return ds


@pytest.mark.parametrize("bounds", [(0, 6, 12), (0, 5, 7, 12)])
@pytest.mark.parametrize("numbered", [True, False])
def test_parts_of_a_concatenation_in_any_order(bounds: tuple[int, ...], numbered: bool, tmp_path: Path) -> None:
    found = [_part(start, stop, n) for n, (start, stop) in enumerate(pairwise(bounds), 1)]
    for ds in [] if numbered else found:
        ds.InstanceNumber = 1

    (volume,) = images(tmp_path, found[::-1])

    assert numbers(volume) == expected([0, 1])


@pytest.mark.parametrize("bounds", [(0, 6, 12), (0, 10, 12), (0, 2, 12), (0, 5, 7, 12), (0, 1, 8, 12)])
def test_parts_without_offset_are_in_the_order_of_their_numbers(bounds: tuple[int, ...], tmp_path: Path) -> None:
    """Times were mixed, as the offset was taken for that of parts of one size (PS3.3 C.7.6.16.2.2.4)."""
    found = [_part(start, stop, n) for n, (start, stop) in enumerate(pairwise(bounds), 1)]
    for ds in found:
        del ds.ConcatenationFrameOffsetNumber
        ds.InstanceNumber = 1

    (volume,) = images(tmp_path, found[::-1])

    assert numbers(volume) == expected([0, 1])


@pytest.mark.parametrize("bounds", [(0, 10, 12), (0, 2, 12), (0, 5, 7, 12), (0, 4, 8, 12)])
def test_parts_whose_order_is_unknown_are_refused(bounds: tuple[int, ...], tmp_path: Path) -> None:
    found = [_part(start, stop, n) for n, (start, stop) in enumerate(pairwise(bounds), 1)]
    for ds in found:
        del ds.ConcatenationFrameOffsetNumber, ds.InConcatenationNumber

    with pytest.raises(DicomReadError, match="nothing states which of them belong to one time"):
        images(tmp_path, found)


def test_frames_at_one_position_that_count_as_slices_are_reported(tmp_path: Path) -> None:
    ds = enhanced([0], by_index=False)
    for n, groups in enumerate(ds.PerFrameFunctionalGroupsSequence, 1):
        groups.PlanePositionSequence[0].ImagePositionPatient = [0, 0, 0]
        groups.FrameContentSequence[0].InStackPositionNumber = n

    (volume,) = images(tmp_path, [ds])

    assert any("different values of InStackPositionNumber (0020,9057)" in words for words in volume.warnings)


@pytest.mark.parametrize("by_index", [True, False])
def test_frames_of_an_enhanced_object_in_any_order(by_index: bool, tmp_path: Path) -> None:
    order = list(range(TIMES * SLICES))
    random.Random(3).shuffle(order)

    (volume,) = images(tmp_path, [enhanced(list(range(TIMES)), order, by_index)])

    assert numbers(volume) == expected(list(range(TIMES)))


def test_one_object_for_each_time_in_any_order(tmp_path: Path) -> None:
    found = [enhanced([t], instance=9 - t) for t in (2, 0, 3, 1)]

    (volume,) = images(tmp_path, found)

    assert numbers(volume) == expected(list(range(TIMES)))


@pytest.mark.slow
@settings(max_examples=25)
@given(times=st.integers(2, 5), by_index=st.booleans(), objects=st.booleans(), chance=st.randoms(use_true_random=False))
def test_enhanced_objects_in_any_order_of_frames_and_files(
    tmp_path_factory: pytest.TempPathFactory, times: int, by_index: bool, objects: bool, chance: random.Random
) -> None:
    parts = [[t] for t in range(times)] if objects else [list(range(times))]
    found = []
    for n, part in enumerate(parts):
        order = chance.sample(range(len(part) * SLICES), len(part) * SLICES)
        found.append(enhanced(part, order, by_index, instance=times - n))
    chance.shuffle(found)

    (volume,) = images(tmp_path_factory.mktemp("enhanced"), found)

    assert numbers(volume) == expected(list(range(times)))


@pytest.mark.slow
@settings(max_examples=25)
@given(
    times=st.integers(2, 5), gone=st.integers(0, 4), shift=st.sampled_from([0.0, 0.3]), chance=st.randoms(use_true_random=False)
)
def test_mosaics_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, times: int, gone: int, shift: float, chance: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("mosaic")
    PHANTOMS["mosaic"].write(folder)
    first = pydicom.dcmread(min(folder.iterdir()))
    normal = np.cross(first.ImageOrientationPatient[:3], first.ImageOrientationPatient[3:])
    found = []
    for t in range(times):
        ds = copy.deepcopy(first)
        ds.AcquisitionNumber, ds.InstanceNumber = t + 1, chance.randrange(100)
        ds.ImagePositionPatient = [round(float(p), 6) for p in np.array(first.ImagePositionPatient, float) + t * shift * normal]
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(6, t)
        ds.PixelData = (first.pixel_array + 100 * t).astype(first.pixel_array.dtype).tobytes()
        found.append(ds)
    left = [ds for t, ds in enumerate(found) if t != gone or times == 2]
    chance.shuffle(left)

    (volume,) = images(tmp_path_factory.mktemp("series"), left)

    wanted = [t for t in range(times) if t != gone or times == 2]
    assert (volume.voxels[:, 0, 0, 0] - first.pixel_array[0, 0]).tolist() == [100 * t for t in wanted]
    assert volume.voxels.shape[0] == len(wanted)
