"""Series → voxels that are read some planes at a time: for formats that can be written so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ....model.volume import Volume
from ....model.voxels.digest import planes_per_block
from ....model.voxels.lazy_voxels import LazyVoxels, ranges, read_ahead
from ....options import Progress
from .layered_voxels import LayeredVoxels
from .outline import outline
from .plans import Plan
from .stored_voxels import StoredVoxels
from .values.scaling import real_planes, scaling_of


class StreamedSeries:
    """The volume of a plan, read some planes at a time.

    Parameters
    ----------
    plan : Plan
        What to read.
    progress : Progress, optional
        Receives the progress.
    """

    def __init__(self, plan: Plan, progress: Progress | None = None):
        self._stored = stored = LayeredVoxels(plan) if plan.grid.layers else StoredVoxels(plan)
        self._scaling = scaling_of(plan.all_frames, stored.dtype, stored.ndim, _planes_in_turn(stored, plan, progress))
        dtype = self._scaling.dtype
        self.voxels: LazyVoxels = stored if dtype is None else _RealVoxels(stored, plan, dtype)
        volume = outline(plan)
        source = replace(volume.dicom, pixel_record=stored.loader.pixel_record(dtype is not None))
        self.volume = replace(volume, voxels=self.voxels, rescale=self._scaling.rescale, source=source)

    def complete(self, digest: str) -> Volume:
        """Return the volume with all that is known after its planes were read, and their digest."""
        self._stored.read_remaining_frames()
        return self._stored.loader.completed(self.volume, self._scaling, digest)


def _planes_in_turn(stored: LazyVoxels, plan: Plan, progress: Progress | None) -> Iterator[np.ndarray]:
    """Yield all planes, in order."""
    some = planes_per_block(stored.shape, stored.dtype)
    for start, _, planes in read_ahead(stored, ranges(stored.shape, some, some)):
        if progress is not None:
            progress(plan.name, start, len(plan.all_frames))
        yield from planes


class _RealVoxels(LazyVoxels):
    """Real values, where slope and intercept differ between frames."""

    def __init__(self, stored: LazyVoxels, plan: Plan, dtype: np.dtype):
        super().__init__(stored.shape, dtype)
        self._stored, self._frames = stored, plan.all_frames

    def planes(self, start: int, stop: int) -> np.ndarray:
        return real_planes(self._stored.planes(start, stop), self._frames[start:stop], self.dtype)
