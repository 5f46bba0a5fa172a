"""Images of nibabel and SimpleITK ⇄ the parts of a volume."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..errors import GeometryError, NiftiReadError
from ..optional_packages import require
from ..standard.nifti_codes import (
    INTENT_LABEL,
    INTENT_VECTOR,
    INTENTS,
    MILLIMETERS,
    NO_FORM,
    SECONDS,
    SPACES,
    XFORM_SCANNER,
)
from .space import geometry
from .space.axes import reoriented_affine

_RGB = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


class Parts(NamedTuple):
    """What a volume is made of, as far as an image of another package contains it."""

    voxels: np.ndarray
    ijk_to_ras: np.ndarray
    slope: float = 1.0
    intercept: float = 0.0
    time_step_s: float = 0.0
    space: str = ""
    intent: str = ""
    warnings: tuple[str, ...] = ()
    display_range: tuple[float, float] | None = None


# --- nibabel ----------------------------------------------------------------------------------------------------------


def nibabel_image(parts: Parts) -> Any:
    """Return a ``nibabel.Nifti1Image`` of voxels (times, slices, rows, columns[, samples]).

    Rows go from the last to the first, as in the files that are written.
    """
    require("nibabel")
    import nibabel

    times, slices, rows, columns = parts.voxels.shape[:4]
    matrix = reoriented_affine(parts.ijk_to_ras.astype(float), (0, 1, 2), (1, -1, 1), (columns, rows, slices))
    data = parts.voxels[:, :, ::-1]
    if data.ndim == 5 and data.shape[-1] == 3 and data.dtype == np.uint8:
        data = np.ascontiguousarray(data).view(_RGB)[..., 0]
    data = np.moveaxis(data, (3, 2, 1, 0), (0, 1, 2, 3))
    data = data[..., 0] if data.ndim == 4 and times == 1 else data
    image = nibabel.Nifti1Image(data, matrix)
    image.set_sform(matrix, XFORM_SCANNER)
    image.set_qform(matrix, XFORM_SCANNER)
    image.header.set_xyzt_units("mm", "sec")
    if data.ndim > 3:
        zooms = image.header.get_zooms()
        image.header.set_zooms((*zooms[:3], parts.time_step_s, *zooms[4:]))
    if data.ndim == 5 or parts.intent == "label":
        image.header.set_intent(INTENT_LABEL if parts.intent == "label" else INTENT_VECTOR)
    return image


def parts_of_nibabel(image: Any) -> Parts:
    """Return the parts of a nibabel image with up to three axes of space, one of time and one of samples.

    Raises
    ------
    NiftiReadError
        If it has more axes.
    GeometryError
        If it has no matrix, or one that does not map voxels to millimeters.
    """
    if image.affine is None:
        raise GeometryError(
            "The image has no affine, so nothing specifies where its voxels are. Give it that of the image it was made from."
        )
    proxy, header = image.dataobj, image.header
    scaled = hasattr(proxy, "get_unscaled")
    data = np.asanyarray(proxy.get_unscaled() if scaled else proxy)
    if data.ndim > 5:
        raise NiftiReadError(f"The image has {data.ndim} axes: expected three of space, one of time and one of samples.")
    code = max(_code(header, "sform_code") or _code(header, "qform_code"), 0)
    units = _code(header, "xyzt_units")
    matrix = np.diag([*[MILLIMETERS.get(units & 7, 1.0)] * 3, 1.0]) @ np.asarray(image.affine, float)
    geometry.check_affine(matrix)
    zooms = header.get_zooms()
    return Parts(
        voxels=np.moveaxis(_with_all_axes(data), (0, 1, 2, 3), (3, 2, 1, 0)),
        ijk_to_ras=matrix,
        slope=float(proxy.slope) if scaled else 1.0,
        intercept=float(proxy.inter) if scaled else 0.0,
        time_step_s=float(zooms[3]) * SECONDS.get(units & 0x38, 0.0) if len(zooms) > 3 else 0.0,
        space=SPACES.get(code, ""),
        intent=INTENTS.get(_code(header, "intent_code"), _intent_of(data)),
        warnings=() if code or "sform_code" not in header else (NO_FORM,),
        display_range=_display_range(header),
    )


def _display_range(header: Any) -> tuple[float, float] | None:
    """Return the values that are displayed as black and white; None where a header does not specify them."""
    low, high = (float(header[name]) if name in header else 0.0 for name in ("cal_min", "cal_max"))
    return (low, high) if np.isfinite([low, high]).all() and low < high else None


def _code(header: Any, name: str) -> int:
    """Return a number of a header; 0 in headers of formats without it."""
    return int(header[name]) if name in header else 0


def _intent_of(data: np.ndarray) -> str:
    """Return what several values per voxel are if the intent code does not specify: colors only by data type."""
    return "rgb" if data.dtype.fields else "vector" if data.ndim == 5 else ""


def _with_all_axes(data: np.ndarray) -> np.ndarray:
    """Return data as (i, j, k, times[, samples])."""
    if data.dtype.names:
        samples = len(data.dtype.names)
        data = np.ascontiguousarray(data).view(np.uint8).reshape(*data.shape, samples)
        return data.reshape(*data.shape[:-1], *[1] * (5 - data.ndim), samples)
    data = data.reshape(*data.shape, *[1] * (4 - data.ndim))
    return data[..., 0] if data.ndim == 5 and data.shape[-1] == 1 else data


# --- SimpleITK --------------------------------------------------------------------------------------------------------


def sitk_image(parts: Parts) -> Any:
    """Return a ``SimpleITK.Image`` of voxels (times, slices, rows, columns[, samples]), in LPS and mm.

    Raises
    ------
    GeometryError
        If the grid is sheared, which ITK cannot express.
    """
    import SimpleITK as sitk

    if geometry.is_sheared(parts.ijk_to_ras) or geometry.is_sheared_in_plane(parts.ijk_to_ras):
        raise GeometryError("The grid of the image is sheared, which an ITK image cannot express. Resample the image first.")
    axes = geometry.ras_of_lps(parts.ijk_to_ras[:3].T).T  # the signs are the same in both directions
    spacing = np.linalg.norm(axes[:, :3], axis=0)
    several = parts.voxels.shape[0] > 1
    voxels = np.ascontiguousarray(parts.voxels if several else parts.voxels[0])
    image = sitk.GetImageFromArray(voxels, isVector=parts.voxels.ndim == 5)
    directions = np.eye(4 if several else 3)
    directions[:3, :3] = axes[:, :3] / spacing
    image.SetSpacing([*spacing.tolist(), *[parts.time_step_s or 1.0] * several])
    image.SetOrigin([*axes[:, 3].tolist(), *[0.0] * several])
    image.SetDirection(directions.reshape(-1).tolist())
    return image
