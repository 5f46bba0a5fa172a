"""Pictures → PNG: 8 or 16 bits of gray, 8 bits of color."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

MM_PER_INCH, MM_PER_M = 25.4, 1000
MOST_PER_M = (1 << 31) - 1
"""Pixels per meter that a PNG can specify (chunk pHYs)."""


def write_png(picture: np.ndarray, path: Path, texts: Mapping[str, str], pixel_mm: float | None = None) -> None:
    """Write a picture.

    Parameters
    ----------
    picture : numpy.ndarray, shape (rows, columns) or (rows, columns, 3)
        uint8 or uint16; color uint8.
    path : pathlib.Path
        The file.
    texts : mapping
        Keyword → text, for its metadata.
    pixel_mm : float, optional
        Size of a pixel, for its metadata; one that PNG cannot express is left out.
    """
    chunks = PngImagePlugin.PngInfo()
    for keyword, text in texts.items():
        chunks.add_itxt(keyword, text)
    more = {}
    if pixel_mm is not None and MM_PER_M / MOST_PER_M < pixel_mm <= MM_PER_M:
        more["dpi"] = (MM_PER_INCH / pixel_mm, MM_PER_INCH / pixel_mm)
    Image.fromarray(np.ascontiguousarray(picture)).save(path, "PNG", pnginfo=chunks, **more)
