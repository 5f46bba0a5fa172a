"""Edited label maps or masks of an RT Structure Set → a derived one: contours of unedited slices stay as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from ....errors import GeometryError, LabelError
from ....labels import Segment, unnamed
from ....model import metadata
from ....model.metadata import Element, Elements, Instance, Item, Log
from ....model.volume import Volume
from ....standard.tags import Tag
from .. import new_element
from ..created.label_map import label_voxels
from ..created.modules import STRUCTURE_SET_MODULES, defaults_of
from ..created.request import planes_of
from ..new_file import NewFile, file_without_pixels, with_equipment
from ..pydicom_conversion import in_utf_8, with_charset
from ..references import Reference
from ..uids import UidMap, new_uid
from .contour_data import contour_item
from .create import roi_elements
from .masks import HALF, NOT_DRAWN, SliceGrid
from .rois import CLOSED_PLANAR, Roi, is_closed, one_item_per_roi, rois_of, shared_numbers
from .trace import contours_of, require_tracer

_SEQUENCES = (Tag.STRUCTURE_SET_ROI_SEQUENCE, Tag.ROI_CONTOUR_SEQUENCE, Tag.RTROI_OBSERVATIONS_SEQUENCE)
_OF_APPROVAL = (Tag.REVIEW_DATE, Tag.REVIEW_TIME, Tag.REVIEWER_NAME)
_MOVED = "off their slice"
Images = dict[int, Element]
"""ContourImageSequence by slice."""


@dataclass
class _Edited:
    """What edited images are made of.

    Attributes
    ----------
    volumes, voxels : list
        The images, and their labels, shape (slices, rows, columns).
    grid : SliceGrid
        Their slices.
    on_original_grid : bool
        Whether contours of the original are in these slices.
    """

    volumes: Sequence[Volume]
    voxels: list[np.ndarray]
    grid: SliceGrid
    on_original_grid: bool

    def mask(self, roi: Roi) -> np.ndarray:
        """Return where a region that was drawn is, shape (slices, rows, columns), bool."""
        masks = (
            voxels == _labels(volume)[roi.index]
            for volume, voxels in zip(self.volumes, self.voxels, strict=True)
            if roi.index in _labels(volume)
        )
        return np.asarray(next(masks))

    def drawn(self, rois: Sequence[Roi]) -> list[Roi]:
        """Return the regions that were drawn in the images."""
        indices = set().union(*map(_labels, self.volumes))
        return [roi for roi in rois if roi.index in indices]

    def new_labels(self) -> dict[int, np.ndarray]:
        """Return where each label is that no region of the original has, shape (slices, rows, columns), bool."""
        masks: dict[int, np.ndarray] = {}
        for volume, voxels in zip(self.volumes, self.voxels, strict=True):
            for label in set(np.unique(voxels).tolist()) - set(_labels(volume).values()) - {0}:
                masks[label] = masks[label] | (voxels == label) if label in masks else voxels == label
        return masks


def _labels(volume: Volume) -> dict[int, int]:
    """Return the labels of the regions that were drawn in an image, by their indices."""
    layers = volume.dicom.metadata.layers
    return {index: label for *_, index, label in ([] if layers is None else layers.tolist()) if label != NOT_DRAWN}


def derive_structure_set(volumes: Sequence[Volume], resampled: bool, uids: UidMap, log: Log) -> Iterator[NewFile]:
    """Yield the RT Structure Set of edited images of one original, on one grid.

    Parameters
    ----------
    volumes : sequence of Volume
        With metadata and origin, at least one edited since.
    resampled : bool
        Whether their planes are not those that the original was drawn on.
    uids : UidMap
        Gives the new SeriesInstanceUID.
    log : Log
        Receives what was changed, added and left out.

    Raises
    ------
    DependencyError, LabelError, GeometryError
        If contours cannot be traced, voxels are not labels, or the slices are not where the contours of the original are.
    """
    require_tracer()
    first = volumes[0]
    original, planes = first.dicom.metadata.first, planes_of(first)
    grid = SliceGrid(planes, (first.shape_ijk[1], first.shape_ijk[0]), 0.0)
    voxels = [label_voxels(volume, log)[0] for volume in volumes]
    edited = _Edited(volumes, voxels, grid, not resampled)
    rois = rois_of(original)
    if not resampled:
        _check_slices(edited.drawn(rois), grid, volumes)
    elements = _common(original, uids) | _regions(original, rois, edited, log)
    yield file_without_pixels(with_charset(elements))


def _check_slices(rois: Sequence[Roi], grid: SliceGrid, volumes: Sequence[Volume]) -> None:
    """Refuse slices that are not where the contours are: an image has an even grid, and its series may be uneven."""
    distances = [np.mean(c.points @ grid.normal) for roi in rois for c in roi.contours if is_closed(c.kind)]
    off = [np.abs(grid.distances - distance).min() for distance in distances]
    inside = [distance for distance in off if distance <= HALF * grid.step_mm]
    was_moved = any(_MOVED in sentence for volume in volumes for sentence in volume.warnings)
    if inside and max(inside) > grid.near_mm and not was_moved:
        raise GeometryError(
            f"Contours of the original are up to {max(inside):.3g} mm off the slices of the edited image: the slices of its "
            "series are unevenly spaced. Remove the record (the sidecar), and make a new RT Structure Set with "
            'kind="rtstruct" and reference= that series.'
        )


# --- regions ----------------------------------------------------------------------------------------------------------


def _regions(original: Instance, rois: Sequence[Roi], edited: _Edited, log: Log) -> Elements:
    """Return the sequences of ROIs, contours and observations of the derived object."""
    recoded = in_utf_8(original, _SEQUENCES)
    contours = one_item_per_roi(metadata.items(recoded, Tag.ROI_CONTOUR_SEQUENCE), shared_numbers(original))
    place = {
        metadata.integer(item.elements, Tag.REFERENCED_ROI_NUMBER, -1): n for n, item in reversed(list(enumerate(contours)))
    }
    numbers = {roi.number for roi in edited.drawn(rois)} if edited.on_original_grid else set()
    images = _images_of([contours[n].elements for number, n in place.items() if number in numbers], edited.grid)
    changed = _replace_contours(contours, place, edited.drawn(rois), edited, images)
    names = [roi.name for roi in rois if roi.number in changed]
    if names:
        log.notes.append(f"contours were traced again where voxels were edited: {', '.join(names[:5])}")
    described = [_without_volume(item, changed) for item in metadata.items(recoded, Tag.STRUCTURE_SET_ROI_SEQUENCE)]
    observations = list(metadata.items(recoded, Tag.RTROI_OBSERVATIONS_SEQUENCE))
    sequences = dict(zip(_SEQUENCES, (described, contours, observations), strict=True))
    _add_new(sequences, rois, edited, images, log)
    return {tag: Element("SQ", tuple(items)) for tag, items in sequences.items()}


def _replace_contours(
    contours: list[Item], place: dict[int, int], drawn: Sequence[Roi], edited: _Edited, images: Images
) -> list[int]:
    """Replace the items of ROIContourSequence of regions that were edited, and return the numbers of these.

    `place` has the index of the item of each number; regions without one get an item at the end.
    """
    changed: list[int] = []
    for roi in drawn:
        before = contours[place[roi.number]].elements if roi.number in place else {}
        items = _contour_items(before, roi, edited, images)
        if items is None:
            continue
        if roi.shares_number:
            raise LabelError(
                f"{roi.name} was edited, but several regions of the original have its number {roi.number}: it is unknown which "
                'contours to replace. Remove the record (the sidecar), and make a new RT Structure Set with kind="rtstruct".'
            )
        changed.append(roi.number)
        kept = {tag: element for tag, element in before.items() if tag != Tag.CONTOUR_SEQUENCE}
        kept.setdefault(Tag.REFERENCED_ROI_NUMBER, new_element.integers("IS", roi.number))
        item = Item({**({Tag.CONTOUR_SEQUENCE: Element("SQ", tuple(items))} if items else {}), **kept})
        if roi.number in place:
            contours[place[roi.number]] = item
        else:
            contours.append(item)
    return changed


def _without_volume(item: Item, changed: Sequence[int]) -> Item:
    """Return an item of StructureSetROISequence; without ROIVolume if the region was changed."""
    if metadata.integer(item.elements, Tag.ROI_NUMBER) not in changed:
        return item
    return item._replace(elements=metadata.without(item.elements, {Tag.ROI_VOLUME}))


def _contour_items(before: Elements, roi: Roi, edited: _Edited, images: Images) -> list[Item] | None:
    """Return the items of ContourSequence of a region: those of edited slices are new; None if no slice was edited."""
    grid, mask = edited.grid, edited.mask(roi)
    drawn = grid.masks_of(roi).planes if edited.on_original_grid else {}
    new = {k for k in range(len(mask)) if not edited.on_original_grid or not _is_drawn(mask[k], drawn.get(k))}
    if not new:
        return None
    kept = []
    for item in metadata.items(before, Tag.CONTOUR_SEQUENCE) if edited.on_original_grid else ():
        k = _slice_of(item, grid)
        kind = metadata.text(item.elements, Tag.CONTOUR_GEOMETRIC_TYPE, CLOSED_PLANAR)
        if k is None or k not in new or not is_closed(kind):
            kept.append(item)
    own = {**images, **_images_of([before], grid)} if edited.on_original_grid else {}
    return kept + _traced({k: mask[k] for k in sorted(new)}, edited, own, len(kept) + 1)


def _traced(masks: dict[int, np.ndarray], edited: _Edited, images: Images, first: int) -> list[Item]:
    """Return the contours of masks by slice as items, numbered from the first."""
    contours = [(k, points) for k, mask in masks.items() for points in contours_of(mask)[0]]
    return [
        Item({
            **({Tag.CONTOUR_IMAGE_SEQUENCE: images[k]} if k in images else {}),
            **contour_item(points, edited.grid.planes[k], number, ()),
        })
        for number, (k, points) in enumerate(contours, first)
    ]  # fmt: skip


def _is_drawn(mask: np.ndarray, box: tuple[slice, slice, np.ndarray] | None) -> bool:
    if box is None:
        return not mask.any()
    rows, columns, drawn = box
    return bool(mask.sum() == drawn.sum()) and bool(np.array_equal(mask[rows, columns], drawn))


def _images_of(regions: Iterable[Elements], grid: SliceGrid) -> Images:
    """Return ContourImageSequence of the slices in which regions have contours."""
    images: Images = {}
    for item in chain.from_iterable(metadata.items(region, Tag.CONTOUR_SEQUENCE) for region in regions):
        k = _slice_of(item, grid)
        if k is not None and Tag.CONTOUR_IMAGE_SEQUENCE in item.elements:
            images.setdefault(k, item.elements[Tag.CONTOUR_IMAGE_SEQUENCE])
    return images


def _slice_of(item: Item, grid: SliceGrid) -> int | None:
    """Return the slice of an item of ContourSequence; None if it is outside of the grid, or its points cannot be read."""
    points = np.array(metadata.numbers(item.elements, Tag.CONTOUR_DATA), float)
    return grid.slice_of(points.reshape(-1, 3)) if points.size and points.size % 3 == 0 else None


def _add_new(sequences: dict[int, list[Item]], rois: Sequence[Roi], edited: _Edited, images: Images, log: Log) -> None:
    """Add regions for labels that the original does not have."""
    taken = {roi.number for roi in rois}
    for label, mask in sorted(edited.new_labels().items()):
        number = label if label not in taken else max(taken) + 1
        taken.add(number)
        log.warnings.append(f"the meaning of label {label} is not specified: a new region, named by number")
        segment = Segment(number, unnamed(label), algorithm_type="MANUAL")
        items = [item.elements for item in _traced(dict(enumerate(mask)), edited, images, 1)]
        frame = {Tag.FRAME_OF_REFERENCE_UID: new_element.text("UI", edited.drawn(rois)[0].frame_of_reference)}
        for tag, element in roi_elements([segment], {number: items}, frame).items():
            sequences[tag] += metadata.items({tag: element}, tag)


# --- the object -------------------------------------------------------------------------------------------------------


def _common(original: Instance, uids: UidMap) -> Elements:
    """Return what holds for the derived object: it is another series, refers to its predecessor, and is not approved."""
    stale = {*_SEQUENCES, *_OF_APPROVAL, Tag.APPROVAL_STATUS}
    kept = in_utf_8(original, {tag for tag in original.elements if tag not in stale and not tag >> 16 & 1})
    date, time = new_element.now(kept)
    series = uids.add(metadata.text(original.elements, Tag.SERIES_INSTANCE_UID))
    approval = {Tag.APPROVAL_STATUS: new_element.text("CS", "UNAPPROVED")} if Tag.APPROVAL_STATUS in original.elements else {}
    modules = STRUCTURE_SET_MODULES if Tag.FRAME_OF_REFERENCE_UID in kept else STRUCTURE_SET_MODULES[:-1]
    return {
        **defaults_of(modules),
        **kept,
        **approval,
        Tag.SOP_INSTANCE_UID: new_element.text("UI", new_uid()),
        Tag.SERIES_INSTANCE_UID: new_element.text("UI", series),
        Tag.INSTANCE_CREATION_DATE: date,
        Tag.INSTANCE_CREATION_TIME: time,
        Tag.STRUCTURE_SET_DATE: date,
        Tag.STRUCTURE_SET_TIME: time,
        Tag.PREDECESSOR_STRUCTURE_SET_SEQUENCE: new_element.sequence(Reference.to(original).item),
        Tag.CONTRIBUTING_EQUIPMENT_SEQUENCE: with_equipment(kept),
    }
