"""Stored values of a series, straight from its files, some planes at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ....model.metadata import Instance
from ....model.voxels.lazy_voxels import LazyVoxels
from ....model.voxels.pixel_bytes import bytes_from_frames, exclusive_or, frames_from_bytes
from ....model.voxels.pixels import PixelFormat
from .attributes.functional_groups import frame_count
from .data_sets.files import read_part
from .loader import FILES_AT_ONCE, READERS, Loader, read_into
from .pixel_data import decode
from .plans import Plan

KEPT_INSTANCES = 2
"""Decoded instances of many frames that are kept while their frames are asked for."""


class StoredVoxels(LazyVoxels):
    """Stored values, straight from the files."""

    def __init__(self, plan: Plan):
        self.loader = Loader(plan, None)
        super().__init__(self.loader.shape, self.loader.dtype())
        self.instances = plan.instances
        self._frames = [frame for times in plan.frames for frame in times]
        self._frame_counts = [len(places) for places in self.loader.places()]
        self.formats = self.loader.formats
        self._kept: OrderedDict[int, np.ndarray] = OrderedDict()
        self._keeping = threading.Lock()
        self._residues: dict[int, dict[int, bytes]] = defaultdict(dict)
        self._seen: dict[int, set[int]] = defaultdict(set)

    def planes(self, start: int, stop: int) -> np.ndarray:
        """Return planes, shape (stop - start, rows, columns[, samples]), counted through all times."""
        planes = np.empty((stop - start, *self.shape[2:]), self.dtype)
        wanted: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for n in range(start, stop):
            wanted[self._frames[n].instance].append((self._frames[n].frame, n - start))
        some = list(wanted.items())
        self._fill_all(planes, [some[first : first + FILES_AT_ONCE] for first in range(0, len(some), FILES_AT_ONCE)])
        places = {n: frames[0][1] for n, frames in some if self._is_direct(n, frames)}
        for n in self.loader.without_values(planes, list(places), lambda n: planes[places[n]]):
            planes[places[n]] = self.all_frames(n, self.instances[n], self.formats[n])[0]
        self.loader.note_values(planes)
        return planes

    def read_remaining_frames(self) -> None:
        """Read the frames that belong to other volumes: what a frame's values do not specify is recorded for whole
        instances.
        """
        for n in self._seen:
            pixel = self.formats[n]
            for frame in range(frame_count(self.instances[n].elements)):
                if frame not in self._seen[n]:
                    self.one_frame(n, frame, pixel)
            self._join_residues(n, pixel)

    def _fill_all(self, target: np.ndarray, parts: Sequence[Sequence[tuple[int, list[tuple[int, int]]]]]) -> None:
        """Fill planes in parts; in threads where there are several, as reading a file waits for the disk."""
        if len(parts) == 1:
            self._fill_some(target, parts[0])
            return
        with ThreadPoolExecutor(READERS) as pool:
            jobs = [pool.submit(self._fill_some, target, part) for part in parts]
            try:
                for job in jobs:
                    job.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _fill_some(self, target: np.ndarray, wanted: Sequence[tuple[int, Sequence[tuple[int, int]]]]) -> None:
        for n, frames in wanted:
            self._fill(target, n, frames)

    def _fill(self, target: np.ndarray, n: int, frames: Sequence[tuple[int, int]]) -> None:
        instance, pixel = self.instances[n], self.formats[n]
        if self._is_direct(n, frames):
            read_into(instance, target[frames[0][1]])
        elif self._is_read_by_frame(instance, pixel):
            for frame, place in frames:
                target[place] = self.one_frame(n, frame, pixel)
        elif (some := self.decompressed(n, instance, pixel, [frame for frame, _ in frames])) is not None:
            for plane, (_, place) in zip(some, frames, strict=True):
                target[place] = plane
        else:
            planes = self.all_frames(n, instance, pixel)
            for frame, place in frames:
                target[place] = planes[frame]

    def _is_direct(self, n: int, frames: Sequence[tuple[int, int]]) -> bool:
        return self._frame_counts[n] == 1 and self.loader.is_direct(n, frames)

    def _is_read_by_frame(self, instance: Instance, pixel: PixelFormat) -> bool:
        """Whether every frame is a run of whole bytes in the file, and there are many."""
        many = frame_count(instance.elements) > 1 and self.loader.tiles is None and pixel.bits_allocated > 1
        return many and decode.is_native(instance) and instance.has_little_pixels

    def decompressed(self, n: int, instance: Instance, pixel: PixelFormat, frames: Sequence[int]) -> np.ndarray | None:
        """Return some of many compressed frames (frames, rows, columns[, samples]); None if all must be decoded at once."""
        if decode.is_native(instance) or frame_count(instance.elements) < 2 or self.loader.tiles is not None:
            return None
        some = decode.decode_some(instance, pixel, frames)
        if some is not None:
            self.loader.decoded[n] = instance.transfer_syntax
            self.loader.doubts |= dict.fromkeys(decode.doubts_of(instance, pixel, some))
        return some

    def one_frame(self, n: int, frame: int, pixel: PixelFormat) -> np.ndarray:
        """Return one frame (rows, columns[, samples]), and note what it does not specify."""
        instance = self.instances[n]
        assert instance.pixels is not None
        length, count = pixel.bytes_of(1), frame_count(instance.elements)
        raw = read_part(instance, frame * length, length)
        values = frames_from_bytes(raw, pixel, 1)
        residue = exclusive_or(raw, bytes_from_frames(values, pixel))
        if residue:
            self._residues[n][frame] = residue
            self.loader.note_bits(n, raw, pixel)
        if not self._seen[n] and instance.pixels.length > length * count:
            tail = read_part(instance, length * count, instance.pixels.length - length * count)
            self.loader.note_tail(n, tail, pixel)
        self._seen[n].add(frame)
        result: np.ndarray = values[0]
        return result

    def _join_residues(self, n: int, pixel: PixelFormat) -> None:
        residues = self._residues.get(n)
        if residues:
            nothing = bytes(pixel.bytes_of(1))
            count = frame_count(self.instances[n].elements)
            self.loader.residues[n] = b"".join(residues.get(frame, nothing) for frame in range(count))

    def all_frames(self, n: int, instance: Instance, pixel: PixelFormat) -> np.ndarray:
        """Return all frames of an instance (frames, rows, columns[, samples]); those of one with many are kept for a while."""
        if self._frame_counts[n] == 1:
            return self.loader.decoded_frames(n, instance, pixel)
        with self._keeping:
            if n not in self._kept:
                while len(self._kept) >= KEPT_INSTANCES:
                    self._kept.popitem(last=False)
                self._kept[n] = self.loader.decoded_frames(n, instance, pixel)
            self._kept.move_to_end(n)
            return self._kept[n]
