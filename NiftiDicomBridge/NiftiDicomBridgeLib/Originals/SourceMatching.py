"""What a node was when it was DICOM, and whether it has been edited since.

Slicer's loaders reverse and order slices (see `VolumeMatching`), show other values than the files mean (see `LoaderModels`),
and put tilted or unevenly spaced slices on a regular grid below a grid transform. None of that is an edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nifti_dicom_bridge import BridgeError, Log, Progress, Volume, read

from ..Nodes.FirstFrame import with_frame
from ..Nodes.NodeImages import DIFFERENT_VOLUMES, NodeImage
from .LoadedBySlicer import is_on_grid, shows, volumes_as_loaded
from .LoadedUnchanged import agrees, agrees_in_a_plane, edited_volume, keeps_grid_of, placed_volume
from .LoaderModels import predictions
from .ReorientedImages import reoriented_like
from .ResampledSlices import RESAMPLED, doubt_of_slices, resampled_volume
from .SegmentMatching import on_pixels_of, volumes_of_segments
from .VolumeMatching import Match, edited_match_of, matches_of, only_match
from .VoxelEdits import GEOMETRY_EDITED, VOXELS_EDITED, common_relation

UNCHANGED = "Unchanged since Slicer loaded it: written from the original, with all its attributes."


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
    image = reoriented_like(image, volumes) if image.source is not None else image
    log, image = Log(), on_pixels_of(volumes[0], image)
    matched = _segments(volumes, image, log) if image.masks else _volumes(volumes, image, log)
    log.warnings += dict.fromkeys(warning for volume in matched for warning in volume.warnings)
    if VOXELS_EDITED in log.notes and RESAMPLED not in log.notes:
        log.warnings += doubt_of_slices(volumes, image)
    originals = {id(volume) for volume in volumes}
    if all(id(volume) in originals for volume in matched):
        log.notes.append(UNCHANGED)
    return matched, log


def _segments(volumes: Sequence[Volume], image: NodeImage, log: Log) -> list[Volume]:
    """Return the label maps of a segmentation: those of its original, or new ones."""
    originals = volumes_of_segments(volumes, image, log)
    if not originals:
        return [_plain_volume(image)]
    if np.allclose(image.parent_to_world, np.eye(4), rtol=0, atol=1e-9):
        return originals
    log.notes.append(GEOMETRY_EDITED)
    return [replace(volume, ijk_to_ras=image.parent_to_world @ volume.ijk_to_ras) for volume in originals]


def _volumes(volumes: Sequence[Volume], image: NodeImage, log: Log) -> list[Volume]:
    """Return the volumes of a node: themselves where nothing was edited."""
    volumes = with_frame(volumes, image.first_frame)
    matches = matches_of(volumes, image)
    for match in matches:
        if agrees(match, image) and keeps_grid_of(match, image):
            return [placed_volume(match, image, log)]
    resampled = resampled_volume(volumes, image, log)
    return [resampled] if resampled is not None else _edited(volumes, matches, image, log)


def _edited(volumes: Sequence[Volume], matches: Sequence[Match], image: NodeImage, log: Log) -> list[Volume]:
    """Return the volumes of a node that is edited, or shows other values than the files mean."""
    as_meant = not image.has_acquisition_transform and any(agrees_in_a_plane(match, image) for match in matches)
    models = [] if as_meant else list(predictions(volumes, image))
    same_shape = [model for model in models if model.voxels.shape == image.voxels.shape]
    for model in sorted(same_shape, key=lambda model: not is_on_grid(model, image)):
        if model.places is None and not (is_on_grid(model, image) and shows(model, image)):
            continue
        return volumes_as_loaded(volumes, model, image, log)
    if image.grids is not None:
        raise BridgeError(DIFFERENT_VOLUMES.format(image.name))
    match = only_match(matches, image) if matches else edited_match_of(volumes, image)
    relations = {common_relation(volumes, model, image) for model in models if model.places is not None} - {None}
    return [edited_volume(match, image, relations.pop() if len(relations) == 1 else None, log)]


# --- no original ------------------------------------------------------------------------------------------------------


def _plain_volume(image: NodeImage) -> Volume:
    if image.grids is not None:
        raise BridgeError(DIFFERENT_VOLUMES.format(image.name))
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
