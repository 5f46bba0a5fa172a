"""A NIfTI file with its sidecar: opened first, loaded when its voxels are wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..formats import nifti, zarr
from ..model.volume import Volume
from ..output import check_complete
from ..sidecar import KEY, match, read_sidecar, record, record_path, sidecar_path
from ..sidecar.record import Record


@dataclass(frozen=True)
class ImageWithRecord:
    """A NIfTI file whose sidecar has been read, and whose voxels have not.

    Attributes
    ----------
    path : pathlib.Path
        The image.
    top : dict
        The sidecar; empty where there is none.
    record : Record or None
        The lossless record in it.
    """

    path: Path
    top: dict[str, Any]
    record: Record | None

    def load(self, with_gradients: bool = False, lazy: bool = False) -> Volume:
        """Return the volume, with the record where there is one, and with gradients if they are asked for.

        The voxels of large images are lazy if that is allowed.

        Raises
        ------
        NiftiReadError, SidecarError, GeometryError
            If the image is damaged, or it and its sidecar do not belong together.
        """
        image = nifti.read_image(self.path, lazy=lazy)
        if with_gradients and image.times > 1:
            image = nifti.with_gradients(image, self.path)
        if self.record is None:
            return image
        volume = match.attach(image, self.record, str(self.path))
        if with_gradients and volume.gradients is None and volume.source is not None:
            from ..formats.dicom.reading.gradients import recorded_gradients

            return replace(volume, gradients=recorded_gradients(volume.dicom.metadata, volume.times))
        return volume


def open_nifti(path: Path) -> ImageWithRecord:
    """Return a NIfTI file with its sidecar; raises `SidecarError` where that is damaged."""
    check_complete(path)
    beside = sidecar_path(path)
    top = read_sidecar(beside) if beside.exists() else {}
    if KEY in top:
        return ImageWithRecord(path, top, record.from_json(top[KEY], str(beside)))
    apart = record_path(path)
    stored = read_sidecar(apart) if apart is not None and apart.is_file() else {}
    return ImageWithRecord(path, top, record.from_json(stored[KEY], str(apart)) if KEY in stored else None)


@dataclass(frozen=True)
class StoreFile(ImageWithRecord):
    """A Zarr store whose record has been read, and whose voxels have not.

    Attributes
    ----------
    image : Volume
        What it holds, without the record; its voxels are read when they are sliced.
    """

    image: Volume

    def load(self, with_gradients: bool = False, lazy: bool = True) -> Volume:
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
    check_complete(Path(path))
    stored = zarr.read_store(Path(path))
    where = str(path)
    parsed = None if stored.record is None else record.from_json(stored.record, where)
    return StoreFile(Path(path), stored.top, parsed, stored.image)
