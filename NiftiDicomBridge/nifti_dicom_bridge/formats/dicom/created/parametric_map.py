"""Images of real values → Parametric Map objects (PS3.3 A.75)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from ....labels import Code
from ....model.metadata import Log
from ....model.space.geometry import Plane
from ....model.volume import Volume
from ....model.voxels.lazy_voxels import Voxels
from ....model.voxels.pixels import PixelFormat
from ..data_set_file import DataSetFile
from ..frame_bytes import FrameBytes, frames_of_planes
from .derivation import code_item, replace_references
from .frame_order import sort_frames
from .highdicom_parts import identity, source_of, with_resolved_attributes
from .library_errors import refused_by_highdicom
from .map_values import Bounds, bounds_of_times, real_values
from .placement import Placement
from .quantities import quantity_code, region_code, units_code
from .reference_times import FrameKey, frames_of_time
from .stored_pixels import fitting_window

_DERIVATION = ("112187", "DCM", "Unspecified method of calculation")
_CONTENT_LABEL = "MAP"
_NARROWEST = 1e-6
_PIXELS = ("FloatPixelData", "DoubleFloatPixelData")
_LABEL_LENGTH, _EXPLANATION_LENGTH = 16, 64


@dataclass(frozen=True)
class ParametricMapRequest:
    """What to make Parametric Map objects of.

    Attributes
    ----------
    volume : Volume
        Any numbers, NaN and infinity too. Its planes are the frames: it is to be reoriented before.
    common : Dataset
        Attributes of patient, study, series, frame of reference, equipment, in UTF-8.
    units : str
        Of the real values: words such as ``HU``, ``mm2/s``, or UCUM; empty where unknown.
    quantity : str
        What the values are, such as ``ADC`` or ``T1map``; empty where the name of the volume is the best that is known.
    region : Code or None
        Anatomic region; None: by BodyPartExamined in `common`.
    log : Log
        Receives what was assumed and made up.
    sources : sequence of Dataset
        A reference series in the same space; may be empty. Pixel data are not needed.
    planes : sequence of Plane
        Where the slices truly are; empty: in the even grid of the volume.
    source_times : sequence of collection of FrameKey
        The frames of each time of the reference series; empty where it has no times.
    """

    volume: Volume
    common: Dataset
    units: str = ""
    quantity: str = ""
    region: Code | None = None
    log: Log = field(default_factory=Log)
    sources: Sequence[Dataset] = ()
    planes: Sequence[Plane] = ()
    source_times: Sequence[Collection[FrameKey]] = ()

    def placement(self, time: int) -> Placement:
        """Return where the frames of a time are."""
        among = frames_of_time(self.source_times, time, self.volume.times, self.log, is_of_all=True)
        return Placement(self.volume, self.sources, self.log, self.planes, among=among)


def parametric_maps(request: ParametricMapRequest) -> Iterator[DataSetFile]:
    """Yield Parametric Map objects, ready to save: one for every time, InstanceNumber in the order of times.

    Values are written as they are, uncompressed: in single precision where that holds every one of them, else in double.

    Raises
    ------
    GeometryError
        If no DICOM slice can hold the grid.
    PixelError
        If the voxels are colors or complex numbers.
    """
    values = real_values(request.volume, request.log)
    meaning = _Meaning(
        units_code(request.units, request.log),
        quantity_code(request.quantity or request.volume.name, request.log),
        request.region or region_code(str(request.common.get("BodyPartExamined") or ""), request.log),
    )
    for number, bounds in enumerate(bounds_of_times(values), 1):
        placement = request.placement(number - 1)
        made = _object(request, placement, values.dtype, bounds, meaning, number)
        yield DataSetFile(made, _frames(made, placement, values, number - 1))


@dataclass(frozen=True)
class _Meaning:
    units: Code
    quantity: Code
    region: Code


def _frames(made: Dataset, placement: Placement, values: Voxels, time: int) -> FrameBytes:
    """Return the pixel data of an object whose frames are in their final order, which takes their place in it."""
    for keyword in _PIXELS:
        if keyword in made:
            delattr(made, keyword)
    made.Rows, made.Columns = placement.shape
    bits = 8 * values.dtype.itemsize
    pixel = PixelFormat(*placement.shape, bits_allocated=bits, bits_stored=bits, high_bit=bits - 1, floating=True)
    positions = ([float(number) for number in item.PlanePositionSequence[0].ImagePositionPatient]
                 for item in made.PerFrameFunctionalGroupsSequence)  # fmt: skip
    planes = [(time, placement.nearest(position)) for position in positions]
    return FrameBytes(frames_of_planes(values, planes), len(planes), pixel)


def _object(
    request: ParametricMapRequest, placement: Placement, dtype: np.dtype, bounds: Bounds, meaning: _Meaning, number: int
) -> Dataset:
    """Return an object with one pixel in each frame: highdicom makes an object of all its pixels at once."""
    from highdicom.pm import ParametricMap

    common, source = request.common, source_of(request.common, placement)
    source.Rows = source.Columns = 1
    low, high = bounds.finite
    window = _window(*fitting_window(request.volume, low / 2 + high / 2, max(high - low, _NARROWEST)))
    with refused_by_highdicom("Parametric Map"):
        made = ParametricMap(
            source_images=[source],
            pixel_array=np.zeros((len(placement.planes), 1, 1), dtype),
            real_world_value_mappings=[_mapping(meaning, bounds.numbers)],
            **_window_arguments(ParametricMap, window),
            contains_recognizable_visual_features=True,  # not examined: the safe assumption
            content_label=str(common.get("ContentLabel") or _CONTENT_LABEL),
            content_description=str(common.get("SeriesDescription") or "")[:64] or None,
            **placement.sequences(),
            **identity(common, number),
        )
    made.SharedFunctionalGroupsSequence[0].FrameVOILUTSequence = [window]
    made.SharedFunctionalGroupsSequence[0].FrameAnatomySequence = [_anatomy(meaning.region)]
    replace_references(made, placement, placement.sources, _DERIVATION)
    sort_frames(made)
    return with_resolved_attributes(made, common)


def _window_arguments(kind: type, window: Dataset) -> dict[str, Any]:
    """Return the window as this version of highdicom takes it: 0.27 takes two numbers, which are replaced afterwards."""
    if "voi_lut_transformations" in signature(kind).parameters:
        return {"voi_lut_transformations": [window]}
    return {"window_center": 0.0, "window_width": 1.0}


def _window(centre: float, width: float) -> Any:
    """Return the item of a window; one narrower than 1 must be exact (PS3.3 C.11.2.1.3.2)."""
    from highdicom import VOILUTTransformation

    return VOILUTTransformation(centre, width, voi_lut_function=None if width >= 1 else "LINEAR_EXACT")


def _mapping(meaning: _Meaning, value_range: tuple[float, float]) -> Dataset:
    """Return the item of RealWorldValueMappingSequence (PS3.3 C.7.6.16.2.11): values are what they are."""
    from highdicom.pm import RealWorldValueMapping
    from highdicom.sr.coding import CodedConcept

    return RealWorldValueMapping(
        lut_label=meaning.quantity.value[:_LABEL_LENGTH],
        lut_explanation=meaning.quantity.meaning[:_EXPLANATION_LENGTH],
        unit=CodedConcept(*meaning.units),
        value_range=value_range,
        slope=1.0,
        intercept=0.0,
        quantity_definition=CodedConcept(*meaning.quantity),
    )


def _anatomy(region: Code) -> Dataset:
    """Return Frame Anatomy (PS3.3 C.7.6.16.2.8); 3D Slicer's reader ends Slicer where it is missing."""
    item = Dataset()
    item.FrameLaterality = "U"
    item.AnatomicRegionSequence = [code_item(region)]
    return item
