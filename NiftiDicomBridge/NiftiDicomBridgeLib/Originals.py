"""What a node was when it was DICOM, and whether it has been edited since.

Slicer's DICOM loader reverses and orders slices (see `Matching`), rescales the voxels, and puts tilted or unevenly spaced
slices on a regular grid below a grid transform. All that is no edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nifti_dicom_bridge import Log, Progress, Rescale, Volume, read

from .Matching import TOLERANCE_MM, Match, matches_of, reversed_grid, same_grid
from .NodeImages import NodeImage

FLOAT_STEPS = 4
"""How many steps of float32 a rescaled value may be off: the arithmetic of Slicer's readers, no edit of a person."""


def volume_of(image: NodeImage, files: Sequence[Path], missing: int, progress: Progress | None = None) -> tuple[Volume, Log]:
    """Return the volume to write for a node, and what a person should know about it.

    Parameters
    ----------
    image : NodeImage
        The node.
    files : sequence of pathlib.Path
        The original instances in the DICOM database, or the NIfTI file with our sidecar that the node was loaded from; empty
        if the node never was DICOM.
    missing : int
        How many of the original instances are no longer there.
    progress : Progress, optional
        Told how far the reading of the files is; may raise `Cancelled`.

    Raises
    ------
    BridgeError
        If the original instances cannot be read or do not hold the node.
    """
    if missing:
        return _plain_volume(image), Log(warnings=[_instances_missing(missing, len(set(image.instance_uids)))])
    if not files:
        return _plain_volume(image), Log(notes=_notes_of_plain(image))
    found = _match(read(list(files), progress), image)
    original, voxels = found.volume, found.in_order(image.voxels)
    grid = reversed_grid(image.ijk_to_ras, image.voxels.shape[1]) if found.reverse else image.ijk_to_ras
    log = Log(warnings=list(original.warnings))
    volume = _with_voxels(original, voxels, log)
    volume = _with_grid(volume, grid, image, log)
    if volume is original:
        log.notes.append("Unchanged since Slicer loaded it: written from its original, with all that belongs to it.")
    return volume, log


def _match(volumes: Sequence[Volume], image: NodeImage) -> Match:
    found = matches_of(volumes, image)
    if len(found) > 1:  # several images in the same objects, such as the segments of a segmentation
        found = [match for match in found if _same_values(match.volume, match.in_order(image.voxels))] or found
    return found[0]


# --- voxels -----------------------------------------------------------------------------------------------------------


def _with_voxels(original: Volume, voxels: np.ndarray, log: Log) -> Volume:
    """Return the volume with the voxels of the node, itself if they are the same."""
    if voxels.shape == original.voxels.shape and _same_values(original, voxels):
        return original
    log.notes.append("Voxels were edited in Slicer: back in DICOM it will be a new, derived series.")
    stored = _stored_values(original, voxels)
    if stored is not None:
        return replace(original, voxels=stored)
    log.notes.append(
        f"The edited values do not fit the stored type {original.voxels.dtype}: written as {voxels.dtype}, unscaled."
    )
    return replace(original, voxels=np.ascontiguousarray(voxels), rescale=Rescale(units=original.rescale.units))


def _same_values(original: Volume, voxels: np.ndarray) -> bool:
    """Whether voxels of a node are the real values of a volume; slice by slice, to stay small in memory."""
    rescale = original.rescale
    if rescale.is_identity and original.voxels.dtype.kind in "iub" and voxels.dtype.kind in "iub":
        return np.array_equal(original.voxels, voxels)
    pairs = zip(_planes(original.voxels), _planes(voxels), strict=True)
    return all(_agree(stored, seen, rescale) for stored, seen in pairs)


def _planes(voxels: np.ndarray) -> list[np.ndarray]:
    return [plane for time in voxels for plane in time]


def _agree(stored: np.ndarray, seen: np.ndarray, rescale: Rescale) -> bool:
    scaled = stored.astype(np.float64) * rescale.slope
    error = np.abs(scaled + rescale.intercept - seen)
    allowed = FLOAT_STEPS * np.finfo(np.float32).eps * (np.abs(scaled) + abs(rescale.intercept))
    both_nan = np.isnan(scaled) & np.isnan(seen)
    return bool(np.all((error <= allowed) | both_nan))


def _stored_values(original: Volume, voxels: np.ndarray) -> np.ndarray | None:
    """Return the stored values that mean the voxels; None where the stored type cannot hold one of them exactly."""
    dtype, rescale = original.voxels.dtype, original.rescale
    if voxels.ndim != original.voxels.ndim:
        return None
    stored = np.empty(voxels.shape, dtype)
    for target, seen in zip(_planes(stored), _planes(voxels), strict=True):
        values = (seen.astype(np.float64) - rescale.intercept) / rescale.slope
        if dtype.kind in "iu":
            values = np.rint(values)
            limits = np.iinfo(dtype)
            if not np.isfinite(values).all() or values.min() < limits.min or values.max() > limits.max:
                return None
        target[...] = values
        if not _agree(target, seen, rescale):
            return None
    return stored


# --- geometry ---------------------------------------------------------------------------------------------------------


def _with_grid(volume: Volume, grid: np.ndarray, image: NodeImage, log: Log) -> Volume:
    """Return the volume on the grid of the node, itself if that is the original one."""
    moved = not same_grid(image.parent_to_world @ grid, grid, volume)
    if image.has_acquisition_transform:
        log.notes.append("Slicer's acquisition transform was left out: the original slice positions are used.")
    keeps_grid = image.has_acquisition_transform or _is_original_grid(volume, grid, image)
    if keeps_grid and not moved:
        return volume
    log.notes.append("Geometry was edited in Slicer: back in DICOM it will be a new, derived series.")
    if moved:
        log.notes.append("Linear parent transforms are part of the written geometry.")
    return replace(volume, ijk_to_ras=image.parent_to_world @ (volume.ijk_to_ras if keeps_grid else grid))


def _is_original_grid(volume: Volume, grid: np.ndarray, image: NodeImage) -> bool:
    if volume.voxels.shape[1:4] != image.voxels.shape[1:4] or same_grid(volume.ijk_to_ras, grid, volume):
        return same_grid(volume.ijk_to_ras, grid, volume)
    return bool(volume.warnings) and _is_regularised(volume.ijk_to_ras, grid)


def _is_regularised(original: np.ndarray, grid: np.ndarray) -> bool:
    """Whether a grid is what Slicer makes of tilted or uneven slices: the first slice in place, the others stacked upright."""
    same_plane = np.allclose(original[:3, [0, 1, 3]], grid[:3, [0, 1, 3]], rtol=0, atol=TOLERANCE_MM)
    normal = np.cross(grid[:3, 0], grid[:3, 1])
    upright = np.allclose(np.cross(normal, grid[:3, 2]), 0, atol=TOLERANCE_MM * np.linalg.norm(normal))
    return bool(same_plane and upright)


# --- no original ------------------------------------------------------------------------------------------------------


def _plain_volume(image: NodeImage) -> Volume:
    return Volume(
        voxels=image.voxels,
        ijk_to_ras=image.parent_to_world @ image.ijk_to_ras,
        name=image.name,
        gradients=image.gradients,
        time_step_s=image.time_step_s,
        intent="label" if image.is_label_map else "",
    )


def _notes_of_plain(image: NodeImage) -> list[str]:
    if image.hardened:
        return [
            "Resampled under its nonlinear transform, as asked for: its voxels are interpolated, and no longer the original."
        ]
    return ["Never was DICOM: written from its voxels and geometry."]


def _instances_missing(missing: int, total: int) -> str:
    return (
        f"{missing} of {total} original DICOM instances are not in Slicer's DICOM database: written without DICOM metadata. "
        "Import the series in the module DICOM and export again to keep them."
    )
