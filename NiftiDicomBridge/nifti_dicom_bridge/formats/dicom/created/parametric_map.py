"""Images of real values → Parametric Map objects (PS3.3 A.75)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from ....errors import PixelError
from ....labels import Code
from ....model.geometry import Plane
from ....model.metadata import Log
from ....model.volume import Volume
from ..reading.encoding import check_length
from .derivation import code_item, replace_references
from .frame_order import sort_frames
from .highdicom_parts import identity, source_of, with_resolved_attributes
from .library_errors import refused_by_highdicom
from .placement import Placement
from .quantities import quantity_code, region_code, units_code
from .stored_error import DEFAULT_RELATIVE_ERROR, difference, limit_of

_DERIVATION = ("112187", "DCM", "Unspecified method of calculation")
_CONTENT_LABEL = "MAP"
_NARROWEST = 1e-6
_SMALL_PART_OF_STEP = 0.01
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
    """

    volume: Volume
    common: Dataset
    units: str = ""
    quantity: str = ""
    region: Code | None = None
    log: Log = field(default_factory=Log)
    sources: Sequence[Dataset] = ()
    planes: Sequence[Plane] = ()


def parametric_maps(request: ParametricMapRequest) -> Iterator[Dataset]:
    """Yield Parametric Map objects, ready to save: one for every time, InstanceNumber in the order of times.

    Values are written as they are, uncompressed: in single precision where that holds every one of them, else in double.

    Raises
    ------
    GeometryError
        If no DICOM slice can hold the grid.
    PixelError
        If the voxels are colors or complex numbers.
    """
    placement = Placement(request.volume, request.sources, request.log, request.planes)
    values = real_values(request.volume, request.log)
    meaning = _Meaning(
        units_code(request.units, request.log),
        quantity_code(request.quantity or request.volume.name, request.log),
        request.region or region_code(str(request.common.get("BodyPartExamined") or ""), request.log),
    )
    for number, frames in enumerate(values, 1):
        check_length(frames.nbytes)
        yield _object(request, placement, frames, meaning, number)


@dataclass(frozen=True)
class _Meaning:
    units: Code
    quantity: Code
    region: Code


def real_values(volume: Volume, log: Log) -> np.ndarray:
    """Return real values as float32 where it holds every value, else as float64.

    Integers with a rescale become float32 unless an offset leaves that too few digits to distinguish neighboring values.
    """
    voxels = volume.array
    if voxels.dtype.kind not in "iubf":
        raise PixelError(f"voxels of type {voxels.dtype} cannot be a parametric map: only real numbers can.")
    if not volume.rescale.is_identity:
        values = volume.real_values()
        if voxels.dtype.kind in "iu" and _is_single(values, volume.rescale.slope):
            return values.astype(np.float32)
        voxels = values
    with np.errstate(over="ignore"):
        single = voxels.astype(np.float32)
    if voxels.dtype == np.float32 or _holds(single, voxels):
        return single
    _check_double(volume)
    log.warnings.append("values need double precision, which some viewers cannot read (3D Slicer 5.12 among them)")
    return voxels.astype(np.float64)


def _holds(single: np.ndarray, voxels: np.ndarray) -> bool:
    """Whether single precision holds every voxel; 64-bit integers are not compared in double precision, which rounds them."""
    if voxels.dtype.kind in "iu" and voxels.dtype.itemsize == 8:
        return bool(np.array_equal(single.astype(np.longdouble), voxels.astype(np.longdouble)))
    return bool(np.array_equal(single, voxels, equal_nan=voxels.dtype.kind == "f"))


def _is_single(values: np.ndarray, slope: float) -> bool:
    """Whether single precision changes integers with a rescale by a small part of their steps and of their range."""
    error = np.abs(values.astype(np.float32) - values).max(initial=0.0)
    return bool(error <= min(_SMALL_PART_OF_STEP * abs(slope), DEFAULT_RELATIVE_ERROR * np.ptp(values)))


def _check_double(volume: Volume) -> None:
    """Refuse integers that double precision changes by more than a small part of their range."""
    if volume.voxels.dtype.kind not in "iu" or volume.voxels.dtype.itemsize < 8 or not volume.rescale.is_identity:
        return
    ones = np.ones(volume.voxels.shape[:2])
    error = difference(volume, volume.array.astype(np.float64), ones, 0 * ones)
    if error.worst > limit_of(volume, error, None):
        raise PixelError(
            f"In double precision a value would change by {error.worst:.3g}; the range of the image is {error.span:.3g}. "
            "Subtract an offset from the voxels first."
        )


def _object(request: ParametricMapRequest, placement: Placement, frames: np.ndarray, meaning: _Meaning, number: int) -> Dataset:
    from highdicom.pm import ParametricMap

    mapped = _range(frames[~np.isnan(frames)])  # also what is infinite: highdicom refuses to read values beyond
    common, window = request.common, _window(*_range(frames[np.isfinite(frames)]))
    with refused_by_highdicom("Parametric Map"):
        made = ParametricMap(
            source_images=[source_of(common, placement)],
            pixel_array=frames,
            real_world_value_mappings=[_mapping(meaning, mapped)],
            **_window_arguments(ParametricMap, window),
            contains_recognizable_visual_features=True,  # not examined: the safe assumption
            content_label=str(common.get("ContentLabel") or _CONTENT_LABEL),
            content_description=str(common.get("SeriesDescription") or "")[:64] or None,
            **placement.sequences(),
            **identity(common, number),
        )
    made.SharedFunctionalGroupsSequence[0].FrameVOILUTSequence = [window]
    made.SharedFunctionalGroupsSequence[0].FrameAnatomySequence = [_anatomy(meaning.region)]
    replace_references(made, placement, request.sources, _DERIVATION)
    sort_frames(made)
    return with_resolved_attributes(made, common)


def _window_arguments(kind: type, window: Dataset) -> dict[str, Any]:
    """Return the window as this version of highdicom takes it: 0.27 takes two numbers, which are replaced afterwards."""
    if "voi_lut_transformations" in signature(kind).parameters:
        return {"voi_lut_transformations": [window]}
    return {"window_center": 0.0, "window_width": 1.0}


def _range(values: np.ndarray) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)


def _window(low: float, high: float) -> Any:
    """Return a window from the lowest to the highest value; one narrower than 1 must be exact (PS3.3 C.11.2.1.3.2)."""
    from highdicom import VOILUTTransformation

    width = max(high - low, _NARROWEST)
    return VOILUTTransformation(low / 2 + high / 2, width, voi_lut_function=None if width >= 1 else "LINEAR_EXACT")


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
