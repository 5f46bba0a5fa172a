"""The axes of an NRRD image: which are of space, of time and of samples, and where the image is in the patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...model.space.geometry import LPS_TO_RAS
from .header import NrrdHeader

_ABBREVIATIONS = {"ras": "right-anterior-superior", "las": "left-anterior-superior", "lps": "left-posterior-superior"}
_TO_RAS = {
    "right-anterior-superior": np.eye(4),
    "left-anterior-superior": np.diag([-1.0, 1.0, 1.0, 1.0]),
    "left-posterior-superior": LPS_TO_RAS,
}
_UNITS_MM = {"mm": 1.0, "millimeter": 1.0, "millimeters": 1.0, "cm": 10.0, "m": 1000.0, "um": 1e-3, "μm": 1e-3, "µm": 1e-3}
_UNITS_S = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "msec": 1e-3}
_COLORS = {"rgb-color": 3, "rgba-color": 4}
_VECTORS = ("vector", "covariant-vector", "normal", "point", "2-vector", "3-vector", "4-vector", "3-gradient", "3-normal")
_UNCLEAR = ("list", "none", "???", "")
TIME, COLORS, VECTORS, LAYERS = "time", "rgb", "vector", "label"


@dataclass(frozen=True)
class Axes:
    """The axes of an image, as numbers of those of the file, the fastest first.

    Attributes
    ----------
    space : tuple of int
        The three of space.
    time, samples : int or None
        Of times, and of the values of a voxel.
    intent : str
        What the values of a voxel are: ``rgb``, ``vector`` or ``label``; empty for one value.
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        mm.
    time_step_s : float
        0 if it is unknown.
    """

    space: tuple[int, int, int]
    time: int | None
    samples: int | None
    intent: str
    ijk_to_ras: np.ndarray
    time_step_s: float


def axes_of(header: NrrdHeader) -> Axes:
    """Return the axes of an image.

    Raises
    ------
    ImageReadError
        If the header does not state where the image is in the patient, or what an axis is.
    """
    count = len(header.sizes)
    to_ras, has_time = space_to_ras(header)
    directions = header.vectors("space directions")
    if len(directions) != count:
        raise header.error(
            "no space directions are stated, so its orientation in the patient is unknown. Add them to the header, or save "
            " the image again from the program that made it."
        )
    spatial = [axis for axis, one in enumerate(directions) if one is not None]
    time, step = _time_of_space(header, spatial, has_time)
    space = tuple(axis for axis in spatial if axis != time)
    if len(space) != 3:
        raise header.error(f"{len(space)} of its axes have a direction in space; three are needed to place it in the patient.")
    other, samples, intent = _other_axes(header, [axis for axis in range(count) if axis not in spatial])
    if time is not None and other is not None:
        raise header.error("it has two axes of time. Save it as several images.")
    return Axes(space, other if time is None else time, samples, intent, to_ras @ _matrix(header, space, has_time), step)


def space_to_ras(header: NrrdHeader) -> tuple[np.ndarray, bool]:
    """Return the matrix, shape (4, 4), from the space of the file to RAS, and whether the space has an axis of time.

    Raises `ImageReadError` for spaces without an anatomical meaning.
    """
    name = header.fields.get("space", "").lower()
    plain = name.removesuffix("-time").removesuffix("t") if name.endswith(("-time", "ast", "pst")) else name
    plain = _ABBREVIATIONS.get(plain, plain)
    if plain not in _TO_RAS:
        stated = f"space is {name!r}" if name else "no space is stated"
        raise header.error(
            f"{stated}, so the anatomical meaning of its axes is unknown (RAS or LPS). Add a space such as "
            "left-posterior-superior to the header."
        )
    return _TO_RAS[plain], plain != name and name not in _ABBREVIATIONS


def _matrix(header: NrrdHeader, space: tuple[int, ...], has_time: bool) -> np.ndarray:
    directions, origins = header.vectors("space directions"), header.vectors("space origin")
    size = 4 if has_time else 3
    if not origins or origins[0] is None:
        raise header.error("no space origin is stated, so its place in the patient is unknown. Add space origin to the header.")
    vectors = [directions[axis] for axis in space] + [origins[0]]
    if any(vector is None or len(vector) != size or not np.isfinite(vector).all() for vector in vectors):
        raise header.error(f"space directions and origin must be vectors of {size} numbers. Repair the header.")
    matrix = np.eye(4)
    matrix[:3] = np.column_stack([vector[:3] for vector in vectors if vector is not None])
    scale = _space_unit_mm(header)
    return np.diag([scale, scale, scale, 1.0]) @ matrix


def _space_unit_mm(header: NrrdHeader) -> float:
    """Return millimeters per unit of space; the format has none by default, and all programs use mm."""
    units = {word.lower() for word in header.fields.get("space units", "").replace('"', " ").split()} - set(_UNITS_S)
    if not units:
        return 1.0
    if len(units) > 1 or not units <= set(_UNITS_MM):
        raise header.error(f"space units {header.fields['space units']} are not supported. State mm.")
    return _UNITS_MM[units.pop()]


def _time_of_space(header: NrrdHeader, spatial: list[int], has_time: bool) -> tuple[int | None, float]:
    """Return the axis of time of a space that has one, and its step in seconds."""
    if not has_time:
        return None, 0.0
    directions = header.vectors("space directions")
    for axis in spatial:
        vector = directions[axis]
        if vector is not None and len(vector) == 4 and not vector[:3].any() and vector[3]:
            unit = header.fields.get("space units", "").replace('"', " ").split()[-1:]
            return axis, float(abs(vector[3])) * _UNITS_S.get(unit[0].lower() if unit else "", 0.0)
    return None, 0.0


def _other_axes(header: NrrdHeader, axes: list[int]) -> tuple[int | None, int | None, str]:
    """Return the axis of time, that of samples, and what the samples are."""
    time, samples, intent = None, None, ""
    for axis in axes:
        kind = _kind(header, axis)
        if kind == TIME and time is None:
            time = axis
        elif kind in (COLORS, VECTORS, LAYERS) and samples is None:
            samples, intent = axis, kind
        else:
            raise header.error(f"axis {axis} is one too many: three of space, one of time and one of samples are supported.")
    return time, samples, intent


def _kind(header: NrrdHeader, axis: int) -> str:
    kinds = header.names("kinds")
    kind, size = (kinds[axis].lower() if axis < len(kinds) else ""), header.sizes[axis]
    if _COLORS.get(kind) == size and header.dtype == np.uint8:
        return COLORS
    if is_diffusion(header) or kind == TIME or f"axis {axis} index type" in header.values:
        return TIME
    if is_segmentation(header):
        return LAYERS
    if kind in _VECTORS or kind in _COLORS:
        return VECTORS
    meaning = "not stated" if kind in _UNCLEAR else f"{kind!r}, which is not supported"
    raise header.error(
        f"the meaning of axis {axis} with {size} samples is {meaning}. State time, vector or RGB-color in kinds of the header."
    )


def is_diffusion(header: NrrdHeader) -> bool:
    """Whether an image is diffusion-weighted, by the keys of NA-MIC."""
    return header.values.get("modality", "") == "DWMRI"


def is_segmentation(header: NrrdHeader) -> bool:
    """Whether the header describes segments, as 3D Slicer writes them."""
    return any(key in header.values for key in ("Segment0_ID", "Segment0_Name", "Segment0_LabelValue"))
