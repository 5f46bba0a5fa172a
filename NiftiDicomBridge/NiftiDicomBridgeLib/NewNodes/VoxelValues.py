"""Real values of a volume in a type that VTK has, computed plane by plane so that no further copy of the voxels is made."""

from __future__ import annotations

import numpy as np

from nifti_dicom_bridge import BridgeError, Rescale, Volume

VTK_TYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64")
SUBSTITUTES = {"bool": "uint8", "float16": "float32"}
"""Types that VTK does not have, and the smallest one that holds all their values."""
INTEGERS = ("int16", "uint16", "int32", "uint32")
BYTES = ("uint8", "int8")


def value_type(volume: Volume) -> np.dtype:
    """Return the type in which the real values of a volume are shown.

    Integers stay integers where slope and intercept are whole numbers: the smallest type that holds all values and is not
    smaller than the stored one. Other rescaled values are float32, as in Slicer's own readers.

    Raises
    ------
    BridgeError
        If VTK has no type that holds the values.
    """
    dtype, rescale = volume.voxels.dtype, volume.rescale
    if rescale.is_identity:
        return _type_of_stored(volume.voxels)
    if dtype.kind in "iub" and volume.voxels.size and _is_whole(rescale):
        smallest = _smallest(_bounds(volume.voxels, rescale), dtype.itemsize)
        if smallest is not None:
            return smallest
    return np.dtype("float64") if dtype.kind == "f" and dtype.itemsize > 4 else np.dtype("float32")


def fill_plane(target: np.ndarray, stored: np.ndarray, rescale: Rescale) -> None:
    """Write the real values of one plane into an array of the type that `value_type` returned."""
    if rescale.is_identity:
        np.copyto(target, stored, casting="unsafe")
        return
    if target.dtype.kind in "iu" and rescale.slope == 1 and _holds(target.dtype, rescale.intercept):
        # modulo the range of the type, which holds the result
        np.add(stored, target.dtype.type(rescale.intercept), out=target, dtype=target.dtype, casting="unsafe")
        return
    work = np.int64 if target.dtype.kind in "iu" else np.float64
    values = np.multiply(stored, work(rescale.slope), dtype=work, casting="unsafe")
    np.add(values, work(rescale.intercept), out=target, casting="unsafe")


def _holds(dtype: np.dtype, value: float) -> bool:
    return bool(np.iinfo(dtype).min <= value <= np.iinfo(dtype).max)


def _type_of_stored(voxels: np.ndarray) -> np.dtype:
    name = SUBSTITUTES.get(voxels.dtype.name, voxels.dtype.name)
    if voxels.dtype.kind in "iu" and voxels.dtype.itemsize == 8:
        smallest = _smallest(_bounds(voxels, Rescale()), 4) if voxels.size else np.dtype("int32")
        name = smallest.name if smallest is not None else name
    if name not in VTK_TYPES:
        raise BridgeError(f"Slicer cannot show voxels of the type {name}. Convert the file with another tool first.")
    return np.dtype(name)


def _is_whole(rescale: Rescale) -> bool:
    return float(rescale.slope).is_integer() and float(rescale.intercept).is_integer()


def _bounds(voxels: np.ndarray, rescale: Rescale) -> tuple[int, int]:
    """Return the lowest and highest real value, for whole slope and intercept."""
    ends = [int(end) * int(rescale.slope) + int(rescale.intercept) for end in (voxels.min(), voxels.max())]
    return min(ends), max(ends)


def _smallest(bounds: tuple[int, int], itemsize: int) -> np.dtype | None:
    names = INTEGERS if itemsize > 1 else BYTES + INTEGERS
    types = (np.dtype(name) for name in names)
    fitting = (t for t in types if t.itemsize >= itemsize and np.iinfo(t).min <= bounds[0] and bounds[1] <= np.iinfo(t).max)
    return next(fitting, None)
