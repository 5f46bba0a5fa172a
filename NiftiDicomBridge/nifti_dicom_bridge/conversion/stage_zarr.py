"""Zarr stores with the lossless record: opening and writing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import bids
from ..errors import OutputError
from ..formats import nifti, zarr
from ..formats.dicom.reading.segments import segments_of
from ..labels import write_dseg
from ..model.volume import Digester, Volume
from ..options import ConversionOptions, Progress
from ..options.staging import Staging
from ..sidecar import match, record, write_sidecar
from .image_file import NiftiFile


@dataclass(frozen=True)
class StoreFile(NiftiFile):
    """A Zarr store whose record has been read, and whose voxels have not.

    Attributes
    ----------
    image : Volume
        What it holds, without the record; its voxels are read when they are sliced.
    """

    image: Volume

    def load(self, with_gradients: bool = False) -> Volume:
        """Return the volume, with the record where there is one; its voxels are read when they are sliced.

        Raises
        ------
        SidecarError
            If image and record do not belong together.
        """
        if self.record is None:
            return self.image
        known = replace(self.image, warnings=())  # of the original: who restores it need not hear them again
        return match.attach(known, self.record, str(self.path))


def open_store(path: Path) -> StoreFile:
    """Return a store with its record.

    Raises
    ------
    DependencyError, ZarrReadError, SidecarError, GeometryError
        If it cannot be read: see `formats.zarr.read_store`.
    """
    stored = zarr.read_store(Path(path))
    where = str(path)
    found = None if stored.record is None else record.from_json(stored.record, where)
    return StoreFile(Path(path), stored.top, found, stored.image)


def open_zarr(path: Path | str) -> Volume:
    """Return the volume in a Zarr store, with voxels that are read when they are sliced.

    ``open_zarr("CT.zarr").voxels[0, 100:110]`` reads the chunks with ten slices, and nothing else.

    Parameters
    ----------
    path : path
        The store ``NAME.zarr``: one that this package wrote, or any OME-Zarr 0.5 of numbers in up to three axes of space, time
        and channels.

    Returns
    -------
    Volume
        With `LazyVoxels` in the place of its voxels; ``numpy.asarray(volume.voxels)`` reads all of them.

    Raises
    ------
    BridgeError
        If the store cannot be read, or chunks of it are missing.
    """
    return open_store(Path(path)).load()


def stage_store(
    volume: Volume,
    name: str,
    staging: Staging,
    options: ConversionOptions,
    top: Mapping[str, Any] | None = None,
    complete: Callable[[str], Volume] | None = None,
    progress: Progress | None = None,
) -> None:
    """Put a store and its JSON into a staging area, some planes at a time.

    Parameters
    ----------
    volume : Volume
        What to write; its voxels may be lazy.
    name : str
        Path below the staging area, without suffix.
    staging : Staging
        From which both appear at once.
    options : ConversionOptions
        Sharding and pyramid.
    top : mapping, optional
        BIDS keys of an image that never was DICOM; of others those that a person changed.
    complete : callable, optional
        Given the digest of the voxels, returns the volume with what is known after they were read.
    progress : Progress, optional
        Told the number of planes written.

    Raises
    ------
    BridgeError
        If the voxels cannot be read or written, or an output exists and may not be replaced.
    """
    _check_beside(staging.folder, name)
    folder = staging.folder_path(name + zarr.SUFFIX, zarr.SIGN)
    sidecar = staging.path(name + ".json")
    writer = zarr.StoreWriter(folder, options)
    segments = segments_of(volume)
    labels = bool(segments) or volume.intent == "label"
    digester = Digester(volume.voxels.shape, volume.voxels.dtype) if complete else None
    writer.write_voxels(volume, labels, digester.update if digester else None, progress)
    if complete and digester:
        volume = complete(digester.digest())
    keys, found = _keys_and_record(volume)
    told = {**keys, **(top or {})}
    writer.write_attributes(volume, found, told)
    name_of_store = folder.name
    write_sidecar(sidecar, {**told, zarr.BESIDE_KEY: zarr.beside(volume, name_of_store, found)})
    if segments:
        write_dseg(segments, staging.path(name + "_dseg.tsv"))


def _check_beside(folder: Path, name: str) -> None:
    """Refuse to take the place of a sidecar that belongs to a NIfTI image: the record in it would be lost."""
    for suffix in nifti.SUFFIXES:
        if (folder / (name + suffix)).exists():
            raise OutputError(
                f"{folder / name}.json belongs to {name}{suffix}, which lies there too, and holds its record. Choose another "
                "folder."
            )


def _keys_and_record(volume: Volume) -> tuple[dict[str, Any], dict[str, Any] | None]:
    if volume.metadata is None or volume.origin is None:
        return {}, None
    keys = bids.keys_of(volume)
    return keys, record.to_json(volume, keys)


def edited_keys(file: NiftiFile) -> dict[str, Any]:
    """Return the BIDS keys that a person changed beside an image; all of them for one that never was DICOM."""
    if file.record is None:
        return {key: value for key, value in file.top.items() if key != record.KEY}
    written = file.record.top
    return {key: value for key, value in file.top.items() if key != record.KEY and written.get(key) != value}


def write_store(volume: Volume, path: Path, options: ConversionOptions) -> list[Path]:
    """Write one volume as a store, with or without suffix in its name; see `nifti_dicom_bridge.write`."""
    name = path.name[: -len(zarr.SUFFIX)] if path.name.lower().endswith(zarr.SUFFIX) else path.name
    with Staging(path.parent, options.overwrite) as staging:
        stage_store(volume, name, staging, options)
        return staging.commit()
