"""NRRD images → volumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...model.files.names import stem_of
from ...model.space import geometry
from ...model.volume import Volume
from ...model.voxels.color_models import transparency
from ...model.voxels.digest import freeze
from ...model.voxels.lazy_samples import lazy_samples, reordered_samples
from ...model.voxels.lazy_voxels import LazyVoxels, SamplesLast, Voxels
from ...model.voxels.packed_samples import read_samples
from ...model.voxels.surplus_bytes import Surplus
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
    shape = header.sizes[::-1]
    last = len(shape) - 1  # axes of the array are those of the file in reverse
    order = [last - axis for axis in (axes.time, *reversed(axes.space), axes.samples) if axis is not None]
    wanted = [1] * (axes.time is None) + [shape[axis] for axis in order]
    if wanted[4:] == [1]:
        wanted.pop()
    voxels = _lazy(header, order, wanted, surplus) if lazy else None
    if voxels is not None:
        return voxels
    samples = read_samples(header.files(), shape, header.dtype, header.packing, surplus)
    return freeze(np.ascontiguousarray(samples.transpose(order)).reshape(wanted))


def _lazy(header: NrrdHeader, order: list[int], shape: list[int], surplus: Surplus) -> LazyVoxels | None:
    """Return voxels that are read when they are sliced; None for small ones, and where they must be read at once.

    Parameters
    ----------
    header : NrrdHeader
        Where the samples are.
    order : list of int
        The axes of the samples, the slowest first, in the order of the voxels.
    shape : list of int
        Of the voxels.
    surplus : Surplus
        Counts what is behind the samples.
    """
    slowest, *others = range(len(order))
    if order == [slowest, *others]:
        return lazy_samples(header.files(), shape, header.dtype, header.packing, surplus)
    samples_last = order == [*others, slowest] and len(shape) == 5
    stored = [shape[4] * shape[0], *shape[1:4]] if samples_last else [1, *header.sizes[::-1]]
    voxels = lazy_samples(header.files(), stored, header.dtype, header.packing, surplus)
    if voxels is None:
        return None
    return SamplesLast(voxels, shape[4]) if samples_last else reordered_samples(voxels, order, shape)
