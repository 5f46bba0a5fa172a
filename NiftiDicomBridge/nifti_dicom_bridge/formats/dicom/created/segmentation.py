"""Label maps and probability maps → Segmentation objects (PS3.3 A.51, A.92, C.8.20; Supplement 243)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from ....errors import LabelError
from ....labels import Code, Segment, description_of, unnamed, with_codes
from ....model.listing import listed
from ....model.metadata import LARGEST_LABEL, Log
from ....model.processes.freed_memory import return_freed_memory
from ....model.space.geometry import Plane
from ....model.volume import Volume
from ....model.voxels.lazy_voxels import slabs
from ....options import SegmentationForm
from ....options.algorithm import UNKNOWN, Algorithm
from ....options.remedies import remedy
from ....standard.pydicom_settings import without_warnings
from ..data_set_file import DataSetFile
from ..reading.data_sets.data_set_writing import check_length
from .algorithm import note_missing, put_algorithm, with_algorithm
from .derivation import code_item, replace_references
from .empty_slices import with_marks, without_marks
from .frame_order import sort_frames
from .highdicom_parts import identity, source_of, with_resolved_attributes
from .label_map import LabelMap
from .label_values import FULL, probabilities
from .library_errors import refused_by_highdicom
from .placement import CountedFrame, Placement
from .positionless import without_positions
from .reference_times import FrameKey, frames_of_time
from .segment_frames import SegmentPlanes

_DERIVATION = ("113076", "DCM", "Segmentation")
_CONTENT_LABEL = "SEGMENTATION"
_SUM_TOLERANCE = 0.02


@dataclass(frozen=True)
class SegmentationRequest:
    """What to make Segmentation objects of.

    Attributes
    ----------
    volume : Volume
        Labels (0 is background), or for ``FRACTIONAL`` probabilities from 0 to 1, or 8-bit numbers from 0 to 255. Its planes
        are the frames: it is to be reoriented before. Times are moments, an object for each; for
        ``FRACTIONAL`` they are the segments of one object.
    common : Dataset
        Attributes of patient, study, series, frame of reference, equipment, in UTF-8.
    segments : sequence of Segment
        What the labels mean; those without voxels are left out unless no label has any, labels without a segment are called
        by their number.
    log : Log
        Receives what was assumed, made up and left out.
    sources : sequence of Dataset
        A reference series in the same space; may be empty. Pixel data are not needed.
    kind : SegmentationForm
        How to store them.
    planes : sequence of Plane
        Where the slices truly are; empty: in the even grid of the volume.
    overlapping : sequence of Volume
        Further label maps on the grid of the volume, of one time like it: ``BINARY`` segments of one object, which may overlap.
    algorithm : Algorithm
        What made the segments automatically, where they do not state how they were made.
    counted : sequence of sequence of CountedFrame or None
        Of a reference series without positions, the frame of each slice, by time, None where it is not known; empty for one
        with positions.
    source_times : sequence of collection of FrameKey
        The frames of each time of the reference series; empty where it has no times.
    full, fractional_type : int, str
        For ``FRACTIONAL``: the stored value that means 1, and what fractions are (PS3.3 C.8.20.2).
    """

    volume: Volume
    common: Dataset
    segments: Sequence[Segment]
    log: Log = field(default_factory=Log)
    sources: Sequence[Dataset] = ()
    kind: SegmentationForm = SegmentationForm.BINARY
    planes: Sequence[Plane] = ()
    overlapping: Sequence[Volume] = ()
    algorithm: Algorithm = UNKNOWN
    counted: Sequence[Sequence[CountedFrame | None]] = ()
    source_times: Sequence[Collection[FrameKey]] = ()
    full: int = FULL
    fractional_type: str = "PROBABILITY"

    def placement(self, time: int = 0, times: int = 1) -> Placement:
        """Return where the frames of a time are, of one or several."""
        among = frames_of_time(self.source_times, time, times, self.log)
        return Placement(self.volume, self.sources, self.log, self.planes, self.counted[time] if self.counted else (), among)


def segmentations(request: SegmentationRequest) -> Iterator[DataSetFile]:
    """Yield Segmentation objects, ready to save: one for every time that has labels, for probabilities one in all.

    ``BINARY`` and ``FRACTIONAL`` number their segments from 1; SegmentDescription keeps a label number that is another
    (`labels.number_in_description` reads it). Frames without a voxel of their segment are left out there. ``LABELMAP`` keeps
    numbers and all frames.

    Raises
    ------
    LabelError
        If voxels are not labels (negative, fractions, too many), no probabilities, or all background and no label is named.
    GeometryError
        If no DICOM slice can hold the grid.
    PixelError
        If the voxels are colors.
    """
    if request.kind is SegmentationForm.FRACTIONAL:
        yield _fractional(request, request.placement(), *probability_maps(request))
        return
    if request.overlapping:
        yield _object_of_labels(request, request.placement(), *_layers(request), 1)
        return
    labels = LabelMap.of(request.volume, request.log)
    known = complete_segments(named_segments(labels.all_labels(), request), request)
    present = [t for t in range(len(labels.labels)) if labels.labels_of_time(t)] or [0]
    empty = [t + 1 for t in range(len(labels.labels)) if t not in present]
    if empty:
        request.log.warnings.append(f"time(s) {', '.join(map(str, empty))} hold no label: no object was made of them")
    if len(present) > 1 and all(list(labels.labels_of_time(t)) == [1] for t in present):
        request.log.warnings.append(
            f"{len(present)} times have label 1 only, and become an object each: if they are segments, "
            f"{remedy('write-probabilities')}"
        )
    for number, t in enumerate(present, 1):
        here = labels.labels_of_time(t)
        numbered = _numbered([segment for segment in known if segment.number in here or not here], request)
        placement = request.placement(t, len(labels.labels))
        yield _object_of_labels(request, placement, [labels], numbered, number, t)


def fractional_segmentation(request: SegmentationRequest, maps: np.ndarray, numbers: Sequence[int]) -> DataSetFile:
    """Return one object of fractions from 0 to 1, shape (slices, rows, columns, segments), of described segments.

    `numbers` are the labels of the segments; the object numbers them from 1.
    """
    known = {segment.number: segment for segment in request.segments}
    segments = complete_segments([known.get(n) or Segment(n, unnamed(n)) for n in numbers], request)
    return _fractional(request, request.placement(), maps, [_Numbered(one, n) for n, one in enumerate(segments, 1)])


def _fractional(request: SegmentationRequest, placement: Placement, maps: np.ndarray, segments: list[_Numbered]) -> DataSetFile:
    made = _object(request, placement, maps, segments, 1)
    without_positions(made, placement)
    return DataSetFile(made)


# --- segments ----------------------------------------------------------------------------------------------------------


def named_segments(values: Iterable[int], request: SegmentationRequest) -> list[Segment]:
    """Return the segments of the labels that voxels have; if none has any, all that are described: nothing was found.

    Raises
    ------
    LabelError
        If no voxel has a label, and none is described.
    """
    known = {segment.number: segment for segment in request.segments if segment.number}  # 0 is background
    numbers = [int(value) for value in values if value]
    if not numbers:
        _note_nothing_found(list(known.values()), request)
        numbers = sorted(known)
    nameless = [number for number in numbers if number not in known or known[number].label == unnamed(number)]
    absent = sorted(set(known) - set(numbers))
    if nameless:
        request.log.warnings.append(f"the meaning of label {listed(nameless)} is not specified: named by number")
    if absent:
        request.log.notes.append(f"{len(absent)} of the labels described have no voxel and were left out: {listed(absent)}")
    return [known.get(number) or Segment(number, unnamed(number)) for number in numbers]


def _note_nothing_found(segments: Sequence[Segment], request: SegmentationRequest) -> None:
    """Report the segments that no voxel belongs to; raises `LabelError` if no label is described."""
    if not any(segment.number for segment in request.segments):
        raise LabelError(
            "all voxels are 0, and no label is described, so there is nothing to write. Check that it is the right file. To "
            f"write that nothing was found, describe the labels that were looked for: {remedy('label-names')}."
        )
    names = listed([segment.label for segment in segments])
    request.log.warnings.insert(0, f"all voxels are 0, so the object states that nothing was found of: {names}")


def complete_segments(segments: list[Segment], request: SegmentationRequest) -> list[Segment]:
    """Return segments that all have codes and state how they were made."""
    note_missing(request.algorithm, request.log)
    named = [replace(segment, label=segment.label.replace("\\", " ")) for segment in segments]  # it separates values
    return with_algorithm(with_codes(named, request.log), request.algorithm, request.log)


@dataclass(frozen=True)
class _Numbered:
    """A segment and the number that it has in the object."""

    segment: Segment
    number: int


def _numbered(segments: list[Segment], request: SegmentationRequest) -> list[_Numbered]:
    """Return segments with the numbers that the object demands."""
    largest = segments[-1].number
    if request.kind is SegmentationForm.LABELMAP and largest <= LARGEST_LABEL:
        return [_Numbered(segment, segment.number) for segment in segments]
    if len(segments) > LARGEST_LABEL:
        raise LabelError(f"{len(segments)} labels: a Segmentation holds at most {LARGEST_LABEL}. Is it an image of values?")
    if largest > LARGEST_LABEL:
        request.log.warnings.append(
            f"label {largest} is above {LARGEST_LABEL}: segments were numbered from 1, SegmentDescription has their labels"
        )
    return [_Numbered(segment, n) for n, segment in enumerate(segments, 1)]


def probability_maps(request: SegmentationRequest) -> tuple[np.ndarray, list[_Numbered]]:
    """Return probabilities, shape (slices, rows, columns, segments), and the segments."""
    array = np.moveaxis(probabilities(request.volume, request.log), 0, -1)
    known = {segment.number: segment for segment in request.segments}
    if _starts_with_background(array, known):
        texts = request.log.notes if known else request.log.warnings  # without names, only the corners of the maps show it
        texts.append("the first map is the background: it was left out, the second is label 1")
        array = np.ascontiguousarray(array[..., 1:])
    count = array.shape[-1]
    nameless = [n for n in range(1, count + 1) if n not in known or known[n].label == unnamed(n)]
    if nameless:
        request.log.warnings.append(f"the meaning of map {listed(nameless)} is not specified: named by number")
    segments = [known.get(n) or Segment(n, unnamed(n)) for n in range(1, count + 1)]
    if not array.any():
        _note_nothing_found(segments, request)
    segments = complete_segments(segments, request)
    return array, [_Numbered(segment, segment.number) for segment in segments]


def _starts_with_background(array: np.ndarray, known: dict[int, Segment]) -> bool:
    """Whether the first of several maps is that of the background, as nnU-Net writes them: all maps add up to 1.

    Raises
    ------
    LabelError
        If they add up to 1, and the number of named labels does not show whether one of them is the background.
    """
    count, numbers = array.shape[-1], sorted(known)
    if count < 2 or numbers == list(range(1, count + 1)) or np.abs(array.sum(axis=-1) - 1).max() > _SUM_TOLERANCE:
        return False
    if numbers and numbers != list(range(1, count)):
        raise LabelError(
            f"The {count} maps add up to 1, so the first may be the background, but {len(numbers)} label(s) are named: "
            f"{listed(numbers)}. Name labels 1 to {count - 1} if it is, labels 1 to {count} if it is not."
        )
    return bool(numbers) or bool((array[np.ix_((0, -1), (0, -1), (0, -1), (0,))] > 0.5).all())


def _layers(request: SegmentationRequest) -> tuple[list[LabelMap], list[_Numbered]]:
    """Return the label maps of segments that may overlap, and the segments."""
    volumes = [volume for volume in (request.volume, *request.overlapping) if _has_labels(volume)] or [request.volume]
    maps = [LabelMap.of(volume, request.log) for volume in volumes]
    labels = sorted(set().union(*(one.labels_of_time(0) for one in maps)))
    segments = complete_segments(named_segments(labels, request), request)
    return maps, [_Numbered(segment, n) for n, segment in enumerate(segments, 1)]


def _has_labels(volume: Volume) -> bool:
    return any(planes.any() for _, _, planes in slabs(volume.voxels))


# --- object -----------------------------------------------------------------------------------------------------------


def _object_of_labels(
    request: SegmentationRequest,
    placement: Placement,
    maps: Sequence[LabelMap],
    segments: list[_Numbered],
    number: int,
    time: int = 0,
) -> DataSetFile:
    """Return the object of label maps, whose frames are made when it is written."""
    planes = SegmentPlanes(maps, time, {one.number: one.segment.number for one in segments}, request.kind)
    check_length(planes.length)
    return_freed_memory()  # highdicom needs some kilobytes for each frame
    made = _object(request, placement, planes.small(), segments, number)
    del made.PixelData
    made.Rows, made.Columns = placement.shape
    frames = planes.frames(made, placement)
    without_positions(made, placement)
    return DataSetFile(made, frames)


def _object(
    request: SegmentationRequest, placement: Placement, array: np.ndarray, segments: list[_Numbered], number: int
) -> Dataset:
    from highdicom.seg import Segmentation

    common, source = request.common, source_of(request.common, placement)
    source.Rows, source.Columns = array.shape[1:3]
    is_fractional = request.kind is SegmentationForm.FRACTIONAL
    marked, empty = with_marks(array) if is_fractional else (array, [])
    with without_warnings(), refused_by_highdicom("Segmentation"):  # of names of one word, and what else it would not write so
        made = Segmentation(
            source_images=[source],
            pixel_array=marked,
            segmentation_type=request.kind.value.upper(),
            segment_descriptions=[_description(one) for one in segments],
            max_fractional_value=request.full,
            fractional_type=request.fractional_type,
            content_label=str(common.get("ContentLabel") or _CONTENT_LABEL),
            content_description=str(common.get("SeriesDescription") or "")[:64] or None,
            omit_empty_frames=request.kind is not SegmentationForm.LABELMAP,
            **placement.sequences(),
            **identity(common, number),
        )
    _put_algorithms(made, segments, request.algorithm)
    sort_frames(made)
    without_marks(made, placement, empty)
    replace_references(made, placement, placement.sources, _DERIVATION)
    return with_resolved_attributes(made, common, "SEG")


def _description(one: _Numbered) -> Dataset:
    """Return the item of SegmentSequence (PS3.3 C.8.20.4)."""
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentDescription

    segment = one.segment
    assert segment.category is not None
    assert segment.type is not None
    item = SegmentDescription(
        segment_number=one.number,
        segment_label=segment.label[:64],
        segmented_property_category=_concept(segment.category),
        segmented_property_type=_concept(segment.type),
        algorithm_type="MANUAL",  # until _put_algorithms
        anatomic_regions=[_concept(segment.region)] if segment.region else None,
        display_color=CIELabColor.from_rgb(*segment.color) if segment.color else None,
        tracking_id=segment.tracking_id or None,
        tracking_uid=segment.tracking_uid or None,
    )
    if segment.modifier:
        kind = item.SegmentedPropertyTypeCodeSequence[0]
        kind.SegmentedPropertyTypeModifierCodeSequence = [code_item(segment.modifier)]
    if segment.region and segment.region_modifier:
        item.AnatomicRegionSequence[0].AnatomicRegionModifierSequence = [code_item(segment.region_modifier)]
    if one.number != segment.number:
        item.SegmentDescription = description_of(segment.number)
    return item


def _put_algorithms(made: Dataset, segments: list[_Numbered], algorithm: Algorithm) -> None:
    """Write how the segments were made."""
    by_number = {one.number: one.segment for one in segments}
    for item in made.SegmentSequence:
        segment = by_number.get(int(item.SegmentNumber), segments[0].segment)  # the background of a label map
        put_algorithm(item, segment, algorithm)


def _concept(code: Code) -> Any:
    from highdicom.sr.coding import CodedConcept

    return CodedConcept(code.value, code.scheme, code.meaning[:64])
