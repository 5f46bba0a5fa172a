"""Several masks of one folder → one label map, or layers of one where they overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...creation.image_with_sidecar import ImageWithSidecar, open_with_sidecar
from ...errors import LabelError
from ...formats.dicom.created.label_evidence import WHOLE
from ...labels import Segment
from ...model.files.names import stem_of
from ...model.space.grids import same_grid
from ...model.volume import Volume
from ...model.voxels.lazy_voxels import bounds_of, slabs
from ...model.voxels.pixels import Rescale
from ...model.voxels.real_values import to_real_values

FULL = 255
"""What programs for pictures write inside of a mask."""


def open_masks(files: Sequence[Path]) -> tuple[ImageWithSidecar, list[Segment]]:
    """Return the masks of a folder as one image, and the segments, which have the names of the files.

    Raises
    ------
    LabelError
        If a file is not a mask, or has another grid than the first.
    """
    folder = files[0].parent
    first = open_with_sidecar(files[0])
    image, segments = join_masks(_opened(files, first))
    return replace(first, image=image, path=folder / f"{folder.name}.nii", where=first.where or str(folder)), segments


def _opened(files: Sequence[Path], first: ImageWithSidecar) -> Iterator[tuple[str, Volume]]:
    yield stem_of(files[0]), first.image
    yield from ((stem_of(file), open_with_sidecar(file).image) for file in files[1:])


def join_masks(masks: Iterable[tuple[str, Volume]]) -> tuple[Volume, list[Segment]]:
    """Return masks as one label map whose labels are numbered in their order, as layers of one where masks overlap.

    Raises
    ------
    LabelError
        If an image is not a mask, or has another grid than the first.
    """
    first: Volume | None = None
    layers: list[np.ndarray] = []
    segments: list[Segment] = []
    for number, (name, image) in enumerate(masks, 1):
        first = first or image
        inside = inside_of(image)
        if inside is None:
            raise LabelError(f"{name}: its values are not only 0 and 1, so it is not the mask of a segment. Convert it alone.")
        if not have_one_grid(first, image):
            raise LabelError(f"{name}: its grid differs from that of {segments[0].label}. Convert it alone.")
        segments.append(Segment(number, name))
        _add(layers, inside, number)
    assert first is not None
    dtype = np.min_scalar_type(len(segments))
    joined = [layer.astype(dtype, copy=False) for layer in layers]
    voxels = joined[0] if len(joined) == 1 else np.stack(joined, axis=-1)
    return replace(first, voxels=voxels, rescale=Rescale(), intent="label"), segments


def _add(layers: list[np.ndarray], inside: np.ndarray, number: int) -> None:
    """Write a mask into the first layer that is free there."""
    free = next((layer for layer in layers if not layer[inside].any()), None)
    if free is None:
        free = np.zeros(inside.shape, np.uint16)
        layers.append(free)
    free[inside] = number


def is_mask(image: Volume) -> bool:
    """Whether an image of one time contains nothing but 0 and 1, or 0 and 255."""
    if image.voxels.ndim != 4 or image.voxels.shape[0] != 1 or image.voxels.dtype.kind not in "biuf":
        return False
    return all((inside | (np.abs(values) <= WHOLE)).all() for values, inside in _values_and_inside(image))


def inside_of(image: Volume) -> np.ndarray | None:
    """Return where a mask is 1, or 255, but for the rounding of a scale in its header, in its shape; None for other images."""
    if not is_mask(image):
        return None
    parts = [inside for _, inside in _values_and_inside(image)]
    return np.concatenate(parts).reshape(image.voxels.shape)


def _values_and_inside(image: Volume) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield real values, some planes at a time, and whether each is the value of a mask."""
    scale, real_type = image.rescale, np.dtype(np.float64)

    def real(stored: np.ndarray) -> np.ndarray:
        return stored if scale.is_identity else to_real_values(stored, scale.slope, scale.intercept, real_type)

    full = np.float64(FULL if float(real(np.array(bounds_of(image.voxels))).max()) > 1 + WHOLE else 1)
    for _, _, planes in slabs(image.voxels):
        values = real(planes)
        yield values, np.abs(values - full) <= WHOLE


def have_one_grid(a: Volume, b: Volume) -> bool:
    """Whether two images have the same shape and place."""
    return a.voxels.shape == b.voxels.shape and same_grid(a.ijk_to_ras, b.ijk_to_ras, a.voxels.shape[1:4])
