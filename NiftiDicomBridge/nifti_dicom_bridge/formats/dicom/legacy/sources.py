"""The instances of a volume, as highdicom requires the objects that it converts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np

from ....model import metadata
from ....model.files.temporary_files import temporary_file
from ....model.metadata import Instance, Log, PixelElement
from ....model.space import geometry
from ....model.volume import Volume
from ....model.voxels.lazy_samples import ExpandedSamples
from ....model.voxels.lazy_voxels import bounds_of
from ....model.voxels.pixels import PixelFormat
from ....standard.numbers import decimal_text
from ....standard.tags import Tag
from ..changed_instance import transcoded
from ..composer import Composer
from ..created.modules import METHOD_UNKNOWN
from ..derived import derive
from ..frame_bytes import FrameBytes
from ..reading.pixel_data import decode
from ..restore import PixelSource, frames_by_instance
from ..uids import UidMap, new_uid

if TYPE_CHECKING:
    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

File = tuple[Instance, PixelElement | None, bytes | memoryview]
# PS3.3 C.7.1.1, C.7.2.1, C.7.3.1, C.7.4.1, C.7.5.1: must be there, empty if unknown
_TYPE_2 = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber", "StudyID",
    "ReferringPhysicianName", "PositionReferenceIndicator", "Manufacturer", "PatientPosition",
)  # fmt: skip
_DEIDENTIFIED_HOW = ("DeidentificationMethod", "DeidentificationMethodCodeSequence")
_SMALLEST_AND_LARGEST = ("SmallestImagePixelValue", "LargestImagePixelValue")


class Sources(NamedTuple):
    """The instances of a volume, in its order.

    Attributes
    ----------
    data_sets : list of Dataset
        Their elements.
    frames : FrameBytes or None
        Their pixel data, of which the data sets have two bytes each; None where they have their own.
    """

    data_sets: list[Dataset]
    frames: FrameBytes | None


def sources_of(volume: Volume, edited: bool, uids: UidMap, log: Log) -> Sources:
    """Return the instances of a volume, as they were or derived ones, with what highdicom insists on.

    To be called `without_validation`.
    """
    sources = _in_file(volume, edited, uids, log)
    data_sets = sources.data_sets
    _add_frame_of_reference(data_sets, log)
    _complete(data_sets, log)
    _assume(data_sets, volume, log)
    _drop_unresolved_references(data_sets, ["ReferencedImageSequence", *([] if edited else ["SourceImageSequence"])], log)
    _note_nameless(data_sets, log)
    return sources


def _in_file(volume: Volume, edited: bool, uids: UidMap, log: Log) -> Sources:
    """Return instances whose pixel data are in a temporary file, or in memory where the disk is full."""
    if metadata.text(volume.dicom.metadata.first.elements, Tag.PHOTOMETRIC_INTERPRETATION) == "MONOCHROME1":
        return Sources([_read(file) for file in _files(volume, edited, uids, log)], None)  # highdicom inverts the values
    attempts: list[tuple[list[Dataset], Log]] = []

    def write(file: IO[bytes]) -> None:
        attempts.append(([], Log()))
        for instance, pixels, raw in _files(volume, edited, uids, attempts[-1][1]):
            attempts[-1][0].append(one := _read((instance, pixels, bytes(2))))
            file.write(raw[: one.Rows * one.Columns * one.BitsAllocated // 8])

    file = temporary_file(write)
    if file is None:
        write(file := BytesIO())
    data_sets, own = attempts[-1]
    log.add(own)
    first = data_sets[0]
    words = np.dtype(f"<u{first.BitsAllocated // 8}")
    shape = (1, len(data_sets), first.Rows, first.Columns)
    pixel = PixelFormat(first.Rows, first.Columns, 1, first.BitsAllocated, first.BitsAllocated, first.BitsAllocated - 1)
    return Sources(data_sets, FrameBytes(ExpandedSamples(file, shape, words).planes, len(data_sets), pixel))


def _files(volume: Volume, edited: bool, uids: UidMap, log: Log) -> Iterator[File]:
    """Yield the instances of a volume in its order, native: as they were, or derived ones."""
    if edited:
        for made in derive(volume, uids, log):
            assert not isinstance(made.raw, FrameBytes)  # there is one frame
            yield made.instance, made.pixels, made.raw
        return
    source = PixelSource([volume])
    contents = {content.number[0]: content for content in frames_by_instance([volume])}
    for n in volume.dicom.metadata.frames[..., 0].reshape(-1).tolist():
        instance = contents[n].instance
        yield (instance if decode.is_native(instance) else transcoded(instance), *source.element(contents[n]))


def _read(file: File) -> Dataset:
    """Return a data set as pydicom reads it, Explicit VR Little Endian, with what highdicom insists on."""
    from pydicom import dcmread
    from pydicom.uid import ExplicitVRLittleEndian

    instance, pixels, raw = file
    little = transcoded(instance) if not instance.has_little_pixels or instance.encoding.deflated else instance
    parts = Composer().parts(little, pixels, raw)
    data_set = dcmread(BytesIO(b"".join(bytes(part) for part in parts)), force=True)
    data_set.decode()
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for keyword in _SMALLEST_AND_LARGEST:
        if keyword in data_set:
            del data_set[keyword]
    return data_set


def _add_frame_of_reference(sources: Sequence[Dataset], log: Log) -> None:
    """Give the instances a frame of reference where they have none."""
    if sources[0].get("FrameOfReferenceUID"):
        return
    log.warnings.append("the original has no Frame of Reference UID: a new one was given")
    uid = new_uid()
    for source in sources:
        source.FrameOfReferenceUID = uid


def _complete(sources: Sequence[Dataset], log: Log) -> None:
    """Give the instances what the new object must have; take out what would be empty where it may not be."""
    for source in sources:
        for keyword in _TYPE_2:
            if keyword not in source:
                setattr(source, keyword, None)
        for tag in [element.tag for element in source if _is_needless(element)]:
            del source[tag]
        if source.get("PatientIdentityRemoved") == "YES" and not any(source.get(keyword) for keyword in _DEIDENTIFIED_HOW):
            source.DeidentificationMethod = "UNKNOWN"
            log.warnings += [METHOD_UNKNOWN] if METHOD_UNKNOWN not in log.warnings else []


def _is_needless(element: DataElement) -> bool:
    """Whether a public attribute is empty and may not be."""
    return element.is_empty and not element.tag.is_private and element.keyword not in _TYPE_2


def _assume(sources: Sequence[Dataset], volume: Volume, log: Log) -> None:
    """Give all instances what follows from the image, where one of them does not specify."""
    assumed = {keyword: value for keyword, value in _assumed(volume).items() if any(keyword not in one for one in sources)}
    for source in sources:
        for keyword, value in assumed.items():
            setattr(source, keyword, value)
    if assumed:
        log.notes.append("assumed from the image, because the original does not specify it: " + ", ".join(sorted(assumed)))


def _assumed(volume: Volume) -> dict[str, float]:
    """Return what every frame must specify and follows from the image: its thickness, and a window that shows all values."""
    rescale = volume.rescale
    ends = [float(end) * rescale.slope + rescale.intercept for end in bounds_of(volume.voxels)]
    return {
        "SliceThickness": float(decimal_text(geometry.slice_distance(volume.ijk_to_ras))),
        "WindowCenter": float(decimal_text(sum(ends) / 2)),
        "WindowWidth": float(decimal_text(max(abs(ends[1] - ends[0]), 1.0))),
    }


def _drop_unresolved_references(sources: Sequence[Dataset], keywords: Sequence[str], log: Log) -> None:
    """Take out references to images whose series no one knows."""
    for keyword in keywords:
        holders = [source for source in sources if keyword in source]
        for source in holders:
            del source[keyword]
        if holders:
            log.notes.append(
                f"{keyword} was left out: multi-frame objects must name the series of what they refer to; the original does not"
            )


def _note_nameless(sources: Sequence[Dataset], log: Log) -> None:
    """Return how many private elements no one claims: which block they were in is only known by their creator."""
    nameless = {
        element.tag
        for source in sources
        for element in source
        if element.tag.is_private and not element.tag.is_private_creator and element.tag.private_creator not in source
    }
    if nameless:
        log.warnings.append(f"{len(nameless)} private attributes stay behind: their private creators are missing")
