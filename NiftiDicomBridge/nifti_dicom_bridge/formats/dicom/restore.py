"""Volumes → the instances they came from: the same elements, the same pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ...errors import PixelError, SidecarError
from ...model.listing import listed
from ...model.metadata import Instance, PixelElement
from ...model.volume import Volume
from ...model.voxels.lazy_voxels import LazyVoxels
from ...model.voxels.pixel_bytes import bytes_from_frames, tile
from ...model.voxels.pixels import PixelFormat
from ...model.voxels.real_values import to_stored_values
from .frame_bytes import FrameBytes
from .reading.attributes.functional_groups import frame_count
from .reading.frames.frame_info import FrameInfo
from .reading.frames.frames import frames_of
from .reading.frames.tiles import tiles_of
from .reading.pixel_data import decode
from .reading.pixel_data.decompress import exceeds_bits_stored
from .structure_sets import is_structure_set
from .structure_sets.rois import roi_count


class FrameRef(NamedTuple):
    """One plane of a volume that is a frame of an instance; with a `label`, what of the plane has that label."""

    volume: int
    time: int
    slice: int
    frame: int
    label: int = 0


@dataclass
class InstanceFrames:
    """One instance and all planes that it is made of.

    Attributes
    ----------
    instance : Instance
        As it was recorded.
    number : dict of int to int
        Volume → index of the instance in that volume's metadata.
    frames : list of FrameRef
        Its frames.
    """

    instance: Instance
    number: dict[int, int] = field(default_factory=dict)
    frames: list[FrameRef] = field(default_factory=list)


# --- which instances --------------------------------------------------------------------------------------------------


def frames_by_instance(volumes: Sequence[Volume]) -> list[InstanceFrames]:
    """Return every instance of some volumes with all its frames.

    Raises
    ------
    SidecarError
        If an instance has frames that no volume holds.
    """
    contents: dict[str, InstanceFrames] = {}
    for v, volume in enumerate(volumes):
        series = volume.dicom.metadata
        keys = [instance.key for instance in series.instances]
        for n, instance in enumerate(series.instances):
            contents.setdefault(keys[n], InstanceFrames(instance)).number[v] = n
        for t, k, frame in series.planes():
            contents[keys[frame.instance]].frames.append(FrameRef(v, t, k, frame.frame, frame.label))
    for content in contents.values():
        _check_complete(content)
    return list(contents.values())


def hold_all_frames(volumes: Sequence[Volume]) -> bool:
    """Whether volumes have every frame of their instances; others may be in images of the same object that are not given."""
    try:
        frames_by_instance(volumes)
    except SidecarError:
        return False
    return True


def _check_complete(content: InstanceFrames) -> None:
    wanted = frames_needed(content.instance)
    have = {ref.frame for ref in content.frames}
    missing = sorted(set(range(wanted)) - have)
    if missing:
        raise SidecarError(
            f"{content.instance.name}: {len(missing)} of its {wanted} frames are in none of the images given (frame "
            f"{listed(n + 1 for n in missing)}). One object became several NIfTI images: give all of them together."
        )


def frames_needed(instance: Instance) -> int:
    """Return the number of planes that an instance holds; of an RT Structure Set, that of its regions."""
    if is_structure_set(instance):
        return roi_count(instance)
    tiles = tiles_of(instance.elements)
    return len(tiles.planes) if tiles else frame_count(instance.elements)


# --- pixel data -------------------------------------------------------------------------------------------------------


class PixelSource:
    """Gives the pixel data element of instances back from the voxels of their volumes."""

    def __init__(self, volumes: Sequence[Volume]):
        self.volumes = volumes
        self._formats = decode.PixelFormats()
        self._latest_infos: tuple[Instance, dict[int, FrameInfo]] | None = None

    def element(self, content: InstanceFrames) -> tuple[PixelElement, bytes | memoryview]:
        """Return the pixel data element as it is to be written, and its value in little endian."""
        instance = content.instance
        assert instance.pixels is not None
        pixel = self._pixel_format(instance)
        native = decode.is_native(instance)
        raw = self._bytes(content, pixel)
        length = instance.pixels.length if native else len(raw) + len(raw) % 2
        if length != len(raw):
            raw = _fitted(raw, length)
        return PixelElement(instance.pixels.tag, instance.pixels.vr if native else _vr_of(pixel), 0, len(raw)), raw

    def written(self, content: InstanceFrames) -> tuple[PixelElement | None, bytes | memoryview | FrameBytes]:
        """Return what `element` does, where it can be without having all frames of an instance in memory.

        Objects without pixel data, such as RT Structure Sets, have no element.
        """
        instance = content.instance
        if instance.pixels is None:
            return None, b""
        pixel = self._pixel_format(instance)
        if not self._comes_frame_by_frame(content):
            return self.element(content)
        native = decode.is_native(instance)
        refs = sorted(content.frames, key=lambda ref: ref.frame)
        length = instance.pixels.length if native else 0
        frames = FrameBytes(lambda start, stop: self._frames(content, refs[start:stop], pixel), len(refs), pixel, length)
        return PixelElement(instance.pixels.tag, instance.pixels.vr if native else _vr_of(pixel), 0, len(frames)), frames

    def _pixel_format(self, instance: Instance) -> PixelFormat:
        """Return how the pixels are when they are written: what was compressed is native then."""
        pixel = self._formats.of(instance)
        return pixel if decode.is_native(instance) else pixel._replace(**_decoded_changes(pixel))

    def exceeds_bits_stored(self, content: InstanceFrames) -> bool:
        """Whether decoded values of an instance that was compressed need more bits than its attributes specify."""
        if decode.is_native(content.instance) or any(ref.label for ref in content.frames):
            return False
        pixel = self._formats.of(content.instance)
        if pixel.bits_stored >= pixel.bits_allocated:
            return False
        return any(exceeds_bits_stored(self._frames(content, [ref], pixel), pixel) for ref in content.frames)

    def _comes_frame_by_frame(self, content: InstanceFrames) -> bool:
        """Whether an instance is large, and its frames, one after the other, are its pixel data."""
        many = len(content.frames) > 1
        lazy = all(isinstance(self.volumes[ref.volume].voxels, LazyVoxels) for ref in content.frames)
        record = self.volumes[content.frames[0].volume].dicom.pixel_record
        plain = content.instance.has_little_pixels and not record.across
        return many and lazy and plain and not self._recorded(content, "residues") and not self._recorded(content, "tails")

    def _bytes(self, content: InstanceFrames, pixel: PixelFormat) -> bytes | memoryview:
        refs = sorted(content.frames, key=lambda ref: ref.frame)
        raw: bytes | memoryview
        if pixel.bits_allocated == 1:  # eight frames are whole bytes, and need no more memory than eight frames
            eights = (refs[n : n + 8] for n in range(0, len(refs), 8))
            raw = b"".join(bytes_from_frames(self._frames(content, some, pixel), pixel) for some in eights)
        else:
            raw = bytes_from_frames(self._frames(content, refs, pixel), pixel)
        residue, tail = self._recorded(content, "residues"), self._recorded(content, "tails")
        if residue:
            mask = np.frombuffer(residue, np.uint8)
            padded = np.zeros(mask.size, np.uint8)
            padded[: min(len(raw), mask.size)] = np.frombuffer(raw, np.uint8)[: mask.size]
            raw = (padded ^ mask).tobytes()
        return bytes(raw) + tail if tail else raw

    def _recorded(self, content: InstanceFrames, name: str) -> bytes:
        for v, n in content.number.items():
            record = self.volumes[v].dicom.pixel_record
            recorded = getattr(record, name).get(n)
            if recorded:
                return bytes(recorded)
        return b""

    def _frames(self, content: InstanceFrames, refs: list[FrameRef], pixel: PixelFormat) -> np.ndarray:
        """Return frames of an instance in the order of `refs`, shape (frames, rows, columns[, samples])."""
        infos = self._infos_of(content.instance) if self._any_rescaled(refs) else {}
        planes = []
        for ref in refs:
            volume = self.volumes[ref.volume]
            plane = volume.voxels[ref.time, ref.slice]
            record = volume.dicom.pixel_record
            if record.rescaled:
                info = infos[ref.frame]
                plane = to_stored_values(plane, info.slope, info.intercept, pixel.dtype)
            planes.append(plane == ref.label if ref.label else plane)
        frames = planes[0][None] if len(planes) == 1 else np.stack(planes)
        record = self.volumes[refs[0].volume].dicom.pixel_record
        if record.across:
            wanted = pixel.rows // max(record.down, 1), pixel.columns // record.across
            if frames.shape[1:] != wanted or len(frames) > record.across * record.down:
                raise PixelError(
                    f"{content.instance.name}: {len(frames)} slices of {frames.shape[1:]} do not fit a mosaic of {pixel.shape}."
                )
            frames = tile(frames, record.across, record.down, (pixel.rows, pixel.columns))[None]
        if frames.shape[1:] != pixel.shape:
            raise PixelError(
                f"{content.instance.name}: the image has planes of {frames.shape[1:]}, the instance had {pixel.shape}."
            )
        return frames

    def _infos_of(self, instance: Instance) -> dict[int, FrameInfo]:
        """Return what the attributes specify for each frame; kept for the latest instance, as frames are made one by one."""
        if self._latest_infos is None or self._latest_infos[0] is not instance:
            self._latest_infos = instance, {info.frame: info for info in frames_of(instance, 0)}
        return self._latest_infos[1]

    def _any_rescaled(self, refs: Sequence[FrameRef]) -> bool:
        records = (self.volumes[ref.volume].dicom.pixel_record for ref in refs)
        return any(record.rescaled for record in records)


def _vr_of(pixel: PixelFormat) -> str:
    return "OW" if pixel.bits_allocated > 8 else "OB"


def _decoded_changes(pixel: PixelFormat) -> dict[str, Any]:
    return {"planar": False, "photometric": "RGB"} if pixel.samples == 3 else {"planar": False}


def _fitted(raw: bytes | memoryview, length: int) -> bytes:
    return bytes(raw[:length]) + bytes(max(0, length - len(raw)))
