"""What a node was when it was DICOM, and whether it has been edited since.

Slicer's loaders reverse and order slices (see `Matching`), show other values than the files mean (see `LoaderModels`), and put
tilted or unevenly spaced slices on a regular grid below a grid transform. None of that is an edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nifti_dicom_bridge import Log, Progress, Rescale, Volume, read

from .Edits import NOT_STORED, VOXELS_EDITED, Relation, common_relation, same_values, with_edits
from .LoaderModels import Prediction, predictions
from .Matching import TOLERANCE_MM, Match, edited_match_of, matches_of, reversed_grid, same_grid
from .NodeImages import NodeImage
from .SegmentOriginals import volumes_of_segments
from .TurnedImages import turned_like

UNCHANGED = "Unchanged since Slicer loaded it: written from the original, with all its attributes."
GEOMETRY_EDITED = "Geometry was edited in Slicer: back in DICOM it will be a new, derived series."


def volumes_of(
    image: NodeImage, files: Sequence[Path], missing: int, progress: Progress | None = None
) -> tuple[list[Volume], Log]:
    """Return the volumes to write for a node, and what the user should know about them.

    Usually one. A node that Slicer loaded as one stack may be several images: echoes, times, components.

    Parameters
    ----------
    image : NodeImage
        The node.
    files : sequence of pathlib.Path
        The original instances in the DICOM database, or the NIfTI file with our sidecar that the node was loaded from; empty
        if the node never was DICOM.
    missing : int
        Number of original instances that are no longer there.
    progress : Progress, optional
        Receives the progress of reading; may raise `Cancelled`.

    Raises
    ------
    BridgeError
        If the original instances cannot be read or do not contain the node.
    """
    if missing:
        return [_plain_volume(image)], Log(warnings=[_instances_missing(missing, len(set(image.instance_uids)))])
    if not files:
        return [_plain_volume(image)], Log(notes=_notes_of_plain(image))
    volumes = read(list(files), progress)
    image = turned_like(image, volumes) if image.source is not None else image
    log = Log()
    found = _segments(volumes, image, log) if image.masks else _volumes(volumes, image, log)
    log.warnings += dict.fromkeys(warning for volume in found for warning in volume.warnings)
    originals = {id(volume) for volume in volumes}
    if all(id(volume) in originals for volume in found):
        log.notes.append(UNCHANGED)
    return found, log


def _segments(volumes: Sequence[Volume], image: NodeImage, log: Log) -> list[Volume]:
    """Return the label maps of a segmentation: those of its original, or new ones."""
    found = volumes_of_segments(volumes, image, log)
    if not found:
        return [_plain_volume(image)]
    if np.allclose(image.parent_to_world, np.eye(4), rtol=0, atol=1e-9):
        return found
    log.notes.append(GEOMETRY_EDITED)
    return [replace(volume, ijk_to_ras=image.parent_to_world @ volume.ijk_to_ras) for volume in found]


def _volumes(volumes: Sequence[Volume], image: NodeImage, log: Log) -> list[Volume]:
    """Return the volumes of a node: themselves where nothing was edited."""
    matches = matches_of(volumes, image)
    for match in matches:
        if _agrees(match, image) and _keeps_grid(match, image):
            return [_moved(match.volume, _grid_in_order(match, image), image, log)]
    as_meant = not image.has_acquisition_transform and any(_agrees_in_a_plane(match, image) for match in matches)
    models = [] if as_meant else list(predictions(volumes, image))
    same_shape = [model for model in models if model.voxels.shape == image.voxels.shape]
    for model in sorted(same_shape, key=lambda model: not _is_on_grid(model, image)):
        if model.places is None and not (_is_on_grid(model, image) and same_values(model.voxels, image.voxels).all()):
            continue
        return _as_loaded(volumes, model, image, log)
    match = matches[0] if matches else edited_match_of(volumes, image)
    relations = {common_relation(volumes, model, image) for model in models if model.places is not None} - {None}
    return [_edited(match, image, relations.pop() if len(relations) == 1 else None, log)]


# --- as one of Slicer's loaders has made it ----------------------------------------------------------------------------


def _as_loaded(volumes: Sequence[Volume], model: Prediction, image: NodeImage, log: Log) -> list[Volume]:
    """Return the volumes that a loader has read, with the edits of voxels and of geometry."""
    if same_values(model.voxels, image.voxels).all():
        found = [volumes[number] for number in model.covered]
    else:
        found = with_edits(volumes, model, image, log)
    moved = image.parent_to_world @ (
        np.eye(4) if _is_on_grid(model, image) else image.ijk_to_ras @ np.linalg.inv(model.ijk_to_ras)
    )
    if image.has_acquisition_transform:
        log.notes.append(ACQUISITION_LEFT_OUT)
    if same_grid(moved @ model.ijk_to_ras, model.ijk_to_ras, _Shape(image)):
        return found
    log.notes.append(GEOMETRY_EDITED)
    return [replace(volume, ijk_to_ras=moved @ volume.ijk_to_ras) for volume in found]


def _is_on_grid(model: Prediction, image: NodeImage) -> bool:
    return same_grid(model.ijk_to_ras, image.ijk_to_ras, _Shape(image))


class _Shape:
    """The size of a node, as `same_grid` wants it."""

    def __init__(self, image: NodeImage):
        slices, rows, columns = image.voxels.shape[1:4]
        self.shape_ijk = (columns, rows, slices)


# --- as its files mean it ---------------------------------------------------------------------------------------------


def _agrees(match: Match, image: NodeImage) -> bool:
    """Whether the voxels of a node are the real values of a volume; plane by plane, to stay small in memory."""
    original, voxels = match.volume, match.in_order(image.voxels)
    if original.rescale.is_identity and original.voxels.dtype.kind in "iub" and voxels.dtype.kind in "iub":
        return np.array_equal(original.voxels, voxels)
    return all(
        _agree(stored, seen, original.rescale) for stored, seen in zip(_planes(original.voxels), _planes(voxels), strict=True)
    )


def _agrees_in_a_plane(match: Match, image: NodeImage) -> bool:
    """Whether a plane that shows something has the real values of a volume: then the others are edited, not shown otherwise."""
    pairs = zip(_planes(match.volume.voxels), _planes(match.in_order(image.voxels)), strict=True)
    return any(stored.min() < stored.max() and _agree(stored, seen, match.volume.rescale) for stored, seen in pairs)


def _planes(voxels: np.ndarray) -> list[np.ndarray]:
    return [plane for time in voxels for plane in time]


def _agree(stored: np.ndarray, seen: np.ndarray, rescale: Rescale) -> bool:
    return Relation(rescale.slope, rescale.intercept).explains(stored, seen)


def _grid_in_order(match: Match, image: NodeImage) -> np.ndarray:
    return reversed_grid(image.ijk_to_ras, image.voxels.shape[1]) if match.reverse else image.ijk_to_ras


def _keeps_grid(match: Match, image: NodeImage) -> bool:
    return _is_original_grid(match.volume, _grid_in_order(match, image), image)


def _edited(match: Match, image: NodeImage, relation: Relation | None, log: Log) -> Volume:
    """Return the volume that a node was loaded from, with the voxels and the grid of the node."""
    return _moved(
        _with_voxels(match.volume, match.in_order(image.voxels), relation, log), _grid_in_order(match, image), image, log
    )


def _with_voxels(original: Volume, voxels: np.ndarray, relation: Relation | None, log: Log) -> Volume:
    """Return the volume with the voxels of the node, itself if they are the same."""
    rescale = original.rescale
    relation = relation or Relation(rescale.slope, rescale.intercept)
    same_shape = voxels.shape == original.voxels.shape
    if same_shape and relation.explains(original.voxels, voxels):
        return original
    log.notes.append(VOXELS_EDITED)
    stored = _stored_values(original, voxels, relation)
    if stored is not None:
        return replace(original, voxels=stored)
    real = voxels
    if relation != (rescale.slope, rescale.intercept):
        real = (relation.stored(voxels) * rescale.slope + rescale.intercept).astype(np.result_type(voxels, np.float32))
    log.notes.append(NOT_STORED.format(original.voxels.dtype, real.dtype))
    return replace(original, voxels=np.ascontiguousarray(real), rescale=Rescale(units=rescale.units))


def _stored_values(original: Volume, voxels: np.ndarray, relation: Relation) -> np.ndarray | None:
    """Return the stored values that mean the voxels; None where the stored type cannot hold one of them exactly."""
    dtype = original.voxels.dtype
    if voxels.ndim != original.voxels.ndim:
        return None
    stored = np.empty(voxels.shape, dtype)
    for target, seen in zip(_planes(stored), _planes(voxels), strict=True):
        values = relation.stored(seen)
        if dtype.kind in "iu":
            values = np.rint(values)
            limits = np.iinfo(dtype)
            if not np.isfinite(values).all() or values.min() < limits.min or values.max() > limits.max:
                return None
        target[...] = values
        if not relation.explains(target, seen):
            return None
    return stored


# --- geometry ---------------------------------------------------------------------------------------------------------

ACQUISITION_LEFT_OUT = "Slicer's acquisition transform was left out: the original slice positions are used."


def _moved(volume: Volume, grid: np.ndarray, image: NodeImage, log: Log) -> Volume:
    """Return the volume on the grid of the node, itself if that is the original one."""
    moved = not same_grid(image.parent_to_world @ grid, grid, volume)
    if image.has_acquisition_transform:
        log.notes.append(ACQUISITION_LEFT_OUT)
    keeps_grid = image.has_acquisition_transform or _is_original_grid(volume, grid, image)
    if keeps_grid and not moved:
        return volume
    log.notes.append(GEOMETRY_EDITED)
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
        return ["Resampled under its nonlinear transform, as requested: its voxels are interpolated, not the original ones."]
    return ["Never was DICOM: written from its voxels and geometry."]


def _instances_missing(missing: int, total: int) -> str:
    return (
        f"{missing} of {total} original DICOM instances are not in Slicer's DICOM database: written without DICOM metadata. "
        "Import the series in the module DICOM and export again to keep them."
    )
