"""Moving pictures that no scanner made: a coronary angiogram, and an ultrasound clip of a heart."""

from __future__ import annotations

import numpy as np

FRAMES = 24
_BEATS = 2


def angiogram(size: int = 256) -> np.ndarray:
    """Return frames (frames, rows, columns), uint8: contrast runs through a coronary tree that moves with the heart."""
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    chest = 165 + 45 * x - 30 * np.exp(-((x + 0.12) ** 2) / 0.03)  # the spine is dark
    chest -= 22 * (np.abs(np.mod(y * 5 + 0.9 * x**2, 1) - 0.5) < 0.12)  # ribs
    noise = np.random.default_rng(1).normal(0, 2.5, (FRAMES, size, size))
    result = np.empty((FRAMES, size, size), np.uint8)
    for n in range(FRAMES):
        beat = np.sin(2 * np.pi * _BEATS * n / FRAMES)
        filled = min(1.0, n / (0.6 * FRAMES))
        depth = _vessels(size, (0.015 * beat, 0.03 * beat), filled)
        frame = chest * (1 - 0.72 * depth) + noise[n]
        frame[x**2 + y**2 > 0.24] = 8  # the round field of an image intensifier
        result[n] = np.clip(frame, 0, 255)
    return result


def _vessels(size: int, shift: tuple[float, float], filled: float) -> np.ndarray:
    """Return how much contrast the rays meet, 0 to 1, when the heart has moved by a shift (right, down)."""
    result = np.zeros((size, size))
    for start, bend, length, width in _BRANCHES:
        for s in np.linspace(0, 1, 90):
            if start[2] + s * length > filled:
                break
            x = start[0] + bend[0] * s + bend[2] * np.sin(np.pi * s) + shift[0]
            _add_disc(result, x, start[1] + bend[1] * s + shift[1], width * (1.15 - 0.7 * s))
    return result


def _add_disc(picture: np.ndarray, x: float, y: float, radius: float) -> None:
    """Add a soft disc; a place is a part of the size, from the middle."""
    size = len(picture)
    column, row = (x + 0.5) * size, (y + 0.5) * size
    reach = 1.5 * radius * size + 1
    rows = slice(max(0, int(row - reach)), max(0, int(row + reach) + 1))
    columns = slice(max(0, int(column - reach)), max(0, int(column + reach) + 1))
    part = picture[rows, columns]
    down, across = np.mgrid[rows.start : rows.start + part.shape[0], columns.start : columns.start + part.shape[1]]
    np.maximum(part, np.clip(1.5 - np.hypot(across - column, down - row) / (radius * size), 0, 1), out=part)


# where a branch starts (x, y, and which part of the way was run before), its way (x, y, bend), length and width
_BRANCHES = (
    ((-0.12, -0.5, 0.0), (0.02, 0.24, 0.05), 0.1, 0.016),
    ((-0.10, -0.26, 0.1), (-0.14, 0.46, -0.16), 0.6, 0.018),
    ((-0.10, -0.26, 0.1), (0.26, 0.44, 0.1), 0.6, 0.018),
    ((0.13, -0.04, 0.4), (0.22, 0.16, 0.02), 0.4, 0.011),
    ((-0.305, -0.08, 0.34), (0.1, 0.3, 0.04), 0.5, 0.011),
)


def heart_clip(rows: int = 192, columns: int = 256) -> np.ndarray:
    """Return frames (frames, rows, columns, 3), uint8: a sector with a beating ventricle, and flow in color."""
    y, x = np.mgrid[0:rows, 0:columns].astype(float)
    x, y = (x - columns / 2) / rows, y / rows - 0.04
    radius, angle = np.hypot(x, y), np.arctan2(x, y)
    sector = (np.abs(angle) < 0.65) & (radius < 0.93) & (radius > 0.03)
    speckle = np.abs(np.random.default_rng(2).normal(0, 1, (rows, columns)))
    speckle = (speckle + np.roll(speckle, 1, 1) + np.roll(speckle, -1, 1)) / 3  # wider than deep, as sound beams are
    result = np.zeros((FRAMES, rows, columns, 3), np.uint8)
    for n in range(FRAMES):
        beat = 0.5 + 0.5 * np.cos(2 * np.pi * _BEATS * n / FRAMES)
        wide, tall = 0.13 + 0.05 * beat, 0.27 + 0.05 * beat
        wall = np.hypot(x / wide, (y - 0.42) / tall)
        tissue = np.where(wall < 1, 8, np.where(wall < 1.35, 120, 52)) * (1.1 - 0.6 * radius)
        gray = np.where(sector, np.clip(tissue * (0.35 + 0.8 * np.roll(speckle, round(3 * beat), 0)), 0, 255), 0)
        frame = np.repeat(gray[..., None], 3, axis=-1)
        jet = sector & (np.hypot(x / 0.045, (y - 0.62) / (0.05 + 0.12 * (1 - beat))) < 1)
        frame[jet] = (230, 60 + 120 * beat, 20) if beat < 0.5 else (20, 80, 235)
        result[n] = frame
    return result
