"""Private transfer syntaxes: GE's, whose pixel data are in big endian, and those that are not known."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import compare
from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import MR, ramp, save, slices
from support.round_trip import NEW, RoundTrip, in_dicom_order, listing

GE = b"1.2.840.113619.5.2"
UNKNOWN = b"1.2.840.99999.99.1"
_IMPLICIT = b"\x02\0\x10\0UI\x12\x001.2.840.10008.1.2\0"
PIXELS = ramp(3, 4, 5, start=300, dtype="<u2")


def write(folder: Path, syntax: bytes, pixels: np.ndarray = PIXELS) -> None:
    """Write a series in implicit VR that claims a private transfer syntax of 18 characters."""
    found = slices(pixels, MR)
    for ds, plane in zip(found, pixels, strict=True):
        ds.file_meta.TransferSyntaxUID = _IMPLICIT[8:-1].decode()
        if syntax == GE and plane.dtype.itemsize == 2:
            ds.PixelData = plane.astype(">u2").tobytes()
    save(folder, found)
    for path in folder.iterdir():
        raw = path.read_bytes()
        assert _IMPLICIT in raw
        path.write_bytes(raw.replace(_IMPLICIT, _IMPLICIT[:8] + syntax))


@pytest.mark.parametrize("dtype", ["<u2", "u1"])
def test_pixels_of_ge_are_in_big_endian(dtype: str, tmp_path: Path) -> None:
    pixels = ramp(3, 4, 5, dtype=dtype)
    write(tmp_path, GE, pixels)

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.voxels[0], pixels)


def test_files_of_ge_come_back_byte_for_byte(round_trip: RoundTrip) -> None:
    write(round_trip.dicom, GE)
    round_trip.forth()
    round_trip.home()

    assert listing(round_trip.back) == listing(round_trip.dicom)


def test_files_of_ge_are_compared(round_trip: RoundTrip) -> None:
    write(round_trip.dicom, GE)
    write(round_trip.back, GE, PIXELS + 1)

    assert not compare(round_trip.dicom, round_trip.back).same


def test_an_edited_image_of_ge_is_in_little_endian(round_trip: RoundTrip) -> None:
    write(round_trip.dicom, GE)
    round_trip.forth()
    round_trip.edit_image(lambda image: nibabel.Nifti1Image(np.asarray(image.dataobj) + 1, image.affine, image.header))
    round_trip.home(NEW)

    assert np.array_equal(np.stack([ds.pixel_array for ds in round_trip.returned()]), PIXELS + 1)


def test_an_unknown_transfer_syntax_is_reported(round_trip: RoundTrip) -> None:
    write(round_trip.dicom, UNKNOWN)
    report = round_trip.forth()

    words = f"the transfer syntax {UNKNOWN.decode()} is unknown: the pixel data are read as uncompressed ones in little endian"
    assert words in report.entries[0].log.warnings
    assert np.array_equal(in_dicom_order(nibabel.load(round_trip.image())), PIXELS)
