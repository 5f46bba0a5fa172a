"""Python functions in the place of commands: what they take, and the files of what they return."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import BridgeError, Cancelled, OptionError
from ...formats import nifti
from ...model.files.names import safe_name
from ...model.volume import Volume
from .runs import RESULT

Function = Callable[..., Any]
_TYPES_OF_FILES: dict[np.dtype[Any], type] = {np.dtype(bool): np.uint8, np.dtype(np.float16): np.float32}
"""Types that NIfTI does not have, and those that hold their values."""


def called(function: Function, volumes: Sequence[Volume], per_study: bool, arrays: bool) -> Iterator[tuple[str, Volume]]:
    """Call a function with the images of a run, and yield the name and the volume of each image that it returns.

    Raises
    ------
    BridgeError
        If it raises an error.
    OptionError
        If it returns anything but images, arrays, or a mapping or sequence of them.
    DependencyError
        If nibabel is not installed and images are wanted.
    """
    images = [np.asarray(_parts(volume)[0]) if arrays else volume.to_nibabel() for volume in volumes]
    name = getattr(function, "__name__", type(function).__name__)
    try:
        returned = function(images if per_study else images[0])
    except Cancelled:
        raise
    except Exception as error:
        line = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(line.filename).name}, line {line.lineno}"
        raise BridgeError(f"{name} raised {type(error).__name__} ({place}): {error}") from error
    if isinstance(returned, Mapping):
        named = {str(key): value for key, value in returned.items()}
    elif isinstance(returned, (list, tuple)):
        named = {f"{RESULT}_{n}": value for n, value in enumerate(returned, 1)}
    else:
        named = {RESULT: returned}
    for key, value in named.items():
        yield safe_name(key), _volume_of(value, volumes[0], name)


def _volume_of(value: Any, first: Volume, name: str) -> Volume:
    if isinstance(value, np.ndarray):
        return _volume_of_array(value, first, name)
    if not hasattr(value, "affine") or not hasattr(value, "dataobj"):
        raise OptionError(
            f"{name} returned {type(value).__name__}. Let it return nibabel images or NumPy arrays: one, a list, or a dict "
            "with a name for each."
        )
    return Volume.from_nibabel(value)


def _parts(volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Return real values as (columns, rows, slices[, times]) and the matrix of these axes, as in the NIfTI file."""
    stored = volume.in_memory()
    voxels = stored.array if stored.rescale.is_identity else stored.real_values()
    data = np.moveaxis(voxels[:, :, ::-1], (3, 2, 1, 0), (0, 1, 2, 3))
    return (data[..., 0] if data.ndim == 4 and volume.times == 1 else data), nifti.stored_affine(volume)


def _volume_of_array(value: np.ndarray, first: Volume, name: str) -> Volume:
    """Return an array on the grid of the first image; its axes are those of the NIfTI file.

    Raises
    ------
    OptionError
        If its shape is another one.
    """
    expected = first.shape_ijk
    if value.shape[:3] != expected or value.ndim > 4 or value.dtype.kind not in "biuf":
        raise OptionError(
            f"{name} returned an array of shape {value.shape} and type {value.dtype}; numbers of shape {expected}, with or "
            "without an axis of time, were expected. Return a nibabel image for another grid."
        )
    value = value.astype(_TYPES_OF_FILES.get(value.dtype, value.dtype), copy=False)
    data = value[..., np.newaxis] if value.ndim == 3 else value
    return Volume(np.moveaxis(data, (0, 1, 2, 3), (3, 2, 1, 0)), nifti.stored_affine(first))


def write_returned(images: Iterator[tuple[str, Volume]], folder: Path) -> None:
    """Write what a function returned as NIfTI files."""
    for name, volume in images:
        nifti.write_image(volume, folder / f"{name}.nii")
