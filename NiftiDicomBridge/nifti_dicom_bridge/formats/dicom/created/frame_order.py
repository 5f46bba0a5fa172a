"""The order of frames in a Segmentation or Parametric Map: along the normal, as readers expect that look at no position."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydicom.dataset import Dataset

from ....model.space.geometry import normal_of
from ....model.voxels.pixel_bytes import bytes_from_frames, frames_from_bytes
from ....model.voxels.pixels import PixelFormat

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def sort_frames(made: Dataset) -> None:
    """Sort the frames of an object by segment, then along the normal (row × column); its dimension indices too.

    highdicom sorts them against the normal; dcmqi, and with it 3D Slicer, puts a Parametric Map together in the order of its
    frames, whatever their positions.

    Parameters
    ----------
    made : Dataset
        With functional groups and native pixel data; changed in place.
    """
    orientation = made.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient
    normal = normal_of(np.array([float(number) for number in orientation]))
    items = list(made.PerFrameFunctionalGroupsSequence)
    distances = [round(float(np.array(_position(item)) @ normal), 6) for item in items]
    segments = [_segment(item) for item in items]
    order = sorted(range(len(items)), key=lambda n: (segments[n], distances[n]))
    places = {distance: n for n, distance in enumerate(sorted(set(distances)), 1)}
    for item, distance in zip(items, distances, strict=True):
        content = item.FrameContentSequence[0]
        values = content.DimensionIndexValues
        before = list(values)[:-1] if isinstance(values, Sequence) else []
        content.DimensionIndexValues = [*before, places[distance]]
    made.PerFrameFunctionalGroupsSequence = [items[n] for n in order]
    _sort_pixels(made, order)


def _position(item: Dataset) -> list[float]:
    return [float(number) for number in item.PlanePositionSequence[0].ImagePositionPatient]


def _segment(item: Dataset) -> int:
    groups = item.get("SegmentIdentificationSequence")
    return int(groups[0].ReferencedSegmentNumber) if groups else 0


def _sort_pixels(made: Dataset, order: list[int]) -> None:
    keyword = next(name for name in _PIXELS if name in made)
    pixel = PixelFormat(
        int(made.Rows), int(made.Columns), bits_allocated=int(made.BitsAllocated), floating=keyword != "PixelData"
    )
    raw = getattr(made, keyword)
    if (
        pixel.rows * pixel.columns * pixel.bits_allocated < 8
    ):  # highdicom pads each of such frames to a byte, against PS3.5 8.1.1
        bits = np.unpackbits(np.frombuffer(raw, np.uint8, len(order))[:, None], axis=1, bitorder="little")
        packed = bytes_from_frames(bits[order, : pixel.rows * pixel.columns], pixel)
    elif pixel.rows * pixel.columns * pixel.bits_allocated % 8:
        packed = bytes_from_frames(frames_from_bytes(raw, pixel, len(order))[order], pixel)
    else:
        length = pixel.bytes_of(1)
        packed = np.frombuffer(raw, np.uint8, length * len(order)).reshape(-1, length)[order].tobytes()
    setattr(made, keyword, bytes(packed))
