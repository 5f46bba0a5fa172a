"""The report page as text."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import nibabel
import numpy as np

from nifti_dicom_bridge import (
    ConversionReport,
    write_report,
)


def page(report: ConversionReport, folder: Path) -> str:
    """Write a page and return it."""
    write_report(report, folder / "report.html", overwrite=True)
    return (folder / "report.html").read_text("utf-8")


def headline(text: str) -> str:
    return unescape(re.search(r"<h1>(.*?)</h1>", text)[1])


def state(text: str) -> str:
    return re.search(r'<header class="(\w+)">', text)[1]


def words(text: str) -> str:
    """Return what a person reads, without the pictures."""
    body = re.sub(r"<(style|script)\b.*?</\1>", "", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).replace("\N{NARROW NO-BREAK SPACE}", " ")


def set_voxels(path: Path, change: Callable[[np.ndarray], np.ndarray], dtype: type = np.float32) -> None:
    """Edit an image as a tool would."""
    image = nibabel.load(path)
    values = change(np.asarray(image.dataobj)).astype(dtype)
    nibabel.save(nibabel.Nifti1Image(values, image.affine, image.header), path)
