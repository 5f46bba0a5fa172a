"""Preview images, as they are shown in the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image as Picture

from ..model.files.names import PICTURE_SUFFIXES
from .formatting import count

MOST = 6
"""Pictures of an entry that are shown; all files are listed."""
SIZE = 340
"""Longest side in pixels."""
BYTES = 48_000
"""For the pictures of an entry, so that a page of many images still opens quickly."""


@dataclass(frozen=True)
class ShownPicture:
    """One picture with its file name; `caption` is its size and how many there are in the file, `bytes` its limit."""

    name: str
    picture: Picture.Image
    caption: str
    bytes: int = BYTES


def pictures_of(outputs: Sequence[Path]) -> list[ShownPicture]:
    """Return the pictures of an entry that can be read: stills first, then the middle picture of movies."""
    pictures = [path for path in outputs if path.suffix.lower() in PICTURE_SUFFIXES]
    folder = min((path.parent for path in pictures), key=lambda path: len(path.parts), default=None)
    stills = [path for path in pictures if path.parent == folder]  # those of all slices are below it
    shown = [_shown(path) for path in sorted(stills, key=lambda path: PICTURE_SUFFIXES.index(path.suffix.lower()))[:MOST]]
    known = [one for one in shown if one is not None]
    return [replace(one, bytes=BYTES // len(known)) for one in known]


def _shown(path: Path) -> ShownPicture | None:
    try:
        with Picture.open(path) as image:
            frames = getattr(image, "n_frames", 1)
            image.seek(frames // 2)
            still = _eight_bit(image)
    except (OSError, ValueError, Picture.DecompressionBombError):
        return None
    size = f"{image.width} × {image.height}"
    movie = f", the middle one of {count(frames, 'picture')}" if frames > 1 else ""
    return ShownPicture(path.name, _in_size(still), f"{path.name}: {size}{movie}")


def _in_size(picture: Picture.Image) -> Picture.Image:
    """Return a picture that is not larger than `SIZE`; one of few pixels is shown as the squares that they are."""
    times = SIZE // (2 * max(picture.size))
    if times > 1:
        return picture.resize((times * picture.width, times * picture.height), Picture.Resampling.NEAREST)
    picture.thumbnail((SIZE, SIZE))
    return picture


def _eight_bit(image: Picture.Image) -> Picture.Image:
    """Return a copy in 8 bits; gray of 16 bits is scaled as a whole."""
    if image.mode.startswith("I"):
        return Picture.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return image.convert("RGB" if image.mode in ("P", "RGBA", "RGB", "CMYK") else "L")
