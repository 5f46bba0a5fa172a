"""Edits of a node, transferred to the stored values of its original files.

How a loader shows stored values is learned from the unedited planes themselves: ``shown = slope × stored + intercept``, with a
negative slope where MONOCHROME1 is inverted. Only voxels that differ from what the loader shows are changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from nifti_dicom_bridge import BridgeError, Log, Rescale, Volume

from ..Nodes.NodeImages import NodeImage
from .LoaderModels import Place, Prediction
from .VolumeMatching import OTHER_COLORS, not_found

FLOAT_STEPS = 4
"""How many steps of float32 a value may be off: the arithmetic of Slicer's readers, not an edit."""
GEOMETRY_EDITED = "Geometry was edited in Slicer: back in DICOM it will be a new, derived series."
ACQUISITION_LEFT_OUT = "The acquisition transform was left out: the original slice positions are used."
NOT_STORED = "The edited values do not fit the stored type {}: written as {}, unscaled."
VOXELS_EDITED = "Voxels were edited in Slicer: back in DICOM it will be a new, derived series."


class Relation(NamedTuple):
    """How a loader shows the stored values of a plane."""

    slope: float = 1.0
    intercept: float = 0.0

    def shown(self, stored: np.ndarray) -> np.ndarray:
        """Return what the loader shows."""
        return stored * self.slope + self.intercept

    def stored(self, shown: np.ndarray) -> np.ndarray:
        """Return the stored values, not rounded."""
        return (shown.astype(np.float64) - self.intercept) / self.slope

    def explains(self, stored: np.ndarray, shown: np.ndarray) -> bool:
        """Whether stored values are shown as these."""
        return bool(same_values(self.shown(stored.astype(np.float64)), shown, self.intercept).all())


class _Edit(NamedTuple):
    """A plane that was edited: where it is, which voxels differ, and the values that the node has now."""

    place: Place
    differs: np.ndarray
    seen: np.ndarray


def same_values(a: np.ndarray, b: np.ndarray, summand: float = 0.0) -> np.ndarray:
    """Return where two arrays hold the same values, up to the arithmetic of Slicer's readers.

    Parameters
    ----------
    a, b : numpy.ndarray
        Of the same shape.
    summand : float
        What was added to get there: it can be much larger than the sum, and so are its rounding errors.
    """
    if a.dtype.kind in "iub" and b.dtype.kind in "iub":
        return a == b
    first, second = a.astype(np.float64), b.astype(np.float64)
    allowed = FLOAT_STEPS * np.finfo(np.float32).eps * (np.abs(first) + 2 * abs(summand))
    return (np.abs(first - second) <= allowed) | (np.isnan(first) & np.isnan(second))


def with_edits(volumes: Sequence[Volume], prediction: Prediction, image: NodeImage, log: Log) -> list[Volume]:
    """Return the volumes that a loader has read, each with the edits of the node; itself where it has none.

    Raises
    ------
    BridgeError
        If the planes of the node are not those of the files, or their values cannot be transferred.
    """
    if prediction.places is None:
        raise BridgeError(not_found(image, "was edited, and its planes are not those of its original DICOM instances"))
    edits: dict[int, list[_Edit]] = defaultdict(list)
    for time, row in enumerate(prediction.places):
        for k, place in enumerate(row):
            seen = image.voxels[time, k]
            differs = ~same_values(prediction.voxels[time, k], seen)
            if differs.any():
                edits[place.volume].append(_Edit(place, differs, seen))
    if edits:
        log.notes.append(VOXELS_EDITED)
    relations = _relations(volumes, prediction, image)
    return [
        _edited(volumes[number], edits[number], relations, log) if number in edits else volumes[number]
        for number in prediction.covered
    ]


def common_relation(volumes: Sequence[Volume], prediction: Prediction, image: NodeImage) -> Relation | None:
    """Return how a loader shows the values of all planes, where it does so in the same way; else None."""
    relations = set(_relations(volumes, prediction, image).values()) if prediction.places is not None else set()
    return relations.pop() if len(relations) == 1 else None


def _relations(volumes: Sequence[Volume], prediction: Prediction, image: NodeImage) -> dict[Place, Relation]:
    """Return how the loader shows each plane; planes of one value are shown as others of their volume are."""
    assert prediction.places is not None
    relations: dict[Place, Relation] = {}
    constant: list[Place] = []
    for time, row in enumerate(prediction.places):
        for k, place in enumerate(row):
            stored = volumes[place.volume].voxels[place.time, place.slice]
            relation = _relation(stored, prediction.voxels[time, k], image)
            if relation is None:
                constant.append(place)
            else:
                relations[place] = relation
    for place in constant:
        same = {relation for other, relation in relations.items() if other.volume == place.volume}
        relations[place] = same.pop() if len(same) == 1 else Relation()
    return relations


def _relation(stored: np.ndarray, shown: np.ndarray, image: NodeImage) -> Relation | None:
    """Return the relation of two planes; None where one value does not determine it."""
    if stored.ndim == 3 and stored.shape == shown.shape:
        return Relation()  # colors are shown as they are, up to the rounding of lossy decoders
    if stored.shape != shown.shape:
        raise BridgeError(not_found(image, OTHER_COLORS))
    low, high = np.unravel_index(np.nanargmin(stored), stored.shape), np.unravel_index(np.nanargmax(stored), stored.shape)
    span = float(stored[high]) - float(stored[low])
    if not span:
        return None
    slope = (float(shown[high]) - float(shown[low])) / span
    relation = Relation(slope, float(shown[low]) - slope * float(stored[low])) if slope else Relation()
    if not relation.explains(stored, shown):
        raise BridgeError(not_found(image, "was edited, and the values that Slicer shows do not determine the stored ones"))
    return relation


def _edited(volume: Volume, edits: Sequence[_Edit], relations: dict[Place, Relation], log: Log) -> Volume:
    """Return a volume with edits in its stored type where that can hold them, else with its real values."""
    stored = np.array(volume.voxels)
    if all(_put(stored, edit, relations[edit.place]) for edit in edits):
        return replace(volume, voxels=stored)
    real = volume.real_values()
    for edit in edits:
        values = relations[edit.place].stored(edit.seen[edit.differs])
        real[edit.place.time, edit.place.slice][edit.differs] = values * volume.rescale.slope + volume.rescale.intercept
    dtype = np.dtype(np.float32 if edits[0].seen.dtype == np.float32 else np.float64)
    log.notes.append(NOT_STORED.format(volume.voxels.dtype, dtype))
    return replace(volume, voxels=real.astype(dtype), rescale=Rescale(units=volume.rescale.units))


def _put(stored: np.ndarray, edit: _Edit, relation: Relation) -> bool:
    """Put the stored values of an edit in their place; returns whether the type can hold them."""
    seen = edit.seen[edit.differs]
    values = relation.stored(seen)
    if stored.dtype.kind in "iu":
        values, limits = np.rint(values), np.iinfo(stored.dtype)
        if not np.isfinite(values).all() or values.min() < limits.min or values.max() > limits.max:
            return False
    plane = stored[edit.place.time, edit.place.slice]
    plane[edit.differs] = values
    return relation.explains(plane[edit.differs], seen)
