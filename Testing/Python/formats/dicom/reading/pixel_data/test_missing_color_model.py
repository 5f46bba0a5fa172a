"""Compressed colors without PhotometricInterpretation: those that the codestream specifies, which is reported."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from nifti_dicom_bridge.formats.dicom.reading.read import read
from phantoms.base import SECONDARY_CAPTURE, image, save

ROWS, COLUMNS = 40, 48
DOWN, ACROSS = np.mgrid[:ROWS, :COLUMNS]
RGB = np.stack([ACROSS * 5, DOWN * 6, 255 - ACROSS * 2 - DOWN * 3], axis=-1).astype(np.uint8)
LOSS = 6
"""JPEG of quality 95 changes smooth colors by less."""


def jpeg(**choices: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(RGB).save(stream, "JPEG", quality=95, subsampling=0, **choices)
    return stream.getvalue()


def without_marker(frame: bytes) -> bytes:
    """Return a JPEG without its first marker segment, which states the colors (JFIF)."""
    return frame[:2] + frame[4 + int.from_bytes(frame[4:6], "big") :]


@pytest.mark.parametrize(
    "frame",
    [jpeg(), jpeg(keep_rgb=True), without_marker(jpeg())],
    ids=["YCbCr in its header", "RGB in its header", "no header"],
)
def test_jpeg_is_read_as_its_header_states(frame: bytes, tmp_path: Path) -> None:
    ds = image(RGB, SECONDARY_CAPTURE)
    del ds.PhotometricInterpretation
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.PixelData = encapsulate([frame])
    ds["PixelData"].is_undefined_length = True
    save(tmp_path, [ds])

    (volume,) = read([tmp_path])

    assert np.abs(np.asarray(volume.voxels)[0, 0].astype(int) - RGB).max() <= LOSS
    assert any("PhotometricInterpretation (0028,0004) is missing: the colors are those" in text for text in volume.warnings)


@pytest.mark.parametrize(
    ("syntax", "words"),
    [(RLELossless, "colors are read as red, green and blue"), (JPEG2000Lossless, "that the compressed pixel data specify")],
)
def test_other_codecs_have_red_green_and_blue(syntax: str, words: str, tmp_path: Path) -> None:
    ds = image(RGB, SECONDARY_CAPTURE)
    ds.compress(syntax, generate_instance_uid=False)
    del ds.PhotometricInterpretation
    save(tmp_path, [ds])

    (volume,) = read([tmp_path])

    assert np.array_equal(np.asarray(volume.voxels)[0, 0], RGB)
    assert any("PhotometricInterpretation (0028,0004) is missing" in text and words in text for text in volume.warnings)
