"""How what a reader returns differs from the image of a trial."""

from __future__ import annotations

import numpy as np

from .trial import Trial

POSITION_VOXELS = 1e-3
FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])


def difference(one: Trial, voxels: np.ndarray, affine: np.ndarray, real: np.ndarray | None = None) -> str:
    """Return how voxels (i, j, k[, t[, colors]]) on a grid (RAS, mm) differ from those of a trial; empty if they agree."""
    real = one.real if real is None else real
    between = np.linalg.inv(affine) @ one.affine
    spacing = float(np.linalg.norm(one.affine[:3, :3], axis=0).min())
    single = 4 * float(np.finfo(np.float32).eps) * float(np.abs(one.affine[:3, 3]).max()) / spacing
    problem, whole = whole_index(between, real.shape[:3], single)
    if problem:
        return problem
    if voxels.ndim == 3:
        voxels = voxels[..., None]
    index = np.indices(real.shape[:3]).reshape(3, -1)
    there = np.rint(whole[:3, :3] @ index + whole[:3, 3:]).astype(int)
    if (there < 0).any() or (there >= np.array(voxels.shape[:3])[:, None]).any() or voxels.shape[3:] != real.shape[3:]:
        return f"grid {voxels.shape} does not contain the image {real.shape}"
    return values_differ(voxels[tuple(there)], real.reshape(len(there[0]), *real.shape[3:]), one.bound)


def whole_index(between: np.ndarray, shape: tuple[int, ...], precision: float = 0.0) -> tuple[str, np.ndarray]:
    """Return why a map between grids does not take voxels to voxels, and the nearest one that does.

    The precision is that of coordinates, in voxels: readers in single precision have few digits left for tiny voxels far out.
    """
    whole = np.rint(between)
    order = np.abs(between[:3, :3]).argmax(axis=0)
    if sorted(order) != [0, 1, 2]:
        return "axes are mixed", whole
    last = np.array(shape) - 1
    corners = np.array([[i, j, k, 1] for i in (0, last[0]) for j in (0, last[1]) for k in (0, last[2])]).T
    exact = (between @ corners)[:3]
    off = float(np.abs(exact - np.rint(exact)).max())
    if off > POSITION_VOXELS * max(1.0, last.max()) + precision:
        return f"position off by {off:.3g} voxels", whole
    return "", whole


def values_differ(found: np.ndarray, real: np.ndarray, bound: float) -> str:
    """Return how values differ by more than is stated; empty if they do not."""
    found = np.asarray(found, np.float64)
    finite = np.isfinite(real)
    infinite = np.isinf(real)
    if infinite.any() and not np.array_equal(found[infinite], real[infinite]):
        return "infinite values changed"
    worst = float(np.abs(found[finite] - real[finite]).max(initial=0.0))
    return "" if worst <= bound else f"value off by {worst:.3g}, allowed {bound:.3g}"
