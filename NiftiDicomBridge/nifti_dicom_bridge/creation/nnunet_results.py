"""Predictions of nnU-Net: regions that overlap, and the probabilities that it writes next to a label map."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import LabelError
from ..labels import Segment, find_shared_labels, read_labels, read_regions
from ..labels.regions import Region
from ..model.files.names import companion
from ..model.metadata import Log
from ..model.volume import Volume
from ..options import ConversionOptions, SegmentationForm
from ..options.choices import MAY_HAVE_LABELS
from ..options.remedies import remedy
from .image_with_sidecar import ImageWithSidecar
from .label_sources import unknown_values

_ARRAYS = ("probabilities", "softmax")
"""Names of the array in the file: nnU-Net version 2, version 1."""


def with_results(what: ImageWithSidecar, options: ConversionOptions, log: Log) -> tuple[ImageWithSidecar, list[Segment]]:
    """Return an image, and its segments if it is a prediction of nnU-Net of more than plain labels; else no segments.

    With ``segmentation="fractional"``, the probabilities of ``NAME.npz`` take the place of the label map ``NAME.nii.gz``,
    which shows the grid and the order of the axes. Regions become layers of masks, which may overlap.

    Raises
    ------
    LabelError
        If the probabilities do not agree with the label map.
    """
    if options.kind not in MAY_HAVE_LABELS or not _is_label_map(what.image):
        return what, []
    archive, labels = companion(what.path, ".npz"), options.labels or find_shared_labels(what.path)
    table = labels if labels is not None and labels.is_file() else None
    regions = read_regions(table) if table is not None else []
    if archive.is_file():
        if options.segmentation is SegmentationForm.FRACTIONAL:
            return _with_probabilities(what, archive, table, regions, log)
        log.notes.append(f"{archive.name} contains probabilities: {remedy('write-probabilities')}")
    if table is None or unknown_values(what.image, _numbers(regions) or read_labels(table)):
        return what, []
    if not regions:
        return replace(what, image=replace(what.image, intent="label")), []
    log.notes.append(f"segments are the regions of {table}, which may overlap")
    return _layers(what, regions), [Segment(n, region.label) for n, region in enumerate(regions, 1)]


def _with_probabilities(
    what: ImageWithSidecar, archive: Path, table: Path | None, regions: Sequence[Region], log: Log
) -> tuple[ImageWithSidecar, list[Segment]]:
    segments = [Segment(n, region.label) for n, region in enumerate(regions, 1)] or _plain(table, archive)
    image = replace(what.image, voxels=_probabilities(archive, what.image, table, regions), intent="")
    log.notes.append(f"probabilities: {archive}; its axes agree with the label map {what.path.name}")
    return replace(what, image=image, path=what.path.with_name(f"{what.name}_probseg.nii")), segments


def _is_label_map(image: Volume) -> bool:
    return image.voxels.ndim == 4 and image.times == 1 and image.voxels.dtype.kind in "iub" and image.rescale.is_identity


def _numbers(regions: Sequence[Region]) -> list[Segment]:
    return [Segment(value, region.label) for region in regions for value in region.values if value]


def _layers(what: ImageWithSidecar, regions: Sequence[Region]) -> ImageWithSidecar:
    """Return a layer of its number for each region."""
    voxels = what.image.array
    layers = [np.where(np.isin(voxels, region.values), n, 0).astype(np.uint8) for n, region in enumerate(regions, 1)]
    return replace(what, image=replace(what.image, voxels=np.stack(layers, axis=-1), intent="label"))


def _plain(labels: Path | None, archive: Path) -> list[Segment]:
    segments = read_labels(labels) if labels is not None else []
    if [segment.number for segment in segments] != list(range(1, len(segments) + 1)):
        raise LabelError(
            f"{archive}: each array of probabilities is a class, and the labels are numbered "
            f"{', '.join(str(segment.number) for segment in segments)}. Number them from 1 without gaps."
        )
    return segments


def _probabilities(path: Path, labels: Volume, table: Path | None, regions: Sequence[Region]) -> np.ndarray:
    """Return the probabilities of the segments, shape (segments, slices, rows, columns), in the order of the label map.

    Raises
    ------
    LabelError
        If the array is damaged, or does not give the label map.
    """
    array = _array(path)
    place = labels.array[0]  # (slices, rows, columns)
    if array.ndim != 4 or array.shape[1:] != place.shape:
        actual, expected = (" × ".join(map(str, shape)) for shape in (array.shape, place.shape))
        raise LabelError(
            f"{path}: the array is {actual}; classes × {expected} (z, y, x) was expected, as nnU-Net writes it next to "
            "this label map. Take the label map of the same prediction."
        )
    agreed = _regions_agree(array, place, table, regions) if regions else _classes_agree(array, place)
    if not agreed:
        raise LabelError(
            f"{path}: the probabilities do not give the label map next to them, so the order of their axes or classes is not "
            "known. Predict again with nnU-Net and keep both files of that prediction, with dataset.json."
        )
    return array if regions else array[1:]


def _classes_agree(array: np.ndarray, place: np.ndarray) -> bool:
    """Whether each voxel with a label has that class; post-processing of nnU-Net only removes labels."""
    inside = place != 0
    return bool(inside.any()) and bool((array.argmax(axis=0)[inside] == place[inside]).all())


def _regions_agree(array: np.ndarray, place: np.ndarray, table: Path | None, regions: Sequence[Region]) -> bool:
    if len(array) != len(regions):
        return False
    made = np.zeros_like(place)
    for number, probability in zip(_order(table, regions), array, strict=True):
        made[probability > 0.5] = number
    inside = place != 0
    return bool(inside.any()) and bool((made[inside] == place[inside]).all())


def _order(table: Path | None, regions: Sequence[Region]) -> list[int]:
    """Return the value of each region in the label map: regions_class_order."""
    assert table is not None
    numbers = {segment.label: segment.number for segment in read_labels(table)}
    return [numbers[region.label] for region in regions]


def _array(path: Path) -> np.ndarray:
    try:
        with np.load(path, allow_pickle=False) as stored:
            names = [name for name in _ARRAYS if name in stored]
            if len(names) != 1:
                raise LabelError(
                    f"{path}: 'probabilities' or 'softmax' was expected, and it has {', '.join(stored) or 'nothing'}."
                )
            array: np.ndarray = stored[names[0]]
            return array.astype(np.float32)
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise LabelError(f"{path}: damaged ({error}). Predict again.") from None
