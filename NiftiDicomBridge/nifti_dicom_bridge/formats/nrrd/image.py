"""NRRD images → volumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...model import geometry
from ...model.digest import freeze
from ...model.lazy_samples import lazy_samples
from ...model.lazy_voxels import Voxels
from ...model.names import stem_of
from ...model.packed_samples import read_samples
from ...model.pixels import transparency
from ...model.surplus import Surplus
from ...model.volume import Volume
from .axes import LAYERS, Axes, axes_of, is_diffusion, is_segmentation
from .gradients import gradients_of
from .header import NrrdHeader, read_header
from .segments import segments_of, with_different_numbers


def read_image(path: Path, lazy: bool = False) -> Volume:
    """Return the volume of an NRRD file; header and data may be in two files.

    Large voxels are read when they are sliced if that is allowed.

    Raises
    ------
    ImageReadError
        If it is damaged, or does not state where the image is in the patient or what its axes are.
    GeometryError
        If its matrix does not map voxels to millimeters.
    """
    header = read_header(path)
    axes = axes_of(header)
    surplus = Surplus(header.sizes[::-1], header.dtype.itemsize)
    voxels = _voxels(header, axes, lazy, surplus)
    geometry.check_affine(axes.ijk_to_ras)
    intent, gradients = axes.intent, None
    warnings: tuple[str, ...] = ()
    if is_segmentation(header):
        intent = LAYERS
        voxels, warnings = with_different_numbers(voxels, segments_of(header), header)
    elif is_diffusion(header):
        gradients, warnings = gradients_of(header, voxels.shape[0])
    return Volume(
        voxels=voxels,
        ijk_to_ras=axes.ijk_to_ras,
        time_step_s=axes.time_step_s if voxels.shape[0] > 1 else 0.0,
        name=stem_of(path),
        gradients=gradients,
        warnings=(*warnings, *surplus.warnings(), *transparency(voxels, intent)),
        intent=intent,
    )


def _voxels(header: NrrdHeader, axes: Axes, lazy: bool, surplus: Surplus) -> Voxels:
    """Return (times, slices, rows, columns[, samples])."""
    files, shape = header.files(), header.sizes[::-1]
    order = [axes.time, *reversed(axes.space)] if axes.time is not None else [*reversed(axes.space)]
    if lazy and order == list(range(len(shape)))[::-1]:
        voxels = lazy_samples(files, [1, *shape][-4:], header.dtype, header.packing, surplus)
        if voxels is not None:
            return voxels
    return freeze(_ordered(read_samples(files, shape, header.dtype, header.packing, surplus), header, axes))


def _ordered(samples: np.ndarray, header: NrrdHeader, axes: Axes) -> np.ndarray:
    """Return samples as (times, slices, rows, columns[, samples])."""
    last = len(header.sizes) - 1  # axes of the array are those of the file in reverse
    order = [last - axis for axis in (axes.time, *reversed(axes.space), axes.samples) if axis is not None]
    voxels = samples.transpose(order)
    voxels = voxels if axes.time is not None else voxels[np.newaxis]
    single = axes.samples is not None and voxels.shape[-1] == 1
    return np.ascontiguousarray(voxels[..., 0] if single else voxels)
