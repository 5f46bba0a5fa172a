"""Random grids."""

from __future__ import annotations

import numpy as np


def affine(random: np.random.Generator) -> tuple[np.ndarray, bool]:
    """Return voxels → RAS in mm, axes in any order and direction, most of them oblique; and whether it is sheared."""
    axes = np.eye(3)[random.permutation(3)] * random.choice([-1, 1], 3)
    oblique = random.random()
    if oblique < 0.45:
        turn, _ = np.linalg.qr(random.normal(size=(3, 3)))
        axes = turn @ axes
    elif oblique < 0.6:
        axes = _small_turn(random) @ axes
    spacing = random.uniform(0.3, 4.0, 3)
    if random.random() < 0.06:
        spacing *= 10.0 ** random.uniform(-3, -1)
    found = np.eye(4)
    found[:3, :3] = axes @ np.diag(spacing)
    sheared = bool(random.random() < 0.06)
    if sheared:
        found[:3, :3] = found[:3, :3] @ _shear(random)
    found[:3, 3] = random.uniform(-150, 150, 3)
    return found, sheared


def _small_turn(random: np.random.Generator) -> np.ndarray:
    """Return a rotation by 1e-6 to 0.1 rad around a random axis: nearly straight axes, and angles near 180° in a qform."""
    axis = random.normal(size=3)
    x, y, z = axis / np.linalg.norm(axis) * 10.0 ** random.uniform(-6, -1)
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turn, upper = np.linalg.qr(np.eye(3) + skew)
    return turn * np.sign(np.diag(upper))


def _shear(random: np.random.Generator) -> np.ndarray:
    found = np.eye(3)
    row, column = random.permutation(3)[:2]
    found[row, column] = random.uniform(0.02, 0.5)
    return found
