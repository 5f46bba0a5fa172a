"""OME-Zarr 0.5 metadata ⇄ grids (https://ngff.openmicroscopy.org/0.5/).

OME-Zarr has scale and translation, but no rotation. The coordinates it is given are millimeters along the image's own axes,
from the origin of the patient: ``position (LPS) = directions · (scale · index + translation)``. For an image whose axes are
those of the patient, they are positions in LPS; images with the same axes are right to each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import ZarrReadError
from ...model.space.geometry import LPS_TO_RAS, spacing_of, unit_axes
from ...model.volume import Volume

VERSION = "0.5"
SPACE = ("z", "y", "x")
UNITS_MM = {
    "angstrom": 1e-7, "picometer": 1e-9, "nanometer": 1e-6, "micrometer": 1e-3, "millimeter": 1.0, "centimeter": 10.0,
    "decimeter": 100.0, "meter": 1e3, "kilometer": 1e6, "inch": 25.4, "foot": 304.8, "yard": 914.4,
    "nm": 1e-6, "um": 1e-3, "µm": 1e-3, "μm": 1e-3, "micron": 1e-3, "mm": 1.0, "cm": 10.0, "m": 1e3,
}  # fmt: skip
"""Units of the specification, and symbols that programs write in their place."""
UNITS_S = {"nanosecond": 1e-9, "microsecond": 1e-6, "millisecond": 1e-3, "second": 1.0, "minute": 60.0, "hour": 3600.0,
           "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "min": 60.0,
           "h": 3600.0}  # fmt: skip
LEVELS_APART = 1.01
"""Voxels of a level by which its extent may differ from that of the finest: where sizes are not multiples, by rounding."""
ANATOMICAL = {
    "right-to-left": ("x", 1), "left-to-right": ("x", -1),
    "anterior-to-posterior": ("y", 1), "posterior-to-anterior": ("y", -1),
    "inferior-to-superior": ("z", 1), "superior-to-inferior": ("z", -1), "caudal-to-cranial": ("z", 1),
    "cranial-to-caudal": ("z", -1),
}  # fmt: skip
"""``orientation`` of an axis (RFC-4 of OME-NGFF) → the axis of LPS that it is parallel to, and its sign."""
RGB = (("red", "FF0000"), ("green", "00FF00"), ("blue", "0000FF"))


def axis_names(shape: Sequence[int]) -> tuple[str, ...]:
    """Return the axes of the array for voxels (times, slices, rows, columns[, samples]): no time where there is one."""
    return (("t",) if shape[0] > 1 else ()) + (("c",) if len(shape) == 5 else ()) + SPACE


def to_ome(volume: Volume, levels: Sequence[tuple[str, tuple[int, int, int], tuple[float, float, float]]]) -> dict[str, Any]:
    """Return the OME metadata of a volume.

    Parameters
    ----------
    volume : Volume
        Its voxels may be lazy.
    levels : sequence of (str, tuple, tuple)
        Per level of the pyramid: path of the array, how many voxels became one, and by how many voxels of the full image its
        first voxel's center was moved; along slices, rows and columns.
    """
    names = axis_names(volume.voxels.shape)
    spacing, translation = scale_and_translation(volume.ijk_to_ras)
    step = volume.time_step_s
    datasets = []
    for path, factors, moved in levels:
        scale = {"t": step or 1.0, "c": 1.0, **{axis: spacing[n] * factors[n] for n, axis in enumerate(SPACE)}}
        start = {"t": 0.0, "c": 0.0, **{axis: translation[n] + spacing[n] * moved[n] for n, axis in enumerate(SPACE)}}
        transformations = [
            {"type": "scale", "scale": [scale[name] for name in names]},
            {"type": "translation", "translation": [start[name] for name in names]},
        ]
        datasets.append({"path": path, "coordinateTransformations": transformations})
    image = {"name": volume.name, "axes": [_axis(name, step) for name in names], "datasets": datasets}
    ome: dict[str, Any] = {"version": VERSION, "multiscales": [image]}
    return ome | ({"omero": _colors()} if volume.voxels.shape[4:] == (3,) else {})


def scale_and_translation(ijk_to_ras: np.ndarray) -> tuple[list[float], list[float]]:
    """Return scale and translation, three numbers each, of a grid along slices, rows and columns, mm."""
    lps = LPS_TO_RAS @ ijk_to_ras
    spacing = spacing_of(lps)
    translation = np.linalg.solve(unit_axes(lps), lps[:3, 3])
    return spacing[::-1].tolist(), (translation[::-1] + 0.0).tolist()


def _axis(name: str, step: float) -> dict[str, str]:
    if name == "t":
        return {"name": "t", "type": "time", **({"unit": "second"} if step else {})}
    return {"name": "c", "type": "channel"} if name == "c" else {"name": name, "type": "space", "unit": "millimeter"}


def _colors() -> dict[str, Any]:
    window = {"start": 0, "end": 255, "min": 0, "max": 255}
    return {"channels": [{"label": label, "color": color, "active": True, "window": window} for label, color in RGB]}


class OmeImage:
    """What OME metadata specify for an image.

    Parameters
    ----------
    ome : Any
        The value of the attribute ``ome``.
    where : str
        The store, for messages.
    """

    def __init__(self, ome: Any, where: str):
        if not isinstance(ome, dict) or not ome.get("multiscales"):
            raise ZarrReadError(
                f"{where}: a group without an image of OME-Zarr 0.5. Give the group of an image, such as {where}/0."
            )
        try:
            image = ome["multiscales"][0]
            self.axes = [(str(axis["name"]), str(axis.get("type", "")), str(axis.get("unit", ""))) for axis in image["axes"]]
            self.orientations = [_orientation(axis) for axis in image["axes"] if axis.get("type") == "space"]
            self.levels = [self._level(dataset, image.get("coordinateTransformations", [])) for dataset in image["datasets"]]
            self.path, self.scale, self.translation = self.levels[0]
            self.other_images = [str(other.get("name", "")) or "without a name" for other in ome["multiscales"][1:]]
            self.is_label = isinstance(ome.get("image-label"), dict)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise ZarrReadError(
                f"{where}: its OME-Zarr metadata of version {ome.get('version', '(none)')} are damaged or not known "
                f"({type(error).__name__}: {error}). Stores of OME-Zarr 0.5 are read: create it again from its source."
            ) from None
        self.time, self.channel = self._only("time", where), self._only("channel", where)
        self.space = [n for n, (_, kind, _) in enumerate(self.axes) if kind == "space"]
        known = len(self.space) + (self.time is not None) + (self.channel is not None)
        if not 2 <= len(self.space) <= 3 or len(self.axes) != known:
            names = [name for name, _, _ in self.axes]
            raise ZarrReadError(f"{where}: it has axes {names}. Time, channel, and two or three of space can be read.")
        if unknown := sorted({unit for _, unit in self._units if unit and unit not in UNITS_MM}):
            raise ZarrReadError(
                f"{where}: its axes of space have the unit {', '.join(unknown)}, which is not known. Set units of OME-Zarr in "
                "its metadata, such as millimeter."
            )

    def _level(self, dataset: dict[str, Any], of_all: Sequence[dict[str, Any]]) -> tuple[str, np.ndarray, np.ndarray]:
        """Return path, scale and translation of a level of the pyramid."""
        scale, translation = np.ones(len(self.axes)), np.zeros(len(self.axes))
        for transform in [*dataset["coordinateTransformations"], *of_all]:
            if transform["type"] == "scale":
                factors = np.array(transform["scale"], dtype=float)
                scale, translation = scale * factors, translation * factors
            elif transform["type"] == "translation":
                translation = translation + np.array(transform["translation"], dtype=float)
            elif transform["type"] != "identity":
                raise ValueError(f"a transformation of type {transform['type']!r}")
        return str(dataset["path"]), scale, translation

    def take_finest(self, shapes: Sequence[Sequence[int]]) -> str:
        """Take the level with most voxels, which should be the first; return what is wrong with the levels.

        Parameters
        ----------
        shapes : sequence of sequence of int
            Of the arrays of all levels; empty for one that is not there.

        Raises
        ------
        ValueError
            If another level has most voxels, and another extent in space than the first.
        """
        space = self.space
        counts = [math.prod(shape[n] for n in space) if len(shape) == len(self.axes) else 0 for shape in shapes]
        finest = counts.index(max(counts))
        for n, (shape, (path, scale, _)) in enumerate(zip(shapes, self.levels, strict=True)):
            if not counts[n]:
                continue
            apart = np.abs(np.multiply(shape, scale) - np.multiply(shapes[finest], self.levels[finest][1]))
            if (apart[space] > LEVELS_APART * np.abs(scale[space])).any():
                words = f"the levels {self.levels[finest][0]!r} and {path!r} of the pyramid have different extents in space"
                if finest:
                    raise ValueError(f"{words}, and the first is not the finest")
                return f"{words}: the finest is read"
        self.path, self.scale, self.translation = self.levels[finest]
        return f"the first level of the pyramid is not the finest: {self.path!r} is read" if finest else ""

    def _only(self, kind: str, where: str) -> int | None:
        axes = [n for n, (_, one, _) in enumerate(self.axes) if one == kind]
        if len(axes) > 1:
            raise ZarrReadError(f"{where}: it has {len(axes)} axes of type {kind}; one can be read.")
        return axes[0] if axes else None

    @property
    def _units(self) -> list[tuple[str, str]]:
        """Names and units of the axes of space."""
        return [(name, unit) for name, _, unit in map(self.axes.__getitem__, self.space)]

    @property
    def without_unit(self) -> list[str]:
        """Names of the axes of space without a unit, whose numbers are taken for millimeters."""
        return [name for name, unit in self._units if not unit]

    @property
    def time_step_s(self) -> float:
        """Seconds from time to time; 0 where the axis has no unit."""
        return 0.0 if self.time is None else float(self.scale[self.time]) * UNITS_S.get(self.axes[self.time][2], 0.0)

    @property
    def unknown_time_unit(self) -> str:
        """The unit of the axis of time, if it is not known; empty if it is, or there is none."""
        unit = "" if self.time is None else self.axes[self.time][2]
        return unit if unit not in UNITS_S else ""

    def spacing_and_origin(self) -> tuple[np.ndarray, np.ndarray]:
        """Return scale and translation along slices, rows and columns, mm."""
        factors = [UNITS_MM.get(self.axes[n][2], 1.0) for n in self.space]
        scale, start = self.scale[self.space] * factors, self.translation[self.space] * factors
        missing = 3 - len(self.space)
        return np.concatenate([np.ones(missing), scale]), np.concatenate([np.zeros(missing), start])

    def ijk_to_ras(self) -> np.ndarray:
        """Return the matrix (4, 4), mm: axes have their anatomical orientation, else x is to the left, y to the back, z up.

        Axes without an orientation that are not named so are in the order z, y, x.
        """
        spacing, start = self.spacing_and_origin()
        lps = np.zeros((4, 4))
        lps[3, 3] = 1
        for n, (name, sign) in enumerate(self._directions()):
            world = "xyz".index(name)
            lps[world, 2 - n], lps[world, 3] = sign * spacing[n], sign * start[n]
        return LPS_TO_RAS @ lps

    @property
    def is_oriented(self) -> bool:
        """Whether axes of space have anatomical orientations, and no two axes are parallel, with those assumed for others."""
        stated = [value for value in self.orientations if value]
        is_known = bool(stated) and all(value in ANATOMICAL for value in stated)
        return is_known and len(dict(self._stated_directions())) == len(self.space)

    def _directions(self) -> list[tuple[str, int]]:
        """Return axis of LPS and sign of slices, rows and columns."""
        known = self._stated_directions() if self.is_oriented else [(name, 1) for name in self._usual_names()]
        return [*((name, 1) for name in SPACE if name not in dict(known)), *known]

    def _stated_directions(self) -> list[tuple[str, int]]:
        return [ANATOMICAL.get(value, (name, 1)) for value, name in zip(self.orientations, self._usual_names(), strict=True)]

    def _usual_names(self) -> Sequence[str]:
        """Return the axes of LPS of axes without an orientation: their names, or the order z, y, x."""
        names = [name for name, _ in self._units]
        usual = SPACE[3 - len(names) :]
        return names if sorted(names) == sorted(usual) else usual


def _orientation(axis: dict[str, Any]) -> str:
    """Return the anatomical orientation of an axis; empty if it has none."""
    orientation = axis.get("orientation", "")
    value = orientation.get("value", "") if isinstance(orientation, dict) else orientation
    return str(value or "").replace("_", "-").lower()
