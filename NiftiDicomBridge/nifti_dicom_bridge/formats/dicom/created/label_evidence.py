"""Whether an image is a label map: by its header, a table of labels, its name, or its values."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ....errors import LabelError
from ....model.volume import Volume
from ....model.voxels.lazy_voxels import bounds_of, slabs

WHOLE = 1e-3
"""Label maps that were saved with a scale contain whole numbers except for rounding."""
ROUNDING = 1e-5
"""Probabilities may exceed 0 and 1 by as much: slopes are in single precision, and so are most results of interpolation."""
LEAST_PROBABILITY = 10 / 255
"""Images whose largest value is less are hardly probabilities, but maps in small units such as mm²/s."""
_WORDS = frozenset({
    "dseg", "mask", "masks", "seg", "segs", "label", "labels", "labelmap", "labelmaps", "aseg", "aparc", "wmparc",
    "segmentation", "segmentations", "parc", "parcellation", "parcels", "roi", "rois",
})  # fmt: skip
_SLICES = 32
# a label map is uniform in regions: neighbors inside of them are equal, which those of a measured image are not
_UNIFORM, _NOT_NOISE = 0.5, 0.3
_BACKGROUND, _SOME_BACKGROUND = 0.4, 0.3
_FEW_VALUES, _FEW_PAIRS = 64, 200
_VOXELS_PER_LABEL = 5


@dataclass(frozen=True)
class Values:
    """What the values of some slices look like.

    Attributes
    ----------
    distinct : int
        Number of different values.
    background : float
        Part of the voxels that are 0.
    equal : float
        Part of the neighbors, both above 0, that are equal.
    pairs, above : int
        Number of such neighbors, and of voxels above 0.
    """

    distinct: int
    background: float
    equal: float
    pairs: int
    above: int

    @property
    def are_labels(self) -> bool:
        """Whether they are those of a label map."""
        few = self.distinct <= _FEW_VALUES and self.background >= _BACKGROUND
        if few and (self.pairs < _FEW_PAIRS or self.equal >= _NOT_NOISE):
            return True
        regions = self.distinct * _VOXELS_PER_LABEL <= self.above
        return self.equal >= _UNIFORM and self.background >= _SOME_BACKGROUND and regions


def name_is_label_map(name: str) -> bool:
    """Whether a word of a file name, at any position, specifies that the image is a label map.

    Examples
    --------
    >>> name_is_label_map("aparc+aseg_native"), name_is_label_map("sub-01_desc-brainMask_x"), name_is_label_map("unmasked")
    (True, True, False)
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return any(word.rstrip("0123456789") in _WORDS for word in re.split(r"[^a-z0-9]+", spaced.lower()))


def is_whole(image: Volume, tolerance: float = 0.0, without_nan: bool = False) -> bool:
    """Whether all real values, or those that are not NaN, are whole numbers within a tolerance."""
    slope, intercept = image.rescale.slope, image.rescale.intercept
    if image.voxels.dtype.kind in "biu" and float(slope).is_integer() and float(intercept).is_integer():
        return True
    if image.voxels.dtype.kind == "c":
        return False
    for _, _, planes in slabs(image.voxels):
        for plane in planes:
            real = plane.astype(np.float64) * slope + intercept
            if without_nan:
                real = real[~np.isnan(real)]
            if not np.isfinite(real).all() or (real.size and np.abs(np.rint(real) - real).max() > tolerance):
                return False
    return True


def is_fraction(image: Volume) -> bool:
    """Whether all values but NaN are from 0 to 1, some between, and not all as small as those of a map in mm²/s.

    They may be integers with a scale in the header, as SPM writes probabilities in 8 bits.
    """
    is_scaled = not image.rescale.is_identity
    if image.voxels.dtype.kind not in ("iuf" if is_scaled else "f") or not image.voxels.size:
        return False
    low, high = real_bounds(image)
    fits = low >= -ROUNDING and LEAST_PROBABILITY <= high <= 1 + ROUNDING
    return fits and not is_whole(image, WHOLE if is_scaled else ROUNDING, without_nan=True)


def became_background(missing: int, count: int) -> str:
    """Return what became of voxels that are NaN, which tools write outside of what they looked at.

    Raises
    ------
    LabelError
        If all are: that is not a result without labels.
    """
    if missing == count:
        raise LabelError("All voxels are NaN. Repair the image at its source.")
    return f"{missing} voxels are NaN: they were taken for background"


def real_bounds(image: Volume) -> tuple[float, float]:
    """Return the smallest and the largest real value that is not NaN; NaN where all are."""
    low, high = sorted(float(bound) * image.rescale.slope + image.rescale.intercept for bound in bounds_of(image.voxels))
    return low, high


def values_of(image: Volume) -> Values | None:
    """Return what the values look like; None if some are negative or not whole, or all are equal."""
    if not is_whole(image, WHOLE):
        return None
    step = max(1, image.voxels.shape[1] // _SLICES)
    distinct, counts = np.empty(0), np.empty(0, np.int64)
    pairs = equal = 0
    for t in range(image.voxels.shape[0]):
        for k in range(0, image.voxels.shape[1], step):
            plane = image.voxels[t, k].astype(np.float64) * image.rescale.slope + image.rescale.intercept
            if not plane.size or not np.isfinite(plane).all() or plane.min() < -WHOLE:
                return None
            plane = np.rint(plane)
            distinct, counts = _joined(distinct, counts, *np.unique(plane, return_counts=True))
            both, same = _neighbors(plane)
            pairs, equal = pairs + both, equal + same
    if distinct.size < 2:
        return None
    total, background = int(counts.sum()), int(counts[0]) if distinct[0] == 0 else 0
    return Values(int(distinct.size), background / total, equal / max(1, pairs), pairs, total - background)


def _joined(values: np.ndarray, counts: np.ndarray, more: np.ndarray, their: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return different values of two sets, ascending, and how often they occur in both."""
    together, place = np.unique(np.concatenate([values, more]), return_inverse=True)
    return together, np.bincount(place.reshape(-1), np.concatenate([counts, their])).astype(np.int64)


def _neighbors(plane: np.ndarray) -> tuple[int, int]:
    """Return how many neighbors in a plane are both above 0, and how many of those are equal."""
    pairs = equal = 0
    for axis in (0, 1):
        one, other = np.moveaxis(plane, axis, 0)[:-1], np.moveaxis(plane, axis, 0)[1:]
        both = (one > 0) & (other > 0)
        pairs, equal = pairs + int(both.sum()), equal + int((both & (one == other)).sum())
    return pairs, equal
