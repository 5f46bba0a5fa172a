"""Compressed frames → pixels by decoders that raise on damaged data: pydicom's plug-ins, zlib, RLE of single bits."""

from __future__ import annotations

import re
import warnings
import zlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .....model.voxels.pixel_bytes import frames_from_bytes
from .....model.voxels.pixels import PixelFormat
from .....standard.transfer_syntaxes import DEFLATED_FRAMES, ENCAPSULATED, JPEG_EXTENDED, JPEG_LS, RLE
from .codestream import has_endless_box, without_padding

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

BASELINE_BITS = 8
"""JPEG of more bits is beyond Pillow, which prints that rather than raise."""
ABORTING = frozenset({"gdcm"})
"""Plug-ins of pydicom that end the whole process on some damaged data."""
Attributes = dict[str, int | str]
_PADDING = re.compile(r"padding - (\d+) vs\. (\d+) bytes")
"""In pydicom's warning of a decoded segment that is longer than a frame."""


class NotDecoded(Exception):
    """No decoder took the frames; the text gives the reason."""


def decode_safely(syntax: str, attributes: Attributes, frames: Sequence[bytes], pixel: PixelFormat) -> np.ndarray:
    """Return frames, shape (frames, rows, columns[, samples]), by a decoder that raises on damaged data.

    Raises
    ------
    NotDecoded
        If none of them can decode the frames.
    """
    own = _OWN.get((syntax, pixel.bits_allocated == 1)) or _OWN.get((syntax, None))
    if own is not None:
        try:
            return np.concatenate([frames_from_bytes(own(frame, pixel), pixel, 1) for frame in frames])
        except (zlib.error, ValueError, IndexError) as error:
            raise NotDecoded(str(error)) from error
    unfit = ABORTING | ({"pillow"} if syntax == JPEG_EXTENDED and pixel.bits_stored > BASELINE_BITS else set())
    try:
        return decode_by_pydicom(syntax, attributes, frames, lambda plugin: plugin not in unfit)
    except NotDecoded:
        unpadded = [without_padding(frame) for frame in frames] if syntax in JPEG_LS else frames
        if unpadded == frames:
            raise
        return decode_by_pydicom(syntax, attributes, unpadded, lambda plugin: plugin not in unfit)


def decode_by_pydicom(
    syntax: str, attributes: Attributes, frames: Sequence[bytes], wanted: Callable[[str], bool]
) -> np.ndarray:
    """Return what `decode_safely` does, by the first wanted plug-in of pydicom that takes the frames; raises `NotDecoded`."""
    from pydicom.pixels import get_decoder

    if any(map(has_endless_box, frames)):
        raise NotDecoded("a box of a JP2 file has no valid length")
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        raise NotDecoded(str(error)) from error
    reasons = []
    for plugin in filter(wanted, decoder.available_plugins):
        try:
            with warnings.catch_warnings(record=True) as spoken:  # in the lock of `without_validation`
                warnings.simplefilter("always")
                array, _ = decoder.as_array(
                    data_set_of(attributes, frames), raw=False, decoding_plugin=plugin, correct_unused_bits=False
                )
            _check_padding([str(one.message) for one in spoken], int(attributes["Columns"]))
            shape = (len(frames), *array.shape[1:]) if len(frames) > 1 else (1, *array.shape)
            decoded: np.ndarray = array.reshape(shape)
            return decoded
        except AttributeError:  # of a picture that the plug-in could not make
            reasons.append(f"{plugin}: not a frame of this kind")
        except Exception as error:  # plug-ins raise whatever their codec raises
            reasons.append(str(error).strip().split("\n")[-1].strip())
    raise NotDecoded("; ".join(dict.fromkeys(reasons)))


def _check_padding(spoken: Sequence[str], columns: int) -> None:
    """Refuse segments of RLE with at least a row more than the attributes specify; a few bytes are padding."""
    lengths = [tuple(map(int, match.groups())) for text in spoken if (match := _PADDING.search(text))]
    longest = max(lengths, default=(0, 0))
    if longest[0] - longest[1] > max(1, columns - 1):
        raise ValueError(f"a segment has {longest[0]} bytes, {longest[1]} pixels are specified. The file contradicts itself")


def data_set_of(attributes: Attributes, frames: Sequence[bytes]) -> Dataset:
    """Return a data set with frames and what describes them, and nothing that a decoder could apply to their values."""
    from pydicom.dataset import Dataset
    from pydicom.encaps import encapsulate

    data_set = Dataset()
    for keyword, value in attributes.items():
        if keyword != "PlanarConfiguration" or attributes["SamplesPerPixel"] != 1:
            setattr(data_set, keyword, value)
    data_set.NumberOfFrames = len(frames)
    data_set.PixelData = encapsulate(list(frames))
    data_set["PixelData"].VR, data_set["PixelData"].is_undefined_length = "OB", True
    return data_set


def _inflated(frame: bytes, pixel: PixelFormat) -> bytes:
    """Return a frame of the transfer syntax Deflated Image Frame Compression (PS3.5 A.4.13)."""
    return _whole(zlib.decompressobj(-zlib.MAX_WBITS).decompress(frame, pixel.bytes_of(1) + 1), pixel)


def _as_it_is(frame: bytes, pixel: PixelFormat) -> bytes:
    """Return a frame of Encapsulated Uncompressed Explicit VR Little Endian (PS3.5 A.4.11)."""
    return _whole(frame, pixel)


def _single_bits(frame: bytes, pixel: PixelFormat) -> bytes:
    """Return the packed bits of a frame in RLE (PS3.5 G), which pydicom decodes for whole bytes only."""
    from pydicom.pixels.decoders.rle import _rle_decode_segment

    count, start = np.frombuffer(frame, "<u4", 2).tolist()
    if count != 1 or not 64 <= start <= len(frame):
        raise ValueError(f"RLE of single bits has one segment, this has {count}")
    return _whole(bytes(_rle_decode_segment(frame[start:])), pixel)


def _whole(raw: bytes, pixel: PixelFormat) -> bytes:
    if len(raw) < pixel.bytes_of(1):
        raise ValueError(f"a frame has {len(raw)} bytes, {pixel.bytes_of(1)} are needed")
    return raw


_OWN: dict[tuple[str, bool | None], Callable[[bytes, PixelFormat], bytes]] = {
    (DEFLATED_FRAMES, None): _inflated,
    (ENCAPSULATED, None): _as_it_is,
    (RLE, True): _single_bits,
}
"""Transfer syntax, and whether pixels are single bits → decoder of one frame."""
