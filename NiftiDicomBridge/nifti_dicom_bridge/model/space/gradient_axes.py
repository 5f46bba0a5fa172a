"""Gradient directions: those of FSL, which follow the axes of the image, ⇄ RAS."""

from __future__ import annotations

import numpy as np

from .geometry import unit_axes


def fsl_of_ras(directions: np.ndarray, ijk_to_ras: np.ndarray) -> np.ndarray:
    """Return directions, shape (n, 3), in RAS as FSL has them, shape (3, n).

    Along the axes of the image, x reversed where those are right-handed (https://fsl.fmrib.ox.ac.uk/fsl/docs/#/diffusion/dtifit).
    """
    axes = unit_axes(ijk_to_ras)
    vectors = np.linalg.solve(axes, directions.T)
    result: np.ndarray = vectors * _fsl_signs(axes)
    return result


def ras_of_fsl(vectors: np.ndarray, ijk_to_ras: np.ndarray) -> np.ndarray:
    """Return directions in RAS, shape (n, 3), of FSL's, shape (3, n): the inverse of `fsl_of_ras`."""
    axes = unit_axes(ijk_to_ras)
    result: np.ndarray = (axes @ (vectors * _fsl_signs(axes))).T
    return result


def _fsl_signs(axes: np.ndarray) -> np.ndarray:
    return np.array([[-1.0 if np.linalg.det(axes) > 0 else 1.0], [1.0], [1.0]])
