"""What is asked for: an image, its kind, and everything decided about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from ....errors import GeometryError
from ....model import metadata
from ....model.metadata import Element, Elements, Instance, Log
from ....model.space import geometry
from ....model.space.geometry import Plane
from ....model.volume import Volume
from ....options import Kind
from ....options.remedies import remedy
from ....standard.tags import Tag
from .. import new_element
from ..new_file import pixel_elements, with_equipment
from ..references import source_images
from ..uids import new_uid
from .attributes import Attributes
from .kinds import OBJECT_KINDS, ObjectKind
from .set_values import set_tags
from .stored_pixels import StoredPixels, fitting_window

DESCRIPTION = "Converted from NIfTI"


@dataclass(frozen=True)
class Request:
    """One image to make DICOM of.

    Attributes
    ----------
    image : Volume
        In the orientation that its slices are to have, on the grid of the reference where it snapped to it.
    kind : Kind
        None of ``AUTO``, ``CLASSIC``, ``ENHANCED``.
    attributes : Attributes
        All that is decided, defaults of the kind included; its Study Instance UID and Frame of Reference UID too.
    sources : sequence of Instance
        The instances that the image was made from; an instance of many frames may occur for each of them. Empty without
        reference.
    planes : list of Plane
        Where the slices truly are.
    slice_times : sequence of float
        Seconds from the start of a volume to each slice; empty where unknown.
    starts_s, durations_s : sequence of float
        Start and duration of every time, seconds from the start of the first; empty where unknown.
    frames : sequence of Elements
        What each frame alone specifies, times outermost; empty where nothing is. Objects of many
        frames take what functional groups hold.
    thicknesses : sequence of Element or None
        SliceThickness of each frame, times outermost; empty where all have the same.
    moments : sequence of datetime or None
        When each frame was acquired, times outermost; empty where only `slice_times` and `starts_s` specify.
    source_frames : sequence of int
        The frames of `sources`, from 1; empty where they have one frame each.
    source_numbers : sequence of sequence of int
        Which of the sources each frame was made from, times outermost; empty: each of all of them.
    source_times : sequence of sequence of int
        Which of the sources are of each time of the reference; empty: it has no times.
    stored : StoredPixels or None
        Stored values that are taken as they are; None where they follow from the image.
    derivation : str
        DerivationDescription.
    inverted : bool
        Low values are shown bright (MONOCHROME1).
    windows : sequence of Elements
        Window of each frame, times outermost; empty, or empty for a frame, where it is computed.
    padding : tuple of float
        Real values of PixelPaddingValue and PixelPaddingRangeLimit; empty where there are none.
    is_counted : bool
        `sources` have no position: slices are their frames, one by one.
    ratios : numpy.ndarray, shape (times, slices), or None
        Displayed to real values, which private attributes specify; None where they are the same.
    stated_times : str
        What states that the fourth axis is time, as a clause; empty if nothing does.
    """

    image: Volume
    kind: Kind
    attributes: Attributes
    sources: Sequence[Instance] = ()
    planes: list[Plane] = field(default_factory=list)
    slice_times: Sequence[float] = ()
    starts_s: Sequence[float] = ()
    durations_s: Sequence[float] = ()
    frames: Sequence[Elements] = ()
    thicknesses: Sequence[Element | None] = ()
    moments: Sequence[datetime | None] = ()
    source_frames: Sequence[int] = ()
    source_numbers: Sequence[Sequence[int]] = ()
    source_times: Sequence[Sequence[int]] = ()
    stored: StoredPixels | None = None
    derivation: str = DESCRIPTION
    inverted: bool = False
    windows: Sequence[Elements] = ()
    padding: tuple[float, ...] = ()
    is_counted: bool = False
    ratios: np.ndarray | None = None
    stated_times: str = ""

    @property
    def object_kind(self) -> ObjectKind:
        """The row of the table of kinds."""
        return OBJECT_KINDS[self.kind]

    @property
    def step_mm(self) -> float:
        """Distance of neighboring slices along the normal, mm; that of the matrix where there is one slice."""
        if len(self.planes) < 2:
            return float(np.linalg.norm(self.image.ijk_to_ras[:3, 2]))
        return abs(float((self.planes[1].position - self.planes[0].position) @ self.planes[0].normal))


def planes_of(image: Volume) -> list[Plane]:
    """Return the planes of an image; raises `GeometryError` with what to do where rows and columns are not perpendicular."""
    try:
        return geometry.attributes_from_affine(image.ijk_to_ras, image.voxels.shape[1])
    except GeometryError as error:
        if "90°" not in str(error):
            raise
        raise GeometryError(f"{error} {remedy('right-angles')}") from None


def common_elements(request: Request, stored: StoredPixels, log: Log) -> Elements:
    """Return what all objects of an image share: everything decided, provenance, the Image Pixel module."""
    object_kind, decided = request.object_kind, request.attributes.elements
    date, time = new_element.now(decided)
    elements: Elements = {
        Tag.SOP_CLASS_UID: new_element.text("UI", _sop_class(object_kind, stored)),
        Tag.SERIES_INSTANCE_UID: new_element.text("UI", new_uid()),
        Tag.IMAGE_TYPE: new_element.text("CS", *image_type(request)),
        Tag.INSTANCE_CREATION_DATE: date,
        Tag.INSTANCE_CREATION_TIME: time,
        Tag.CONTENT_DATE: date,
        Tag.CONTENT_TIME: time,
        Tag.CONTRIBUTING_EQUIPMENT_SEQUENCE: with_equipment(decided),
        Tag.DERIVATION_DESCRIPTION: new_element.text("ST", request.derivation),
        Tag.SAMPLES_PER_PIXEL: new_element.integers("US", stored.pixel.samples),
        Tag.PHOTOMETRIC_INTERPRETATION: new_element.text("CS", "MONOCHROME1" if request.inverted else stored.pixel.photometric),
        **pixel_elements(stored.pixel),
    }
    elements |= _padding_elements(request, stored, log)
    own = {
        tag: element for tag, element in elements.items() if tag not in set_tags(request.attributes) or tag == Tag.IMAGE_TYPE
    }
    return {**metadata.without(decided, {Tag.RESCALE_TYPE}), **own}


def _padding_elements(request: Request, stored: StoredPixels, log: Log) -> Elements:
    """Return PixelPaddingValue and PixelPaddingRangeLimit: that of missing numbers, else those of an original."""
    vr, slope, intercept = "SS" if stored.pixel.signed else "US", float(stored.slopes[0, 0]), float(stored.intercepts[0, 0])
    if stored.padding is not None:
        return {Tag.PIXEL_PADDING_VALUE: new_element.integers(vr, stored.padding)}
    numbers = [(value - intercept) / slope for value in request.padding if stored.pixel.samples == 1]
    limits = np.iinfo(stored.pixel.dtype)
    if any(abs(number - round(number)) > _WHOLE or not limits.min <= round(number) <= limits.max for number in numbers):
        log.warnings.append("PixelPaddingValue (0028,0120) was left out: the new object has no stored value for it")
        return {}
    tags = (Tag.PIXEL_PADDING_VALUE, Tag.PIXEL_PADDING_RANGE_LIMIT)
    return {tag: new_element.integers(vr, round(number)) for tag, number in zip(tags, numbers, strict=False)}


def image_type(request: Request) -> list[str]:
    """Return ImageType: DERIVED, and of what a source specifies beyond the second value that which still holds."""
    object_kind = request.object_kind
    given = [part.strip() for part in request.attributes.text(Tag.IMAGE_TYPE).split("\\")] if not object_kind.groups else []
    rest = [part for part in given[2:] if part and part != "MOSAIC"]
    return [*object_kind.image_type[:2], *(rest or object_kind.image_type[2:])]


def _sop_class(object_kind: ObjectKind, stored: StoredPixels) -> str:
    if stored.pixel.samples > 1:
        return object_kind.color_class or object_kind.sop_class
    return object_kind.small_class if object_kind.small_class and stored.pixel.bits_allocated == 8 else object_kind.sop_class


def rescale_elements(request: Request, stored: StoredPixels, t: int, k: int) -> Elements:
    """Return the modality LUT of a frame (PS3.3 C.11.1), where the object has one or needs one."""
    slope, intercept = float(stored.slopes[t, k]), float(stored.intercepts[t, k])
    if request.ratios is not None:
        slope, intercept = slope * float(request.ratios[t, k]), intercept * float(request.ratios[t, k])
    has_units = request.kind is Kind.MR and rescale_type(request) != "US"
    always = request.kind in (Kind.CT, Kind.PET) or request.object_kind.groups or has_units
    if not always and (stored.slopes == 1).all() and (stored.intercepts == 0).all():
        return {}
    elements = {Tag.RESCALE_SLOPE: new_element.decimals([slope]), Tag.RESCALE_INTERCEPT: new_element.decimals([intercept])}
    if request.kind is not Kind.PET:
        elements[Tag.RESCALE_TYPE] = new_element.text("LO", rescale_type(request))
    return elements


def window_elements(request: Request, stored: StoredPixels) -> list[Elements]:
    """Return the window of each frame, times outermost, or one for all: that which was stated, else one for nearly all values.

    Linear ones have a width of at least 1 (PS3.3 C.11.2.1.2).
    """
    stated = {tag: request.attributes.elements[tag] for tag in _WINDOW if request.attributes.text(tag)}
    words = {tag: request.attributes.elements[tag] for tag in WINDOW_WORDS if request.attributes.text(tag)}
    if len(stated) == len(_WINDOW):
        return [stated | words]
    elements = list(request.windows) if any(request.windows) else [{}]
    computed = _computed_window(request, stored) if not all(elements) else {}
    elements = [(window or computed) | words for window in elements]
    return elements[:1] if all(window == elements[0] for window in elements) else elements


def _computed_window(request: Request, stored: StoredPixels) -> Elements:
    centre, width = fitting_window(request.image, *stored.window)
    if request.ratios is not None:
        centre, width = centre * float(request.ratios[0, 0]), width * float(request.ratios[0, 0])
    elements = {Tag.WINDOW_CENTER: new_element.decimals([centre]), Tag.WINDOW_WIDTH: new_element.decimals([width])}
    if width < 1:
        elements[Tag.VOI_LUT_FUNCTION] = new_element.text("CS", "LINEAR_EXACT")
    return elements


def rescale_type(request: Request) -> str:
    """Return RescaleType: that of a source; HU for CT whose air is where air is, US (unspecified) for all others."""
    stated = request.attributes.text(Tag.RESCALE_TYPE)
    if stated:
        return stated
    return "HU" if request.kind in (Kind.CT, Kind.ENHANCED_CT) else "US"


NEARLY_NO_WEIGHTING = 50.0
"""s/mm²: below it, a volume without direction is one without weighting, above it a trace."""


def directionality(b_value: float, directed: bool) -> str:
    """Return DiffusionDirectionality (PS3.3 C.8.13.5.9)."""
    return "DIRECTIONAL" if directed else "ISOTROPIC" if b_value >= NEARLY_NO_WEIGHTING else "NONE"


_WINDOW = (Tag.WINDOW_CENTER, Tag.WINDOW_WIDTH)
WINDOW_WORDS = (Tag.WINDOW_CENTER_WIDTH_EXPLANATION, Tag.VOI_LUT_FUNCTION)
_WHOLE = 1e-6
_LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))


def patient_orientation(plane: Plane) -> tuple[str, str]:
    """Return PatientOrientation (PS3.3 C.7.6.1.1.1): where rows and columns lead to, up to three letters each."""
    return _letters(plane.orientation[:3]), _letters(plane.orientation[3:])


def _letters(direction: np.ndarray) -> str:
    largest_first = sorted(range(3), key=lambda axis: -abs(direction[axis]))
    return "".join(_LETTERS[axis][int(direction[axis] < 0)] for axis in largest_first if abs(direction[axis]) > 0.1)


def sources_of_frame(request: Request, t: int, k: int) -> Elements:
    """Return SourceImageSequence of one frame: its own sources where these are known, else all of them."""
    if not request.sources or (request.source_numbers and not numbers_of_frame(request, t, k)):
        return {}
    return {Tag.SOURCE_IMAGE_SEQUENCE: source_images(sources_with_frames(request, numbers_of_frame(request, t, k)))}


def numbers_of_frame(request: Request, t: int, k: int) -> Sequence[int]:
    """Return which of the sources a frame was made from; none where that is not known, or it was made from all of them."""
    return request.source_numbers[t * request.image.voxels.shape[1] + k] if request.source_numbers else ()


def sources_with_frames(request: Request, numbers: Sequence[int] = ()) -> list[tuple[Instance, list[int]]]:
    """Return sources by their numbers, or all of them, each instance once, with those of its frames that are meant."""
    frames: dict[str, tuple[Instance, list[int]]] = {}
    for n in numbers or range(len(request.sources)):
        _, of_instance = frames.setdefault(request.sources[n].uid, (request.sources[n], []))
        of_instance += [request.source_frames[n]] if numbers and request.source_frames else []
    return list(frames.values())
