"""A request → the files of its kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ....errors import DicomReadError, LabelError
from ....labels import Segment
from ....model.metadata import Log
from ....model.volume import Volume
from ....model.voxels.lazy_voxels import Voxels, samples_of, slabs
from ....options import Kind, SegmentationForm
from ....options.algorithm import UNKNOWN, Algorithm
from ....options.remedies import remedy
from ....standard.pydicom_settings import each_without_warnings, without_warnings
from ..data_set_file import DataSetFile, NewObject
from ..new_file import NewFile
from ..pydicom_conversion import data_set_of, in_utf_8
from ..uids import new_uid
from .label_evidence import is_fraction
from .library_errors import unreadable_by_pydicom
from .mask_channels import channels
from .multi_frame import moved_tags, multi_frame
from .object_size import check_object_size
from .reference_times import frames_by_time
from .request import Request
from .set_values import checked
from .single_frame import single_frames
from .stored import stored_values

if TYPE_CHECKING:
    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

    from .placement import CountedFrame
    from .segmentation import SegmentationRequest

_REFERENCED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID")


@dataclass(frozen=True)
class KindParameters:
    """Parameters that only some kinds of objects have.

    Attributes
    ----------
    max_error : float or None
        Largest difference that rounding to 16 bits may make.
    segments : sequence of Segment
        What the labels of a label map mean.
    segmentation : SegmentationForm
        How segments are stored; ``AUTO``: by the values.
    units, quantity : str
        Of a parametric map.
    algorithm : Algorithm
        What made the segments automatically.
    """

    max_error: float | None = None
    segments: Sequence[Segment] = ()
    segmentation: SegmentationForm = SegmentationForm.AUTO
    units: str = ""
    quantity: str = ""
    algorithm: Algorithm = UNKNOWN


def build_objects(request: Request, choices: KindParameters, log: Log) -> Iterator[NewObject]:
    """Yield the objects of a request: those of our own tables, and those of highdicom.

    Raises
    ------
    PixelError, LabelError, GeometryError
        If values or grid cannot be stored in that kind of object.
    """
    check_object_size(request.kind, request.image, choices.segmentation)
    return checked(_objects(request, choices, log), request.attributes, moved_tags(request.kind))


def _objects(request: Request, choices: KindParameters, log: Log) -> Iterator[NewObject]:
    if request.kind is Kind.SEG:
        return each_without_warnings(_segmentations(request, choices, log))
    if request.kind is Kind.PM:
        return each_without_warnings(_parametric_maps(request, choices, log))
    if request.kind is Kind.RTSTRUCT:
        return each_without_warnings(_structure_sets(request, choices, log))
    stored = request.stored or stored_values(request.image, request.object_kind.rules, choices.max_error, log)
    return multi_frame(request, stored, log) if request.object_kind.multi_frame else single_frames(request, stored, log)


def _segmentations(request: Request, choices: KindParameters, log: Log) -> Iterator[DataSetFile]:
    from .segmentation import segmentations

    return segmentations(_segmentation_request(request, choices, log))


def _structure_sets(request: Request, choices: KindParameters, log: Log) -> Iterator[NewFile]:
    from ..structure_sets.create import structure_sets

    request = replace(request, image=request.image.in_memory())
    return structure_sets(_segmentation_request(request, choices, log), request.attributes.elements)


def _segmentation_request(request: Request, choices: KindParameters, log: Log) -> SegmentationRequest:
    from .segmentation import SegmentationRequest

    kind = choices.segmentation
    if kind is SegmentationForm.AUTO:
        kind = SegmentationForm.FRACTIONAL if is_fraction(request.image) else SegmentationForm.BINARY
    common, sources = _common(request), _sources(request)
    is_binary = kind is not SegmentationForm.FRACTIONAL
    masks = channels(request.image, choices.segments, log, request.stated_times) if is_binary else []
    first, *overlapping = masks or _layers(request.image)
    if overlapping and kind is SegmentationForm.FRACTIONAL:
        raise LabelError(
            f"Several label maps in one image cannot be fractional. Write one 4D image of maps, or {remedy('write-labels')}."
        )
    if overlapping and kind is SegmentationForm.LABELMAP:
        log.warnings.append("segments of several maps may overlap, so they are stored in binary form, not as a label map")
    kind = SegmentationForm.BINARY if overlapping else kind
    return SegmentationRequest(
        first, common, choices.segments, log, sources, kind, request.planes, overlapping, choices.algorithm,
        _counted(request, sources), source_times=frames_by_time(request),
    )  # fmt: skip


def _counted(request: Request, sources: Sequence[Dataset]) -> list[list[CountedFrame]]:
    """Return the source frame of each slice, by time, of a reference without positions; none for others."""
    if not request.is_counted:
        return []
    by_uid = {str(source.SOPInstanceUID): source for source in sources}
    numbers = request.source_frames or [0] * len(request.sources)
    frames = [(by_uid[source.uid], number) for source, number in zip(request.sources, numbers, strict=True)]
    slices = request.image.voxels.shape[1]
    return [frames[start : start + slices] for start in range(0, len(frames), slices)]


def _layers(image: Volume) -> list[Volume]:
    """Return the label maps of an image: one, or the samples of each voxel, whose segments may overlap."""
    if image.voxels.ndim < 5:
        return [image]
    if image.intent == "rgb":
        raise LabelError("The image contains colors, not labels. Use another kind of object.")
    layers = [samples_of(image.voxels, n) for n in range(image.voxels.shape[-1])]
    counts = Counter(label for layer in layers for label in _labels_in(layer))
    repeated = sorted(label for label, count in counts.items() if count > 1)
    if repeated:
        raise LabelError(
            f"Each voxel has {len(layers)} labels, and label {repeated[0]} occurs in {counts[repeated[0]]} of these layers: "
            "nothing specifies whether it is one segment or several. Give every segment a number of its own."
        )
    return [replace(image, voxels=layer) for layer in layers]


def _labels_in(voxels: Voxels) -> set[float]:
    return {label for _, _, planes in slabs(voxels) for label in np.unique(planes).tolist() if label}


def _parametric_maps(request: Request, choices: KindParameters, log: Log) -> Iterator[DataSetFile]:
    from .parametric_map import ParametricMapRequest, parametric_maps

    common, sources = _common(request), _sources(request)
    wanted = ParametricMapRequest(
        request.image, common, choices.units, choices.quantity, None, log, sources, request.planes, frames_by_time(request)
    )
    return parametric_maps(wanted)


def _common(request: Request) -> Dataset:
    """Return the attributes of all objects of an image: its times are one series."""
    common = data_set_of(request.attributes.elements)
    common.SeriesInstanceUID = new_uid()
    return common


def _sources(request: Request) -> list[Dataset]:
    """Return the headers of the source instances as pydicom has them: of what they are here, which de-identification changes,
    not of their files; those that a record holds have no file.
    """
    data_sets = []
    for source in {source.uid: source for source in request.sources}.values():
        with unreadable_by_pydicom(source.path or request.image.name), without_warnings():
            data_set = data_set_of(in_utf_8(source, source.elements))
            data_set.walk(_touch)  # pydicom reads the content of sequences when it is used, which is too late
            _require_uids(data_set, source.path or request.image.name)
        data_sets.append(data_set)
    return data_sets


def _touch(data_set: Dataset, element: DataElement) -> None:
    """Do nothing: walking through a data set reads all of it."""


def _require_uids(data_set: Dataset, path: str) -> None:
    """Refuse a source instance that cannot be referenced."""
    missing = [keyword for keyword in _REFERENCED if not data_set.get(keyword)]
    if missing:
        raise DicomReadError(f"{path}: {' and '.join(missing)} not set, so it cannot be referenced. Use another reference.")
