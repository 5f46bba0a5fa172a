"""Series → volumes."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ....errors import DicomReadError
from ....model import metadata
from ....model.collection import collection_paused
from ....model.dicom_source import DicomSource, Origin
from ....model.digest import digest_of, freeze
from ....model.geometry import LPS_TO_RAS
from ....model.metadata import Instance, SeriesMetadata
from ....model.names import safe_name, unique_name
from ....model.pixels import (
    BitFrames,
    PixelFormat,
    PixelRecord,
    Rescale,
    bytes_from_frames,
    bytes_of,
    exclusive_or,
    reinterpret_bits,
    tile,
    untile,
)
from ....model.volume import UNPLACED, Volume
from ....options import Progress
from ....standard import dictionary
from ....standard.tags import Tag
from . import decode, stacks, vendor
from .decompress import doubts_of
from .files import read_pixel_bytes
from .frame_info import FrameInfo
from .frames import SharedDescriptions, frames_of
from .gradients import gradients_of
from .lookup import Lookup, frame_count, own_groups
from .multiframe import refuse_tiles
from .rescale import LARGEST_SLOPE
from .scaling import Scaling, real_planes, scaling_of
from .segment_grids import grids_of_segmentations, has_labels, is_segmentation
from .series import Inventory, Series, find_series

READERS = 2
"""Files read at the same time."""
FILES_AT_ONCE = 16
"""Files that a reader takes one after the other, before it says how far it is."""


@dataclass
class Plan:
    """A volume that can be loaded: known from the headers alone.

    Attributes
    ----------
    name : str
        Proposed file name.
    title : str
        What a person calls the series.
    instances : tuple of Instance
        Those that the volume is made of.
    grid : Grid
        Their frames, with instance numbers that count in `instances`.
    warnings : list of str
        What to know before loading.
    """

    name: str
    title: str
    instances: tuple[Instance, ...]
    grid: stacks.Grid
    warnings: list[str] = field(default_factory=list)

    @property
    def frames(self) -> list[list[FrameInfo]]:
        """By time, then by slice."""
        return self.grid.frames

    @property
    def all_frames(self) -> list[FrameInfo]:
        """In the order of the planes of the volume."""
        return [frame for times in self.frames for frame in times]

    @property
    def is_placed(self) -> bool:
        """Whether the objects specify where the image lies."""
        return self.grid.stack is not None and not self.frames[0][0].is_assumed

    @property
    def dtype(self) -> np.dtype:
        """Type of the stored values; of a label map the smallest that has room for its labels."""
        largest = max((layer.label for layer in self.grid.layers), default=0)
        return np.min_scalar_type(largest) if largest else decode.pixel_format(self.instances[0]).dtype


def read(paths: Iterable[Path], progress: Progress | None = None) -> list[Volume]:
    """Return all volumes below files and folders; raises `DicomReadError` at the first that cannot be read."""
    inventory = find_series(paths, progress)
    for leftover in inventory.leftovers:
        if leftover.failed:
            raise DicomReadError(leftover.reason)
    return [load(plan, progress) for plan in plan_all(inventory)]


def plan_all(inventory: Inventory) -> list[Plan]:
    """Return what each series becomes, under names that do not collide."""
    return with_unique_names([plan for series in inventory.series for plan in plan_series(series)])


def with_unique_names(plans: list[Plan]) -> list[Plan]:
    """Return plans whose names differ, whatever the case of letters."""
    taken: set[str] = set()
    for plan in plans:
        plan.name = unique_name(plan.name, taken)
    return plans


def plan_series(series: Series) -> list[Plan]:
    """Return the volumes of one series."""
    for instance in series.instances:
        refuse_tiles(instance)
    with collection_paused():
        grids = _grids_of(series)
    return [_plan(series, grid) for grid in grids]


def _grids_of(series: Series) -> list[stacks.Grid]:
    shared = SharedDescriptions()
    frames = [frame for n, instance in enumerate(series.instances) for frame in frames_of(instance, n, shared)]
    labelled = [frame for frame in frames if is_segmentation(series.instances[frame.instance])]
    if not labelled:
        return stacks.split(frames)
    others = [frame for frame in frames if not is_segmentation(series.instances[frame.instance])]
    return [*stacks.split(others), *grids_of_segmentations(series.instances, labelled)]


def _plan(series: Series, grid: stacks.Grid) -> Plan:
    lying = [*(frame for times in grid.frames for frame in times), *(layer.frame for layer in grid.layers)]
    used = sorted({frame.instance for frame in lying})
    number = {old: new for new, old in enumerate(used)}
    frames = [[_renumbered(frame, number) for frame in times] for times in grid.frames]
    layers = [layer._replace(frame=_renumbered(layer.frame, number)) for layer in grid.layers]
    name = safe_name(series.title + ("" if series.copy == 1 else f"_copy{series.copy}") + _suffix(grid.labels))
    instances = tuple(series.instances[n] for n in used)
    notes = dict.fromkeys(note for times in frames for frame in times for note in frame.notes)
    whole = stacks.Grid(frames, grid.stack, grid.labels, grid.warnings, layers)
    return Plan(name, series.title, instances, whole, [*notes, *series.warnings, *grid.warnings])


def _renumbered(frame: FrameInfo, number: dict[int, int]) -> FrameInfo:
    new = number[frame.instance]
    return frame if new == frame.instance else replace(frame, instance=new)


def _suffix(labels: dict[str, Any]) -> str:
    parts = [_part_of_name(name, value) for name, value in labels.items() if value is not None]
    return "".join("_" + part for part in parts)


def _part_of_name(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value if name in ("component", "type", "polarity") else f"{name}-{value}"
    return f"{name}{value:g}"


# --- loading ----------------------------------------------------------------------------------------------------------


def load(plan: Plan, progress: Progress | None = None) -> Volume:
    """Return the volume of a plan, with its pixel data.

    Raises
    ------
    DicomReadError
        If pixel data are damaged, too short, or cannot be decoded.
    """
    loader = Loader(plan, progress)
    stored, frames = loader.stored_voxels(), plan.all_frames
    planes = stored.reshape(-1, *stored.shape[2:])
    scaling = scaling_of(frames, stored.dtype, stored.ndim, planes)
    real = stored if scaling.dtype is None else real_planes(planes, frames, scaling.dtype).reshape(stored.shape)
    voxels = freeze(real)
    return loader.completed(replace(outline(plan), voxels=voxels, rescale=scaling.rescale), scaling, digest_of(voxels))


def outline(plan: Plan) -> Volume:
    """Return the volume of a plan as the headers tell it: zeros that take no memory stand in the place of its voxels."""
    index = np.array([[(f.instance, f.frame) for f in times] for times in plan.frames], np.int32)
    layers = [(layer.slice, layer.frame.instance, layer.frame.frame, layer.label) for layer in plan.grid.layers]
    loader = Loader(plan, None)
    matrix = plan.grid.stack.ijk_to_ras if plan.is_placed and plan.grid.stack else _default_matrix(plan)
    series = SeriesMetadata(plan.instances, index, np.array(layers, np.int32) if layers else None)
    return Volume(
        voxels=np.broadcast_to(np.zeros((), np.uint8), loader.shape),
        ijk_to_ras=matrix,
        time_step_s=_time_step(plan),
        name=plan.name,
        source=DicomSource(series, loader.pixel_record(), Origin("", loader.shape, matrix, Rescale(), plan.dtype.str)),
        gradients=gradients_of(plan.instances, plan.frames),
        warnings=tuple(plan.warnings),
        intent="label" if has_labels(plan.instances[0]) else "",
        space="" if plan.is_placed else UNPLACED,
    )


def _default_matrix(plan: Plan) -> np.ndarray:
    """Return the grid of an image without a place: axial, its middle at the origin, as NIfTI has it without a transform."""
    frame, stack = plan.frames[0][0], plan.grid.stack
    first = plan.instances[0].elements
    row, column = frame.spacing_mm
    step = float(np.linalg.norm(stack.ijk_to_ras[:3, 2])) if stack else frame.step_mm
    lps = np.diag([column, row, step, 1.0])
    size = [metadata.integer(first, Tag.COLUMNS), metadata.integer(first, Tag.ROWS), len(plan.frames[0])]
    lps[:3, 3] = -lps[:3, :3] @ (np.array(size) - 1) / 2
    return LPS_TO_RAS @ lps


def _time_step(plan: Plan) -> float:
    """Return seconds between times: RepetitionTime, or FrameTime; 0 where unknown."""
    if len(plan.frames) < 2:
        return 0.0
    elements, first = plan.instances[0].elements, plan.frames[0][0]
    look = Lookup(elements, own_groups(elements, first.frame))
    step_s = (
        look.number(Tag.MR_TIMING_AND_RELATED_PARAMETERS_SEQUENCE, Tag.REPETITION_TIME)
        or metadata.number(elements, Tag.FRAME_TIME)
        or 0.0
    )
    return step_s / 1000.0 if 0 < step_s < LARGEST_SLOPE else 0.0


class Place(NamedTuple):
    """Where a frame lies in a volume; with a label, that is what its pixels of 1 become there."""

    frame: int
    time: int
    slice: int
    label: int = 0


class Loader:
    """Fills the voxels of one volume, and notes what they do not tell."""

    def __init__(self, plan: Plan, progress: Progress | None):
        self.plan, self.progress = plan, progress
        self.pixel = decode.pixel_format(plan.instances[0])
        self.tiles = vendor.tiles_of(plan.instances[0].elements)
        self.residues: dict[int, bytes] = {}
        self.tails: dict[int, bytes] = {}
        self.decoded: dict[int, str] = {}
        self.doubts: dict[str, None] = {}

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
        warnings = (*volume.warnings, *self.doubts, *filter(None, [scaling.note]))
        source = replace(volume.dicom, pixel_record=self.pixel_record(scaling.dtype is not None), origin=origin)
        return replace(volume, source=source, warnings=warnings)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the voxels: (times, slices, rows, columns[, samples])."""
        return len(self.plan.frames), len(self.plan.frames[0]), *self.frame_shape()

    def stored_voxels(self) -> np.ndarray:
        """Return voxels, shape (times, slices, rows, columns[, samples]), as they are stored."""
        places = self.places()
        try:
            voxels = self._background() if self.plan.grid.layers else np.empty(self.shape, self.dtype())
        except MemoryError:
            raise DicomReadError(f"{self.plan.title}: {self._claim()} do not fit in memory.") from None
        count = len(self.plan.instances)
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

    def _background(self) -> np.ndarray:
        """Return voxels as they are where no frame is: 0, PixelPaddingValue where planes are stored (PS3.3 C.8.20.2)."""
        voxels = np.zeros(self.shape, self.dtype())
        padding = metadata.integer(self.plan.instances[0].elements, Tag.PIXEL_PADDING_VALUE)
        if padding and not self.plan.grid.layers[0].label:
            voxels[...] = reinterpret_bits(padding, voxels.dtype)
        return voxels

    def frame_shape(self) -> tuple[int, ...]:
        """Return the shape of one plane."""
        if self.tiles is None:
            return self.pixel.shape
        return self.pixel.rows // self.tiles.down, self.pixel.columns // self.tiles.across

    def places(self) -> list[list[Place]]:
        """Return, per instance, where its frames lie in the volume."""
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
        pixel = decode.pixel_format(instance)
        if not places:
            return
        if self.is_plain(instance, pixel, places):
            read_into(instance, voxels[places[0].time, places[0].slice])
            return
        frames = self._masks(n, instance, pixel) if places[0].label else self.decoded_frames(n, instance, pixel)
        for place in places:
            plane = voxels[place.time, place.slice]
            if place.label:
                plane[frames[place.frame] != 0] = place.label
            else:
                plane[...] = frames[place.frame]

    def is_plain(self, instance: Instance, pixel: PixelFormat, places: list[Any]) -> bool:
        """Whether the pixel data can be read straight into the voxels: one frame, whole words, nothing to turn."""
        assert instance.pixels is not None
        simple = pixel.is_whole_words and pixel.samples == 1 and pixel.bits_allocated > 1 and instance.encoding.little
        one = len(places) == 1 and self.tiles is None and not instance.encoding.deflated
        return simple and one and instance.pixels.length == pixel.bytes_of(1)

    def decoded_frames(self, n: int, instance: Instance, pixel: PixelFormat) -> np.ndarray:
        """Return all planes of an instance, and note what they do not tell."""
        frames = decode.decode(instance, pixel)
        values = untile(frames[0], self.tiles.across, self.tiles.down, len(self.tiles.planes)) if self.tiles else frames
        if not decode.is_native(instance):
            self.decoded[n] = instance.transfer_syntax
            self.doubts |= dict.fromkeys(doubts_of(instance, pixel, frames))
            if self.tiles:
                self.note_residue(n, bytes_from_frames(frames, decompressed(pixel)), values, decompressed(pixel))
            return values
        raw = decode.little_endian(read_pixel_bytes(instance), instance, pixel)
        length = pixel.bytes_of(len(frames))
        self.note_residue(n, memoryview(raw)[:length], values, pixel)
        self._note_tail(n, raw[length:])
        return values

    def _masks(self, n: int, instance: Instance, pixel: PixelFormat) -> np.ndarray | BitFrames:
        """Return the frames of an instance of segments, and note what they do not tell: bits behind the last frame."""
        if not decode.is_native(instance):
            return self.decoded_frames(n, instance, pixel)
        raw = decode.little_endian(read_pixel_bytes(instance), instance, pixel)
        count = frame_count(instance.elements)
        length, used = pixel.bytes_of(count), pixel.rows * pixel.columns * count % 8
        behind = raw[length - 1] >> used << used if used else 0
        if behind:
            self.residues[n] = bytes(length - 1) + bytes([behind])
        self._note_tail(n, raw[length:])
        return BitFrames(raw, pixel)

    def _note_tail(self, n: int, tail: bytes) -> None:
        if tail not in (b"", b"\0"):
            self.tails[n] = tail

    def note_residue(self, n: int, raw: bytes | memoryview, values: np.ndarray, pixel: PixelFormat) -> None:
        """Note by which bits the pixel data of an instance differ from what the planes alone would give."""
        if self.tiles:
            values = tile(values, self.tiles.across, self.tiles.down, (pixel.rows, pixel.columns))[None]
        residue = exclusive_or(raw, bytes_from_frames(values, pixel))
        if residue:
            self.residues[n] = residue


def decompressed(pixel: PixelFormat) -> PixelFormat:
    """Return the format that decoded pixel data are written in: colour by pixel, RGB."""
    changes = {"planar": False, "photometric": "RGB"} if pixel.samples == 3 else {}
    return PixelFormat(**{**vars(pixel), **changes, "bits_allocated": pixel.bits_allocated})


def read_into(instance: Instance, target: np.ndarray) -> None:
    """Read native pixel data straight into one plane."""
    pixels = instance.pixels
    assert pixels is not None
    try:
        with open(instance.path, "rb", buffering=0) as file:
            file.seek(pixels.offset)
            got = file.readinto(bytes_of(target))
    except OSError as error:
        raise DicomReadError(f"{instance.path}: cannot be read ({error.strerror}).") from error
    if got != pixels.length:
        raise DicomReadError(
            f"{instance.path}: {dictionary.describe(pixels.tag)} should have {pixels.length} bytes, the file holds {got}: "
            "truncated. Get the file anew from its source."
        )
