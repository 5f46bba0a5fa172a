"""Zarr stores with the lossless record: opening and writing them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ... import bids
from ...errors import OutputError
from ...formats import zarr
from ...formats.dicom.reading.segmentations.segments import segments_of
from ...labels import write_dseg
from ...model.files.names import READABLE_SUFFIXES, STORE_SUFFIXES, ZARR_SUFFIX, ZARR_ZIP_SUFFIX, suffix_of
from ...model.space.resample import has_labels
from ...model.volume import Volume
from ...model.voxels.digest import Digester
from ...options import ConversionOptions, Progress
from ...output import Staging
from ...sidecar import record, write_sidecar
from .read_back import check_store


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
        Sharding and pyramid; whether the store is a ZIP file.
    top : mapping, optional
        BIDS keys of an image that never was DICOM; of others those that a person changed.
    complete : callable, optional
        Given the digest of the voxels, returns the volume with what is known after they were read.
    progress : Progress, optional
        Receives the number of planes written.

    Raises
    ------
    BridgeError
        If the voxels cannot be read or written, or an output exists and may not be replaced.
    """
    suffix = store_suffix(options)
    _check_other_formats(staging.folder, name, suffix)
    store = staging.path(name + suffix) if options.zip_store else staging.folder_path(name + suffix, zarr.SIGN)
    folder, sidecar = staging.scratch() if options.zip_store else store, staging.path(name + ".json")
    writer = zarr.StoreWriter(folder, options)
    segments = segments_of(volume)
    digester = Digester(volume.voxels.shape, volume.voxels.dtype) if complete else None
    writer.write_voxels(volume, has_labels(volume), digester.update if digester else None, progress)
    written = digester.digest() if digester else None
    if complete and written is not None:
        volume = complete(written)
    content = _write_attributes(writer, volume, top or {}, store.name, sidecar, options.identity)
    if options.zip_store:
        zarr.pack(folder, store)
        shutil.rmtree(folder)
    check_store(store, volume, content, written, every_voxel=options.verify)
    if segments:
        write_dseg(segments, staging.path(name + "_dseg.tsv"))


def _write_attributes(
    writer: zarr.StoreWriter, volume: Volume, top: Mapping[str, Any], store: str, sidecar: Path, identity: bool
) -> dict[str, Any] | None:
    """Write what is known next to the voxels into the store, and the JSON file next to it; return the record."""
    keys, content = _keys_and_record(volume, identity)
    all_keys = {**keys, **top}
    writer.write_attributes(volume, content, all_keys)
    write_sidecar(sidecar, {**all_keys, zarr.BESIDE_KEY: zarr.companion_content(volume, store, content)})
    return content


def store_suffix(options: ConversionOptions) -> str:
    """Return the suffix of the stores that are written."""
    return ZARR_ZIP_SUFFIX if options.zip_store else ZARR_SUFFIX


def _check_other_formats(folder: Path, name: str, own: str) -> None:
    """Refuse to take the place of a sidecar that belongs to another image: the record in it would be lost."""
    for suffix in (*READABLE_SUFFIXES, *STORE_SUFFIXES):
        if suffix != own and (folder / (name + suffix)).exists():
            raise OutputError(
                f"{folder / name}.json is the sidecar of {name}{suffix} in the same folder, and contains its record. "
                "Choose another folder."
            )


def _keys_and_record(volume: Volume, identity: bool) -> tuple[dict[str, Any], dict[str, Any] | None]:
    if volume.source is None:
        return {}, None
    keys = bids.keys_of(volume) if identity else bids.without_personal_keys(bids.keys_of(volume))
    return keys, record.to_json(volume, keys)


def write_store(volume: Volume, path: Path, options: ConversionOptions) -> list[Path]:
    """Write one volume as a store, with or without suffix in its name; see `nifti_dicom_bridge.write`."""
    suffix = suffix_of(path, STORE_SUFFIXES)
    name = path.name.removesuffix(suffix)
    options = replace(options, zip_store=options.zip_store or suffix.lower() == ZARR_ZIP_SUFFIX)
    with Staging(path.parent, options.overwrite) as staging:
        stage_store(volume, name, staging, options)
        return staging.commit()
