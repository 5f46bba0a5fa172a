"""Images with more than one sample per pixel, or with a palette."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .base import COLUMNS, ROWS, SECONDARY_CAPTURE, image, phantom, ramp, save


@phantom
def rgb(folder: Path) -> None:
    """Color by pixel."""
    save(folder, [_capture(ramp(ROWS, COLUMNS, 3, dtype="u1"))])


@phantom
def rgb_planar(folder: Path) -> None:
    """All red, all green, all blue; an odd number of bytes."""
    ds = _capture(ramp(3, 5, 3, dtype="u1"))
    ds.PlanarConfiguration = 1
    save(folder, [ds])


@phantom
def rgb_16_bit(folder: Path) -> None:
    """Color with 16 bits per sample."""
    save(folder, [_capture(ramp(ROWS, COLUMNS, 3, dtype="<u2"))])


@phantom
def ybr_full(folder: Path) -> None:
    """Luminance and chrominance, with colors that RGB does not have."""
    ds = _capture(np.random.default_rng(1).integers(0, 256, (ROWS, 6, 3), np.uint8))
    ds.PhotometricInterpretation = "YBR_FULL"
    save(folder, [ds])


@phantom
def ybr_full_422(folder: Path) -> None:
    """Two pixels share their chrominance, native."""
    raw = np.random.default_rng(2).integers(0, 256, (ROWS, 6, 2), np.uint8)
    ds = _capture(np.zeros((ROWS, 6, 3), np.uint8))
    ds.PhotometricInterpretation, ds.PixelData = "YBR_FULL_422", raw.tobytes()
    save(folder, [ds])


@phantom
def palette(folder: Path) -> None:
    """Stored values are indexes into three tables."""
    ds = _capture(ramp(ROWS, COLUMNS, dtype="u1"))
    ds.PhotometricInterpretation = "PALETTE COLOR"
    for n, name in enumerate(("Red", "Green", "Blue")):
        setattr(ds, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(ds, f"{name}PaletteColorLookupTableData", (ramp(256, dtype="<u2") * (n + 50)).tobytes())
    save(folder, [ds])


@phantom
def cine_rgb(folder: Path) -> None:
    """Several color frames in one object."""
    from .base import ULTRASOUND_MULTI_FRAME

    ds = _capture(ramp(3 * ROWS, COLUMNS, 3, dtype="u1"))
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = ULTRASOUND_MULTI_FRAME
    ds.Rows, ds.NumberOfFrames, ds.FrameTime, ds.FrameIncrementPointer = ROWS, 3, "33.3", 0x00181063
    save(folder, [ds])


def _capture(pixels: np.ndarray) -> object:
    ds = image(pixels, SECONDARY_CAPTURE)
    ds.ConversionType = "WSD"
    return ds
