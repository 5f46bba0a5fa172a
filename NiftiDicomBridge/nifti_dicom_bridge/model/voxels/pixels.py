"""What pixels are: how they are stored, what their values mean, and what a volume has lost of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .color_models import YBR_FULL_422, YBR_PARTIAL_422


class Rescale(NamedTuple):
    """Stored value → real value: ``real = slope · stored + intercept`` (PS3.3 C.11.1.1.2).

    Attributes
    ----------
    slope, intercept : float
        Of the whole volume.
    units : str
        Units of the real values as the file names them (``HU``, ``BQML``…), empty where unknown.

    Examples
    --------
    >>> from nifti_dicom_bridge import Rescale
    >>> Rescale(2.0, -1024.0, "HU").is_identity
    False
    """

    slope: float = 1.0
    intercept: float = 0.0
    units: str = ""

    @property
    def is_identity(self) -> bool:
        """Whether stored values are real values."""
        return self.slope == 1.0 and self.intercept == 0.0


class PixelFormat(NamedTuple):
    """How pixels are in a pixel data element (PS3.3 C.7.6.3.1, PS3.5 8).

    Attributes
    ----------
    rows, columns, samples : int
        Of one frame.
    bits_allocated, bits_stored, high_bit : int
        Of one sample; `bits_allocated` is 1, 8, 16, 32 or 64.
    signed : bool
        PixelRepresentation 1.
    floating : bool
        Float or Double Float Pixel Data.
    planar : bool
        PlanarConfiguration 1: all red, all green, all blue.
    photometric : str
        PhotometricInterpretation.
    """

    rows: int
    columns: int
    samples: int = 1
    bits_allocated: int = 16
    bits_stored: int = 16
    high_bit: int = 15
    signed: bool = False
    floating: bool = False
    planar: bool = False
    photometric: str = "MONOCHROME2"

    @property
    def dtype(self) -> np.dtype:
        """Type of one stored value, little endian."""
        if self.floating:
            return np.dtype(f"<f{self.bits_allocated // 8}")
        return np.dtype(f"<{'i' if self.signed else 'u'}{max(self.bits_allocated, 8) // 8}")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one frame: rows, columns[, samples]."""
        return (self.rows, self.columns) + ((self.samples,) if self.samples > 1 else ())

    @property
    def is_subsampled(self) -> bool:
        """Whether two pixels share their color (YBR_FULL_422 and YBR_PARTIAL_422, native)."""
        return self.photometric in (YBR_FULL_422, YBR_PARTIAL_422) and self.samples == 3

    @property
    def is_whole_words(self) -> bool:
        """Whether every bit of a word belongs to the value."""
        return self.floating or (self.bits_stored == self.bits_allocated and self.high_bit == self.bits_stored - 1)

    def bytes_of(self, frames: int) -> int:
        """Return the number of bytes that this number of frames takes, without padding."""
        pixels = self.rows * self.columns * frames
        if self.bits_allocated == 1:
            return (pixels * self.samples + 7) // 8
        if self.is_subsampled:
            return pixels * 2
        return pixels * self.samples * self.bits_allocated // 8


@dataclass(frozen=True)
class PixelRecord:
    """What the voxels of a volume do not specify about the pixel data they came from.

    Attributes
    ----------
    stored_type : str
        NumPy type of the stored values, like ``<i2``.
    rescaled : bool
        The voxels are real values because slope and intercept differ between frames.
    across, down : int
        Tiles per row and per column of an image; 0 where images are not tiled.
    residues : dict of int to bytes
        Instance index → exclusive or of the original pixel data and what the voxels alone would give: bits beyond
        BitsStored, colors lost in YBR ⇄ RGB, tiles without a slice. Only where they differ.
    tails : dict of int to bytes
        Instance index → bytes behind the last pixel, where they are not the usual padding.
    decoded : dict of int to str
        Instance index → transfer syntax that the pixel data were compressed with.

    Examples
    --------
    >>> from nifti_dicom_bridge import read
    >>> read("scans")[0].source.pixel_record.stored_type
    '<u2'
    """

    stored_type: str
    rescaled: bool = False
    across: int = 0
    down: int = 0
    residues: dict[int, bytes] = field(default_factory=dict)
    tails: dict[int, bytes] = field(default_factory=dict)
    decoded: dict[int, str] = field(default_factory=dict)
