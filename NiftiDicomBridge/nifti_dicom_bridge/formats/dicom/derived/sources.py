"""Which images the frames of an edited Segmentation were made from: those of the original in the same plane (C.7.6.16.2.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ....model import metadata
from ....model.legacy_converted import own_groups
from ....model.metadata import Element
from ....model.space.geometry import Plane
from ....model.volume import Volume
from ....standard.tags import Tag
from .. import new_element
from ..created.placement import SAME_DIRECTION, SAME_PLACE
from ..pydicom_conversion import in_utf_8
from ..reading.frames.frames import true_planes
from ..reading.segmentations.segment_sources import source_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def restore_source_references(data_set: Dataset, volumes: Sequence[Volume], labels: dict[int, int]) -> None:
    """Let frames in planes of the original refer to the images that those were made from.

    Parameters
    ----------
    data_set : Dataset
        A Segmentation; changed in place.
    volumes : sequence of Volume
        The label maps that it was made of, with `metadata` and `origin`.
    labels : dict of int to int
        Segment number in `data_set` → label in the volumes.
    """
    sources = _Sources(volumes)
    if sources.of_slice:
        _restore_of_frames(data_set, sources, labels)
    if sources.shared is not None:
        groups = data_set.SharedFunctionalGroupsSequence[0]
        groups.DerivationImageSequence = _sequence(sources.shared, True)


def _restore_of_frames(data_set: Dataset, sources: _Sources, labels: dict[int, int]) -> None:
    """Let those frames refer to images that are in the planes of the original: all frames have the attribute, or none.

    That is required (PS3.3 C.7.6.16.1.2).
    """
    from ..created.placement import source_planes

    same_shape = (int(data_set.Rows), int(data_set.Columns)) == tuple(sources.shape)
    origins: list[tuple[Element, bool] | None] = []
    planes = [one.plane for one in source_planes([data_set])]
    for n, item in enumerate(data_set.PerFrameFunctionalGroupsSequence):
        groups = item.get("SegmentIdentificationSequence")
        label = labels[int(groups[0].ReferencedSegmentNumber)] if groups else 0
        if not planes:  # slices are counted
            counted = sources.of_counted(int(item.FrameContentSequence[0].InStackPositionNumber) - 1, label)
            origins.append(counted and (counted, same_shape))
            continue
        element, plane = sources.at(planes[n], label)
        origins.append(None if element is None or plane is None else (element, same_shape and _is_same(plane, planes[n])))
    if any(origins):
        for item, origin in zip(data_set.PerFrameFunctionalGroupsSequence, origins, strict=True):
            item.DerivationImageSequence = _sequence(*origin) if origin else []


class _Sources:
    """Which images the frames of the original were made from, by plane."""

    def __init__(self, volumes: Sequence[Volume]):
        series = volumes[0].dicom.metadata
        self.shape = volumes[0].dicom.origin.shape[2:4]
        self.of_frame: dict[tuple[int, int], Element] = {}
        self.of_slice: dict[int, Element] = {}
        for volume in volumes:
            self._add(volume)
        self.planes = (true_planes(series) or []) if self.of_slice else []
        self._normals = np.array([plane.normal for plane in self.planes]).reshape(-1, 3)
        self._positions = np.array([plane.position for plane in self.planes]).reshape(-1, 3)
        shared = metadata.first_item(series.first.elements, Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
        self.shared = shared.get(Tag.DERIVATION_IMAGE_SEQUENCE)

    def _add(self, volume: Volume) -> None:
        series = volume.dicom.metadata
        tops = [in_utf_8(instance, {Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE}) for instance in series.instances]
        for _, k, frame in series.planes():
            element = own_groups(tops[frame.instance], frame.frame).get(Tag.DERIVATION_IMAGE_SEQUENCE)
            if element is not None and element.value:
                self.of_frame[k, frame.label] = element
                self.of_slice.setdefault(k, element)

    def at(self, plane: Plane, label: int) -> tuple[Element | None, Plane | None]:
        """Return the sources of the original in a plane, those of a label first, and the plane of the original."""
        near = np.abs((self._positions - plane.position) @ plane.normal) <= SAME_PLACE * max(plane.spacing)
        for k in np.flatnonzero(near & (np.abs(self._normals @ plane.normal) > 1 - SAME_DIRECTION)).tolist():
            return self.of(k, label), self.planes[k]
        return None, None

    def of(self, k: int, label: int) -> Element | None:
        """Return the sources of the original in a slice, those of a label first."""
        return self.of_frame.get((k, label)) or self.of_slice.get(k)

    def of_counted(self, k: int, label: int) -> Element | None:
        """Return the sources of a slice without a position: the frame of its number, where slices are frames of an image."""
        element = self.of(k, label)
        if element is not None:
            return element
        sources = {n: source_of({Tag.DERIVATION_IMAGE_SEQUENCE: one}) for n, one in self.of_slice.items()}
        images = {source[0] for n, source in sources.items() if source is not None and source[1] == n + 1}
        if len(images) != 1 or None in sources.values() or any(source[1] != n + 1 for n, source in sources.items() if source):
            return None
        return _of_frame(next(iter(self.of_slice.values())), k + 1)


def _of_frame(element: Element, number: int) -> Element:
    """Return a Derivation Image of another frame of its image."""
    derivations = []
    for derivation in metadata.items({Tag.DERIVATION_IMAGE_SEQUENCE: element}, Tag.DERIVATION_IMAGE_SEQUENCE):
        frame = {Tag.REFERENCED_FRAME_NUMBER: new_element.integers("IS", number)}
        images = [{**image.elements, **frame} for image in metadata.items(derivation.elements, Tag.SOURCE_IMAGE_SEQUENCE)]
        derivations.append({**derivation.elements, Tag.SOURCE_IMAGE_SEQUENCE: new_element.sequence(*images)})
    return new_element.sequence(*derivations)


def _is_same(a: Plane, b: Plane) -> bool:
    near = SAME_PLACE * min(a.spacing)
    return bool(
        np.abs(a.position - b.position).max() <= near
        and np.abs(a.orientation - b.orientation).max() <= SAME_DIRECTION
        and np.allclose(a.spacing, b.spacing, rtol=SAME_DIRECTION)
    )


def _sequence(element: Element, same_grid: bool) -> Any:
    """Return a DerivationImageSequence; where pixels are no longer on those of the source, it states that."""
    from ..pydicom_conversion import data_set_of

    data_set = data_set_of({Tag.DERIVATION_IMAGE_SEQUENCE: element})
    for inner in data_set.iterall() if not same_grid else ():
        if inner.tag == Tag.SPATIAL_LOCATIONS_PRESERVED:
            inner.value = "NO"
    return data_set.DerivationImageSequence
