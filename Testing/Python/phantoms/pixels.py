"""How stored values are arranged in the pixel data."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .base import (
    COLUMNS,
    CT,
    MR,
    PARAMETRIC_MAP,
    ROWS,
    SECONDARY_CAPTURE,
    SLICES,
    image,
    phantom,
    put_pixels,
    ramp,
    save,
    slices,
)


@phantom
def dirty_high_bits(folder: Path) -> None:
    """12 bits stored, and an overlay in the bits above."""
    pixels = ramp(SLICES, ROWS, COLUMNS, dtype="<u2")
    pixels[:, 0, :2] |= 0xF000
    pixels[:, 2, 1] |= 0x5000
    found = slices(pixels, MR)
    for ds in found:
        ds.BitsStored, ds.HighBit = 12, 11
    save(folder, found)


@phantom
def shifted_bits(folder: Path) -> None:
    """12 bits that end at bit 15, as old scanners stored them; the four below are used for something else."""
    pixels = ramp(SLICES, ROWS, COLUMNS, dtype="<u2") << 4
    pixels[:, 1, 1] |= 0x9
    found = slices(pixels, MR)
    for ds in found:
        ds.BitsStored, ds.HighBit = 12, 15
    save(folder, found)


@phantom
def signed_12_bit(folder: Path) -> None:
    """Negative values in 12 bits, with the sign not extended."""
    pixels = (ramp(SLICES, ROWS, COLUMNS, start=-30) & 0x0FFF).astype("<i2")
    found = slices(pixels, CT)
    for ds in found:
        ds.BitsStored, ds.HighBit = 12, 11
    save(folder, found)


@phantom
def monochrome1(folder: Path) -> None:
    """Small values are bright."""
    found = slices(ramp(1, ROWS, COLUMNS, dtype="<u2"), CT)
    found[0].PhotometricInterpretation = "MONOCHROME1"
    save(folder, found)


@phantom
def eight_bit_odd(folder: Path) -> None:
    """An odd number of bytes, and a pad byte behind them."""
    save(folder, [image(ramp(3, 5, dtype="u1", start=200), SECONDARY_CAPTURE)])


@phantom
def dirty_pad_byte(folder: Path) -> None:
    """The pad byte is not zero, and one slice has more behind it."""
    found = slices(ramp(SLICES, 3, 5, dtype="u1"), MR)
    found[0].PixelData = found[0].PixelData[:-1] + b"\x7f"
    found[1].PixelData += b"extra!"
    save(folder, found)


@phantom
def thirty_two_bit(folder: Path) -> None:
    """Unsigned 32-bit values beyond what float32 distinguishes."""
    save(folder, slices(ramp(SLICES, ROWS, COLUMNS, start=2**31 + 2**30, dtype="<u4"), MR))


@phantom
def sixty_four_bit(folder: Path) -> None:
    """Signed 64-bit values beyond what float64 distinguishes, in a VR of their own (OV)."""
    found = slices(ramp(SLICES, ROWS, COLUMNS, start=-(2**60) - 7, dtype="<i8"), MR)
    for ds in found:
        ds["PixelData"].VR = "OV"
    save(folder, found)


@phantom
def float_pixels(folder: Path) -> None:
    """Float Pixel Data with NaN, infinities and a negative zero."""
    _floating(folder, "FloatPixelData", "<f4")


@phantom
def double_float_pixels(folder: Path) -> None:
    """Double Float Pixel Data."""
    _floating(folder, "DoubleFloatPixelData", "<f8")


def _floating(folder: Path, keyword: str, dtype: str) -> None:
    values = ramp(SLICES, ROWS, COLUMNS).astype(dtype) / 7
    values[0, 0, :4] = np.nan, np.inf, -np.inf, -0.0
    found = slices(ramp(SLICES, ROWS, COLUMNS), PARAMETRIC_MAP)
    for ds, plane in zip(found, values, strict=True):
        del ds.PixelData, ds.BitsStored, ds.HighBit, ds.PixelRepresentation
        ds.BitsAllocated = values.dtype.itemsize * 8
        setattr(ds, keyword, plane.tobytes())
    save(folder, found)


@phantom
def varying_window(folder: Path) -> None:
    """Attributes that differ from slice to slice, and one that only some have."""
    found = slices(ramp(SLICES, ROWS, COLUMNS))
    for n, ds in enumerate(found):
        ds.WindowCenter, ds.WindowWidth = str(40 + n), ["400", "80"][: n % 2 + 1]
        ds.SmallestImagePixelValue, ds.LargestImagePixelValue = int(ds.pixel_array.min()), int(ds.pixel_array.max())
        if n == 1:
            ds.ImageComments = "only here"
    save(folder, found)


@phantom
def rescale_of_many_digits(folder: Path) -> None:
    """A slope that float32 cannot hold, the same in all slices."""
    found = slices(ramp(SLICES, ROWS, COLUMNS), MR)
    for ds in found:
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "1.23456789012345", "-0.98765432101", "US"
    save(folder, found)


@phantom
def mixed_types(folder: Path) -> None:
    """One series with signed and unsigned, large and small images."""
    found = slices(ramp(SLICES, ROWS, COLUMNS)) + slices(ramp(2, 6, 6, start=700, dtype="<u2"))
    for n, ds in enumerate(found):
        ds.InstanceNumber = n + 1
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SeriesInstanceUID}.{n + 1}"
    put_pixels(found[-1], ramp(6, 6, dtype="u1"))
    save(folder, found)
