"""Lossless codecs of single frames, and which pixel formats each of them holds (PS3.5 8.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...optional_packages import require
from ...standard.transfer_syntaxes import HTJ2K_LOSSLESS, JPEG_2000_LOSSLESS, JPEG_LS_LOSSLESS, RLE


@dataclass(frozen=True)
class FrameEncoder:
    """A lossless codec.

    Attributes
    ----------
    most_bits : int
        Largest BitsAllocated that it holds.
    planar_configuration : int
        How the samples of colors are arranged in what it decodes to.
    feature : str
        Key of `optional_packages.FEATURES` that it needs; empty if a plain installation has it.
    least_pixels : int
        Fewest rows and columns: the encoder of JPEG 2000 halves each frame five times, that of JPEG-LS needs two rows.
    """

    most_bits: int
    planar_configuration: int = 0
    feature: str = ""
    least_pixels: int = 1


FRAME_ENCODERS = {
    RLE: FrameEncoder(32, 1),
    JPEG_LS_LOSSLESS: FrameEncoder(16, least_pixels=2),
    JPEG_2000_LOSSLESS: FrameEncoder(16, feature="codecs", least_pixels=32),
    HTJ2K_LOSSLESS: FrameEncoder(16, feature="htj2k"),
}
_OPTIONS: dict[str, dict[str, Any]] = {
    RLE: {"encoding_plugin": "pydicom"},  # that of GDCM ends the process for some numbers of rows
    JPEG_2000_LOSSLESS: {"use_mct": False},  # the colors stay RGB
}
_COLORS = ("RGB", "YBR_FULL")
_GRAYSCALE = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")


def uncompressible_reason(data_set: Any, syntax: str) -> str:
    """Return why a codec cannot hold the pixels of a data set; empty if it can."""
    if "PixelData" not in data_set:
        floating = "FloatPixelData" in data_set or "DoubleFloatPixelData" in data_set
        return "its pixels are floating-point numbers" if floating else "it contains no pixels"
    allocated, photometric = int(data_set.BitsAllocated), str(data_set.PhotometricInterpretation)
    if allocated < 8:
        return f"its pixels have {allocated} bit{'s' * (allocated > 1)}, and 8 or more are required"
    if int(data_set.HighBit) != int(data_set.BitsStored) - 1:
        return f"its HighBit (0028,0102) is {data_set.HighBit} and its BitsStored (0028,0101) is {data_set.BitsStored}"
    rows, columns, least = int(data_set.Rows), int(data_set.Columns), FRAME_ENCODERS[syntax].least_pixels
    if min(rows, columns) < least:
        return f"its frames have {rows} × {columns} pixels, and {least} are required"
    if allocated > FRAME_ENCODERS[syntax].most_bits:
        return f"its pixels have {allocated} bits, and at most {FRAME_ENCODERS[syntax].most_bits} are possible"
    if photometric not in (*_COLORS, *_GRAYSCALE):
        return f"its PhotometricInterpretation (0028,0004) is {photometric}"
    if int(data_set.SamplesPerPixel) > 1 and allocated != 8:
        return f"its colors have {allocated} bits, and 8 are required"
    return ""


def encoded_frames(data_set: Any, syntax: str) -> Iterator[bytes]:
    """Yield the codestream of each frame of a native data set."""
    from pydicom.pixels import get_encoder, iter_pixels
    from pydicom.uid import UID

    encoder = FRAME_ENCODERS[syntax]
    if encoder.feature:
        require(encoder.feature)
    if syntax == HTJ2K_LOSSLESS:
        yield from _high_throughput(data_set)
        return
    options = _OPTIONS.get(syntax, {})
    codec = get_encoder(UID(syntax))
    for frame in iter_pixels(data_set, raw=True):
        yield codec.encode(frame, index=None, **_description(data_set), **options)


def _description(data_set: Any) -> dict[str, Any]:
    """Return what an encoder of pydicom must know of one frame."""
    samples = int(data_set.SamplesPerPixel)
    return {
        "rows": int(data_set.Rows),
        "columns": int(data_set.Columns),
        "samples_per_pixel": samples,
        "bits_allocated": int(data_set.BitsAllocated),
        "bits_stored": int(data_set.BitsStored),
        "pixel_representation": int(data_set.PixelRepresentation),
        "photometric_interpretation": str(data_set.PhotometricInterpretation),
        "number_of_frames": 1,
        **({"planar_configuration": 0} if samples > 1 else {}),
    }


def _high_throughput(data_set: Any) -> Iterator[bytes]:
    import imagecodecs
    from pydicom.pixels import iter_pixels

    for frame in iter_pixels(data_set, raw=True):
        yield bytes(imagecodecs.htj2k_encode(frame, reversible=True, rgb=False))
