"""Functions that tests apply to images, and the objects that they become."""

from __future__ import annotations

import sys

import numpy as np
import pydicom

from nifti_dicom_bridge import ConversionReport
from support.paths import TOOL_STAND_INS

SCIPY = [sys.executable, str(TOOL_STAND_INS / "scipy_tools.py")]


def objects(report: ConversionReport) -> list[pydicom.Dataset]:
    assert report.failures == []
    return [pydicom.dcmread(path) for path in report.outputs]


def doubled(image):
    return np.asarray(image.dataobj) * 2


def mask_of(image):
    return (image.get_fdata() > -980).astype(np.uint8)
