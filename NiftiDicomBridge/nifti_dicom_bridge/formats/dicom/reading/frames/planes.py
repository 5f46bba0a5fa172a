"""Where a frame is: position, orientation, spacing, distance of slices, as far as the object specifies them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from .....model import metadata
from .....model.space.geometry import Plane
from .....standard.dictionary import describe
from .....standard.iods import modules_of
from .....standard.tags import Tag
from ..attributes.functional_groups import Lookup
from .detectors import place_of_detector
from .philips_volumes import volume_of
from .tolerances import LARGEST, SMALLEST
from .ultrasound_regions import size_in_regions

LARGEST_SKEW = 0.01
"""Direction cosines with three decimals are closer to orthogonal."""
BY_LOCATION = "no ImagePositionPatient (0020,0032): slices are in the order of {}, their position is assumed"
BY_POSITION = "slices are in the order and at the distance of ImagePositionPatient (0020,0032), their orientation is assumed"
"""The note of a frame whose plane has the position that it specifies and no orientation; see `lone_positions`."""
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_SPACINGS = (
    (Tag.PIXEL_MEASURES_SEQUENCE, Tag.PIXEL_SPACING, ""),
    (Tag.FRAME_PIXEL_DATA_PROPERTIES_SEQUENCE, Tag.IMAGER_PIXEL_SPACING, "the distance at the detector"),
    (0, Tag.NOMINAL_SCANNED_PIXEL_SPACING, "the distance on the scanned film"),
    (0, Tag.IMAGE_PLANE_PIXEL_SPACING, "the distance in the plane of the image"),
)
"""Functional group, attribute, and what it measures if not the patient; in order of trust."""


def plane_of(look: Lookup, notes: list[str]) -> Plane | None:
    """Return where a frame is; None where the object does not specify it, with a note where it is contradictory."""
    position = look.numbers(Tag.PLANE_POSITION_SEQUENCE, Tag.IMAGE_POSITION_PATIENT)
    orientation = look.numbers(Tag.PLANE_ORIENTATION_SEQUENCE, Tag.IMAGE_ORIENTATION_PATIENT)
    if Tag.DETECTOR_INFORMATION_SEQUENCE in look.data_set:
        of_detector, along = place_of_detector(look.data_set, position, notes)
        position, orientation = of_detector or position, along or orientation
    if not position and (not orientation or look.number(0, Tag.SLICE_LOCATION) is not None):
        return None
    axes = axes_of(tuple(orientation)) if len(orientation) == 6 else None
    notes += filter(None, [doubt_of_axes(orientation)])
    is_known = len(position) == 3 and all(abs(value) < LARGEST for value in position)
    if axes is None or not is_known:
        what = "" if is_known else f"position {_shown(position)} and "
        are = "is not valid: the orientation" if is_known else "are not valid: the position"
        notes.append(f"{what}orientation {_shown(orientation)} {are} of the image is unknown")
        return None
    if not any(look.numbers(group, tag) for group, tag, _ in _SPACINGS):
        notes.append(f"no {describe(Tag.PIXEL_SPACING)}: pixels count as 1 mm, though the object specifies its position")
    return Plane(np.array(position), axes, spacing_of(look, notes))


def located_plane(look: Lookup, notes: list[str]) -> Plane | None:
    """Return an assumed plane for an object without position: its order and distance by another attribute; None without one."""
    volume = _plane_in_volume(look, notes)
    if volume is not None:
        return volume
    retired = look.numbers(0, Tag.IMAGE_ORIENTATION)
    orientation = look.numbers(Tag.PLANE_ORIENTATION_SEQUENCE, Tag.IMAGE_ORIENTATION_PATIENT) or retired
    axes = axes_of(tuple(orientation)) if len(orientation) == 6 else None
    if axes is None:
        axes = np.array(AXIAL)
    position = look.numbers(0, Tag.IMAGE_POSITION)
    along = float(np.cross(axes[:3], axes[3:]) @ position) if len(position) == 3 else None
    locations = {
        Tag.IN_STACK_POSITION_NUMBER: _along_stack(look),
        Tag.SLICE_LOCATION: look.number(0, Tag.SLICE_LOCATION),
        Tag.IMAGE_POSITION: along,  # of ACR-NEMA, whose axes and origin are those of its scanner
        Tag.LOCATION: look.number(0, Tag.LOCATION),
    }
    for tag, location in locations.items():
        if location is not None and abs(location) < LARGEST:
            notes.append(BY_LOCATION.format(describe(tag)))
            return assumed_plane(location, axes, spacing_of(look, []))
    known = look.numbers(Tag.PLANE_POSITION_SEQUENCE, Tag.IMAGE_POSITION_PATIENT)
    if len(known) != 3 or not all(abs(value) < LARGEST for value in known):
        return None
    notes.append(BY_POSITION)
    return Plane(np.array(known), np.array(AXIAL), spacing_of(look, []))


def _plane_in_volume(look: Lookup, notes: list[str]) -> Plane | None:
    """Return the plane of an Enhanced US Volume, in the volume of the transducer (PS3.3 C.8.24.3); None for others."""
    position = look.numbers(Tag.PLANE_POSITION_VOLUME_SEQUENCE, Tag.IMAGE_POSITION_VOLUME)
    orientation = look.numbers(Tag.PLANE_ORIENTATION_VOLUME_SEQUENCE, Tag.IMAGE_ORIENTATION_VOLUME)
    axes = axes_of(tuple(orientation)) if len(orientation) == 6 else None
    if axes is None or len(position) != 3 or not all(abs(value) < LARGEST for value in position):
        return None
    notes.append(
        f"{describe(Tag.IMAGE_POSITION_VOLUME)} specifies positions in the volume of the transducer: where that is in the "
        "patient is not known"
    )
    return Plane(np.array(position), axes, spacing_of(look, []))


def _along_stack(look: Lookup) -> float | None:
    """Return the distance of a frame from the first of its stack, by number and step; None without a number."""
    number = metadata.number(look.group(Tag.FRAME_CONTENT_SEQUENCE), Tag.IN_STACK_POSITION_NUMBER)
    return None if not number else (number - 1) * abs(step_of(look))


def assumed_plane(along: float, axes: np.ndarray | None, spacing: tuple[float, float]) -> Plane:
    """Return a plane at this distance in mm along the normal of some axes, through the origin."""
    orientation = axes if axes is not None else np.array(AXIAL)
    return Plane(np.cross(orientation[:3], orientation[3:]) * along, orientation, spacing)


def _shown(values: Sequence[float]) -> str:
    return "\\".join(f"{value:g}" for value in values) or "(none)"


def doubt_of_axes(orientation: Sequence[float]) -> str:
    """Return that direction cosines which span a plane are not orthogonal unit vectors; empty where they are."""
    if len(orientation) != 6 or axes_of(tuple(orientation)) is None or _skew(tuple(orientation)) <= LARGEST_SKEW:
        return ""
    return (
        f"ImageOrientationPatient (0020,0037) {_shown(orientation)} does not consist of two orthogonal unit vectors: "
        "only their directions are used"
    )


@lru_cache(maxsize=256)
def _skew(orientation: tuple[float, ...]) -> float:
    """Return how far two vectors are from being of length 1 and at right angles."""
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    return float(max(abs(row @ row - 1), abs(column @ column - 1), abs(row @ column)))


@lru_cache(maxsize=256)
def axes_of(orientation: tuple[float, ...]) -> np.ndarray | None:
    """Return direction cosines, shape (6,), LPS, that span a plane; None where they do not.

    Rounded cosines are not of length 1, but the spacing of pixels is that of PixelSpacing.
    """
    vectors = np.array(orientation).reshape(2, 3)
    if not np.isfinite(vectors).all() or not np.cross(*vectors).any():
        return None
    axes: np.ndarray = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).reshape(6)
    axes.setflags(write=False)
    return axes


def spacing_of(look: Lookup, notes: list[str]) -> tuple[float, float]:
    """Return the distance between rows and between columns, mm; 1 where none is specified."""
    for group, tag, meaning in _SPACINGS:
        spacing = look.numbers(group, tag)
        if len(spacing) != 2 or not all(SMALLEST < value < LARGEST for value in spacing):
            if spacing:
                notes.append(f"{describe(tag)} {_shown(spacing)} is not used: it must be two positive numbers in mm")
            continue
        if not meaning:
            return spacing[0], spacing[1]
        what = f"no PixelSpacing (0028,0030): {describe(tag)}, {meaning},"
        if _is_of_these_pixels(look, tag):
            notes.append(f"{what} is used{_magnification(look)}")
            return spacing[0], spacing[1]
        notes.append(f"{what} is not used, as a derived image may have been resampled: pixels count as 1 mm")
    if volume := volume_of(look.data_set):
        return volume.spacing_mm
    in_regions = size_in_regions(look.data_set)
    if in_regions.spacing_mm is not None:
        notes.append(f"no PixelSpacing (0028,0030): {in_regions.words}")
        return in_regions.spacing_mm
    notes += _unused_sizes(look)
    return 1.0, 1.0


def _unused_sizes(look: Lookup) -> list[str]:
    """Name what is known of the size of pixels where no attribute specifies the spacing of the whole image."""
    ratio = look.numbers(0, Tag.PIXEL_ASPECT_RATIO)
    uses = []
    if len(ratio) == 2 and ratio[0] != ratio[1]:
        uses.append(f"{describe(Tag.PIXEL_ASPECT_RATIO)} {_shown(ratio)} is used for pictures only")
    if regions := size_in_regions(look.data_set).words:
        uses.append(regions)
    return [f"no PixelSpacing (0028,0030): pixels count as 1 mm, {words}" for words in uses]


def _is_of_these_pixels(look: Lookup, tag: int) -> bool:
    """Whether a spacing is that of the stored pixels: in kinds of objects that demand it, and in images that are not derived.

    A digital X-ray image for presentation is derived, and has the detector spacing of its own pixels (PS3.3 C.8.11.4, Type 1).
    Where the attribute is optional (computed radiography) or not defined (secondary capture), it may be a leftover of the
    source.
    """
    if tag != Tag.IMAGER_PIXEL_SPACING:
        return True
    modules = modules_of(metadata.text(look.data_set, Tag.SOP_CLASS_UID))
    demanded = any(tag == rule.tag and rule.type == "1" for module in modules for rule in module.rules)
    return demanded or metadata.texts(look.data_set, Tag.IMAGE_TYPE)[:1] != ["DERIVED"]


def _magnification(look: Lookup) -> str:
    """Return by how much structures in the patient are smaller than at the detector, as a clause; empty where unknown."""
    tag = Tag.ESTIMATED_RADIOGRAPHIC_MAGNIFICATION_FACTOR
    factor = look.number(0, tag)
    if factor is None or factor == 1:
        return ""
    return f"; structures in the patient are smaller by {describe(tag)}, {factor:g}"


_STEPS = (Tag.SPACING_BETWEEN_SLICES, Tag.SLICE_THICKNESS)
MOST_SHOWN = 4
"""Values of an attribute in a sentence."""


def doubt_of_step(look: Lookup) -> str:
    """Return that the distance of slices is not that of SpacingBetweenSlices; empty if it is.

    SliceThickness takes its place, which is another distance where slices have gaps or overlap.
    """
    step, stated = step_of(look), _only_number(look, Tag.SPACING_BETWEEN_SLICES)
    if step == stated:
        return ""
    texts = look.texts(Tag.PIXEL_MEASURES_SEQUENCE, Tag.SPACING_BETWEEN_SLICES)
    invalid = f"{stated:g}" if stated is not None else "\\".join(texts[:MOST_SHOWN])
    problem = f"{invalid} is not valid" if invalid else "is missing"
    thickness = look.number(Tag.PIXEL_MEASURES_SEQUENCE, Tag.SLICE_THICKNESS)
    taken = "SliceThickness (0018,0050)" if step == thickness else "1 mm"
    return f"{describe(Tag.SPACING_BETWEEN_SLICES)} {problem}: the distance of slices is assumed to be {taken}"


def stated_step_of(look: Lookup) -> float:
    """Return SpacingBetweenSlices, mm; 0 where it is not valid or not there."""
    step, stated = step_of(look), _only_number(look, Tag.SPACING_BETWEEN_SLICES)
    return step if step == stated else 0.0


def is_step_stated(look: Lookup) -> bool:
    """Whether an attribute specifies the distance or the thickness of slices."""
    return _stated_steps(look) != []


def step_of(look: Lookup) -> float:
    """Return the distance of slices, mm, negative where they run against the normal; 1 where none is specified."""
    return next(iter(_stated_steps(look)), 1.0)


def _stated_steps(look: Lookup) -> list[float]:
    """Return SpacingBetweenSlices, then SliceThickness, as far as they are valid."""
    steps = [_only_number(look, tag) for tag in _STEPS]
    return [step for step in steps if step is not None and SMALLEST < abs(step) < LARGEST]


def _only_number(look: Lookup, tag: int) -> float | None:
    """Return the value of an attribute that has one (VM 1); None where there are several that differ."""
    numbers = look.numbers(Tag.PIXEL_MEASURES_SEQUENCE, tag)
    return numbers[0] if len(set(numbers)) == 1 else None
