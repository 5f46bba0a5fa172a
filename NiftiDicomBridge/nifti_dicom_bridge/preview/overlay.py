"""Label maps in color upon pictures, wherever their grids are: taken from the nearest voxel, by geometry."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from ..labels import Segment
from ..labels.segment import RGB
from ..model.volume import Volume
from .letters import font_of
from .view import View

FILLED, OUTLINED = 0.35, 0.9
"""How much of its color a segment shows inside, and at its edge."""
MOST_NAMES = 40
_COARSE = 64
_GOLDEN = 0.61803398875
_LETTERS_HIGH, _LINE = 13, 18


@dataclass(frozen=True, eq=False)
class Labels:
    """A label map.

    Attributes
    ----------
    volume : Volume
        Whole numbers; 0 is background.
    segments : tuple of Segment
        What they represent; a number without a segment has a color of its own, too.
    frame_of_reference : str
        UID of the space it is in; empty where it is not specified.
    """

    volume: Volume
    segments: tuple[Segment, ...] = ()
    frame_of_reference: str = ""


@dataclass(frozen=True)
class Key:
    """A line of the legend."""

    label: str
    color: RGB


def keys_of(maps: Sequence[Labels]) -> list[dict[int, Key]]:
    """Return what the numbers in each label map represent, each with a color of its own where it has none."""
    columns: list[dict[int, Key]] = []
    count = 0
    for labels in maps:
        named = {segment.number: segment for segment in labels.segments}
        keys = {}
        for number in (int(n) for n in np.unique(labels.volume.voxels) if n > 0):
            segment = named.get(number)
            color = segment.color if segment is not None else None
            keys[number] = Key(segment.label if segment is not None else f"label {number}", color or _some_color(count))
            count += 1
        columns.append(keys)
    return columns


def _some_color(n: int) -> RGB:
    """Return a bright color far from those before it."""
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(n * _GOLDEN % 1, 0.85, 1.0))
    return red, green, blue


def with_overlay(
    picture: np.ndarray,
    view: View,
    place: tuple[int, int],
    maps: Sequence[Labels],
    keys: Sequence[dict[int, Key]],
    solid: bool = False,
) -> np.ndarray:
    """Return a picture of 8 bits with label maps upon it.

    Parameters
    ----------
    picture : numpy.ndarray, shape (rows, columns) or (rows, columns, 3)
        What `render.picture` gave, of any size.
    view : View
        Where it is.
    place : tuple of int
        Time and slice.
    maps, keys
        The label maps, and what `keys_of` gave for them.
    solid : bool
        Nothing of the picture shall be seen through them.
    """
    colored = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=-1)
    colored = colored.astype(np.float32)
    time, slice_number = place
    for labels, known in zip(maps, keys, strict=True):
        numbers = numbers_at(labels.volume, _pixel_matrix(view, slice_number, picture.shape), picture.shape[:2], time)
        inside = numbers != 0
        if not inside.any():
            continue
        present = np.unique(numbers[inside])
        colors = np.array([known[int(n)].color for n in present], np.float32)[np.searchsorted(present, numbers[inside])]
        share = np.where(_edge(numbers)[inside], OUTLINED, FILLED)[:, None] if not solid else 1.0
        colored[inside] = colored[inside] * (1 - share) + colors * share
    levels: np.ndarray = np.rint(colored).astype(np.uint8)
    return levels


def centered_on_labels(view: View, maps: Sequence[Labels]) -> View:
    """Return a view whose middle is the slice that shows most of the label maps; as it is where none shows any."""
    if not maps or view.slices == 1:
        return view
    coarse = tuple(min(_COARSE, size) for size in view.volume.voxels.shape[2:4])
    areas = np.array([
        sum(np.count_nonzero(numbers_at(labels.volume, _pixel_matrix(view, k, coarse), coarse)) for labels in maps)
        for k in range(view.slices)
    ])  # fmt: skip
    best = np.flatnonzero(areas == areas.max())
    return replace(view, focus=int(best[len(best) // 2])) if areas.any() else view


def numbers_at(volume: Volume, matrix: np.ndarray, shape: tuple[int, ...], time: int = 0) -> np.ndarray:
    """Return the voxels of a volume nearest to the pixels of a picture; 0 outside of it.

    Parameters
    ----------
    volume : Volume
        The label map.
    matrix : numpy.ndarray, shape (4, 4)
        From (column, row, 0, 1) of the picture to mm, RAS.
    shape : tuple of int
        Rows and columns of the picture.
    time : int
        Of the label map; its last where it has fewer.
    """
    to_voxel = np.linalg.inv(volume.ijk_to_ras) @ matrix
    where = [_along(axis, shape) for axis in to_voxel[:3]]
    known = [(w >= 0) & (w < size) for w, size in zip(where, volume.shape_ijk, strict=True)]
    inside = known[0] & known[1] & known[2]
    i, j, k = (np.where(usable, w, 0).astype(np.intp) for w, usable in zip(where, known, strict=True))
    voxels = volume.voxels[min(time, volume.times - 1)][k, j, i]
    numbers = np.where(inside, voxels if voxels.dtype.kind in "iub" else np.rint(voxels), 0).astype(np.int64)
    return np.broadcast_to(np.maximum(numbers, 0), shape)


def _along(axis: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the voxel of each pixel along an axis; one row or column where it depends on nothing else."""
    columns, rows = np.arange(shape[1])[None], np.arange(shape[0])[:, None]
    columns, rows = columns[:, :1] if axis[0] == 0 else columns, rows[:1] if axis[1] == 0 else rows
    return np.asarray(np.rint(axis[0] * columns + axis[1] * rows + axis[3]))


def _pixel_matrix(view: View, slice_number: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return the matrix from the pixels of a scaled picture, which fills the same area, to mm, RAS."""
    rows, columns = view.volume.voxels.shape[2:4]
    down, across = rows / shape[0], columns / shape[1]
    scale = np.diag([across, down, 1.0, 1.0])
    scale[0, 3], scale[1, 3] = (across - 1) / 2, (down - 1) / 2
    return view.matrix(slice_number) @ scale


def _edge(numbers: np.ndarray) -> np.ndarray:
    """Return where a neighbor has another number."""
    edge = np.zeros(numbers.shape, bool)
    across, down = numbers[:, 1:] != numbers[:, :-1], numbers[1:] != numbers[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge


def with_legend(picture: np.ndarray, keys: Sequence[Key]) -> np.ndarray:
    """Return an RGB picture (rows, columns, 3) with a legend at its right, as tall as it; what does not fit is counted."""
    lines = list(dict.fromkeys(keys))
    if not lines:
        return picture
    height = picture.shape[0]
    most = min(MOST_NAMES, max(1, height // _LINE))
    words = [(key.label, key.color) for key in lines[: most if len(lines) <= most else most - 1]]
    if len(words) < len(lines):
        words.append((f"… {len(lines) - len(words)} more", (0, 0, 0)))
    font = font_of(_LETTERS_HIGH)
    width = 2 * _LINE + round(max(font.getlength(text) for text, _ in words))
    strip = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(strip)
    for n, (text, color) in enumerate(words):
        draw.rectangle((4, n * _LINE + 4, 4 + _LETTERS_HIGH, n * _LINE + 4 + _LETTERS_HIGH), fill=color)
        draw.text((_LINE + 6, n * _LINE + 3), text, (255, 255, 255), font=font)
    return np.concatenate([picture, np.asarray(strip)], axis=1)
