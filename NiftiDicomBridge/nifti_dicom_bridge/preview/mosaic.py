"""Several pictures side by side: the three middle planes, or slices from one end to the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

GAP = 4


def slices_of(count: int, wanted: int) -> list[int]:
    """Return evenly spaced slices, ends left out where there are many: what is there is mostly nothing."""
    if wanted >= count:
        return list(range(count))
    return [int((n + 0.5) * count / wanted) for n in range(wanted)]


def side_by_side(pictures: Sequence[np.ndarray], columns: int = 0) -> np.ndarray:
    """Return pictures (rows, columns[, 3]) in rows of this number, black around them; by default about as wide as tall.

    Gray pictures become RGB where others are.
    """
    colored = any(picture.ndim == 3 for picture in pictures)
    pictures = [_colored(picture) if colored else picture for picture in pictures]
    columns = columns or int(np.ceil(np.sqrt(len(pictures))))
    height, width = (max(picture.shape[axis] for picture in pictures) for axis in (0, 1))
    rows = -(-len(pictures) // columns)
    shape = (rows * (height + GAP) - GAP, min(columns, len(pictures)) * (width + GAP) - GAP, *pictures[0].shape[2:])
    whole = np.zeros(shape, pictures[0].dtype)
    for n, picture in enumerate(pictures):
        top = n // columns * (height + GAP) + (height - picture.shape[0]) // 2
        left = n % columns * (width + GAP) + (width - picture.shape[1]) // 2
        whole[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return whole


def _colored(picture: np.ndarray) -> np.ndarray:
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=-1)
