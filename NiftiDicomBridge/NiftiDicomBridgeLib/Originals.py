"""What a node was when it was DICOM, and whether it has been edited since.

Slicer's DICOM loader keeps the order of rows and columns, may reverse the slices to be right-handed, rescales the voxels,
and puts tilted or unevenly spaced slices on a regular grid below a grid transform. All that is no edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nifti_dicom_bridge import BridgeError, Log, Progress, Rescale, Volume, read

from .Nodes import NodeImage

TOLERANCE_MM = 1e-3
FLOAT_STEPS = 4
"""How many steps of float32 a rescaled value may be off: the arithmetic of Slicer's readers, no edit of a person."""


def volume_of(image: NodeImage, files: Sequence[Path], missing: int, progress: Progress | None = None) -> tuple[Volume, Log]:
    """Return the volume to write for a node, and what a person should know about it.

    Parameters
    ----------
    image : NodeImage
        The node.
    files : sequence of pathlib.Path
        The original instances in the DICOM database; empty if the node never was DICOM.
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
        return _plain_volume(image), Log(warnings=[_instances_missing(missing, len(image.instance_uids))])
    if not files:
        return _plain_volume(image), Log(notes=["Never was DICOM: written from its voxels and geometry."])
    original, reverse = _find(read(list(files), progress), image)
    voxels = _in_order(image.voxels, reverse)
    grid = _reversed_grid(image.ijk_to_ras, len(image.voxels)) if reverse else image.ijk_to_ras
    log = Log(warnings=list(original.warnings))
    volume = _with_voxels(original, voxels, log)
    volume = _with_grid(volume, grid, image, log)
    if volume is original:
        log.notes.append("Unchanged since Slicer loaded it: written from the original DICOM instances.")
    return volume, log


# --- finding ----------------------------------------------------------------------------------------------------------


def _find(volumes: Sequence[Volume], image: NodeImage) -> tuple[Volume, bool]:
    """Return the volume that a node was loaded from, and whether the node has its slices in reverse order."""
    _require_same_kind(volumes, image)
    fitting = [volume for volume in volumes if volume.times == 1 and volume.voxels.shape[1:] == image.voxels.shape]
    found = _with_same_slices(fitting, image) or _with_same_grid(fitting, image)
    if len(found) > 1:  # several images in the same objects, such as the segments of a segmentation
        found = [match for match in found if _same_values(match[0], _in_order(image.voxels, match[1]))] or found
    if found:
        return found[0]
    candidates = fitting or [volume for volume in volumes if volume.times == 1]
    if len(candidates) == 1:
        # Grid and perhaps shape are edited: Slicer's loader has reversed the slices only if they were left-handed.
        return candidates[0], bool(fitting) and np.linalg.det(candidates[0].ijk_to_ras[:3, :3]) < 0
    raise BridgeError(_not_found(image, f"is none of the {len(volumes)} images in its original DICOM instances"))


def _require_same_kind(volumes: Sequence[Volume], image: NodeImage) -> None:
    """Raise where Slicer shows the pixels of the files in a way that cannot be compared with the image in them."""
    samples = image.voxels.shape[3:]
    if all(volume.voxels.shape[4:] != samples for volume in volumes):
        raise BridgeError(_not_found(image, "has other colour components than its original DICOM instances, a palette perhaps"))
    mosaics = [volume for volume in volumes if volume.pixel_record is not None and volume.pixel_record.across > 0]
    if mosaics and all(volume.voxels.shape[1:] != image.voxels.shape for volume in volumes):
        raise BridgeError(_not_found(image, "was loaded by Slicer as mosaic, all slices side by side in one image"))


def _not_found(image: NodeImage, why: str) -> str:
    return (
        f"{image.name}, of {' × '.join(str(n) for n in image.voxels.shape)} voxels, {why}. Convert the DICOM files themselves, "
        "or remove the node's attribute DICOM.instanceUIDs to write it as an image that never was DICOM."
    )


def _with_same_slices(volumes: Sequence[Volume], image: NodeImage) -> list[tuple[Volume, bool]]:
    orders = ((image.instance_uids, False), (image.instance_uids[::-1], True))
    return [(volume, reverse) for volume in volumes for uids, reverse in orders if _slice_uids(volume) == uids]


def _with_same_grid(volumes: Sequence[Volume], image: NodeImage) -> list[tuple[Volume, bool]]:
    grids = ((image.ijk_to_ras, False), (_reversed_grid(image.ijk_to_ras, len(image.voxels)), True))
    return [(volume, reverse) for volume in volumes for grid, reverse in grids if _same_grid(volume.ijk_to_ras, grid, volume)]


def _in_order(voxels: np.ndarray, reverse: bool) -> np.ndarray:
    return voxels[::-1] if reverse else voxels


def _slice_uids(volume: Volume) -> tuple[str, ...]:
    metadata = volume.metadata
    return tuple(metadata.instances[int(instance)].uid for instance in metadata.frames[0, :, 0])


def _reversed_grid(matrix: np.ndarray, slices: int) -> np.ndarray:
    """Return the matrix of a grid whose slices are taken in reverse order."""
    turned = matrix.copy()
    turned[:, 3] += matrix[:, 2] * (slices - 1)
    turned[:, 2] *= -1
    return turned


def _same_grid(a: np.ndarray, b: np.ndarray, volume: Volume) -> bool:
    last = np.array(volume.shape_ijk) - 1
    corners = np.array([[i, j, k, 1] for i in (0, last[0]) for j in (0, last[1]) for k in (0, last[2])]).T
    return bool(np.abs((a - b) @ corners).max() <= TOLERANCE_MM)


# --- voxels -----------------------------------------------------------------------------------------------------------


def _with_voxels(original: Volume, voxels: np.ndarray, log: Log) -> Volume:
    """Return the volume with the voxels of the node, itself if they are the same."""
    if voxels.shape == original.voxels.shape[1:] and _same_values(original, voxels):
        return original
    log.notes.append("Voxels were edited in Slicer: back in DICOM it will be a new, derived series.")
    stored = _stored_values(original, voxels)
    if stored is not None:
        return replace(original, voxels=stored[np.newaxis])
    log.notes.append(
        f"The edited values do not fit the stored type {original.voxels.dtype}: written as {voxels.dtype}, unscaled."
    )
    return replace(original, voxels=voxels[np.newaxis], rescale=Rescale(units=original.rescale.units))


def _same_values(original: Volume, voxels: np.ndarray) -> bool:
    """Whether voxels of a node are the real values of a volume; slice by slice, to stay small in memory."""
    rescale = original.rescale
    if rescale.is_identity and original.voxels.dtype.kind in "iub" and voxels.dtype.kind in "iub":
        return np.array_equal(original.voxels[0], voxels)
    return all(_agree(stored, seen, rescale) for stored, seen in zip(original.voxels[0], voxels, strict=True))


def _agree(stored: np.ndarray, seen: np.ndarray, rescale: Rescale) -> bool:
    scaled = stored.astype(np.float64) * rescale.slope
    error = np.abs(scaled + rescale.intercept - seen)
    allowed = FLOAT_STEPS * np.finfo(np.float32).eps * (np.abs(scaled) + abs(rescale.intercept))
    both_nan = np.isnan(scaled) & np.isnan(seen)
    return bool(np.all((error <= allowed) | both_nan))


def _stored_values(original: Volume, voxels: np.ndarray) -> np.ndarray | None:
    """Return the stored values that mean the voxels; None where the stored type cannot hold one of them exactly."""
    dtype, rescale = original.voxels.dtype, original.rescale
    if voxels.ndim != original.voxels.ndim - 1:
        return None
    stored = np.empty(voxels.shape, dtype)
    for k, seen in enumerate(voxels):
        values = (seen.astype(np.float64) - rescale.intercept) / rescale.slope
        if dtype.kind in "iu":
            values = np.rint(values)
            limits = np.iinfo(dtype)
            if not np.isfinite(values).all() or values.min() < limits.min or values.max() > limits.max:
                return None
        stored[k] = values
        if not _agree(stored[k], seen, rescale):
            return None
    return stored


# --- geometry ---------------------------------------------------------------------------------------------------------


def _with_grid(volume: Volume, grid: np.ndarray, image: NodeImage, log: Log) -> Volume:
    """Return the volume on the grid of the node, itself if that is the original one."""
    moved = not _same_grid(image.parent_to_world @ grid, grid, volume)
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
    if volume.voxels.shape[1:4] != image.voxels.shape[:3] or _same_grid(volume.ijk_to_ras, grid, volume):
        return _same_grid(volume.ijk_to_ras, grid, volume)
    return bool(volume.warnings) and _is_regularised(volume.ijk_to_ras, grid)


def _is_regularised(original: np.ndarray, grid: np.ndarray) -> bool:
    """Whether a grid is what Slicer makes of tilted or uneven slices: the first slice in place, the others stacked upright."""
    same_plane = np.allclose(original[:3, [0, 1, 3]], grid[:3, [0, 1, 3]], rtol=0, atol=TOLERANCE_MM)
    normal = np.cross(grid[:3, 0], grid[:3, 1])
    upright = np.allclose(np.cross(normal, grid[:3, 2]), 0, atol=TOLERANCE_MM * np.linalg.norm(normal))
    return bool(same_plane and upright)


# --- no original ------------------------------------------------------------------------------------------------------


def _plain_volume(image: NodeImage) -> Volume:
    return Volume(voxels=image.voxels[np.newaxis], ijk_to_ras=image.parent_to_world @ image.ijk_to_ras, name=image.name)


def _instances_missing(missing: int, total: int) -> str:
    return (
        f"{missing} of {total} original DICOM instances are not in Slicer's DICOM database: written without DICOM metadata. "
        "Import the series in the module DICOM and export again to keep them."
    )
