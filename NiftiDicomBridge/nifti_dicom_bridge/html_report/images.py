"""Files → the images in them, as others see them: read again from what is on the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from ..conversion.inputs.image_files import is_nifti_file
from ..conversion.inputs.image_with_record import StoreFile, open_nifti, open_store
from ..formats.dicom.reading.grouping.series import find_series
from ..formats.dicom.reading.outline import outline
from ..formats.dicom.reading.plans import Plan, plan_all
from ..formats.dicom.reading.read import load
from ..formats.dicom.reading.segmentations.segment_series import put_on_series
from ..formats.image_formats import read_image
from ..formats.zarr import is_store
from ..model.space.axes import closest_orientation
from ..model.space.grids import same_grid
from ..model.volume import Volume, reoriented
from ..validation import OTHER_KINDS

NIFTI, ZARR, DICOM = "NIfTI", "Zarr", "DICOM"


@dataclass(frozen=True)
class Image:
    """An image whose grid is known; its voxels are read when they are asked for.

    Attributes
    ----------
    name : str
        What it is called.
    kind : str
        What it is, in a word or two: `NIFTI`, `ZARR`, ``DICOM, 23 files``.
    placed : bool
        Whether it specifies where it is in the patient.
    outline : Volume
        The image; for DICOM without its voxels.
    load : callable
        Returns the image with its voxels.
    path : pathlib.Path or None
        Of an image in a file of its own.
    """

    name: str
    kind: str
    placed: bool
    outline: Volume
    load: Callable[[], Volume]
    path: Path | None = None


@dataclass(frozen=True)
class Pair:
    """One image before and after the conversion, both loaded and reoriented alike; None where it is not."""

    name: str
    before: Image | None
    after: Image | None
    loaded: tuple[Volume | None, Volume | None]

    @property
    def placed(self) -> bool:
        """Whether it is known where the image is in the patient."""
        return all(image.placed for image in (self.before, self.after) if image)


def pairs_of(inputs: Sequence[Path], outputs: Sequence[Path]) -> Iterator[Pair]:
    """Yield the images of a conversion, before and after, one pair at a time; raises `BridgeError` as `read` does."""
    if _images_among(outputs):
        before = [*_planned(inputs), *_in_files(inputs)]
        for image in _in_files(outputs):
            partner, volumes = _partner(image, before)
            yield Pair(image.name, partner, image, _alike(volumes[1], volumes[0]))
        return
    after = list(_planned(outputs))
    for image in chain(_in_files(inputs), _planned(inputs)):
        partner, volumes = _partner(image, after)
        yield Pair(image.name, image, partner, _alike(*volumes))


def _images_among(paths: Sequence[Path]) -> list[Path]:
    """Return the paths that are an image each: NIfTI and other formats of images, and Zarr stores."""
    return [path for path in paths if is_nifti_file(path) or is_store(path)]


def _in_files(paths: Sequence[Path]) -> Iterator[Image]:
    """Yield images that are a file each, as others see them who do not know the record."""
    for path in _images_among(paths):
        file = open_store(path) if is_store(path) else open_nifti(path)
        volume = file.image.in_memory() if isinstance(file, StoreFile) else read_image(path)
        known = replace(volume, source=file.record.source) if file.record else volume
        kind = ZARR if is_store(path) else NIFTI
        placed = kind == ZARR or volume.space != ""
        yield Image(volume.name, kind, placed, known, lambda known=known: known, path)  # type: ignore[misc]


def _planned(paths: Sequence[Path]) -> Iterator[Image]:
    """Yield images that are made of DICOM files."""
    images = _images_among(paths)
    files = [path for path in paths if path not in images and path.suffix.lower() not in OTHER_KINDS]
    if files:
        inventory = find_series(files)
        yield from map(_dicom, put_on_series(plan_all(inventory), spaces=inventory.spaces))


def _dicom(plan: Plan) -> Image:
    count = len(plan.instances)
    kind = f"{DICOM}, {count} file{'s' * (count > 1)}"
    return Image(plan.name, kind, plan.grid.stack is not None, outline(plan), lambda: load(plan))


def _partner(image: Image, others: Sequence[Image]) -> tuple[Image | None, tuple[Volume, Volume | None]]:
    """Return the one of several images that an image was made of, or became: the one with the same voxels, where there is."""
    volume = image.load()
    if not others:
        return None, (volume, None)
    similar = [other for other in others if is_on_same_grid(volume, other.outline)]
    similar.sort(key=lambda other: other.name != image.name)
    chosen, image_and_volumes = similar[0] if similar else others[0], None
    for other in similar if len(similar) > 1 else []:
        image_and_volumes = other.load()
        if has_same_voxels(volume, image_and_volumes):
            return other, (volume, image_and_volumes)
    return chosen, (volume, chosen.load())


def is_on_same_grid(volume: Volume, other: Volume) -> bool:
    """Whether every voxel of an image is one of another, however both are stored."""
    other = _reoriented_like(other, volume)
    return volume.voxels.shape == other.voxels.shape and same_grid(
        volume.ijk_to_ras, other.ijk_to_ras, volume.voxels.shape[1:4]
    )


def has_same_voxels(volume: Volume, other: Volume) -> bool:
    """Whether two images on the same grid hold the same stored values."""
    other = _reoriented_like(other, volume)
    return all((a == b).all() for a, b in zip(volume.array, other.array, strict=True))


def _reoriented_like(volume: Volume, other: Volume) -> Volume:
    return reoriented(volume, *closest_orientation(volume.ijk_to_ras, other.ijk_to_ras))


def _alike(before: Volume | None, after: Volume | None) -> tuple[Volume | None, Volume | None]:
    return (before, after) if before is None or after is None else (before, _reoriented_like(after, before))
