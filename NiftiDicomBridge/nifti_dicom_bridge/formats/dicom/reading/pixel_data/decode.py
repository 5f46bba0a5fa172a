"""Pixel data → frames: native ones by ourselves, compressed ones by `decompress`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from .....errors import DicomReadError
from .....model import metadata
from .....model.metadata import Element, Elements, Instance
from .....model.voxels.color_models import YBR_FULL, YBR_FULL_422
from .....model.voxels.pixel_bytes import BitFrames, frames_from_bytes
from .....model.voxels.pixels import PixelFormat
from .....standard import dictionary
from .....standard.pydicom_settings import without_validation
from .....standard.tags import Tag
from .....standard.transfer_syntaxes import DEFLATED, NATIVE
from ..attributes.functional_groups import frame_count
from ..attributes.shared_values import SharedValues
from ..data_sets.files import lacks_padding, read_part, read_pixel_bytes
from .bits_in_file import BitsInFile, stay_in_file
from .codestream import HEADER_BYTES, claimed_size
from .encapsulated import check_fragments
from .frame_codecs import ABORTING

_ALLOCATED = frozenset({1, 8, 16, 32, 64})


def is_native(instance: Instance) -> bool:
    """Whether the pixel data are not encapsulated; so is an object without any."""
    return instance.pixels is None or instance.pixels.length >= 0


class PixelFormats:
    """How the pixels of instances are in their elements: read once for instances that have that in common."""

    def __init__(self) -> None:
        self._of_pixels: dict[tuple[int, int], SharedValues[PixelFormat]] = {}

    def of(self, instance: Instance) -> PixelFormat:
        """Return what `pixel_format` does; raises as it does."""
        assert instance.pixels is not None
        key = instance.pixels.tag, instance.pixels.length
        if key not in self._of_pixels:
            self._of_pixels[key] = SharedValues(lambda elements: pixel_format(replace(instance, elements=elements)))
        try:
            return self._of_pixels[key].of(instance.elements)
        except DicomReadError:
            return pixel_format(instance)  # with its path in the message


def pixel_format(instance: Instance) -> PixelFormat:
    """Return how the pixels of an instance are in their element.

    Raises
    ------
    DicomReadError
        If an attribute of the Image Pixel module is missing, zero or impossible.
    """
    elements = instance.elements
    rows, columns = _positive(instance, Tag.ROWS), _positive(instance, Tag.COLUMNS)
    floating = _has_floats(instance)
    allocated, stored, high = _bits_of(instance)
    pixel = PixelFormat(
        rows=rows,
        columns=columns,
        samples=max(1, metadata.integer(elements, Tag.SAMPLES_PER_PIXEL, 1)),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high,
        signed=metadata.integer(elements, Tag.PIXEL_REPRESENTATION) == 1 and allocated > 1,
        floating=floating,
        planar=metadata.integer(elements, Tag.PLANAR_CONFIGURATION) == 1,
        photometric=metadata.text(elements, Tag.PHOTOMETRIC_INTERPRETATION),
    )
    if has_whole_colors(instance, rows, columns):
        return pixel._replace(photometric=YBR_FULL)
    if pixel.is_subsampled and rows * columns % 2 and is_native(instance):
        raise DicomReadError(
            f"{instance.path}: {rows} × {columns} pixels cannot share a color in pairs, as "
            f"{dictionary.describe(Tag.PHOTOMETRIC_INTERPRETATION)} {pixel.photometric} specifies. The file contradicts itself."
        )
    return pixel


def _has_floats(instance: Instance) -> bool:
    return instance.pixels is not None and instance.pixels.tag in dictionary.FLOAT_PIXEL_BITS


def _bits_of(instance: Instance) -> tuple[int, int, int]:
    """Return BitsAllocated, BitsStored and HighBit; instead of impossible ones, those of values that fill their words."""
    assert instance.pixels is not None
    elements, floating = instance.elements, _has_floats(instance)
    allocated = dictionary.FLOAT_PIXEL_BITS[instance.pixels.tag] if floating else _positive(instance, Tag.BITS_ALLOCATED)
    if allocated not in _ALLOCATED:
        raise DicomReadError(
            f"{instance.path}: {dictionary.describe(Tag.BITS_ALLOCATED)} is {allocated}; 1, 8, 16, 32 and 64 exist."
        )
    stored = metadata.integer(elements, Tag.BITS_STORED, allocated)
    stored = stored if 0 < stored <= allocated and not floating else allocated
    high = metadata.integer(elements, Tag.HIGH_BIT, stored - 1)
    return allocated, stored, high if stored - 1 <= high < allocated else stored - 1


def has_whole_colors(instance: Instance, rows: int, columns: int) -> bool:
    """Whether every pixel has a color of its own, though YBR_FULL_422 specifies one for two pixels (PS3.3 C.7.6.3.1.2).

    Programs that decompress JPEG leave such objects.
    """
    elements, pixels = instance.elements, instance.pixels
    if pixels is None or metadata.text(elements, Tag.PHOTOMETRIC_INTERPRETATION) != YBR_FULL_422:
        return False
    whole = rows * columns * 3 * frame_count(elements)
    return pixels.length in (whole, whole + whole % 2) and metadata.integer(elements, Tag.SAMPLES_PER_PIXEL) == 3


def _positive(instance: Instance, tag: int) -> int:
    number = metadata.number(instance.elements, tag)
    if number is None:
        raise DicomReadError(
            f"{instance.path}: {dictionary.describe(tag)} is missing: the pixel data cannot be understood without it."
        )
    if not 0 < number < 2**31:
        raise DicomReadError(f"{instance.path}: {dictionary.describe(tag)} is {number:g}, so the image is empty.")
    return int(number)


def check_length(instance: Instance, pixel: PixelFormat) -> None:
    """Raise `DicomReadError` when pixel data are shorter than rows, columns and frames promise.

    Asked before anything is made for each frame, as the number of frames may be wrong.
    """
    pixels = instance.pixels
    assert pixels is not None
    frames = frame_count(instance.elements)
    size = Path(instance.path).stat().st_size
    if pixels.length < 0 and frames > max(1, size // 8):  # a frame has an item header at least
        raise DicomReadError(
            f"{instance.path}: {dictionary.describe(Tag.NUMBER_OF_FRAMES)} is {frames}, the file is too small for as many. "
            "Copy it again from its source."
        )
    if pixels.length < 0:
        _refuse_native_syntax(instance)
        check_fragments(instance)
        return
    wanted = pixel.bytes_of(frames)
    held = pixels.length if instance.encoding.deflated else size - pixels.offset
    length = min(pixels.length, held)
    if length not in (wanted, wanted + wanted % 2):
        _refuse_codestream(instance, length)
    if length < wanted:
        raise DicomReadError(
            f"{instance.path}: {dictionary.describe(pixels.tag)} has {length} bytes, but {frames} frame(s) of "
            f"{pixel.rows} × {pixel.columns} pixels need {wanted}: truncated. Copy it again from its source."
        )
    if pixels.length > held and not lacks_padding(instance):
        raise DicomReadError(
            f"{instance.path}: {dictionary.describe(pixels.tag)} should have {pixels.length} bytes, the file holds {held}: "
            "truncated. Copy it again from its source."
        )


def _refuse_native_syntax(instance: Instance) -> None:
    """Raise `DicomReadError` where pixel data are encapsulated, and the transfer syntax specifies uncompressed ones."""
    syntax = instance.transfer_syntax
    if syntax in (*NATIVE, DEFLATED):
        raise DicomReadError(
            f"{instance.path}: {dictionary.describe(Tag.PIXEL_DATA)} is encapsulated as compressed pixel data are, but "
            f"{dictionary.describe(Tag.TRANSFER_SYNTAX_UID)} {dictionary.uid_name(syntax)} specifies uncompressed ones. "
            "Correct the transfer syntax, or export the file again from its source."
        )


def _refuse_codestream(instance: Instance, length: int) -> None:
    """Raise `DicomReadError` where pixel data of a defined length, which are pixels (PS3.5 A.4), are a compressed image."""
    if claimed_size(read_part(instance, 0, min(length, HEADER_BYTES))) is not None:
        raise DicomReadError(
            f"{instance.path}: {dictionary.describe(Tag.PIXEL_DATA)} contains a compressed image that is not encapsulated "
            "(PS3.5 A.4), so its bytes are not the pixels. Export it again from its source, encapsulated or uncompressed."
        )


def decode(instance: Instance, pixel: PixelFormat) -> np.ndarray:
    """Return all frames of an instance.

    Returns
    -------
    numpy.ndarray, shape (frames, rows, columns[, samples])
        Stored values; RGB where the pixels were YBR.

    Raises
    ------
    DicomReadError
        If the pixel data are damaged or no installed codec knows their transfer syntax.
    """
    count = frame_count(instance.elements)
    if is_native(instance):
        raw = read_pixel_bytes(instance)
        return frames_from_bytes(little_endian(raw, instance, pixel), pixel, count)
    return decompressed_frames(instance, pixel)


def decode_some(instance: Instance, pixel: PixelFormat, frames: Sequence[int]) -> np.ndarray | None:
    """Return some frames, in the shape of `decode`, of compressed pixel data, without decoding the others.

    None where that cannot be done; `decode` then gives the reason, or does it another way.
    """
    try:
        return decompressed_frames(instance, pixel, frames)
    except DicomReadError:
        return None


def import_decoders() -> None:
    """Import what decodes compressed pixel data, once for all copies of this process that begin later."""
    import pydicom.pixels  # noqa: F401


def doubts_of(instance: Instance, pixel: PixelFormat, frames: np.ndarray) -> list[str]:
    """Return what is wrong with compressed pixel data that were decoded nevertheless; `frames` as of `decode`."""
    from . import decompress

    return decompress.doubts_of(instance, pixel, frames)


def decompressed_frames(instance: Instance, pixel: PixelFormat, frames: Sequence[int] | None = None) -> np.ndarray:
    """Return some frames of compressed pixel data, all by default; in the shape, and with the errors, of `decode`."""
    from .decompress import decompress

    return decompress(instance, pixel, frames)


def masks(instance: Instance, pixel: PixelFormat) -> np.ndarray | BitFrames | BitsInFile:
    """Return the frames of an instance of one bit per pixel, each (rows, columns), taken by number; raises as `decode` does."""
    if is_native(instance) and stay_in_file(instance, pixel):
        return BitsInFile(instance, pixel)
    if is_native(instance) and pixel.bits_allocated == 1:
        return BitFrames(little_endian(read_pixel_bytes(instance), instance, pixel), pixel)
    return decode(instance, pixel)


def little_endian(raw: bytes, instance: Instance, pixel: PixelFormat) -> bytes:
    """Return native pixel data in little endian (big endian swaps words of the VR: PS3.5 7.3)."""
    are_words = instance.pixels is not None and instance.pixels.vr == "OW" and not instance.encoding.little
    if instance.has_little_pixels or (pixel.bits_allocated <= 8 and not are_words):
        return raw
    size = max(2, pixel.bits_allocated // 8)
    whole = len(raw) // size * size
    return np.frombuffer(raw, f"V{size}", whole // size).view(f">u{size}").astype(f"<u{size}").tobytes() + raw[whole:]


def decompressed_icon(elements: Elements, syntax: str) -> Elements | None:
    """Return the elements of an icon whose pixel data were compressed as native ones; None where they cannot be decoded."""
    import pydicom
    from pydicom.pixels import get_decoder

    wanted = (Tag.ROWS, Tag.COLUMNS, Tag.SAMPLES_PER_PIXEL, Tag.BITS_ALLOCATED, Tag.BITS_STORED, Tag.PIXEL_REPRESENTATION)
    data_set = pydicom.Dataset()
    for tag in wanted:
        data_set.add_new(tag, "US", metadata.integer(elements, tag, 0))
    data_set.PhotometricInterpretation = metadata.text(elements, Tag.PHOTOMETRIC_INTERPRETATION)
    data_set.PlanarConfiguration = metadata.integer(elements, Tag.PLANAR_CONFIGURATION)
    data_set.PixelData = elements[Tag.PIXEL_DATA].value
    data_set["PixelData"].is_undefined_length = True
    with without_validation():
        try:
            decoder = get_decoder(syntax)
            plugin = next(name for name in decoder.available_plugins if name not in ABORTING)
            frame, _ = decoder.as_array(data_set, raw=False, decoding_plugin=plugin)
        except Exception:  # pydicom and its plug-ins raise whatever their codec raises
            return None
    raw = frame.astype(frame.dtype.newbyteorder("<")).tobytes()
    changed = {Tag.PIXEL_DATA: Element("OW" if frame.dtype.itemsize > 1 else "OB", raw + b"\0" * (len(raw) % 2))}
    if frame.ndim == 3:
        changed |= {Tag.PHOTOMETRIC_INTERPRETATION: Element("CS", b"RGB "), Tag.PLANAR_CONFIGURATION: Element("US", b"\0\0")}
    return {**elements, **changed}
