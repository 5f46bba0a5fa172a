"""Encapsulated pixel data → frames, by the first decoder that takes them, each on its own terms."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from weakref import WeakKeyDictionary

import numpy as np

from .....errors import DecoderMissingError, DicomReadError
from .....model.metadata import Instance
from .....model.processes.limits import check_expanded
from .....model.voxels.pixel_bytes import are_values, bytes_of, values_of_words
from .....model.voxels.pixels import PixelFormat
from .....optional_packages import missing_error
from .....standard import dictionary
from .....standard.pydicom_settings import without_validation
from .....standard.tags import Tag
from .....standard.transfer_syntaxes import (
    HTJ2K,
    HTJ2K_LOSSLESS,
    HTJ2K_LOSSLESS_RPCL,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    JPEG_LS_LOSSLESS,
    RLE,
)
from .codec_process import decode_in_process
from .codestream import claimed_size, is_cut_off, is_signed, syntax_of
from .encapsulated import frames_as_stored, is_closed, is_in_another_order, pixel_attributes
from .frame_codecs import BASELINE_BITS, Attributes, NotDecoded, decode_safely
from .itk_frames import frames_by_itk
from .surplus_frames import doubt_of_frames, uncounted_frames, without_uncounted_rle
from .unused_bits import doubt_of_bits, has_overlay_in_words

MOST_COMPRESSED = 5000
"""Bytes that one byte of a compressed frame becomes at most, in a large frame that is not suspicious."""
GDCM = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in range(50, 94))
"""JPEG, JPEG-LS and JPEG 2000, of any process (PS3.6 A); for others, the process with GDCM need not be started."""
_OTHER_CODEC = "{name} is {stated}, but the frames are compressed as {own} specifies: they are decoded so"
_LOSSLESS = frozenset(
    {JPEG_LOSSLESS, JPEG_LOSSLESS_SV1, JPEG_LS_LOSSLESS, JPEG_2000_LOSSLESS, HTJ2K_LOSSLESS, HTJ2K_LOSSLESS_RPCL}
)
"""What is lost by others may make a value larger than BitsStored has room for."""
_own_syntaxes: WeakKeyDictionary[Instance, str] = WeakKeyDictionary()
"""Transfer syntaxes of frames that are of another codec than their objects state."""
_doubts_of_bits: WeakKeyDictionary[Instance, str] = WeakKeyDictionary()
"""What is wrong with bits of words that are not of their values."""
_CONTAIN_GDCM = ("SimpleITK", "gdcm")
"""It ends the whole process on some damaged data: a frame of RLE without segments is one."""


def decompress(instance: Instance, pixel: PixelFormat, numbers: Sequence[int] | None = None) -> np.ndarray:
    """Return some frames of compressed pixel data, all by default, shape (frames, rows, columns[, samples]).

    Raises
    ------
    DicomReadError
        If the data are truncated or damaged, or no installed decoder knows their transfer syntax.
    """
    frames = without_uncounted_rle(instance, frames_as_stored(instance, numbers))
    _check_whole(instance, frames)
    _check_claims(instance, pixel, frames)
    with without_validation():
        decoded = _decoded(instance, pixel, frames)
    if decoded.dtype.kind == "i" and not pixel.signed and not pixel.floating:  # as the attributes have the same bits
        decoded = decoded.view(f"u{decoded.dtype.itemsize}")
    if decoded.shape != (len(frames), *pixel.shape):
        raise DicomReadError(
            f"{instance.path}: the compressed pixel data hold an image of shape {decoded.shape}, the attributes specify "
            f"{len(frames)} frame(s) of {pixel.shape}. The file contradicts itself."
        )
    if _syntax_of(instance) == RLE:
        return _values_of_cells(instance, pixel, decoded)
    return values_of_words(decoded, pixel) if _syntax_of(instance) in _LOSSLESS and _has_bare_sign(decoded, pixel) else decoded


def _values_of_cells(instance: Instance, pixel: PixelFormat, words: np.ndarray) -> np.ndarray:
    """Return the values in words, which RLE compresses with all their bits, as those of native pixel data (PS3.5 8.2.2).

    Words that have more bits than BitsStored, though these begin at the lowest bit, are values of more bits.
    """
    if pixel.floating or are_values(words, pixel):
        return words
    is_shifted = pixel.high_bit != pixel.bits_stored - 1
    if not (is_shifted or _has_bare_sign(words, pixel) or has_overlay_in_words(instance.elements)):
        return words
    if doubt := doubt_of_bits(instance.elements, pixel, bytes_of(np.ascontiguousarray(words))):
        _doubts_of_bits[instance] = doubt
    return values_of_words(words, pixel)


def _has_bare_sign(words: np.ndarray, pixel: PixelFormat) -> bool:
    """Whether words have no copies of their sign bit above BitsStored, as some encoders compress them (PS3.5 8.1.1)."""
    is_signed = pixel.signed and not pixel.floating and pixel.high_bit == pixel.bits_stored - 1 and words.size > 0
    return is_signed and int(words.view(f"u{words.dtype.itemsize}").max()) >> pixel.bits_stored == 0


def _syntax_of(instance: Instance) -> str:
    return _own_syntaxes.get(instance, instance.transfer_syntax)


def _check_whole(instance: Instance, frames: Sequence[bytes]) -> None:
    """Refuse frames without bytes, and codestreams that are cut off, also where zeros take the place of what is missing."""
    problem = "is empty" if not all(frames) else "has no end of image: it is cut off" if any(map(is_cut_off, frames)) else ""
    if problem:
        raise _not_decoded(instance, f"a frame {problem}. Copy the file again from its source.")


def _check_claims(instance: Instance, pixel: PixelFormat, frames: Sequence[bytes]) -> None:
    """Refuse frames of another size than the attributes specify, or far larger than their bytes, before memory is allocated."""
    check_expanded(instance.path, len(frames) * pixel.bytes_of(1), sum(map(len, frames)), MOST_COMPRESSED)
    for frame in frames:
        claim = claimed_size(frame)
        if claim is not None and claim[:3] != (claim[0] and pixel.rows, pixel.columns, pixel.samples):  # 0: specified later
            raise DicomReadError(
                f"{instance.path}: the compressed pixel data claim {claim[0]} × {claim[1]} pixels of {claim[2]} sample(s), the "
                f"attributes specify {pixel.rows} × {pixel.columns} of {pixel.samples}. The file contradicts itself."
            )
        if claim is not None and claim[3] > pixel.bits_allocated:
            raise DicomReadError(
                f"{instance.path}: the compressed pixel data have {claim[3]} bits, BitsAllocated (0028,0100) is "
                f"{pixel.bits_allocated}. The file contradicts itself."
            )


def _decoded(instance: Instance, pixel: PixelFormat, frames: Sequence[bytes]) -> np.ndarray:
    """Return frames by decoders that raise on damaged data, else by those that may not, kept apart where that is possible."""
    syntax, attributes = instance.transfer_syntax, pixel_attributes(instance)
    if (own := syntax_of(frames[0], syntax)) != syntax:
        _own_syntaxes[instance] = syntax = own
    if _has_another_sign(pixel, frames[:1]):
        attributes["PixelRepresentation"] = 1
    if is_narrow := _are_of_8_bits(syntax, pixel, frames):
        attributes |= {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    decoded = _by_decoders(instance, syntax, attributes, frames, pixel)
    return decoded.astype(pixel.dtype) if is_narrow else decoded


def _by_decoders(
    instance: Instance, syntax: str, attributes: Attributes, frames: Sequence[bytes], pixel: PixelFormat
) -> np.ndarray:
    """Return frames by the first decoder that takes them."""
    reasons = []
    try:
        return decode_safely(syntax, attributes, frames, pixel)
    except NotDecoded as error:
        reasons.append(str(error))
        if _is_final(syntax):
            raise _not_decoded(instance, str(error)) from error
    try:
        decoded = _by_gdcm(syntax, attributes, frames)
        if decoded is not None:
            return decoded
    except NotDecoded as error:
        reasons = list(filter(None, reasons)) or [str(error)]
    raise _not_decoded(instance, "; ".join(dict.fromkeys(filter(None, reasons))))


def _has_another_sign(pixel: PixelFormat, frames: Sequence[bytes]) -> bool:
    """Whether frames have signed samples, though the attributes specify unsigned ones."""
    return not pixel.signed and not pixel.floating and any(map(is_signed, frames))


def _are_of_8_bits(syntax: str, pixel: PixelFormat, frames: Sequence[bytes]) -> bool:
    """Whether samples of JPEG have 8 bits, and the attributes 16 for each: decoders of JPEG expect the same in both."""
    is_wide = syntax in (JPEG_BASELINE, JPEG_EXTENDED) and pixel.bits_allocated > BASELINE_BITS and not pixel.signed
    claims = [claimed_size(frame) for frame in frames] if is_wide else []
    return is_wide and all(claim is not None and claim[3] == BASELINE_BITS for claim in claims)


def _is_final(syntax: str) -> bool:
    """Whether GDCM is not asked: it does not know the syntax, or a decoder that refuses all damage was there to refuse.

    ITK 2.5.0 returns noise for damaged JPEG-LS and RLE.
    """
    from pydicom.pixels import get_decoder

    return syntax not in GDCM or (syntax in JPEG_LS and "pyjpegls" in get_decoder(syntax).available_plugins)


def _by_gdcm(syntax: str, attributes: Attributes, frames: Sequence[bytes]) -> np.ndarray | None:
    """Return frames by GDCM, in SimpleITK or alone; in a process of its own, except without a Python to start one with."""
    if all(find_spec(name) is None for name in _CONTAIN_GDCM):
        return None
    decoded = decode_in_process(syntax, attributes, frames)
    return frames_by_itk(syntax, attributes, frames) if decoded is None else decoded


def _not_decoded(instance: Instance, reason: str) -> DicomReadError:
    """Return why pixel data were not decoded: no decoder is installed, or they are damaged."""
    from pydicom.pixels import get_decoder

    syntax = dictionary.uid_name(instance.transfer_syntax) or "unknown transfer syntax"
    try:
        if not get_decoder(instance.transfer_syntax).is_available:
            if instance.transfer_syntax in HTJ2K:
                return DecoderMissingError(str(missing_error("codecs", f"{instance.path}: ")), "codecs")
            reason = reason or "neither pydicom nor SimpleITK decodes them, they may be damaged"
    except NotImplementedError:
        pass  # pydicom does not support the transfer syntax, and reports it
    return DicomReadError(f"{instance.path}: the pixel data ({syntax}) cannot be decoded: {reason}")


def doubts_of(instance: Instance, pixel: PixelFormat, frames: np.ndarray) -> list[str]:
    """Return what is wrong with compressed pixel data that were decoded nevertheless; `frames` as of `decompress`."""
    doubts = []
    if not is_closed(instance):
        doubts.append("compressed pixel data without their closing delimiter; all frames are there")
    if is_in_another_order(instance):
        doubts.append("the frames are in the order of the table of their offsets, which is not that of the file")
    if more := uncounted_frames(instance):
        doubts.append(doubt_of_frames(more))
    doubts += filter(None, [_doubts_of_bits.get(instance)])
    syntax = _syntax_of(instance)
    if syntax != instance.transfer_syntax:
        names = {"stated": dictionary.uid_name(instance.transfer_syntax), "own": dictionary.uid_name(syntax)}
        doubts.append(_OTHER_CODEC.format(name=dictionary.describe(Tag.TRANSFER_SYNTAX_UID), **names))
    if syntax in JPEG_2000 and _has_another_sign(pixel, frames_as_stored(instance, [0])):
        doubts.append(
            f"the compressed pixel data are signed, {dictionary.describe(Tag.PIXEL_REPRESENTATION)} specifies unsigned values: "
            "negative ones are large positive ones here"
        )
    elif syntax in JPEG_2000 and _has_lost_sign(instance, pixel, frames):
        doubts.append(
            f"the compressed pixel data are unsigned, {dictionary.describe(Tag.PIXEL_REPRESENTATION)} specifies signed values: "
            "large positive ones may be negative here"
        )
    if exceeds_bits_stored(frames, pixel):
        doubts.append(
            f"the compressed pixel data have more bits than BitsStored {pixel.bits_stored} specifies: values from "
            f"{frames.min()} to {frames.max()} are kept as they are"
        )
    return doubts


def _has_lost_sign(instance: Instance, pixel: PixelFormat, frames: np.ndarray) -> bool:
    """Whether negative values are of frames without a sign, though the attributes specify signed ones."""
    return pixel.signed and bool((frames < 0).any()) and not is_signed(frames_as_stored(instance, [0])[0])


def exceeds_bits_stored(frames: np.ndarray, pixel: PixelFormat) -> bool:
    """Whether stored values do not fit into BitsStored bits."""
    if pixel.floating or pixel.bits_stored >= pixel.bits_allocated or not frames.size:
        return False
    low = -(1 << pixel.bits_stored - 1) if pixel.signed else 0
    high = (1 << pixel.bits_stored - pixel.signed) - 1
    return bool(frames.min() < low or frames.max() > high)
