"""Pixel data that are made frame by frame are those that are made at once."""

from __future__ import annotations

import numpy as np
import pytest

from nifti_dicom_bridge import PixelError
from nifti_dicom_bridge.formats.dicom.created.label_map import LabelMap
from nifti_dicom_bridge.formats.dicom.frame_bytes import FrameBytes
from nifti_dicom_bridge.formats.dicom.reading.data_sets.data_set_writing import element_header
from nifti_dicom_bridge.model.metadata import Encoding, Log
from nifti_dicom_bridge.model.volume import Volume
from nifti_dicom_bridge.model.voxels.pixel_bytes import bytes_from_frames
from nifti_dicom_bridge.model.voxels.pixels import PixelFormat
from nifti_dicom_bridge.standard.tags import Tag

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("rows", "columns"), [(8, 8), (6, 6), (5, 4), (3, 2), (5, 7)])
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8])
def test_frames_of_bits_are_packed_as_all_together(rows, columns, dtype):
    frames = (RNG.random((11, rows, columns)) > 0.5).astype(dtype)
    pixel = PixelFormat(rows, columns, bits_allocated=1, bits_stored=1, high_bit=0)
    whole = bytes(bytes_from_frames(frames, pixel))
    made = b"".join(map(bytes, FrameBytes(lambda start, stop: frames[start:stop], len(frames), pixel)))
    assert made == whole + bytes(len(whole) % 2)


@pytest.mark.parametrize(("pixels", "most"), [(64, 1), (36, 2), (20, 2), (6, 4), (35, 8)])
def test_no_more_frames_of_bits_are_made_at_once_than_are_whole_bytes(pixels, most):
    asked = []

    def frames(start: int, stop: int) -> np.ndarray:
        asked.append(stop - start)
        return np.zeros((stop - start, 1, pixels), np.uint8)

    list(FrameBytes(frames, 16, PixelFormat(1, pixels, bits_allocated=1, bits_stored=1, high_bit=0)))
    assert max(asked) == most


def test_labels_are_found_in_all_parts_of_a_large_plane():
    voxels = np.zeros((1, 1, 300, 300), np.uint8)
    voxels[0, 0, [0, 150, 299], [0, 7, 299]] = 1, 200, 255
    assert LabelMap.of(Volume(voxels, np.eye(4)), Log()).labels == [[frozenset({1, 200, 255})]]


def test_more_pixel_data_than_one_object_has_are_refused():
    frames = FrameBytes(lambda start, stop: np.zeros((stop - start, 4096, 4096), np.uint16), 128, PixelFormat(4096, 4096))
    with pytest.raises(PixelError, match="at most 4294967294"):
        element_header(Tag.PIXEL_DATA, "OW", len(frames), Encoding())
