"""Compressed pixel data for tests: frames of each codec, and objects that contain them."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import SECONDARY_CAPTURE, image, save
from support.oracles import module

DEFLATED_FRAMES, RLE, JPEG_2000 = "1.2.840.10008.1.2.8.1", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90"

JPEG_LS, JPEG_BASELINE, EXPLICIT = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.1"


def deflate(raw: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    found = packer.compress(raw) + packer.flush()
    return found + b"\0" * (len(found) % 2)


def rle(raw: bytes) -> bytes:
    """Return one segment of literal runs."""
    runs = b"".join(bytes([len(part) - 1]) + part for part in (raw[n : n + 128] for n in range(0, len(raw), 128)))
    return struct.pack("<16I", 1, 64, *[0] * 14) + runs + b"\0" * (len(runs) % 2)


def multi_frame(frames: np.ndarray, syntax: str, compressed: list[bytes]) -> Dataset:
    ds = image(frames[0], SECONDARY_CAPTURE)
    ds.NumberOfFrames = len(frames)
    ds.file_meta.TransferSyntaxUID = syntax
    ds.PixelData = encapsulate(compressed)
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    return ds


def single_bits(frames: np.ndarray, syntax: str, compressed: list[bytes]) -> Dataset:
    ds = multi_frame(frames, syntax, compressed)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 1, 1, 0
    return ds


def write_file(folder: Path, ds: Dataset) -> Path:
    """Write a file; pydicom refuses a transfer syntax that it cannot name, so that is put in afterwards."""
    syntax, path = str(ds.file_meta.TransferSyntaxUID), folder / "001.dcm"
    if syntax == DEFLATED_FRAMES:
        ds.file_meta.TransferSyntaxUID = JPEG_2000
    save(folder, [ds])
    if syntax == DEFLATED_FRAMES:
        path.write_bytes(path.read_bytes().replace(JPEG_2000.encode(), syntax.encode() + b"\0", 1))
    return path


def jpeg_2000(frame: np.ndarray) -> bytes:
    """Return a lossless codestream of even length."""
    found = bytes(module("openjpeg.utils").encode_array(frame, photometric_interpretation=2))
    return found + b"\0" * (len(found) % 2)


def voxels(folder: Path) -> np.ndarray:
    """Return the planes of the only volume below a folder."""
    (volume,) = read([folder])
    return volume.voxels[0]


def coded(frame: np.ndarray, codec: str) -> bytes:
    """Return a codestream of even length."""
    if codec == JPEG_2000:
        return jpeg_2000(frame)
    code = bytes(module("jpeg_ls").encode_array(frame)) if codec == JPEG_LS else baseline(frame)
    return code + b"\0" * (len(code) % 2)


def baseline(frame: np.ndarray) -> bytes:
    stream = io.BytesIO()
    module("PIL.Image").fromarray(frame).save(stream, "JPEG", quality=100)
    return stream.getvalue()
