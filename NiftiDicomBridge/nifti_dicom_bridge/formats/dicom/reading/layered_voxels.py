"""Planes that are made of several frames, or of none: label maps of segments, and images of which empty slices are left out."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from ....model.metadata import Instance
from ....model.voxels.pixels import PixelFormat
from .attributes.functional_groups import frame_count
from .data_sets.files import read_part
from .pixel_data import decode
from .pixel_data.bits_in_file import BitsInFile
from .plans import Plan
from .stored_voxels import StoredVoxels


class LayeredVoxels(StoredVoxels):
    """Stored values of a plan with layers, which `can_be_read_by_slice`."""

    def __init__(self, plan: Plan):
        super().__init__(plan)
        self._layers: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for layer in plan.grid.layers:
            self._layers[layer.slice].append((layer.frame.instance, layer.frame.frame, layer.label))
        self._bits = {
            n: BitsInFile(instance, pixel)
            for n, (instance, pixel) in enumerate(zip(self.instances, self.formats, strict=True))
            if pixel.bits_allocated == 1 and decode.is_native(instance)
        }

    def planes(self, start: int, stop: int) -> np.ndarray:
        """Return planes, shape (stop - start, rows, columns[, samples]); there is one time."""
        planes = self.loader.background((stop - start, *self.shape[2:]))
        for k in range(start, stop):
            for n, frame, label in self._layers.get(k, ()):
                if label:
                    planes[k - start][self._frame(n, frame) != 0] = label
                else:
                    planes[k - start] = self._frame(n, frame)
        self.loader.note_values(planes)
        return planes

    def _frame(self, n: int, frame: int) -> np.ndarray:
        if (bits := self._bits.get(n)) is not None:
            return bits[frame]
        instance, pixel = self.instances[n], self.formats[n]
        if decode.is_native(instance):
            return self.one_frame(n, frame, pixel)
        some = self.decompressed(n, instance, pixel, [frame])
        result: np.ndarray = self.all_frames(n, instance, pixel)[frame] if some is None else some[0]
        return result

    def read_remaining_frames(self) -> None:
        """Note what the values of frames do not specify: bits and bytes behind the last frame."""
        super().read_remaining_frames()
        for n in self._bits:
            self._note_end(n, self.instances[n], self.formats[n])

    def _note_end(self, n: int, instance: Instance, pixel: PixelFormat) -> None:
        assert instance.pixels is not None
        count = frame_count(instance.elements)
        length = pixel.bytes_of(count)
        end = read_part(instance, length - 1, instance.pixels.length - length + 1)
        self.loader.note_end(n, end, pixel, count)


def can_be_read_by_slice(plan: Plan) -> bool:
    """Whether every frame is a run of bits or bytes in its file, or can be decompressed alone."""
    formats = decode.PixelFormats()
    return all(_is_frame_by_frame(instance, formats) for instance in plan.instances)


def _is_frame_by_frame(instance: Instance, formats: decode.PixelFormats) -> bool:
    if instance.pixels is None or not instance.has_little_pixels:
        return False
    pixel = formats.of(instance)
    if not decode.is_native(instance):  # with bits that are not stored, doubts are about all frames together
        return frame_count(instance.elements) > 1 and pixel.bits_stored == pixel.bits_allocated > 1
    return pixel.bits_allocated > 1 or pixel.samples == 1
