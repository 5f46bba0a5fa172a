"""A request → the files of its kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ....labels import Segment
from ....model.metadata import Log
from ....model.volume import Volume
from ....options import Kind, SegmentationForm
from ....standard.pydicom_settings import each_without_warnings
from ..new_file import Made
from ..pydicom_conversion import data_set_of
from .multi_frame import multi_frame
from .request import Request
from .single_frame import single_frames
from .stored import stored_values

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


@dataclass(frozen=True)
class Choices:
    """What only some kinds want to know.

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
    """

    max_error: float | None = None
    segments: Sequence[Segment] = ()
    segmentation: SegmentationForm = SegmentationForm.AUTO
    units: str = ""
    quantity: str = ""


def made_of(request: Request, choices: Choices, log: Log) -> Iterator[Made | Dataset]:
    """Yield the objects of a request: those of our own tables as `Made`, those of highdicom as data sets.

    Raises
    ------
    PixelError, LabelError, GeometryError
        If values or grid cannot be stored in that kind of object.
    """
    if request.kind is Kind.SEG:
        return each_without_warnings(_segmentations(request, choices, log))
    if request.kind is Kind.PM:
        return each_without_warnings(_parametric_maps(request, choices, log))
    stored = request.stored or stored_values(request.image, request.form.rules, choices.max_error, log)
    return multi_frame(request, stored, log) if request.form.multi_frame else single_frames(request, stored, log)


def _segmentations(request: Request, choices: Choices, log: Log) -> Iterator[Dataset]:
    from .segmentation import SegmentationRequest, segmentations

    kind = choices.segmentation
    if kind is SegmentationForm.AUTO:
        kind = SegmentationForm.FRACTIONAL if _is_probability(request.image.array) else SegmentationForm.BINARY
    common, sources = data_set_of(request.attributes.elements), _sources(request)
    first, *overlapping = _layers(request.image)
    kind = SegmentationForm.BINARY if overlapping else kind
    return segmentations(
        SegmentationRequest(first, common, choices.segments, log, sources, kind, planes=request.planes, overlapping=overlapping)
    )


def _layers(image: Volume) -> list[Volume]:
    """Return the label maps of an image: one, or the samples of each voxel, whose segments may overlap."""
    if image.voxels.ndim < 5:
        return [image]
    return [replace(image, voxels=image.voxels[..., n]) for n in range(image.voxels.shape[-1])]


def _is_probability(voxels: np.ndarray) -> bool:
    """Whether voxels are fractions from 0 to 1."""
    if voxels.dtype.kind != "f" or not np.isfinite(voxels).all() or voxels.min() < 0 or voxels.max() > 1:
        return False
    return not np.array_equal(np.rint(voxels), voxels)


def _parametric_maps(request: Request, choices: Choices, log: Log) -> Iterator[Dataset]:
    from .parametric_map import ParametricMapRequest, parametric_maps

    common, sources = data_set_of(request.attributes.elements), _sources(request)
    return parametric_maps(
        ParametricMapRequest(request.image, common, choices.units, choices.quantity, None, log, sources, planes=request.planes)
    )


def _sources(request: Request) -> list[Dataset]:
    """Return the headers of the source instances as pydicom reads them."""
    from pydicom import dcmread

    return [dcmread(source.path, stop_before_pixels=True, force=True) for source in request.sources if source.path]
