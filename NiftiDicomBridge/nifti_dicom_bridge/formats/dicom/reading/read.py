"""Series → volumes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ....errors import DamagedFilesError, DicomReadError
from ....model.volume import Volume
from ....model.voxels.digest import digest_of, freeze
from ....options import Progress
from .damaged_files import damaged_files_named
from .grouping.series import find_series
from .grouping.without_files import without_files
from .loader import Loader
from .outline import outline
from .plans import DrawnPlan, Plan
from .values.scaling import real_planes, scaling_of


def read(paths: Iterable[Path], progress: Progress | None = None, skip_damaged: bool = False) -> list[Volume]:
    """Return all volumes below files and folders.

    Parameters
    ----------
    paths, progress
        As for `find_series`.
    skip_damaged : bool
        Leave out files that cannot be read, if there are others; the warnings of all volumes have the reasons.

    Raises
    ------
    DicomReadError
        At the first file that cannot be read and is not left out.
    """
    from ..structure_sets.inventory import all_plans  # conversions plan the images themselves

    inventory = find_series(paths, progress)
    while True:
        reasons = [leftover.reason for leftover in inventory.leftovers if leftover.failed]
        if reasons and not (skip_damaged and inventory.series):
            raise DicomReadError(reasons[0])
        plans = all_plans(inventory)
        try:
            with damaged_files_named(plans):
                volumes = [load(plan, progress) for plan in plans]
        except DamagedFilesError as error:
            if not skip_damaged:
                raise
            inventory = without_files(inventory, error.reasons)
        else:
            return [replace(one, warnings=(*one.warnings, *reasons)) for one in volumes] if reasons else volumes


def load(plan: Plan, progress: Progress | None = None) -> Volume:
    """Return the volume of a plan, with its pixel data.

    Raises
    ------
    DicomReadError
        If pixel data are damaged, too short, or cannot be decoded.
    """
    if isinstance(plan, DrawnPlan):
        return plan.load()
    loader = Loader(plan, progress)
    stored, frames = loader.stored_voxels(), plan.all_frames
    if not stored.size:
        raise DicomReadError(
            "The image has no voxels: its Rows, Columns or Number of Frames is 0. Copy it again from its source."
        )
    planes = stored.reshape(-1, *stored.shape[2:])
    scaling = scaling_of(frames, stored.dtype, stored.ndim, planes)
    real = stored if scaling.dtype is None else real_planes(planes, frames, scaling.dtype).reshape(stored.shape)
    voxels = freeze(real)
    return loader.completed(replace(outline(plan), voxels=voxels, rescale=scaling.rescale), scaling, digest_of(voxels))
