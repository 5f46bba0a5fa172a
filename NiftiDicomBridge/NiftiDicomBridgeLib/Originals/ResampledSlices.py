"""Volumes of uneven or tilted slices that were resampled to an even grid, by hardening their acquisition transform.

Such a node has the UIDs of its slices, and a grid on which none of them need be. Without the transform, only the voxels state
whether they are those of the original slices, or what is between these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from nifti_dicom_bridge import Log, Resample, Volume

from ..Nodes.NodeImages import NodeImage
from .EvenGrids import line_of, true_positions
from .LoadedUnchanged import with_voxels
from .VoxelEdits import Relation

RESAMPLED = (
    "Resampled in Slicer to an even grid, as by hardening its acquisition transform: a new, derived series on that grid."
)
UNKNOWN = (
    "The slices that {} was loaded from are not on its grid, it is under no acquisition transform, and its voxels were edited: "
    "they were taken for those of the original slices, at their positions. If it was resampled, remove its attribute "
    "DICOM.instanceUIDs, and convert again"
)
SEEN = 0.1
"""Part of a millimeter, of a voxel or of a slice distance by which a slice has to be off the grid."""
SAMPLES = 5
"""How many planes are looked at."""
MOST = 0.98
"""Part of the pixels of a plane that have to be those that are expected: few may be outside of the slices, or edited."""


class _Planes(NamedTuple):
    """The original planes along the normal of a node, and where the planes of the node are.

    Attributes
    ----------
    volume : Volume
        The original.
    true : numpy.ndarray, shape (slices, 3)
        True positions of its slices, RAS, mm.
    along : numpy.ndarray, shape (slices,)
        The same along the normal, ascending.
    places : numpy.ndarray, shape (planes, 3)
        Positions of the planes of the node.
    distances : numpy.ndarray, shape (planes,)
        The same along the normal.
    axes : numpy.ndarray, shape (3, 2)
        From column to column and from row to row, mm.
    """

    volume: Volume
    true: np.ndarray
    along: np.ndarray
    places: np.ndarray
    distances: np.ndarray
    axes: np.ndarray

    def off_grid(self) -> np.ndarray:
        """Return the planes of the node that are between original slices, or shifted within their planes."""
        steps = np.linalg.norm(self.axes, axis=0)
        seen = SEEN * min(1.0, *steps, float(np.diff(self.along).min()))
        inside = (self.distances > self.along[0]) & (self.distances < self.along[-1])
        away = np.linalg.norm(self.places[:, None] - self.true[None], axis=2).min(axis=1)
        return np.flatnonzero(inside & (away > seen))

    def between(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return what is at a plane of the node between the slices around it, and where that is known."""
        i = int(np.clip(np.searchsorted(self.along, self.distances[k], "right") - 1, 0, len(self.along) - 2))
        part = (self.distances[k] - self.along[i]) / (self.along[i + 1] - self.along[i])
        shift = self.places[k] - ((1 - part) * self.true[i] + part * self.true[i + 1])
        columns, rows = (self.axes.T @ shift) / (self.axes**2).sum(axis=0)
        return _moved((1 - part) * self.values(i) + part * self.values(i + 1), float(rows), float(columns))

    def values(self, i: int) -> np.ndarray:
        """Return the real values of an original slice."""
        rescale = self.volume.rescale
        return np.asarray(self.volume.voxels[0, i], np.float64) * rescale.slope + rescale.intercept

    def has(self, plane: np.ndarray) -> bool:
        """Return whether a plane of the node has the values of one of the slices."""
        rescale, middle = self.volume.rescale, plane.shape[0] // 2
        relation, slices = Relation(rescale.slope, rescale.intercept), self.volume.voxels[0]
        return plane.shape == slices.shape[1:] and any(
            relation.explains(stored[middle], plane[middle]) and relation.explains(stored, plane) for stored in slices
        )


def resampled_volume(volumes: Sequence[Volume], image: NodeImage, log: Log) -> Volume | None:
    """Return a node that was resampled to an even grid as a volume on that grid; None if its planes are not known to be that.

    Parameters
    ----------
    volumes : sequence of Volume
        All volumes in the files of the node.
    image : NodeImage
        The node, which is edited.
    log : Log
        Receives what the user should know.
    """
    for planes in filter(None, (_planes_of(volume, image) for volume in volumes)):
        votes = _votes(planes, image.voxels[0])
        if not any(is_between for is_between, _ in votes) or any(is_slice for _, is_slice in votes):
            continue
        log.notes.append(RESAMPLED)
        source = replace(planes.volume.dicom, resampled=frozenset({Resample.SPACING, Resample.TILT}))
        edited = with_voxels(planes.volume, image.voxels, None, log)
        return replace(edited, ijk_to_ras=image.parent_to_world @ image.ijk_to_ras, source=source, warnings=())
    return None


def doubt_of_slices(volumes: Sequence[Volume], image: NodeImage) -> list[str]:
    """Return a warning where an edited node may have been resampled, and no plane states that it was not; else nothing."""
    votes = [_votes(planes, image.voxels[0]) for planes in (_planes_of(volume, image) for volume in volumes) if planes]
    if any(is_slice for votes_of_volume in votes for _, is_slice in votes_of_volume) or not any(votes):
        return []
    return [UNKNOWN.format(image.name)]


def _planes_of(volume: Volume, image: NodeImage) -> _Planes | None:
    """Return the planes of a volume and of a node on the same axes; None if these cannot be compared."""
    if image.has_acquisition_transform or image.is_label_map or image.voxels.ndim != 4 or len(image.voxels) != 1:
        return None
    if volume.source is None or volume.voxels.ndim != 4 or volume.times != 1 or volume.voxels.shape[1] < 2:
        return None
    original, grid = volume.ijk_to_ras, image.ijk_to_ras
    if not np.allclose(original[:3, :2], grid[:3, :2], rtol=0, atol=1e-4 * np.abs(original[:3, :2]).max()):
        return None
    true, places = true_positions(volume), line_of(grid, image.voxels.shape[1])
    normal = np.cross(original[:3, 0], original[:3, 1])
    normal *= np.sign(normal @ (true[-1] - true[0])) / np.linalg.norm(normal)
    along = (true - true[0]) @ normal
    if not (np.diff(along) > 0).all():
        return None
    return _Planes(volume, true, along, places, (places - true[0]) @ normal, original[:3, :2])


def _votes(planes: _Planes, voxels: np.ndarray) -> list[tuple[bool, bool]]:
    """Return, for some planes off the slices, whether they are what is between these, and whether they are one of them.

    Planes that are both, as those of an image that does not change from slice to slice, state nothing.
    """
    off = [k for k in planes.off_grid().tolist() if voxels[k].min() < voxels[k].max()]
    some = off[:: max(1, len(off) // SAMPLES)][:SAMPLES]
    votes = [(_is_between(planes, k, voxels[k]), planes.has(voxels[k])) for k in some]
    return [(is_between and not is_slice, is_slice and not is_between) for is_between, is_slice in votes]


def _is_between(planes: _Planes, k: int, plane: np.ndarray) -> bool:
    expected, known = planes.between(k)
    if expected.shape != plane.shape or not known.any():
        return False
    rounding = 1.0 if plane.dtype.kind in "iu" else 0.0
    tolerance = rounding + 1e-3 * float(np.ptp(expected[known]))
    return bool((np.abs(expected - plane)[known] <= tolerance).mean() >= MOST)


def _moved(plane: np.ndarray, rows: float, columns: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of a plane some rows and columns further on, linear between pixels, and where there are any."""
    result, known = plane, np.ones(plane.shape, bool)
    for axis, shift in ((0, rows), (1, columns)):
        places = np.arange(plane.shape[axis]) + shift
        low = np.clip(np.floor(places).astype(int), 0, plane.shape[axis] - 1)
        high, part = np.minimum(low + 1, plane.shape[axis] - 1), places - np.floor(places)
        inside = (places >= 0) & (places <= plane.shape[axis] - 1)
        part, inside = (values[:, np.newaxis] if axis == 0 else values for values in (part, inside))
        result = (1 - part) * result.take(low, axis) + part * result.take(high, axis)
        known = known & inside
    return result, known
