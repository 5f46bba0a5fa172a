"""Images that were just written are read again, as any input is: what cannot be read, or differs, is not put in place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import BridgeError, OutputError
from ...formats import nifti, zarr
from ...formats.dicom.read_back import difference, not_as_written
from ...model.files.names import PICTURE_SUFFIXES
from ...model.space.grids import same_grid
from ...model.volume import Volume, reoriented
from ...model.voxels.digest import Digester
from ...model.voxels.lazy_voxels import ranges, read_ahead
from ...sidecar import KEY, match, read_sidecar
from ...sidecar.image_id import ImageId
from ...sidecar.record import Record
from ...sidecar.record_digest import DIGESTS, digests_of
from ...sidecar.record_reading import record_from_json

PLANES = 16


def check_nifti(
    image: Path, sidecar: Path, apart: Path | None, volume: Volume, digest: str | None, outputs: Mapping[str, Path]
) -> None:
    """Raise `OutputError` if an image with its sidecar is not the volume that was to be written.

    Parameters
    ----------
    image, sidecar : pathlib.Path
        The files.
    apart : pathlib.Path, optional
        The file with the record, if it is not in the sidecar.
    volume : Volume
        What was to be written.
    digest : str or None
        The digest of its voxels; None to compare them with those of the volume.
    outputs : mapping
        All outputs; the others are not read.
    """
    try:
        back = nifti.read_image(image)
        content = read_sidecar(apart or sidecar)
        stored = record_from_json(content[KEY], str(sidecar)) if KEY in content else None
        attached = back if stored is None else match.attach(back, stored, str(image))
        is_of_record = stored is None or ImageId.parse(nifti.description(image)) == stored.image_id
    except BridgeError as error:
        raise not_as_written(image.name, f"it cannot be read ({error})") from error
    back = reoriented(back, (0, 1, 2), (1, -1, 1))  # rows are written from the last to the first
    _compare_grids(image.name, volume, back.ijk_to_ras)
    _compare_voxels(image.name, volume, back, digest)
    if not is_of_record:
        raise not_as_written(image.name, "its header has another image identifier than its record")
    if stored is not None:
        _compare_records(image.name, volume, stored)
        if volume.edits() != attached.edits():
            raise not_as_written(image.name, "it does not count as the image that its record describes")


def check_store(
    folder: Path, volume: Volume, content: Mapping[str, Any] | None, digest: str | None, every_voxel: bool = True
) -> None:
    """Raise `OutputError` if a store is not the volume that was to be written.

    Parameters
    ----------
    folder : pathlib.Path
        The store.
    volume : Volume
        What was to be written.
    content : mapping or None
        Its record.
    digest : str or None
        The digest of its voxels; None to compare them with those of the volume.
    every_voxel : bool
        Whether to compare the voxels.
    """
    try:
        stored = zarr.read_store(folder)
    except BridgeError as error:
        raise not_as_written(folder.name, f"it cannot be read ({error})") from error
    try:
        _compare_grids(folder.name, volume, stored.image.ijk_to_ras)
        if every_voxel:
            _compare_voxels(folder.name, volume, stored.image, digest)
    except OutputError:
        raise
    except BridgeError as error:
        raise not_as_written(folder.name, f"it cannot be read ({error})") from error
    finally:
        zarr.close(stored)  # an open file cannot be moved on Windows
    if (stored.record is None) != (content is None) or (
        content is not None and stored.record is not None and digests_of(stored.record) != content[DIGESTS]
    ):
        raise not_as_written(folder.name, "the record of the DICOM is not as it was written")


def check_pictures(outputs: Mapping[str, Path]) -> None:
    """Raise `OutputError` if a picture cannot be decoded, or another output is empty."""
    from PIL import Image

    for name, path in outputs.items():
        if path.suffix in PICTURE_SUFFIXES:
            try:
                with Image.open(path) as picture:
                    picture.load()
            except (OSError, SyntaxError, ValueError) as error:
                raise not_as_written(name, f"it cannot be decoded ({error})") from error
        elif not path.stat().st_size:
            raise not_as_written(name, "it is empty")


def _compare_grids(name: str, volume: Volume, ijk_to_ras: np.ndarray) -> None:
    if not same_grid(ijk_to_ras, volume.ijk_to_ras, volume.voxels.shape[1:4]):
        raise not_as_written(name, "the voxels are not at the positions where they were")


def _compare_voxels(name: str, volume: Volume, back: Volume, digest: str | None = None) -> None:
    one, other = volume.voxels, back.voxels
    if one.shape != other.shape or one.dtype.newbyteorder("<") != other.dtype.newbyteorder("<"):
        raise not_as_written(name, f"it has {other.shape} voxels of type {other.dtype.name}")
    places = ranges(one.shape, PLANES, PLANES)
    if digest is not None:
        digester = Digester(one.shape, one.dtype)
        for _, _, planes in read_ahead(other, places):
            digester.update(planes)
        same = digester.digest() == digest
    else:
        pairs = zip(read_ahead(one, places), read_ahead(other, places), strict=True)
        same = all(np.array_equal(a, b, equal_nan=one.dtype.kind in "fc") for (_, _, a), (_, _, b) in pairs)
    if not same:
        raise not_as_written(name, "its voxels are not as they were written")


def _compare_records(name: str, volume: Volume, stored: Record) -> None:
    if volume.source is None:
        raise not_as_written(name, "it has a record")
    series, recorded = volume.dicom.metadata, stored.source.metadata
    if len(series.instances) != len(recorded.instances) or not np.array_equal(series.frames, recorded.frames):
        raise not_as_written(name, "the record has other instances or frames")
    for one, other in zip(series.instances, recorded.instances, strict=True):
        if problem := difference(one, other):
            raise not_as_written(name, f"in the record, {problem} is not as it was")
