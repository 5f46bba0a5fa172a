"""Pixel data → the voxels of one volume, and what the voxels do not contain of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ....errors import DicomReadError
from ....model import metadata
from ....model.dicom_source import Origin
from ....model.metadata import Instance
from ....model.processes.limits import check_memory
from ....model.volume import Volume
from ....model.voxels.pixel_bytes import BitFrames, are_values, bytes_from_frames, bytes_of, exclusive_or, tile, untile
from ....model.voxels.pixels import PixelFormat, PixelRecord
from ....model.voxels.real_values import reinterpret_bits
from ....options import Progress
from ....standard import dictionary
from ....standard.tags import Tag
from .attributes.functional_groups import frame_count
from .data_sets.files import read_at, read_pixel_bytes
from .frames.tiles import tiles_of
from .pixel_data import decode
from .pixel_data.surplus_frames import doubt_of_frames
from .pixel_data.unused_bits import doubt_of_bits
from .plans import Plan
from .segmentations.segment_doubts import DoubtsOfValues
from .values.modality_lut import doubts_of_table
from .values.real_world import doubts_of_mapping
from .values.scaling import Scaling

READERS = 2
"""Files read at the same time."""
FILES_AT_ONCE = 16
"""Files that a reader takes one after the other, before it reports its progress."""


class Place(NamedTuple):
    """Where a frame is in a volume; with a label, that is what its pixels of 1 become there."""

    frame: int
    time: int
    slice: int
    label: int = 0


class Loader:
    """Fills the voxels of one volume, and notes what they do not specify."""

    def __init__(self, plan: Plan, progress: Progress | None):
        self.plan, self.progress = plan, progress
        self.pixel = decode.pixel_format(plan.instances[0])
        self.tiles = tiles_of(plan.instances[0].elements)
        self.residues: dict[int, bytes] = {}
        self.tails: dict[int, bytes] = {}
        self.decoded: dict[int, str] = {}
        self.doubts: dict[str, None] = {}
        first = plan.instances[0].elements
        table = doubts_of_table(instance.elements for instance in plan.instances)
        self.doubts_of_values = (DoubtsOfValues(first), table, doubts_of_mapping(first))

    def completed(self, volume: Volume, scaling: Scaling, digest: str) -> Volume:
        """Return a volume whose planes were read with all that is known of them now.

        Parameters
        ----------
        volume : Volume
            With voxels and rescale.
        scaling : Scaling
            How its voxels are held.
        digest : str
            Of its voxels.
        """
        voxels = volume.voxels
        origin = Origin(digest, tuple(voxels.shape), volume.ijk_to_ras, volume.rescale, voxels.dtype.str)
        doubts = (*self.doubts, *(sentence for doubts in self.doubts_of_values for sentence in doubts.sentences()))
        warnings = (*volume.warnings, *doubts, *filter(None, [scaling.note]))
        source = replace(volume.dicom, pixel_record=self.pixel_record(scaling.dtype is not None), origin=origin)
        return replace(volume, source=source, warnings=warnings)

    def note_values(self, planes: np.ndarray) -> None:
        """Note which stored values, of any shape, the headers do not describe."""
        for doubts in self.doubts_of_values:
            doubts.note(planes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the voxels: (times, slices, rows, columns[, samples])."""
        return len(self.plan.frames), len(self.plan.frames[0]), *self.frame_shape()

    @cached_property
    def formats(self) -> list[PixelFormat]:
        """How the pixels of each instance are in its element; raises `DicomReadError` where that cannot be understood."""
        formats = decode.PixelFormats()
        return [formats.of(instance) for instance in self.plan.instances]

    def stored_voxels(self) -> np.ndarray:
        """Return voxels, shape (times, slices, rows, columns[, samples]), as they are stored."""
        places = self.places()
        check_memory(self.plan.title, math.prod(self.shape) * self.dtype().itemsize)
        try:
            voxels = self.background(self.shape) if self.plan.grid.layers else np.empty(self.shape, self.dtype())
        except MemoryError:
            raise DicomReadError(f"{self.plan.title}: {self._claim()} do not fit in memory.") from None
        count = len(self.formats)
        with ThreadPoolExecutor(READERS) as pool:  # reading a file waits for the disk, not for the interpreter
            starts = range(0, count, FILES_AT_ONCE)
            jobs = [pool.submit(self._fill_some, voxels, n, places) for n in starts]
            try:
                for n, job in zip(starts, jobs, strict=True):
                    if self.progress is not None:
                        self.progress(self.plan.name, n, count)
                    job.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        direct = [n for n, own in enumerate(places) if own and self.is_direct(n, own)]
        for n in self.without_values(voxels, direct, lambda n: voxels[places[n][0].time, places[n][0].slice]):
            voxels[places[n][0].time, places[n][0].slice] = self.decoded_frames(n, self.plan.instances[n], self.formats[n])[0]
        self.note_values(voxels)
        return voxels

    def _fill_some(self, voxels: np.ndarray, start: int, places: list[list[Place]]) -> None:
        for n, instance in enumerate(self.plan.instances[start : start + FILES_AT_ONCE], start):
            self._fill(voxels, n, instance, places[n])

    def _claim(self) -> str:
        return f"{len(self.plan.frames)} × {len(self.plan.frames[0])} frames of {self.frame_shape()}"

    def pixel_record(self, rescaled: bool = False) -> PixelRecord:
        """Return what the voxels do not contain of the pixel data that were read so far."""
        return PixelRecord(
            stored_type=self.pixel.dtype.str,
            rescaled=rescaled,
            across=self.tiles.across if self.tiles else 0,
            down=self.tiles.down if self.tiles else 0,
            residues=dict(sorted(self.residues.items())),
            tails=dict(sorted(self.tails.items())),
            decoded=dict(sorted(self.decoded.items())),
        )

    def dtype(self) -> np.dtype:
        """Return the type of the stored values."""
        return self.plan.dtype

    def background(self, shape: Sequence[int]) -> np.ndarray:
        """Return voxels of a shape without frames: 0, or PixelPaddingValue where planes are stored (PS3.3 C.8.20.2)."""
        voxels = np.zeros(shape, self.dtype())
        padding = metadata.integer(self.plan.instances[0].elements, Tag.PIXEL_PADDING_VALUE)
        if padding and not self.plan.grid.layers[0].label:
            voxels[...] = reinterpret_bits(padding, voxels.dtype)
        return voxels

    def frame_shape(self) -> tuple[int, ...]:
        """Return the shape of one plane."""
        if self.tiles is None:
            return self.pixel.shape
        return self.tiles.slice_shape(self.pixel.rows, self.pixel.columns)

    def places(self) -> list[list[Place]]:
        """Return, per instance, where its frames are in the volume."""
        places: list[list[Place]] = [[] for _ in self.plan.instances]
        for layer in self.plan.grid.layers:
            places[layer.frame.instance].append(Place(layer.frame.frame, 0, layer.slice, layer.label))
        if self.plan.grid.layers:
            return places
        for t, times in enumerate(self.plan.frames):
            for k, frame in enumerate(times):
                places[frame.instance].append(Place(frame.frame, t, k))
        return places

    def _fill(self, voxels: np.ndarray, n: int, instance: Instance, places: list[Place]) -> None:
        pixel = self.formats[n]
        if not places:
            return
        if self.is_direct(n, places):
            read_into(instance, voxels[places[0].time, places[0].slice])
            return
        frames = self._masks(n, instance, pixel) if places[0].label else self.decoded_frames(n, instance, pixel)
        for place in places:
            plane = voxels[place.time, place.slice]
            if place.label:
                plane[frames[place.frame] != 0] = place.label
            else:
                plane[...] = frames[place.frame]

    def is_direct(self, n: int, places: Sequence[Any]) -> bool:
        """Whether the pixel data can be read straight into the voxels: one frame of words, which are values if they look so."""
        instance, pixel = self.plan.instances[n], self.formats[n]
        assert instance.pixels is not None
        simple = pixel.samples == 1 and pixel.bits_allocated > 1 and pixel.high_bit == pixel.bits_stored - 1
        one = len(places) == 1 and self.tiles is None
        return simple and one and instance.has_little_pixels and instance.pixels.length == pixel.bytes_of(1)

    def without_values(self, voxels: np.ndarray, direct: Sequence[int], plane: Callable[[int], np.ndarray]) -> list[int]:
        """Return the instances, of those that were read straight into voxels, whose words are not values as they are.

        Parameters
        ----------
        voxels : numpy.ndarray
            All that was read: looked at first, as most words are values.
        direct : sequence of int
            Numbers of instances.
        plane : callable
            Returns where one of them was read to.
        """
        formats = {self.formats[n] for n in direct}
        if all(are_values(voxels, pixel) for pixel in formats):
            return []
        return [n for n in direct if not are_values(plane(n), self.formats[n])]

    def decoded_frames(self, n: int, instance: Instance, pixel: PixelFormat) -> np.ndarray:
        """Return all planes of an instance (planes, rows, columns[, samples]), and note what they do not specify."""
        frames = decode.decode(instance, pixel)
        values = untile(frames[0], self.tiles.across, self.tiles.down, len(self.tiles.planes)) if self.tiles else frames
        if not decode.is_native(instance):
            self.decoded[n] = instance.transfer_syntax
            self.doubts |= dict.fromkeys(decode.doubts_of(instance, pixel, frames))
            if self.tiles:
                self.note_residue(n, bytes_from_frames(frames, decompressed(pixel)), values, decompressed(pixel))
            return values
        raw = decode.little_endian(read_pixel_bytes(instance), instance, pixel)
        length = pixel.bytes_of(len(frames))
        self.note_residue(n, memoryview(raw)[:length], values, pixel)
        self.note_tail(n, raw[length:], pixel)
        return values

    def _masks(self, n: int, instance: Instance, pixel: PixelFormat) -> np.ndarray | BitFrames:
        """Return the frames of an instance of segments, and note what they do not specify: bits behind the last frame."""
        if not decode.is_native(instance):
            return self.decoded_frames(n, instance, pixel)
        raw = decode.little_endian(read_pixel_bytes(instance), instance, pixel)
        count = frame_count(instance.elements)
        length = pixel.bytes_of(count)
        self.note_end(n, raw[length - 1 :], pixel, count)
        return BitFrames(raw, pixel)

    def note_end(self, n: int, end: bytes, pixel: PixelFormat, count: int) -> None:
        """Note the bits behind the last frame of one-bit pixel data, and the bytes behind those.

        Parameters
        ----------
        n : int
            The instance.
        end : bytes
            The last byte with pixels, and all behind it.
        pixel : PixelFormat
            How its pixels are.
        count : int
            Number of its frames.
        """
        used = pixel.rows * pixel.columns * count % 8
        behind = end[0] >> used << used if used else 0
        if behind:
            self.residues[n] = bytes(pixel.bytes_of(count) - 1) + bytes([behind])
        self.note_tail(n, end[1:], pixel)

    def note_tail(self, n: int, tail: bytes, pixel: PixelFormat) -> None:
        """Note what is behind the last frame of an instance, which may be frames that NumberOfFrames does not count."""
        if tail in (b"", b"\0"):
            return
        self.tails[n] = tail
        if more := len(tail) // pixel.bytes_of(1):
            self.doubts[doubt_of_frames(more)] = None
        elif len(tail) > 1 and any(tail):  # zeros are padding
            size = f"{dictionary.describe(Tag.ROWS)} and {dictionary.describe(Tag.COLUMNS)}"
            self.doubts[f"the pixel data have {len(tail)} bytes more than {size} specify: they are not in the image"] = None

    def note_bits(self, n: int, raw: bytes | memoryview, pixel: PixelFormat) -> None:
        """Note that pixels of an instance have bits that do not belong to their values."""
        if doubt := doubt_of_bits(self.plan.instances[n].elements, pixel, raw):
            self.doubts[doubt] = None

    def note_residue(self, n: int, raw: bytes | memoryview, values: np.ndarray, pixel: PixelFormat) -> None:
        """Note by which bits the pixel data of an instance differ from what the planes alone would give."""
        if self.tiles:
            values = tile(values, self.tiles.across, self.tiles.down, (pixel.rows, pixel.columns))[None]
        residue = exclusive_or(raw, bytes_from_frames(values, pixel))
        if residue:
            self.residues[n] = residue
            self.note_bits(n, raw, pixel)


def decompressed(pixel: PixelFormat) -> PixelFormat:
    """Return the format that decoded pixel data are written in: color by pixel, RGB."""
    return pixel._replace(planar=False, photometric="RGB") if pixel.samples == 3 else pixel


def read_into(instance: Instance, target: np.ndarray) -> None:
    """Read native pixel data straight into a plane (rows, columns); raises `DicomReadError` where they cannot be read."""
    pixels = instance.pixels
    assert pixels is not None
    try:
        got = read_at(instance, pixels.offset, bytes_of(target))
    except OSError as error:
        raise DicomReadError(f"{instance.path}: cannot be read ({error.strerror}).") from error
    if got != pixels.length:
        raise DicomReadError(
            f"{instance.path}: {dictionary.describe(pixels.tag)} should have {pixels.length} bytes, the file holds {got}: "
            "truncated. Copy it again from its source."
        )
