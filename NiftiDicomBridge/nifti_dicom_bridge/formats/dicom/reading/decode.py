"""Pixel data → frames: native ones by ourselves, compressed ones by pydicom's plug-ins, else by SimpleITK."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ....errors import DecoderMissingError, DicomReadError
from ....model import metadata
from ....model.metadata import Element, Elements, Instance
from ....model.pixels import BitFrames, PixelFormat, frames_from_bytes
from ....optional_packages import missing_error
from ....standard import dictionary
from ....standard.tags import Tag
from .files import read_pixel_bytes
from .itk_frames import frames_by_itk
from .lookup import frame_count

_PYDICOM_SETTINGS = threading.Lock()
"""pydicom's settings and Python's warning filters belong to the process: one thread at a time may turn them."""
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
HTJ2K = frozenset({"1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203"})
_ALLOCATED = frozenset({1, 8, 16, 32, 64})


def is_native(instance: Instance) -> bool:
    """Whether the pixel data are not encapsulated."""
    return instance.pixels is not None and instance.pixels.length >= 0


def pixel_format(instance: Instance) -> PixelFormat:
    """Return how the pixels of an instance lie in their element.

    Raises
    ------
    DicomReadError
        If an attribute of the Image Pixel module is missing, zero or impossible.
    """
    elements, pixels = instance.elements, instance.pixels
    assert pixels is not None
    rows, columns = _positive(instance, Tag.ROWS), _positive(instance, Tag.COLUMNS)
    floating = pixels.tag != Tag.PIXEL_DATA
    allocated = {Tag.FLOAT_PIXEL_DATA: 32, Tag.DOUBLE_FLOAT_PIXEL_DATA: 64}.get(pixels.tag) or _positive(
        instance, Tag.BITS_ALLOCATED
    )
    if allocated not in _ALLOCATED:
        raise DicomReadError(
            f"{instance.path}: {dictionary.describe(Tag.BITS_ALLOCATED)} is {allocated}; 1, 8, 16, 32 and 64 exist."
        )
    stored = metadata.integer(elements, Tag.BITS_STORED, allocated)
    stored = stored if 0 < stored <= allocated and not floating else allocated
    high = metadata.integer(elements, Tag.HIGH_BIT, stored - 1)
    return PixelFormat(
        rows=rows,
        columns=columns,
        samples=max(1, metadata.integer(elements, Tag.SAMPLES_PER_PIXEL, 1)),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high if stored - 1 <= high < allocated else stored - 1,
        signed=metadata.integer(elements, Tag.PIXEL_REPRESENTATION) == 1 and allocated > 1,
        floating=floating,
        planar=metadata.integer(elements, Tag.PLANAR_CONFIGURATION) == 1,
        photometric=metadata.text(elements, Tag.PHOTOMETRIC_INTERPRETATION),
    )


def _positive(instance: Instance, tag: int) -> int:
    found = metadata.number(instance.elements, tag)
    if found is None:
        raise DicomReadError(
            f"{instance.path}: {dictionary.describe(tag)} is missing: the pixel data cannot be understood without it."
        )
    if not 0 < found < 2**31:
        raise DicomReadError(f"{instance.path}: {dictionary.describe(tag)} is {found:g}: there is no image.")
    return int(found)


def check_length(instance: Instance) -> None:
    """Raise `DicomReadError` when pixel data are shorter than rows, columns and frames promise.

    Asked before anything is made for each frame, as the number of frames may be a lie.
    """
    pixels, pixel = instance.pixels, pixel_format(instance)
    assert pixels is not None
    frames = frame_count(instance.elements)
    if pixels.length < 0 and frames > max(1, Path(instance.path).stat().st_size // 8):  # a frame has an item header at least
        raise DicomReadError(
            f"{instance.path}: {dictionary.describe(Tag.NUMBER_OF_FRAMES)} is {frames}, the file is too small for as many. "
            "Get the file anew from its source."
        )
    wanted = pixel.bytes_of(frames)
    if 0 <= pixels.length < wanted:
        raise DicomReadError(
            f"{instance.path}: {dictionary.describe(pixels.tag)} has {pixels.length} bytes, but {frames} frame(s) of "
            f"{pixel.rows} × {pixel.columns} pixels need {wanted}: truncated. Get the file anew from its source."
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
    frames = _decompress(instance)
    try:
        frames = frames.reshape(count, *pixel.shape)
    except ValueError:
        raise DicomReadError(
            f"{instance.path}: the compressed pixel data hold an image of shape {frames.shape}, the attributes say "
            f"{count} frame(s) of {pixel.shape}. The file contradicts itself."
        ) from None
    return frames


def decode_some(instance: Instance, pixel: PixelFormat, frames: Sequence[int]) -> np.ndarray | None:
    """Return some frames of an instance whose pixel data are compressed, without decoding the others.

    None where that cannot be done; `decode` then says why, or does it another way.
    """
    from pydicom.pixels import iter_pixels

    found = None
    with _quiet():
        if not _has_12_bit_jpeg(instance):
            try:
                found = np.stack(list(iter_pixels(instance.path, indices=list(frames))))
            except Exception:  # pydicom and its plug-ins raise whatever their codec raises
                found = None
        if found is None:
            found = frames_by_itk(instance, frame_count(instance.elements), frames)
    return found if found is not None and found.shape == (len(frames), *pixel.shape) else None


def masks(instance: Instance, pixel: PixelFormat) -> np.ndarray | BitFrames:
    """Return the frames of an instance of one bit per pixel, to be taken one by one; raises as `decode` does."""
    if is_native(instance) and pixel.bits_allocated == 1:
        return BitFrames(little_endian(read_pixel_bytes(instance), instance, pixel), pixel)
    return decode(instance, pixel)


def little_endian(raw: bytes, instance: Instance, pixel: PixelFormat) -> bytes:
    """Return native pixel data in little endian (big endian swaps words of the VR: PS3.5 7.3)."""
    if instance.encoding.little or (pixel.bits_allocated <= 8 and instance.pixels and instance.pixels.vr != "OW"):
        return raw
    size = max(2, pixel.bits_allocated // 8)
    whole = len(raw) // size * size
    return np.frombuffer(raw, f"V{size}", whole // size).view(f">u{size}").astype(f"<u{size}").tobytes() + raw[whole:]


def _decompress(instance: Instance) -> np.ndarray:
    import pydicom
    from pydicom.pixels import pixel_array

    count = frame_count(instance.elements)
    with _quiet():
        if _has_12_bit_jpeg(instance):
            found = frames_by_itk(instance, count)
            if found is not None:
                return found
        try:
            data_set = pydicom.dcmread(instance.path, force=True)
            return pixel_array(data_set)
        except Exception as error:  # pydicom and its plug-ins raise whatever their codec raises
            found = frames_by_itk(instance, count)
            if found is not None:
                return found
            raise _not_decoded(instance, error) from error


def _has_12_bit_jpeg(instance: Instance) -> bool:
    """Whether pixels are JPEG of 12 bits, which none of pydicom's plug-ins with a free license decodes."""
    return instance.transfer_syntax == JPEG_EXTENDED and metadata.integer(instance.elements, Tag.BITS_STORED) > 8


def _not_decoded(instance: Instance, error: Exception) -> DicomReadError:
    """Return why pixel data were not decoded: no decoder is installed, or they are damaged."""
    from pydicom.pixels import get_decoder

    syntax = dictionary.uid_name(instance.transfer_syntax) or "unknown transfer syntax"
    reason = str(error).strip().split("\n")[0]
    try:
        if not get_decoder(instance.transfer_syntax).is_available:
            if instance.transfer_syntax in HTJ2K:
                return DecoderMissingError(str(missing_error("codecs", f"{instance.path}: ")), "codecs")
            reason = "neither pydicom nor SimpleITK decodes them, they may be damaged"
    except NotImplementedError:
        pass  # pydicom does not know the transfer syntax, and says so
    return DicomReadError(f"{instance.path}: the pixel data ({syntax}) cannot be decoded: {reason}")


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
    with _quiet():
        try:
            frame, _ = get_decoder(syntax).as_array(data_set, raw=False)
        except Exception:  # pydicom and its plug-ins raise whatever their codec raises
            return None
    raw = frame.astype(frame.dtype.newbyteorder("<")).tobytes()
    changed = {Tag.PIXEL_DATA: Element("OW" if frame.dtype.itemsize > 1 else "OB", raw + b"\0" * (len(raw) % 2))}
    if frame.ndim == 3:
        changed |= {Tag.PHOTOMETRIC_INTERPRETATION: Element("CS", b"RGB "), Tag.PLANAR_CONFIGURATION: Element("US", b"\0\0")}
    return {**elements, **changed}


@contextmanager
def _quiet() -> Iterator[None]:
    """Let pydicom read values that break rules without complaint: they are kept as they are."""
    from pydicom import config

    with _PYDICOM_SETTINGS:
        before = config.settings.reading_validation_mode
        config.settings.reading_validation_mode = config.IGNORE
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            config.settings.reading_validation_mode = before
