"""Pictures of DICOM files that tests make, and what pydicom shows of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset

from nifti_dicom_bridge import ConversionOptions, ConversionReport, Job, Target, convert
from nifti_dicom_bridge.options import PreviewOptions
from phantoms.base import CT, image, slices, write

STILL = {"gif": False, "mp4": False}


def preview(source: Path, out: Path, options: ConversionOptions | None = None, **choices: Any) -> ConversionReport:
    """Make pictures, without movies unless they are asked for."""
    options = options or ConversionOptions()
    options.target, options.preview = Target.PREVIEW, PreviewOptions(**{**STILL, **choices})
    return convert(Job([source], out, options))


def picture_of(ds: Dataset, folder: Path, options: ConversionOptions | None = None, **choices: Any) -> np.ndarray:
    """Return the PNG of one data set."""
    write(folder / "in" / "a.dcm", ds)
    report = preview(folder / "in", folder / "out", options, **choices)
    assert report.ok, report.failures
    (path,) = folder.glob("out/*.png")
    return np.asarray(Image.open(path))


def gray(seed: int = 0, dtype: str = "<i2", low: int = -1000, high: int = 3000, sop_class: str = CT) -> Dataset:
    pixels = np.random.default_rng(seed).integers(low, high, (32, 40)).astype(dtype)
    ds = image(pixels, sop_class)
    ds.RescaleSlope, ds.RescaleIntercept = "1", "0"
    return ds


def lut(first: int, entries: np.ndarray, bits: int) -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
    item.add_new(0x00283006, "OW", entries.astype("<u2").tobytes())
    return item


def palette(ds: Dataset, first: int, red: np.ndarray, bits: int = 16) -> Dataset:
    for n, entries in enumerate((red, red[::-1], (red * 7) % (1 << bits))):
        ds.add_new(0x00281101 + n, "US", [len(entries) % 65536, first, bits])
        ds.add_new(0x00281201 + n, "OW", entries.astype("<u2" if bits == 16 else "u1").tobytes())
    ds.PhotometricInterpretation = "PALETTE COLOR"
    return ds


def volume_with_a_mark(folder: Path) -> Path:
    """Write an axial series, 1 × 1 × 3 mm, that is bright right, front, top; and return its folder."""
    pixels = np.zeros((10, 24, 20), "<i2")
    pixels[6:, :8, :6] = 1000
    for n, ds in enumerate(slices(pixels, CT, spacing=(1.0, 1.0), step=(0, 0, 3.0))):
        ds.RescaleIntercept = "0"
        write(folder / f"{n}.dcm", ds)
    return folder
