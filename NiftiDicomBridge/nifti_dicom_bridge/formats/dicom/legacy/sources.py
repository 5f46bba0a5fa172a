"""The instances of a volume, as highdicom requires the objects that it converts."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from ....model import geometry
from ....model.metadata import Instance, Log, PixelElement
from ....model.volume import Volume
from ....standard.numbers import decimal_text
from ..changed_instance import transcoded
from ..composer import Composer
from ..created.modules import METHOD_UNKNOWN
from ..derived import derive
from ..frame_bytes import FrameBytes
from ..reading import decode
from ..restore import PixelSource, frames_by_instance
from ..uids import UidMap, new_uid

if TYPE_CHECKING:
    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

File = tuple[Instance, PixelElement | None, bytes | memoryview | FrameBytes]
# PS3.3 C.7.1.1, C.7.2.1, C.7.3.1, C.7.4.1, C.7.5.1: must be there, empty if unknown
_TYPE_2 = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber", "StudyID",
    "ReferringPhysicianName", "PositionReferenceIndicator", "Manufacturer", "PatientPosition",
)  # fmt: skip
_DEIDENTIFIED_HOW = ("DeidentificationMethod", "DeidentificationMethodCodeSequence")
_SMALLEST_AND_LARGEST = ("SmallestImagePixelValue", "LargestImagePixelValue")


def source_files(volume: Volume, edited: bool, uids: UidMap, log: Log) -> list[File]:
    """Return the instances of a volume in its order: as they were, or derived ones."""
    return _derived(volume, uids, log) if edited else _restored(volume)


def sources_of(files: Sequence[File], volume: Volume, edited: bool, log: Log) -> list[Dataset]:
    """Return files as data sets, with what highdicom insists on; to be called `without_validation`."""
    sources = [_read(file) for file in files]
    _add_frame_of_reference(sources, log)
    _complete(sources, log)
    _assume(sources, volume, log)
    _drop_unresolved_references(sources, ["ReferencedImageSequence", *([] if edited else ["SourceImageSequence"])], log)
    _note_nameless(sources, log)
    return sources


def _restored(volume: Volume) -> list[File]:
    """Return the instances as they were, native, in the order of the volume."""
    series = volume.dicom.metadata
    source = PixelSource([volume])
    wholes = {whole.number[0]: whole for whole in frames_by_instance([volume])}
    files: list[File] = []
    for n in series.frames[..., 0].reshape(-1).tolist():
        whole = wholes[n]
        pixels, raw = source.element(whole)
        instance = whole.instance if decode.is_native(whole.instance) else transcoded(whole.instance)
        files.append((instance, pixels, raw))
    return files


def _derived(volume: Volume, uids: UidMap, log: Log) -> list[File]:
    return [(made.instance, made.pixels, made.raw) for made in derive(volume, uids, log)]


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
    ends = [float(end) * rescale.slope + rescale.intercept for end in (volume.array.min(), volume.array.max())]
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
