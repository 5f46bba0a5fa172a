"""What to know of an image in a word or two: size, spacing, axes, type of values."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.space.axes import way_along
from ..model.space.geometry import spacing_of
from ..model.volume import Volume
from .images import Pair

UNSPECIFIED = "US"
"""RescaleType of units that no one names (PS3.3 C.11.1.1.2)."""


@dataclass(frozen=True)
class Fact:
    """One thing to know of the images before and after; empty where there is no such image."""

    name: str
    before: str
    after: str


def facts_of(pair: Pair) -> list[Fact]:
    """Return size, spacing, axes and type of the images, as they are stored."""
    images = list(zip((pair.before, pair.after), pair.loaded, strict=True))
    facts = {
        name: [tell(image.outline, volume) if image and volume else "" for image, volume in images]
        for name, tell in _FACTS.items() if pair.placed or name not in _OF_PLACE
    }  # fmt: skip
    facts["Files"] = [image.kind if image else "" for image, _ in images]
    return [Fact(name, *values) for name, values in facts.items() if any(values)]


def _voxels(outline: Volume, volume: Volume) -> str:
    times = f" × {volume.times} times" if volume.times > 1 else ""
    return " × ".join(map(str, outline.shape_ijk)) + times


def _spacing(outline: Volume, volume: Volume) -> str:
    steps = spacing_of(outline.ijk_to_ras)
    return " × ".join(f"{float(step):.4g}" for step in steps) + " mm"


def _directions(outline: Volume, volume: Volume) -> str:
    return " ".join(way_along(axis)[1] for axis in outline.ijk_to_ras[:3, :3].T)


def _type(outline: Volume, volume: Volume) -> str:
    return volume.voxels.dtype.name + (f", {volume.voxels.shape[4]} samples" if volume.voxels.ndim == 5 else "")


def _scale(outline: Volume, volume: Volume) -> str:
    rescale = volume.rescale
    units = f", {rescale.units}" if rescale.units not in ("", UNSPECIFIED) else ""
    if rescale.is_identity:
        return "as stored" + units
    sign = "−" if rescale.intercept < 0 else "+"
    return f"{rescale.slope:.6g} × stored {sign} {abs(rescale.intercept):.6g}{units}"


_FACTS = {"Voxels": _voxels, "Spacing": _spacing, "Axes run to": _directions, "Type": _type, "Real value": _scale}
_OF_PLACE = ("Spacing", "Axes run to")
