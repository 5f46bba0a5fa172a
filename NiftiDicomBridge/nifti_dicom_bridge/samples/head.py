"""A drawn head: which tissue is where, and what each modality sees of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHAPE = (128, 128, 30)
SPACING_MM = (1.75, 1.75, 5.5)
"""Along x (to the left), y (to the back), z (up)."""
AIR, SKIN, BONE, GREY, WHITE, CSF, LESION, EYE = range(8)


@dataclass(frozen=True)
class Ellipsoid:
    """One part: tissue, center and half axes in mm from the middle of the head; x to the left, y to the back, z up."""

    tissue: int
    center: tuple[float, float, float]
    half: tuple[float, float, float]


_BOTH = (-1, 1)
# later ones are upon earlier ones
PARTS = (
    Ellipsoid(SKIN, (0, 0, 0), (76, 94, 80)),
    Ellipsoid(SKIN, (0, -92, -28), (13, 16, 20)),  # the nose: what is in front
    Ellipsoid(BONE, (0, 0, 2), (70, 88, 74)),
    Ellipsoid(GREY, (0, 2, 4), (64, 81, 67)),
    Ellipsoid(WHITE, (-27, 2, 6), (28, 64, 50)),
    Ellipsoid(WHITE, (27, 2, 6), (28, 64, 50)),
    Ellipsoid(GREY, (-21, -4, 0), (8, 14, 12)),
    Ellipsoid(GREY, (21, -4, 0), (8, 14, 12)),
    *(Ellipsoid(CSF, (side * 9, 4, 14), (6, 30, 14)) for side in _BOTH),
    *(Ellipsoid(SKIN, (side * 31, -76, -30), (16, 16, 16)) for side in _BOTH),
    *(Ellipsoid(EYE, (side * 31, -78, -30), (12, 12, 12)) for side in _BOTH),
    Ellipsoid(LESION, (36, 30, 6), (12, 12, 13)),  # in the left half
)
# value of air, skin, bone, gray and white matter, fluid, lesion, eye
HOUNSFIELD = (-1000, -60, 900, 42, 28, 6, 70, 15)
T1 = (4, 820, 60, 460, 690, 160, 380, 220)
T2 = (4, 420, 40, 520, 380, 980, 820, 930)
ACTIVITY = (0, 900, 1500, 9000, 3600, 700, 21000, 1500)
"""Bq/ml."""


def tissues() -> np.ndarray:
    """Return the tissue of every voxel, uint8, shape `SHAPE`."""
    axes = [(np.arange(size) - (size - 1) / 2) * mm for size, mm in zip(SHAPE, SPACING_MM, strict=True)]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    result = np.full(SHAPE, AIR, np.uint8)
    for part in PARTS:
        inside = sum(((w - c) / h) ** 2 for w, c, h in zip((x, y, z), part.center, part.half, strict=True)) <= 1
        result[inside] = part.tissue
    result[(np.abs(x) < 1) & (result == WHITE)] = GREY  # between the hemispheres
    return result


def seen(values: tuple[float, ...], noise: float, seed: int) -> np.ndarray:
    """Return the value of each tissue as a scanner measures it, blurred a little, with noise: float64, shape `SHAPE`."""
    result: np.ndarray = np.array(values, float)[tissues()]
    for axis in (0, 1):
        result = (np.roll(result, 1, axis) + 2 * result + np.roll(result, -1, axis)) / 4
    result += np.random.default_rng(seed).normal(0, noise, SHAPE)
    return result


def lps_to_ras() -> np.ndarray:
    """Return the matrix from voxels to mm, RAS: the head is around the origin."""
    result = np.diag([-SPACING_MM[0], -SPACING_MM[1], SPACING_MM[2], 1.0])
    result[:3, 3] = -result[:3, :3] @ (np.array(SHAPE) - 1) / 2
    return result
