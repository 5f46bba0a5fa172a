"""The frames of a Segmentation of label maps: their pixels are made when they are written.

highdicom makes an object of all its pixels at once. It is given small planes in place of the true ones, each with a pixel for
every segment that the plane contains, so that its attributes are those of the true planes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from ....model.voxels.pixels import PixelFormat
from ....options import SegmentationForm
from ..frame_bytes import FrameBytes
from .label_map import LabelMap
from .placement import Placement

_MULTIPLE = 8
"""Small planes have a multiple of this number of pixels: their frames are whole bytes then."""


@dataclass(frozen=True)
class SegmentPlanes:
    """Label maps of one time, and the segments of an object.

    Attributes
    ----------
    maps : sequence of LabelMap
        On one grid; segments of several maps may overlap.
    time : int
        Which of their times.
    labels : dict of int to int
        Number of each segment, ascending → its label.
    kind : SegmentationForm
        ``BINARY`` or ``LABELMAP``.
    """

    maps: Sequence[LabelMap]
    time: int
    labels: dict[int, int]
    kind: SegmentationForm

    @property
    def length(self) -> int:
        """How many bytes of pixel data an object has at least; ``BINARY`` ones have no empty frames."""
        slices = self.maps[0].labels[self.time]
        pixels = math.prod(self.maps[0].voxels.shape[2:4])
        if self.kind is SegmentationForm.LABELMAP:
            return len(slices) * pixels
        frames = sum(len(set().union(*(one.labels[self.time][k] for one in self.maps))) for k in range(len(slices)))
        return frames * pixels // 8

    def small(self) -> np.ndarray:
        """Return small planes, shape (slices, 1, pixels), or (slices, 1, pixels, segments) of several label maps.

        Without a frame, empty slices at both ends would be missing from the grid that readers restore: ``BINARY`` objects have
        one empty frame in each, and if all slices are empty, one of each segment.
        """
        numbers = {label: number for number, label in self.labels.items()}
        slices, count = len(self.maps[0].labels[self.time]), len(self.labels) + 1
        pixels = -(-count // _MULTIPLE) * _MULTIPLE
        present = [{numbers[label] for one in self.maps for label in one.labels[self.time][k]} for k in range(slices)]
        if self.kind is SegmentationForm.BINARY:
            ends = {1} if any(present) else set(numbers.values())
            for k in (0, slices - 1):
                present[k] = present[k] or ends
        places = {number: n for n, number in enumerate(self.labels)}
        small = np.zeros((slices, 1, pixels), np.min_scalar_type(max(self.labels)))
        for k, own in enumerate(present):
            for number in own:
                small[k, 0, places[number]] = number
        return small if len(self.maps) == 1 else self._stacked(small)

    def _stacked(self, small: np.ndarray) -> np.ndarray:
        """Return a mask for every segment; the last pixel is in two of them if any two overlap."""
        masks: np.ndarray = (small[..., None] == np.array(list(self.labels))).astype(np.uint8)
        if (place := self._overlap()) is not None:
            k, one, other = place
            numbers = list(self.labels.values())
            masks[k, 0, -1, [numbers.index(one), numbers.index(other)]] = 1
        return masks

    def _overlap(self) -> tuple[int, int, int] | None:
        """Return a slice, and two labels that have a voxel in common there; None if no labels have."""
        for k in range(len(self.maps[0].labels[self.time])):
            some = [one for one in self.maps if one.labels[self.time][k]]
            before = np.zeros(1, np.uint8)
            for plane in (np.asarray(one.voxels[self.time, k]) for one in some):
                both = (before > 0) & (plane > 0) & (before != plane)
                if both.any():
                    return k, int(np.broadcast_to(before, plane.shape)[both][0]), int(plane[both][0])
                before = np.where(plane > 0, plane, before)
        return None

    def frames(self, made: Dataset, placement: Placement) -> FrameBytes:
        """Return the pixel data of an object whose frames are in their final order."""
        places = [_place(item, placement) for item in made.PerFrameFunctionalGroupsSequence]
        bits = int(made.BitsAllocated)
        pixel = PixelFormat(*placement.shape, bits_allocated=bits, bits_stored=bits, high_bit=bits - 1)
        frame = self._mask if self.kind is SegmentationForm.BINARY else self._numbers

        def frames(start: int, stop: int) -> np.ndarray:
            return np.stack([frame(number, k) for number, k in places[start:stop]])

        return FrameBytes(frames, len(places), pixel)

    def _mask(self, number: int, k: int) -> np.ndarray:
        label = self.labels[number or 1]  # an object of one segment may specify it for all frames
        own = [one for one in self.maps if label in one.labels[self.time][k]]
        masks = [one.voxels[self.time, k] == label for one in own]
        shape = self.maps[0].voxels.shape[2:]
        return np.asarray(np.logical_or.reduce(masks)) if masks else np.zeros(shape, bool)

    def _numbers(self, _: int, k: int) -> np.ndarray:
        """Return the segment numbers of a slice."""
        plane = self.maps[0].voxels[self.time, k]
        if all(number == label for number, label in self.labels.items()):
            return np.asarray(plane)
        return np.asarray(np.searchsorted(np.array([0, *self.labels.values()]), plane))


def _place(item: Dataset, placement: Placement) -> tuple[int, int]:
    """Return segment number and slice of a frame; 0 for the former if it is not specified."""
    groups = item.get("SegmentIdentificationSequence")
    position = [float(number) for number in item.PlanePositionSequence[0].ImagePositionPatient]
    return int(groups[0].ReferencedSegmentNumber) if groups else 0, placement.nearest(position)
