"""Volumes of DICOM files that are read some planes at a time where they are large."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...bids import doubt_of_times
from ...formats.dicom.reading.layered_voxels import can_be_read_by_slice
from ...formats.dicom.reading.lazy_series import StreamedSeries
from ...formats.dicom.reading.loader import Loader
from ...formats.dicom.reading.pixel_data.decode import is_native
from ...formats.dicom.reading.plans import Plan
from ...formats.dicom.reading.read import load
from ...model.report import Entry
from ...model.volume import Volume
from ...model.voxels.digest import digest_of
from ...model.voxels.kept_voxels import KeptVoxels
from ...options import Progress
from ..entries import OutputPolicy

IN_MEMORY, IN_MEMORY_OBJECT = 1 << 26, 1 << 24
"""Bytes of voxels up to which a volume is read at once, which is faster for many small files; one of one object, whose bytes,
frames and what these leave out are in memory together then."""
Completion = Callable[[str], Volume]
"""Given the digest of the voxels, returns the volume with all that is known after they were read."""


def is_streamed(plan: Plan) -> bool:
    """Whether a volume is read some planes at a time: not label maps of compressed frames."""
    if plan.grid.layers and not can_be_read_by_slice(plan):
        return False
    loader = Loader(plan, None)
    is_object = len(plan.instances) == 1 and is_native(plan.instances[0])
    limit = IN_MEMORY_OBJECT if is_object else IN_MEMORY
    return int(np.prod(loader.shape, dtype=np.int64)) * loader.dtype().itemsize > limit


def opened_volume(
    plan: Plan, policy: OutputPolicy, entry: Entry, progress: Progress | None, is_named: bool = True
) -> tuple[Volume, Completion | None]:
    """Return the volume of a plan as it may be written; with what completes it where its voxels are lazy.

    Parameters
    ----------
    plan : Plan
        What to read.
    policy : OutputPolicy
        De-identifies it where that is wanted.
    entry : Entry
        Receives its warnings and notes.
    progress : Progress, optional
        Called with the number of files or planes read.
    is_named : bool
        Whether the policy may give it another name.
    """
    clean = policy.named if is_named else policy.clean
    if not is_streamed(plan):
        volume = load(plan, progress)
        entry.log.warnings += volume.warnings
        entry.log.notes += filter(None, [doubt_of_times(volume)])
        return clean(volume, entry.log), None
    stream = StreamedSeries(plan, progress)
    entry.log.notes += filter(None, [doubt_of_times(stream.volume)])
    volume = clean(stream.volume, entry.log)

    def complete(digest: str) -> Volume:
        whole = stream.complete(digest)
        entry.log.warnings[:0] = whole.warnings
        return replace(policy.clean(whole), name=volume.name)

    return volume, complete


def loaded(plan: Plan, progress: Progress | None) -> Volume:
    """Return the volume of a plan with all that is known of it; voxels of large ones are read when they are sliced."""
    if not is_streamed(plan):
        return load(plan, progress)
    stream = StreamedSeries(plan, progress)
    voxels = KeptVoxels(stream.voxels)
    return replace(stream.complete(digest_of(voxels)), voxels=voxels)
