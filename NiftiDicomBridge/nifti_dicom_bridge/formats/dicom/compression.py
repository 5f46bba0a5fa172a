"""DICOM files that were written natively → losslessly compressed ones, proved by decoding (PS3.5 A.4, 8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import BridgeError, PixelError
from ...options import Compression
from ...output.durable import replace
from ...standard.pydicom_settings import without_validation
from ...standard.transfer_syntaxes import DEFLATED, HTJ2K_LOSSLESS, JPEG_2000_LOSSLESS, JPEG_LS_LOSSLESS, NATIVE, RLE
from .frame_encoders import FRAME_ENCODERS, encoded_frames, uncompressible_reason

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset

SYNTAXES = {
    Compression.RLE: RLE,
    Compression.JPEGLS: JPEG_LS_LOSSLESS,
    Compression.J2K: JPEG_2000_LOSSLESS,
    Compression.HTJ2K: HTJ2K_LOSSLESS,
    Compression.DEFLATE: DEFLATED,
}
"""Transfer syntaxes in which nothing is lost."""


@dataclass(frozen=True)
class Compressed:
    """What became of a file; `note` gives the reason it stayed native although compression was asked for."""

    transfer_syntax: str
    note: str = ""


def compress_file(path: Path, compression: Compression, original_syntax: str = "") -> Compressed:
    """Compress a file that was just written and is native.

    Parameters
    ----------
    path : pathlib.Path
        The file; replaced only if the compressed one decodes to the same pixels.
    compression : Compression
        How.
    original_syntax : str
        Transfer syntax of the instance that the file restores; empty for new objects.

    Raises
    ------
    PixelError
        If the codec cannot hold the pixel format, or does not return the same pixels.
    """
    syntax = original_syntax if compression is Compression.ORIGINAL else SYNTAXES.get(compression, "")
    if not syntax or syntax in NATIVE:
        return Compressed("")
    if syntax not in SYNTAXES.values():
        return Compressed("", f"not compressed: {_name(syntax)} cannot be written without loss by this tool")
    try:
        with without_validation():
            return _compressed(path, syntax)
    except PixelError as error:
        if compression is not Compression.ORIGINAL:
            raise
        return Compressed("", f"not compressed: {error}")


def _compressed(path: Path, syntax: str) -> Compressed:
    """Compress a file; whatever a codec raises is a `PixelError`."""
    from pydicom import dcmread

    try:
        data_set = dcmread(path)
        if str(data_set.file_meta.TransferSyntaxUID) not in NATIVE:
            return Compressed(str(data_set.file_meta.TransferSyntaxUID))
        if syntax == DEFLATED:
            data_set.file_meta.TransferSyntaxUID = DEFLATED
        else:
            _encapsulate(data_set, syntax)
        _replace(path, data_set)
    except (BridgeError, OSError):
        raise
    except Exception as error:
        raise _error(syntax, str(error).rstrip(".")) from error
    return Compressed(syntax)


def _error(syntax: str, reason: str) -> PixelError:
    remedy = "Leave out compress=." if syntax == DEFLATED else 'Use compress="deflate", or leave it out.'
    return PixelError(f"{_name(syntax)} cannot compress this image: {reason}. {remedy}")


def _encapsulate(data_set: FileDataset, syntax: str) -> None:
    """Compress the frames of a data set."""
    from pydicom.encaps import encapsulate, encapsulate_extended
    from pydicom.uid import UID

    reason = uncompressible_reason(data_set, syntax)
    if reason:
        raise _error(syntax, reason)
    frames = list(encoded_frames(data_set, syntax))
    if sum(map(len, frames)) + 8 * len(frames) < 2**32:
        data_set.PixelData = encapsulate(frames)
    else:
        data_set.PixelData, data_set.ExtendedOffsetTable, data_set.ExtendedOffsetTableLengths = encapsulate_extended(frames)
    data_set["PixelData"].VR = "OB"
    data_set["PixelData"].is_undefined_length = True
    data_set.file_meta.TransferSyntaxUID = UID(syntax)
    if int(data_set.SamplesPerPixel) > 1:
        data_set.PlanarConfiguration = FRAME_ENCODERS[syntax].planar_configuration


def _replace(path: Path, data_set: FileDataset) -> None:
    """Write a data set in place of a file, if it has the same pixels as the file."""
    from pydicom import dcmread

    part = path.with_name(path.name + ".compressed")
    try:
        data_set.save_as(part, enforce_file_format=True, implicit_vr=False, little_endian=True)
        if not _same_pixels(dcmread(path), dcmread(part)):
            raise _error(str(data_set.file_meta.TransferSyntaxUID), "decoding does not return the same pixels")
        replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _same_pixels(native: Any, compressed: Any) -> bool:
    """Whether the stored bits of all frames are the same."""
    from pydicom.pixels import pixel_array

    if compressed.file_meta.TransferSyntaxUID == DEFLATED:
        keywords = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
        return all(native.get(keyword) == compressed.get(keyword) for keyword in keywords)
    return np.array_equal(pixel_array(native, raw=True), pixel_array(compressed, raw=True))


def _name(syntax: str) -> str:
    from pydicom.uid import UID

    return str(UID(syntax).name)
