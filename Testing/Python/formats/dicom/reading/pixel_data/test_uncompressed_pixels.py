"""Uncompressed pixels whose attributes contradict them: bits beyond BitsStored, colors of another kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from nifti_dicom_bridge import DicomReadError
from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import SECONDARY_CAPTURE, image, ramp, save

BITS = "pixels have bits set that do not belong to the 12 of BitsStored (0028,0101)"
RED_YBR = (76, 85, 255)


def _bits(words: np.ndarray, signed: bool = False) -> Dataset:
    ds = image(words.astype("<u2"))
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 12, 11, int(signed)
    return ds


def _warnings(folder: Path, ds: Dataset) -> str:
    save(folder, [ds])
    (volume,) = read([folder])
    return "\n".join(volume.warnings)


@pytest.mark.parametrize("frames", [1, 2])
def test_bits_that_belong_to_nothing_are_reported(frames: int, tmp_path: Path) -> None:
    words = np.concatenate([ramp(4, 6), ramp(4, 6) + 5000])[-4 * frames :]
    ds = _bits(words[:4])
    if frames > 1:
        ds.NumberOfFrames, ds.PixelData = frames, words.astype("<u2").tobytes()

    assert BITS in _warnings(tmp_path, ds)


def test_bits_of_an_overlay_are_not_reported(tmp_path: Path) -> None:
    ds = _bits(ramp(4, 6, dtype="<u2") | 0x8000)
    ds.add_new(0x60000102, "US", 15)

    assert BITS not in _warnings(tmp_path, ds)


@pytest.mark.parametrize("extended", [True, False])
def test_signs_are_not_reported(extended: bool, tmp_path: Path) -> None:
    ds = _bits((ramp(4, 6, dtype="<i4") - 12) & (0xFFFF if extended else 0xFFF), signed=True)
    save(tmp_path, [ds])

    (volume,) = read([tmp_path])

    assert np.array_equal(volume.voxels[0, 0], ramp(4, 6) - 12)
    assert not any(BITS in words for words in volume.warnings)


def _color(photometric: str, columns: int = 4, dtype: str = "u1") -> Dataset:
    ds = image(np.full((5, columns, 3), RED_YBR, dtype), SECONDARY_CAPTURE)
    ds.PhotometricInterpretation = photometric
    return ds


@pytest.mark.parametrize("columns", [4, 3])
def test_a_color_of_every_pixel_where_two_should_share_one(columns: int, tmp_path: Path) -> None:
    save(tmp_path, [_color("YBR_FULL_422", columns)])

    (volume,) = read([tmp_path])

    assert (volume.voxels == (254, 0, 0)).all()
    assert any("every pixel has a color of its own: they are read as YBR_FULL" in words for words in volume.warnings)


def test_an_odd_number_of_pixels_cannot_share_colors(tmp_path: Path) -> None:
    ds = _color("YBR_FULL_422", 5)
    ds.PixelData = bytes([76, 76, 85, 255] * 13)
    save(tmp_path, [ds])

    with pytest.raises(DicomReadError, match="5 × 5 pixels cannot share a color in pairs"):
        read([tmp_path])


@pytest.mark.parametrize(
    ("ds", "words"),
    [
        (_color("YBR_RCT"), "occurs in compressed pixel data only"),
        (_color("YBR_FULL", dtype="<u2"), "of 16 bits are not converted"),
        (_color("MONOCHROME2"), "contradicts SamplesPerPixel (0028,0002) 3"),
    ],
)
def test_colors_that_are_not_what_they_claim(ds: Dataset, words: str, tmp_path: Path) -> None:
    assert words in _warnings(tmp_path, ds)


@pytest.mark.parametrize(
    ("samples", "photometric", "words"),
    [(2, "RGB", "SamplesPerPixel (0028,0002) is 2, and PhotometricInterpretation (0028,0004) is RGB"), (4, "RGB", "is 4"),
     (2, "", "is 2, and PhotometricInterpretation (0028,0004) is missing"), (5, "MONOCHROME2", "is 5"),
     (4, "CMYK", "CMYK are not converted"), (3, "", "is missing: SamplesPerPixel (0028,0002) is 3, so colors are read as red"),
     (3, "MONOCHROME2", "contradicts SamplesPerPixel (0028,0002) 3")],
)  # fmt: skip
def test_samples_without_a_known_meaning_are_reported(samples: int, photometric: str, words: str, tmp_path: Path) -> None:
    ds = image(ramp(5, 6 * samples, dtype="u1"), SECONDARY_CAPTURE)
    ds.Columns, ds.SamplesPerPixel, ds.PlanarConfiguration, ds.PhotometricInterpretation = 6, samples, 0, photometric
    if not photometric:
        del ds.PhotometricInterpretation

    assert words in _warnings(tmp_path, ds)


@pytest.mark.parametrize("keywords", [("FloatPixelData", "PixelData"), ("FloatPixelData", "DoubleFloatPixelData")])
def test_two_images_in_one_object_are_refused(keywords: tuple[str, str], tmp_path: Path) -> None:
    ds = image(ramp(5, 6, dtype="<u2"))
    del ds.PixelData
    for keyword, dtype in (("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8"), ("PixelData", "<u2")):
        if keyword in keywords:
            setattr(ds, keyword, ramp(5, 6, dtype=dtype).tobytes())
    save(tmp_path, [ds])

    with pytest.raises(DicomReadError, match=r"contains FloatPixelData .*and only one may be the image"):
        read([tmp_path])
