"""Transfer syntaxes, and files that are not what their file meta information specifies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)  # fmt: skip

from .base import COLUMNS, CT, MR, ROWS, SECONDARY_CAPTURE, SLICES, element, image, phantom, ramp, save, slices, write


@phantom
def implicit(folder: Path) -> None:
    """No VR in the file, private elements too."""
    save(folder, _in(ImplicitVRLittleEndian, _with_private(slices(ramp(SLICES, ROWS, COLUMNS)))))


@phantom
def big_endian(folder: Path) -> None:
    """16-bit pixels, numbers of all sizes."""
    found = _with_private(slices(ramp(SLICES, ROWS, COLUMNS, start=-300)))
    for ds in found:
        ds.add_new(0x00280106, "SS", -300)
        ds.RealWorldValueMappingSequence = [_numbers()]
    save(folder, _in(ExplicitVRBigEndian, found))


@phantom
def big_endian_8_bit(folder: Path) -> None:
    """8-bit pixels in OW: bytes of a word are swapped."""
    found = slices(ramp(SLICES, ROWS, COLUMNS, dtype="u1"), MR)
    for ds in found:
        ds["PixelData"].VR = "OW"
    save(folder, _in(ExplicitVRBigEndian, found))


@phantom
def deflated(folder: Path) -> None:
    """The data set is a zip stream."""
    save(folder, _in(DeflatedExplicitVRLittleEndian, _with_private(slices(ramp(SLICES, ROWS, COLUMNS)))))


@phantom(exact=False)
def rle(folder: Path) -> None:
    """RLE."""
    _compressed(folder, RLELossless, slices(_large("<i2"), CT))


@phantom(exact=False)
def rle_color(folder: Path) -> None:
    """RLE of color by pixel."""
    _compressed(folder, RLELossless, [image(ramp(8, 8, 3, dtype="u1"), SECONDARY_CAPTURE)])


@phantom(exact=False)
def jpeg_ls(folder: Path) -> None:
    """JPEG-LS, lossless."""
    _compressed(folder, JPEGLSLossless, slices(_large("<u2"), MR))


@phantom(exact=False)
def jpeg_ls_signed(folder: Path) -> None:
    """JPEG-LS of negative values."""
    _compressed(folder, JPEGLSLossless, slices(_large("<i2") - 200, CT))


@phantom(exact=False)
def jpeg_ls_near(folder: Path) -> None:
    """JPEG-LS with loss."""
    _compressed(folder, JPEGLSNearLossless, slices(_large("<u2"), MR), jls_error=3)


@phantom(exact=False)
def jpeg_2000(folder: Path) -> None:
    """JPEG 2000, lossless."""
    _jpeg_2000(folder, JPEG2000Lossless, slices(_large("<u2"), MR))


@phantom(exact=False)
def jpeg_2000_signed(folder: Path) -> None:
    """JPEG 2000 of negative values."""
    _jpeg_2000(folder, JPEG2000Lossless, slices(_large("<i2") - 200, CT))


@phantom(exact=False)
def jpeg_2000_lossy_color(folder: Path) -> None:
    """JPEG 2000 with loss, in color (ICT)."""
    ds = image(_gradient(), SECONDARY_CAPTURE)
    _jpeg_2000(folder, JPEG2000, [ds], use_mct=True, compression_ratios=[4])


@phantom(exact=False)
def jpeg_baseline(folder: Path) -> None:
    """JPEG baseline, gray."""
    _jpeg(folder, _gradient()[..., 0])


@phantom(exact=False)
def jpeg_baseline_color(folder: Path) -> None:
    """JPEG baseline, YBR_FULL_422."""
    _jpeg(folder, _gradient())


@phantom(exact=False)
def rle_multi_frame(folder: Path) -> None:
    """RLE of an Enhanced object, a fragment per frame and an extended offset table."""
    from .multiframe import enhanced

    ds = enhanced(2, SLICES)
    ds.compress(RLELossless, generate_instance_uid=False, encapsulate_ext=True)
    write(folder / "a.dcm", ds)


@phantom
def no_file_meta(folder: Path) -> None:
    """A data set and nothing before it."""
    _changed(folder, slices(ramp(SLICES, ROWS, COLUMNS)), lambda raw, ds: _without_meta(raw))


@phantom
def implicit_without_meta(folder: Path) -> None:
    """The oldest kind of file: implicit VR, no file meta information."""
    found = _in(ImplicitVRLittleEndian, slices(ramp(SLICES, ROWS, COLUMNS)))
    _changed(folder, found, lambda raw, ds: _without_meta(raw))


@phantom
def big_endian_without_meta(folder: Path) -> None:
    """Big endian, which only the first bytes show."""
    found = _in(ExplicitVRBigEndian, slices(ramp(SLICES, ROWS, COLUMNS, start=-300)))
    _changed(folder, found, lambda raw, ds: _without_meta(raw))


@phantom
def odd_preamble(folder: Path) -> None:
    """A TIFF header is in the preamble, another in each file."""
    _changed(
        folder, slices(ramp(SLICES, ROWS, COLUMNS)), lambda raw, ds: b"II*\0" + bytes([ds.InstanceNumber] * 124) + raw[128:]
    )


@phantom
def lying_syntax(folder: Path) -> None:
    """The file meta information specifies implicit; the data set is explicit."""
    _changed(folder, slices(ramp(SLICES, ROWS, COLUMNS)),
             lambda raw, ds: raw.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0"))  # fmt: skip


@phantom
def extra_file_meta(folder: Path) -> None:
    """More in the file meta information than is needed, and a group length that is wrong."""
    found = slices(ramp(SLICES, ROWS, COLUMNS))
    for ds in found:
        ds.file_meta.SourceApplicationEntityTitle = "SCANNER_1 "
        ds.file_meta.PrivateInformationCreatorUID = "1.2.3"
        ds.file_meta.PrivateInformation = b"\1\2\3\4"
    _changed(folder, found, lambda raw, ds: raw[:140] + b"\x10\0\0\0" + raw[144:])


@phantom
def data_set_trailing_padding(folder: Path) -> None:
    """An element of zeros behind the pixel data (FFFC,FFFC)."""
    _changed(folder, slices(ramp(SLICES, ROWS, COLUMNS)), lambda raw, ds: raw + element(0xFFFCFFFC, "OB", bytes(64)))


@phantom
def bytes_behind_the_end(folder: Path) -> None:
    """A medium filled the last block with zeros that belong to no element."""
    _changed(folder, slices(ramp(SLICES, ROWS, COLUMNS)), lambda raw, ds: raw + bytes(512 - len(raw) % 512))


def _without_meta(raw: bytes) -> bytes:
    """Return the data set of a file: what follows the group that specifies its own length."""
    return raw[144 + int.from_bytes(raw[140:144], "little") :]


def _in(syntax: str, found: list[Dataset]) -> list[Dataset]:
    for ds in found:
        ds.file_meta.TransferSyntaxUID = syntax
    return found


def _with_private(found: list[Dataset]) -> list[Dataset]:
    for n, ds in enumerate(found):
        block = ds.private_block(0x0051, "PHANTOM WORKS", create=True)
        block.add_new(0x01, "LO", "kept")
        block.add_new(0x02, "UN", bytes([n, 1, 2, 3]))
        block.add_new(0x03, "US", [1, 2, 300 + n])
        block.add_new(0x04, "SQ", [_numbers()])
    return found


def _numbers() -> Dataset:
    ds = Dataset()
    ds.RealWorldValueFirstValueMapped, ds.RealWorldValueIntercept, ds.RealWorldValueSlope = 7, -1.5, 1e-9
    ds.add_new(0x00281055, "LO", "numbers")
    ds.add_new(0x00189803, "SH", "x")
    return ds


def _large(dtype: str) -> np.ndarray:
    return ramp(2, 40, 36, dtype=dtype)


def _gradient() -> np.ndarray:
    i, j = np.mgrid[0:40, 0:40] * 6
    return np.stack([i, j, 255 - i], axis=-1).astype("u1")


def _compressed(folder: Path, syntax: str, found: list[Dataset], **how: object) -> None:
    for ds in found:
        ds.compress(syntax, generate_instance_uid=False, **how)
    save(folder, found)


def _jpeg_2000(folder: Path, syntax: str, found: list[Dataset], **how: object) -> None:
    """Write JPEG 2000 images, coded by openjpeg."""
    from openjpeg.utils import encode_array

    for ds in found:
        pixels = ds.pixel_array
        code = encode_array(pixels, photometric_interpretation=1 if pixels.ndim == 3 else 2, **how)
        if pixels.ndim == 3:
            ds.PhotometricInterpretation, ds.LossyImageCompression = "YBR_ICT", "01"
        _encapsulated(ds, syntax, code)
    save(folder, found)


def _encapsulated(ds: Dataset, syntax: str, code: bytes) -> None:
    ds.file_meta.TransferSyntaxUID = syntax
    ds.PixelData = encapsulate([code])
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True


def _jpeg(folder: Path, pixels: np.ndarray) -> None:
    """Write a JPEG baseline image, coded by pillow."""
    import io

    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=95)
    ds = image(pixels, SECONDARY_CAPTURE)
    ds.LossyImageCompression = "01"
    if pixels.ndim == 3:
        ds.PhotometricInterpretation = "YBR_FULL_422"
    _encapsulated(ds, JPEGBaseline8Bit, stream.getvalue())
    save(folder, [ds])


def _changed(folder: Path, found: list[Dataset], change: object) -> None:
    """Write files and change their bytes."""
    save(folder, found)
    for path, ds in zip(sorted(folder.iterdir()), found, strict=True):
        path.write_bytes(change(path.read_bytes(), ds))
