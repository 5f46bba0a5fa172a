"""Where an image is placed: in the space of its reference or not, in which planes, on which grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import OptionError
from ..formats.dicom.created.reference import Reference
from ..formats.dicom.created.request import planes_of
from ..model.metadata import Log
from ..model.space import geometry, orientation
from ..model.space.geometry import Plane
from ..model.space.lost_positions import unstated_position
from ..model.space.resample import without_shear
from ..model.space.stack_affine import affine_from_attributes
from ..model.volume import Volume
from ..options import Kind, Resample, SlicePlane
from ..options.remedies import remedy
from ..standard.nifti_codes import ALIGNED, SOME_SPACE
from ..standard.numbers import is_number
from .attribute_sources import ConversionContext
from .frames_of_reference import template_of
from .image_with_sidecar import ImageWithSidecar
from .placed_image import Placed
from .reference_choice import chosen_reference, has_frames_of, has_slices_of

_TEMPLATES = ("talairach", "mni", "template")
_SAME_GRID, _SAME_SPACE, _ELSEWHERE = "same grid", "same space, another grid", "not in its space"
_SPACE_ONLY = "same space, no references to frames"
_COUNTED = "the same frames, which have no position"
_SEVERAL = (
    "{count} images of the reference, such as echoes, have the grid of this image: it refers to the first. Attributes in which "
    "they differ, such as EchoTime, are not taken from them"
)
_SEEN_MM = 1e-3
_SAME_STEP = 1e-3
_SAME_VOXEL = 0.01
_MOVED = 0.05
"""Slices that are further from their plane than this part of their distance are reported as a warning."""


def placed(described: ImageWithSidecar, shared: ConversionContext, log: Log) -> Placed:
    """Return where the slices of an image are located.

    Raises
    ------
    OptionError
        If no reference can be chosen, or the image is not located in the space of the reference.
    GeometryError
        If no DICOM slice can hold the grid.
    """
    reference = chosen_reference(shared.references, described.image, described.name)
    same_space = _in_space(described.image, reference, shared, log)
    if reference is not None and has_frames_of(reference, described.image):
        _check_only_one(reference, described, shared)
    turned = _reoriented(described, reference if same_space else None, shared, log)
    same_grid = same_space and reference is not None and not reference.is_space_only and reference.has_slices_of(turned)
    if reference is not None:
        is_counted = same_grid and reference.ijk_to_ras is None
        where = _COUNTED if is_counted else _SAME_GRID if same_grid else _same_space(reference) if same_space else _ELSEWHERE
        log.warnings.insert(0, f"reference: {reference.describe()} ({reference.path}), {where}")
        if same_grid and reference.volumes > 1:
            log.warnings.append(_SEVERAL.format(count=reference.volumes))
    if not same_grid or reference is None or reference.grid is None:
        if same_space and reference is not None:
            _report_uneven(turned, reference, log)
        return Placed(turned, reference, same_space, False, planes_of(turned))
    snapped = replace(turned, ijk_to_ras=reference.grid)
    planes = list(reference.planes) or planes_of(snapped)
    _report_shift(turned, planes, log)
    return Placed(snapped, reference, True, True, planes, reference.ijk_to_ras is None)


def _same_space(reference: Reference) -> str:
    return _SPACE_ONLY if reference.is_space_only else _SAME_SPACE


def _check_only_one(reference: Reference, described: ImageWithSidecar, shared: ConversionContext) -> None:
    """Refuse to choose one of several images that have no position, and as many frames."""
    same = [one for one in shared.references if has_frames_of(one, described.image)]
    if len(same) > 1:
        raise OptionError(
            f"reference=: {len(same)} images without a position fit {described.name} equally well: {reference.describe()}. "
            "Name the file that the image was made from."
        )


def _in_space(image: Volume, reference: Reference | None, shared: ConversionContext, log: Log) -> bool:
    """Whether an image is located in the space of its reference.

    Raises
    ------
    OptionError
        If it is not, by its header or by its position, and ``allow_no_overlap`` was not given.
    """
    if reference is None:
        return False
    if has_frames_of(reference, image) and (shared.is_certain or shared.options.allow_no_overlap):
        return True  # only the size shows that it is the same image, so a person, or the run that made it, must know
    problem = space_problem(image, reference)
    if not problem:
        if image.space == SOME_SPACE and not has_slices_of(reference, image):
            log.warnings.append(
                "sform_code is 2 and qform_code 0, as nibabel writes for any coordinates: they were taken for those of "
                "the reference"
            )
        return True
    if not shared.options.allow_no_overlap:
        raise OptionError(f"{problem} {remedy('check-reference')} Reference: {reference.describe()}.")
    log.warnings.append(f"{problem} It has a new Frame of Reference UID and no references to single frames")
    return False


def space_problem(image: Volume, reference: Reference) -> str:
    """Return why an image is not located in the space of a reference; empty if it is."""
    if image.space in _TEMPLATES:
        return f"The header specifies coordinates of a template ({image.space}), not of the patient."
    if reference.ijk_to_ras is None:
        return f"The reference {reference.title} has no position, so nothing shows that the image overlaps it."
    if not reference.overlaps(image):
        return "The image does not overlap the reference (wrong patient or affine?)."
    return "" if has_slices_of(reference, image) else _problem_of_other_grid(image, reference)


def problem_without_position(reference: Reference, kind: Kind) -> str:
    """Return why a reference without a position is none for a kind of object; empty if it is one (PS3.3 A.51.5)."""
    if reference.ijk_to_ras is not None or kind is Kind.SEG:
        return ""
    return f"The reference {reference.title} has no position, and only a Segmentation can do without one."


def _problem_of_other_grid(image: Volume, reference: Reference) -> str:
    """Return why the coordinates of an image on another grid are not those of the reference; empty if they are."""
    if image.space == ALIGNED:
        return (
            "The header specifies coordinates aligned to another image (sform_code or qform_code 2), and the grid is not "
            "that of the reference."
        )
    grid = reference.ijk_to_ras
    problem = "" if grid is None else unstated_position(image, grid, reference.shape_kji)
    if problem:
        return f"{problem}, and the grid is not that of the reference."
    if template := template_of(image.name):
        return f"Its name specifies the space of a template (space-{template}), and the grid is not that of the reference."
    is_as_large = sorted(image.voxels.shape[1:4]) == sorted(reference.shape_kji)
    is_part = grid is not None and _is_other_part(image, grid, reference.shape_kji)
    if image.space == SOME_SPACE and is_as_large and not is_part:
        return (
            "The image has as many voxels as the reference in another place, and sform_code 2 without a qform, as programs "
            "write that do not copy the position of what they read."
        )
    return ""


def _is_other_part(image: Volume, grid: np.ndarray, shape_kji: Sequence[int]) -> bool:
    """Whether voxels coincide with those of a grid, and are more along one axis, fewer along another: cropped and padded."""
    steps = np.linalg.inv(grid) @ image.ijk_to_ras
    coincide = np.abs(steps - np.rint(steps)).max() < _SAME_VOXEL and np.abs(steps[:3, :3]).sum() < 3 + _SAME_VOXEL
    along = np.abs(np.rint(steps[:3, :3])) @ image.voxels.shape[3:0:-1]
    return bool(coincide and along.tolist() != list(shape_kji[::-1]))


def _reoriented(described: ImageWithSidecar, reference: Reference | None, shared: ConversionContext, log: Log) -> Volume:
    """Return an image in the orientation of its slices."""
    grid = None if reference is None else reference.grid
    wanted = _recorded_orientation(described.top) if grid is None and shared.options.plane is SlicePlane.AUTO else grid
    turned = orientation.in_plane(described.image, shared.options.plane, wanted)
    if Resample.SHEAR in shared.options.resample and geometry.is_sheared_in_plane(turned.ijk_to_ras):
        turned = without_shear(turned)
        log.warnings += turned.warnings[-1:]
    return turned


def _report_shift(turned: Volume, planes: list[Plane], log: Log) -> None:
    """Report how far pixels move to the planes of the reference, which may be spaced unevenly or tilted."""
    pairs = zip(planes_of(turned), planes, strict=True)
    rows, columns = turned.voxels.shape[2:4]
    shift = max(float(np.abs(own.corners(rows, columns) - other.corners(rows, columns)).max()) for own, other in pairs)
    step = geometry.spacing_of(turned.ijk_to_ras)[2]
    if shift > _MOVED * step:
        log.warnings.append(
            f"the slices of the reference are not evenly spaced, or tilted: slices were moved by up to {shift:.3g} mm to their "
            "positions"
        )
    elif shift > _SEEN_MM:
        log.notes.append(f"grid matches the reference within {shift:.2g} mm; moved to it")


def _report_uneven(turned: Volume, reference: Reference, log: Log) -> None:
    """Report that an image may have been made from the even grid of a reference whose slices are not on that grid."""
    grid = reference.grid
    if grid is None or not reference.planes or not _has_steps_of(turned.ijk_to_ras, grid):
        return
    even = geometry.attributes_from_affine(grid, len(reference.planes))
    off = max(float(np.abs(true.position - plane.position).max()) for true, plane in zip(reference.planes, even, strict=True))
    if off > _MOVED * geometry.slice_distance(grid):
        log.warnings.append(
            f"the slices of the reference are up to {off:.3g} mm off the even grid of its NIfTI image, and this image is where "
            "its header has it. If it was cut out of that NIfTI image, or resampled from it, put it on the whole grid first"
        )


def _has_steps_of(ijk_to_ras: np.ndarray, grid: np.ndarray) -> bool:
    """Whether the pixels, or the slices, of two grids have the same steps in space, as those of a part of one have."""
    off = np.linalg.norm(ijk_to_ras[:3, :3] - grid[:3, :3], axis=0) < _SAME_STEP * np.linalg.norm(grid[:3, :3], axis=0)
    return bool(off[:2].all() or off[2])


def _recorded_orientation(top: dict[str, Any]) -> np.ndarray | None:
    """Return axes like those of the DICOM images that the image was made from, if its sidecar contains them."""
    value = top.get("ImageOrientationPatientDICOM")
    good = isinstance(value, list) and len(value) == 6 and all(map(is_number, value))
    axes = np.array(value, dtype=float) if good else np.zeros(6)
    if min(np.linalg.norm(axes[:3]), np.linalg.norm(axes[3:])) < 0.5 or abs(axes[:3] @ axes[3:]) > 0.1:
        return None
    return affine_from_attributes([geometry.Plane(np.zeros(3), axes, (1.0, 1.0))], 1.0).ijk_to_ras
