"""Volumes → stores, some planes at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import PixelError
from ...model.space.geometry import LPS_TO_RAS
from ...model.volume import Volume
from ...model.voxels.lazy_voxels import ranges, read_ahead
from ...options import ConversionOptions, Progress
from ...sidecar import KEY
from ...sidecar.files import json_bytes
from ...sidecar.record import WRITTEN_KEYS
from ...sidecar.record_digest import DIGESTS
from . import pyramid
from .dependency import codecs, zarr_package
from .layout import Layout, layout_of
from .ome import axis_names, to_ome

IMAGE = "0"
RECORD = "record"
RECORD_CHUNK = 1 << 24
SMALL_PARTS = ("SchemaVersion", "Tool", "Voxels", "Geometry", WRITTEN_KEYS, DIGESTS)
"""Parts of the record that do not grow with the number of instances: they are attributes of the group."""


class StoreWriter:
    """Makes one store.

    Parameters
    ----------
    folder : pathlib.Path
        An empty folder.
    options : ConversionOptions
        Whether to shard, and how many levels a pyramid has.
    """

    def __init__(self, folder: Path, options: ConversionOptions):
        self._zarr = zarr_package()
        self._folder, self._options = folder, options
        self._levels: list[pyramid.Level] = []
        self._group = self._zarr.create_group(store=str(folder), zarr_format=3)

    def write_voxels(
        self,
        volume: Volume,
        labels: bool = False,
        observe: Callable[[np.ndarray], None] | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Write the voxels of a volume as they are, and the levels of the pyramid.

        Parameters
        ----------
        volume : Volume
            Its voxels may be lazy.
        labels : bool
            Values are labels: those of a pyramid are picked, not averaged.
        observe : callable, optional
            Is given the planes one after the other, shape (planes, rows, columns[, samples]).
        progress : Progress, optional
            Receives the number of planes written.

        Raises
        ------
        PixelError
            If Zarr has no such type.
        BridgeError
            Whatever reading lazy voxels raises.
        """
        voxels = volume.voxels
        _check_type(voxels.dtype)
        layout = layout_of(voxels.shape, voxels.dtype, self._options.shards)
        array = self._array(IMAGE, layout, voxels.dtype, axis_names(voxels.shape))
        with ThreadPoolExecutor(1) as pool:  # observing, reading the next planes and compressing these go on side by side
            for start, stop, planes in read_ahead(voxels, ranges(voxels.shape, layout.step, layout.planes)):
                observed = pool.submit(observe, planes) if observe is not None else None
                if progress is not None:
                    progress(volume.name, start, voxels.shape[0] * voxels.shape[1])
                put_planes(array, voxels.shape, start, stop, planes)
                if observed is not None:
                    observed.result()
        self._write_pyramid(array, volume, labels)

    def _write_pyramid(self, array: Any, volume: Volume, labels: bool) -> None:
        self._levels = [pyramid.Level(IMAGE, (1, 1, 1), (0.0, 0.0, 0.0))]
        for n in range(1, self._options.pyramid + 1):
            level = pyramid.next_level(self._levels[-1], str(n), array.shape[-3:], volume, labels)
            if level is None:
                break
            array = self._coarser(array, level, volume, labels)
            self._levels.append(level)

    def write_attributes(self, volume: Volume, record: Mapping[str, Any] | None, top: Mapping[str, Any]) -> None:
        """Write everything but the voxels.

        Parameters
        ----------
        volume : Volume
            With the grid and what is known of the values.
        record : mapping or None
            The lossless record; None for an image that never was DICOM.
        top : mapping
            BIDS keys; kept here for images without record.
        """
        image = {**image_attributes(volume), "Levels": [level.path for level in self._levels]}
        own: dict[str, Any] = {"Image": image}
        if record is not None:
            own |= {name: record[name] for name in SMALL_PARTS if name in record}
            self._write_record({name: part for name, part in record.items() if name not in SMALL_PARTS})
        elif top:
            own[WRITTEN_KEYS] = dict(top)
        levels = [(level.path, level.factors, level.moved) for level in self._levels]
        attributes = {"ome": to_ome(volume, levels), KEY: own}
        self._group.update_attributes(attributes)  # last: a store without them is half-written

    def _array(self, name: str, layout: Layout, dtype: np.dtype, names: tuple[str, ...]) -> Any:
        """Make an array that has every chunk, whatever its values, and whose fill value no image consists of.

        So a chunk that is not there is a loss, and never zeros.
        """
        little = dtype.newbyteorder("<")
        return self._zarr.create_array(
            store=str(self._folder),
            name=name,
            shape=layout.shape,
            dtype=little,
            chunks=layout.chunks,
            shards=layout.shards,
            compressors=codecs(1, "bitshuffle", dtype.itemsize),
            fill_value=fill_value(little),
            dimension_names=names,
            config={"write_empty_chunks": True},
        )

    def _coarser(self, finer: Any, level: pyramid.Level, volume: Volume, labels: bool) -> Any:
        """Write a level of the pyramid from the one before."""
        times, samples, names = volume.voxels.shape[0], volume.voxels.shape[4:], axis_names(volume.voxels.shape)
        shape = (times, *pyramid.shape_of(finer.shape[-3:], level.halved), *samples)
        layout = layout_of(shape, volume.voxels.dtype, self._options.shards)
        array = self._array(level.path, layout, volume.voxels.dtype, names)
        for region in pyramid.regions(shape, layout.step):
            array[pyramid.place(region, names)] = pyramid.halved(finer, region, level.halved, names, labels)
        return array

    def _write_record(self, large: Mapping[str, Any]) -> None:
        raw = np.frombuffer(json_bytes(json.dumps(large, ensure_ascii=False, separators=(",", ":"))), np.uint8)
        array = self._zarr.create_array(
            store=str(self._folder),
            name=RECORD,
            shape=raw.shape,
            dtype=np.dtype("u1"),
            chunks=(min(len(raw), RECORD_CHUNK),),
            compressors=codecs(5, "noshuffle", 1),
            fill_value=0,
            dimension_names=("byte",),
            config={"write_empty_chunks": True},
        )
        array[:] = raw


def put_planes(array: Any, shape: tuple[int, ...], start: int, stop: int, planes: np.ndarray) -> None:
    """Write planes, counted through all times, into the array of voxels of a shape."""
    slices = shape[1]
    time, first = divmod(start, slices)
    times, count = (1, stop - start) if stop - start < slices else ((stop - start) // slices, slices)
    block = planes.reshape(times, count, *shape[2:])
    region: list[slice] = [slice(first, first + count)]
    if len(shape) == 5:
        block, region = np.moveaxis(block, -1, 1), [slice(None), *region]
    if shape[0] > 1:
        array[(slice(time, time + times), *region)] = block
    else:
        array[tuple(region)] = block[0]


def fill_value(dtype: np.dtype) -> Any:
    """Return the largest value of a type."""
    return float(np.finfo(dtype).max) if dtype.kind == "f" else int(np.iinfo(dtype).max)


def image_attributes(volume: Volume) -> dict[str, Any]:
    """Return what a volume is next to its voxels and its record, as JSON values."""
    rescale = volume.rescale
    attributes: dict[str, Any] = {
        "IjkToRas": np.asarray(volume.ijk_to_ras, dtype=float).tolist(),
        "IjkToLps": (LPS_TO_RAS @ volume.ijk_to_ras + 0.0).tolist(),
        "Rescale": {"Slope": rescale.slope, "Intercept": rescale.intercept, "Units": rescale.units},
        "TimeStep": volume.time_step_s,
        "Space": volume.space,
        "Intent": volume.intent,
        "Warnings": list(volume.warnings),
    }
    if volume.gradients is not None:
        attributes["Gradients"] = volume.gradients.tolist()
    return attributes


def _check_type(dtype: np.dtype) -> None:
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise PixelError(f"Zarr stores of images have no data type for {dtype}. Convert the voxels first.")
