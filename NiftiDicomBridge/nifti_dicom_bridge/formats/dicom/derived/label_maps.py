"""Edited label maps → a derived Segmentation: made again of their voxels, with the segments and references of the original.

Frames of single segments cannot be templates: painting a voxel may need frames, or segments, that were not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from io import BytesIO
from typing import TYPE_CHECKING

from ....errors import GeometryError
from ....labels import number_in_description
from ....model import metadata
from ....model.metadata import Elements, Encoding, Instance, Log
from ....model.volume import Volume
from ....options import SegmentationForm
from ....standard.tags import Tag
from .. import new_element, new_file
from ..data_set_file import DataSetFile
from ..frame_bytes import FrameBytes
from ..new_file import NewFile
from ..pydicom_conversion import data_set_of, in_utf_8, items_of
from ..reading.data_sets.data_set_reading import read_data_set
from ..reading.frames.frames import true_planes
from ..reading.segmentations.segment_background import LABEL_MAP
from ..reading.segmentations.segment_grids import label_numbers
from ..reading.segmentations.segments import all_segments, labeled_segments
from ..references import Reference, source_images, with_referenced_series
from ..uids import UidMap
from .attributes import STALE, description_of, holds
from .derivation import frame_of_reference, is_unplaced, planes_of
from .sources import restore_source_references

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from ..created.placement import CountedFrame

_NEEDED_OF_SEGMENTS = ("SegmentedPropertyCategoryCodeSequence", "SegmentedPropertyTypeCodeSequence", "SegmentAlgorithmType")
_LOSSY = (Tag.LOSSY_IMAGE_COMPRESSION, Tag.LOSSY_IMAGE_COMPRESSION_RATIO, Tag.LOSSY_IMAGE_COMPRESSION_METHOD)
# what is made again, or held for the frames as they were
_OF_FRAMES = frozenset({
    Tag.CONTENT_DATE, Tag.CONTENT_TIME,
    # concatenation
    Tag.SOP_INSTANCE_UID_OF_CONCATENATION_SOURCE, Tag.CONCATENATION_UID, Tag.IN_CONCATENATION_NUMBER,
    Tag.IN_CONCATENATION_TOTAL_NUMBER, Tag.CONCATENATION_FRAME_OFFSET_NUMBER,
    Tag.DIMENSION_ORGANIZATION_SEQUENCE, Tag.DIMENSION_INDEX_SEQUENCE, Tag.DIMENSION_ORGANIZATION_TYPE,  # dimensions
    Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, Tag.SEGMENT_SEQUENCE,
})  # fmt: skip


def is_label_map(volume: Volume) -> bool:
    """Whether the values of a volume are segment numbers, and its planes are in the patient."""
    if volume.source is None:
        return False
    series = volume.source.metadata
    if series.is_label_map:
        return True
    whole = metadata.text(series.first.elements, Tag.SEGMENTATION_TYPE) == LABEL_MAP
    return whole and volume.times == 1 and (series.layers is not None or true_planes(series) is not None)


def derive_label_maps(volumes: Sequence[Volume], resampled: bool, uids: UidMap, log: Log) -> Iterator[NewFile]:
    """Yield the Segmentation of label maps of one original, on one grid; their segments may overlap.

    Parameters
    ----------
    volumes : sequence of Volume
        With `metadata` and `origin`, at least one edited since.
    resampled : bool
        Their planes are not those of the original's frames.
    uids : UidMap
        Gives the new Series Instance UID.
    log : Log
        Receives what was dropped, renumbered, called by number.

    Raises
    ------
    LabelError
        If voxels are not labels, or all background.
    GeometryError
        If no DICOM slice can hold the grid, or nothing specifies where it is.
    """
    from ..created.segmentation import SegmentationRequest, segmentations

    first = volumes[0]
    original = first.dicom.metadata.first
    _warn_of_missing_segments(volumes, log)
    request = SegmentationRequest(
        volume=first,
        common=data_set_of(common_of(first, uids, frame_of_reference(first, resampled, log))),
        segments=labeled_segments(original) if first.dicom.metadata.is_label_map else all_segments(original),
        log=log,
        kind=SegmentationForm.BINARY if first.dicom.metadata.is_label_map else SegmentationForm.LABELMAP,
        planes=planes_of(first),
        overlapping=volumes[1:],
        counted=counted_slices(first, resampled) if is_unplaced(first) else [],
    )
    for made in segmentations(request):
        yield file_with_original_segments(made, volumes)


def file_with_original_segments(made: DataSetFile, volumes: Sequence[Volume]) -> NewFile:
    """Return the file of a Segmentation made of edited volumes, with what the original states of segments and sources."""
    first, data_set = volumes[0], made.data_set
    original = first.dicom.metadata.first
    described = items_of(data_set_of(in_utf_8(original, {Tag.SEGMENT_SEQUENCE})), "SegmentSequence")
    labels = label_numbers(original) if first.dicom.metadata.is_label_map else {}
    numbered = [(item.get("SegmentNumber"), item) for item in described]
    known = {labels.get(number, number): item for number, item in numbered if isinstance(number, int)}
    numbers = _restore_segment_descriptions(data_set, known)
    restore_source_references(data_set, volumes, numbers)
    _restore_lossy_compression(data_set, original)
    return _file_of(made)


def counted_slices(volume: Volume, resampled: bool) -> list[list[CountedFrame | None]]:
    """Return that slices are counted; their sources are those of the original (`restore_source_references`).

    Raises
    ------
    GeometryError
        If they are not the frames of the original.
    """
    if resampled:
        raise GeometryError(
            "the grid of a Segmentation without a position was changed: it is on the pixels of the image that it was made "
            "from, and nothing else specifies where it is. Edit the voxels only."
        )
    return [[None] * volume.voxels.shape[1]]


def _warn_of_missing_segments(volumes: Sequence[Volume], log: Log) -> None:
    """Warn of segments that are in another label map, which was not given."""
    series = volumes[0].dicom.metadata
    if not series.is_label_map or volumes[0].dicom.resampled:
        return
    frames = metadata.items(series.first.elements, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    groups = [metadata.first_item(frame.elements, Tag.SEGMENT_IDENTIFICATION_SEQUENCE) for frame in frames]
    labels = label_numbers(series.first)
    numbers = {metadata.integer(group, Tag.REFERENCED_SEGMENT_NUMBER) for group in groups if group}
    present = {labels.get(number, number) for number in numbers}
    given = {frame.label for volume in volumes for *_, frame in volume.dicom.metadata.planes()}
    missing = sorted(present - given)
    if missing:
        log.warnings.append(
            f"segment(s) {', '.join(map(str, missing))} of the original are in label maps that were not given: the derived "
            "object lacks them"
        )


# --- what goes on unchanged -------------------------------------------------------------------------------------------


def common_of(volume: Volume, uids: UidMap, space: str) -> Elements:
    """Return what of the original holds for the whole derived object, in UTF-8, and its provenance."""
    series = volume.dicom.metadata
    original = series.first
    elements = in_utf_8(original, {tag for tag in original.elements if holds(tag) and tag not in STALE | _OF_FRAMES})
    old = metadata.text(original.elements, Tag.SERIES_INSTANCE_UID)
    date, time = new_element.now(elements)
    elements |= {
        Tag.INSTANCE_CREATION_DATE: date,
        Tag.INSTANCE_CREATION_TIME: time,
        Tag.SERIES_INSTANCE_UID: new_element.text("UI", uids.add(" ".join([old, *sorted(volume.dicom.resampled)]))),
        Tag.DERIVATION_DESCRIPTION: new_element.text("ST", description_of(volume)),
        Tag.SOURCE_IMAGE_SEQUENCE: source_images((instance, ()) for instance in series.instances),
        Tag.CONTRIBUTING_EQUIPMENT_SEQUENCE: new_file.with_equipment(elements),
        **with_referenced_series(elements, map(Reference.to, series.instances)),
    }
    if space:
        elements[Tag.FRAME_OF_REFERENCE_UID] = new_element.text("UI", space)
    return elements


def _restore_segment_descriptions(data_set: Dataset, known: dict[int, Dataset]) -> dict[int, int]:
    """Give segments of known numbers their original description; return the label of every segment number."""
    labels = {}
    for n, item in enumerate(data_set.SegmentSequence):
        number = int(item.SegmentNumber)
        before = number_in_description(str(item.get("SegmentDescription", "")))
        labels[number] = number if before is None else before
        original = known.get(labels[number])
        if original is None or not all(keyword in original for keyword in _NEEDED_OF_SEGMENTS):
            continue
        kept = deepcopy(original)
        kept.SegmentNumber = number
        if before is not None and not kept.get("SegmentDescription"):
            kept.SegmentDescription = item.SegmentDescription
        data_set.SegmentSequence[n] = kept
    return labels


def _restore_lossy_compression(data_set: Dataset, original: Instance) -> None:
    known = data_set_of({tag: original.elements[tag] for tag in _LOSSY if tag in original.elements})
    for tag in _LOSSY:
        if tag in known:
            data_set[tag] = known[tag]


# --- file -------------------------------------------------------------------------------------------------------------


def _file_of(made: DataSetFile) -> NewFile:
    """Return a data set that highdicom made, of label maps or fractions, as elements and pixel data."""
    from pydicom.filebase import DicomIO
    from pydicom.filewriter import write_dataset

    frames: FrameBytes | bytes
    if made.frames is None:
        frames = bytes(made.data_set.PixelData)
        del made.data_set.PixelData
    else:
        frames = made.frames
    buffer = BytesIO()
    stream = DicomIO(buffer)
    stream.is_little_endian, stream.is_implicit_VR = True, False
    write_dataset(stream, made.data_set)
    made.drop_functional_groups()  # what is read again here takes memory, too
    elements = read_data_set(buffer.getvalue(), 0, Encoding()).elements
    return new_file.file_of_bytes(elements, frames, made.vr)
