"""Uneven or tilted stacks → regular grids, between their true positions. Values are invented: only on request, and reported.

Slice by slice: no more than two slices are held as floating point numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...errors import GeometryError
from ...options import Resample
from ...standard.sop_classes import STRUCTURE_SET
from ...standard.tags import Tag
from .. import metadata
from ..volume import Volume, reoriented
from ..voxels.digest import freeze
from ..voxels.real_values import reinterpret_bits, to_numbers, to_type
from . import geometry
from .geometry import TILT_DEGREES, Plane
from .regular_grid import SAME_SLICE, RegularGrid, is_uneven, regular_grid, tilt_degrees

SUFFIXES = {Resample.TILT: "_Tilt", Resample.SPACING: "_Eq"}
"""What is added to the name of an image, in this order: dcm2niix's words."""
MOST_VOXELS = 16
"""Times as many as there were: positions that ask for more are not stacks."""
FRACTIONAL = "FRACTIONAL"


class Fill(NamedTuple):
    """The stored value of what is outside of all slices, and why that one."""

    value: float
    words: str


class Plan(NamedTuple):
    """How values are computed.

    Attributes
    ----------
    grid : RegularGrid
        Where to.
    nearest : bool
        Values are labels or indices: nothing is between two of them.
    fill : Fill
        What is outside.
    padding : float or None
        The stored value that means "nothing was measured": no value is computed with it.
    reach : float
        How far, in slices of the grid, a plane is taken for what is next to it. Segmentations leave empty slices out
        (PS3.3 C.8.20.2): in a gap is background.
    """

    grid: RegularGrid
    nearest: bool
    fill: Fill
    padding: float | None
    reach: float


class Pixels(NamedTuple):
    """One plane: numbers, and whether each is a value; it is none outside of the slice, where there is padding, and NaN."""

    numbers: np.ndarray
    known: np.ndarray


def resample(volume: Volume, planes: Sequence[Plane], wanted: frozenset[Resample]) -> Volume | None:
    """Return a volume on a regular grid; None where there is nothing to do.

    Parameters
    ----------
    volume : Volume
        Of any type, with times and colors or without.
    planes : sequence of Plane
        Where its slices truly are, sorted along the normal.
    wanted : frozenset of Resample
        ``SPACING``: one distance between slices, linear between the two slices around. ``TILT``: the slice axis along the
        normal, linear along rows and columns, each slice by its own shift; the field grows so that nothing is cut off.

    Returns
    -------
    Volume or None
        With the same `source`, so that it counts as edited; its name has the suffixes, its warnings what was done.
        Integers are rounded to the nearest; labels and palette indices are those of the nearest voxel.

    Raises
    ------
    GeometryError
        If the planes are so far apart that the grid would be mostly empty.
    """
    steps = needed(planes, wanted)
    if not steps:
        return None
    rows, columns = volume.voxels.shape[2:4]
    grid = regular_grid(planes, (rows, columns), Resample.TILT in steps, Resample.SPACING in steps)
    if np.prod(grid.shape, dtype=float) > MOST_VOXELS * np.prod(volume.voxels.shape[1:4], dtype=float):
        raise GeometryError(
            f"{volume.name}: not resampled: the slices are so far apart that a grid of {grid.shape[2]} × {grid.shape[1]} × "
            f"{grid.shape[0]} voxels would be needed, more than {MOST_VOXELS} times as many as there are."
        )
    padding = _padding(volume)
    plan = Plan(grid, has_labels(volume), _fill(volume, padding), padding, _reach(volume, grid))
    return replace(
        volume,
        voxels=freeze(_values(volume.array, plan)),
        ijk_to_ras=grid.ijk_to_ras,
        name=volume.name + "".join(suffix for step, suffix in SUFFIXES.items() if step in steps),
        warnings=_sentences(volume, planes, steps, plan),
        source=volume.source and replace(volume.source, resampled=steps),
    )


def without_shear(volume: Volume) -> Volume:
    """Return a volume whose rows and columns are perpendicular: each row, or else each column, shifted by its own part.

    Raises
    ------
    GeometryError
        If no two axes of the volume are perpendicular.
    """
    for order in ((0, 2, 1), (2, 1, 0)):  # rows for slices, then columns
        on_edge = reoriented(volume, order, (1, 1, 1))
        try:
            planes = geometry.attributes_from_affine(on_edge.ijk_to_ras, on_edge.voxels.shape[1])
        except GeometryError:
            continue
        upright = resample(on_edge, planes, frozenset({Resample.TILT}))
        if upright is not None:
            return replace(reoriented(upright, order, (1, 1, 1)), name=volume.name)
    raise GeometryError(f"{volume.name}: no two axes are perpendicular: resample it with a registration tool.")


def needed(planes: Sequence[Plane], wanted: frozenset[Resample]) -> frozenset[Resample]:
    """Return what of the wanted these planes need."""
    needs = {
        Resample.TILT: tilt_degrees(planes) > TILT_DEGREES,
        Resample.SPACING: is_uneven(planes),
    }
    return frozenset(step for step in wanted if needs.get(step))


def has_labels(volume: Volume) -> bool:
    """Whether the values are names and not quantities: regions of RT Structure Sets, segmentations but fractional ones, and
    indices of a palette.
    """
    if volume.source is None:
        return volume.intent in ("label", "neuronames")
    elements = volume.dicom.metadata.first.elements
    if metadata.text(elements, Tag.PHOTOMETRIC_INTERPRETATION) == "PALETTE COLOR":
        return True
    if metadata.text(elements, Tag.SOP_CLASS_UID) == STRUCTURE_SET:
        return True
    return metadata.text(elements, Tag.MODALITY) == "SEG" and metadata.text(elements, Tag.SEGMENTATION_TYPE) != FRACTIONAL


def _padding(volume: Volume) -> float | None:
    """Return PixelPaddingValue (PS3.3 C.7.5.1.1.2) as the voxels have it; None where none is given or it is rescaled."""
    integer = volume.voxels.dtype.kind in "iu" and volume.voxels.ndim == 4
    if volume.source is None or not integer:
        return None
    padding = metadata.number(volume.dicom.metadata.first.elements, Tag.PIXEL_PADDING_VALUE)
    return None if padding is None else reinterpret_bits(int(padding), volume.voxels.dtype)


def _reach(volume: Volume, grid: RegularGrid) -> float:
    if volume.source is None or metadata.text(volume.dicom.metadata.first.elements, Tag.MODALITY) != "SEG":
        return np.inf
    return 0.5 * max(1.0, float(np.median(np.diff(grid.places)))) + SAME_SLICE


def _fill(volume: Volume, padding: float | None) -> Fill:
    if has_labels(volume):
        return Fill(0.0, "background")
    if padding is not None:
        return Fill(padding, "PixelPaddingValue")
    if volume.rescale.slope < 0:
        return Fill(float(np.nanmax(volume.array)), "the lowest of the image, as its slope is negative")
    return Fill(float(np.nanmin(volume.array)), "the lowest of the image")


# --- values -----------------------------------------------------------------------------------------------------------


def _values(voxels: np.ndarray, plan: Plan) -> np.ndarray:
    result = np.empty((voxels.shape[0], *plan.grid.shape, *voxels.shape[4:]), voxels.dtype)
    for t, slices in enumerate(voxels):
        _resample_time(slices, result[t], plan)
    return result


def _resample_time(slices: np.ndarray, target: np.ndarray, plan: Plan) -> None:
    """Fill the slices of one time."""
    held: dict[int, Pixels] = {}
    for k in range(len(target)):
        if np.abs(plan.grid.places - k).min() > plan.reach:
            target[k] = to_type(np.array(plan.fill.value), target.dtype)
            continue
        low, weight = _between(plan.grid.places, k)
        if weight == 0 and not plan.grid.shifts.any():
            target[k] = slices[low]  # the very slice: no number is computed
            continue
        around = (low, low + 1) if weight else (low,)
        held = {n: held[n] if n in held else _in_field(slices[n], plan.grid.shifts[n], plan) for n in around}
        mixed = _mixed(held[low], held[around[-1]], weight, plan.nearest)
        target[k] = to_type(mixed.numbers, target.dtype)


def _between(places: np.ndarray, k: int) -> tuple[int, float]:
    """Return the plane below a slice of the grid, and the weight of the next one; 0 where the slice is that plane."""
    low = int(np.clip(np.searchsorted(places, k, side="right") - 1, 0, len(places) - 2))
    weight = float((k - places[low]) / (places[low + 1] - places[low]))
    if abs(weight) < SAME_SLICE:
        return low, 0.0
    return (low + 1, 0.0) if weight > 1 - SAME_SLICE else (low, weight)


def _in_field(plane: np.ndarray, shifts: np.ndarray, plan: Plan) -> Pixels:
    """Return a plane where it is in the field of the grid."""
    numbers = to_numbers(plane)
    known = ~np.isnan(numbers)
    if plan.padding is not None:
        known &= numbers != plan.padding
    pixels = Pixels(numbers, known)
    for axis in (0, 1):
        pixels = _shifted(pixels, float(shifts[axis]), axis, plan)
    return pixels


def _shifted(pixels: Pixels, shift: float, axis: int, plan: Plan) -> Pixels:
    """Return pixels moved along an axis by a part of a pixel, in the field of the grid; outside there is the fill value."""
    size, count = plan.grid.shape[1 + axis], pixels.numbers.shape[axis]
    if shift == 0 and size == count:
        return pixels
    start = int(np.ceil(shift - SAME_SLICE))
    shape = list(pixels.numbers.shape)
    shape[axis] = size + 1
    wide = Pixels(np.full(shape, plan.fill.value), np.zeros(shape, bool))
    before = (slice(None),) * axis
    for part, whole in zip(pixels, wide, strict=True):
        whole[(*before, slice(start, start + count))] = part
    here, next_one = (Pixels(*(part[(*before, window)] for part in wide)) for window in (slice(size), slice(1, size + 1)))
    return _mixed(here, next_one, max(0.0, start - shift), plan.nearest)


def _mixed(a: Pixels, b: Pixels, weight: float, nearest: bool) -> Pixels:
    """Return what is between two planes, `weight` being that of the second; the nearer one where either has no value."""
    if weight < SAME_SLICE:
        return a
    nearer = a if weight < 0.5 else b
    if nearest:
        return nearer
    both = a.known & b.known
    numbers = np.where(both, a.numbers + weight * (b.numbers - a.numbers), nearer.numbers)
    return Pixels(numbers, both | nearer.known)


# --- words ------------------------------------------------------------------------------------------------------------


def _sentences(volume: Volume, planes: Sequence[Plane], steps: frozenset[Resample], plan: Plan) -> tuple[str, ...]:
    grid, method = plan.grid, "nearest neighbor" if plan.nearest else "linear interpolation"
    tilt = tilt_degrees(planes)
    sentences = []
    if Resample.TILT in steps:
        before, now = volume.voxels.shape[2:4], grid.shape[1:]
        sentences.append(
            f"resampled to an upright grid, by {method} within the slices: they were sheared by {tilt:.2f}°. The field grew "
            f"from {before[0]} × {before[1]} to {now[0]} × {now[1]} rows and columns; voxels outside of the slices have the "
            f"stored value {plan.fill.value:g} ({plan.fill.words})"
        )
        if is_uneven(planes) and Resample.SPACING not in steps:
            sentences.append("the slices still have uneven distances: the grid is even, the true positions are in the sidecar")
    if Resample.SPACING in steps:
        gaps = "; what is further from every slice is background" if plan.reach < np.inf else ""
        sentences.append(
            f"resampled to an even slice distance of {grid.step_mm:.6g} mm, by {method} between neighboring slices at their "
            f"true positions: {len(planes)} slices became {grid.shape[0]}{gaps}"
        )
        smallest = float(np.diff(grid.places).min())
        if smallest < 1 - SAME_SLICE:
            sentences.append(f"slices were as near as {smallest * grid.step_mm:.6g} mm to each other: finer than the even grid")
        if Resample.TILT not in steps and tilt > TILT_DEGREES:
            sentences.append(f"the slices are still sheared by {tilt:.2f}° (gantry tilt): the sform contains the shear")
    return tuple(sentences)
