"""Series for the options of the confidentiality profile, and conversions of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from nifti_dicom_bridge import ConversionOptions, ConversionReport, Job, Target, convert
from phantoms import slices
from phantoms import write as write_file
from phantoms.base import MR

SECRET_KEY = "a key of sixteen bytes"

SHAPE = (3, 8, 8)


def series(folder: Path, sop_class: str = MR, **attributes: Any) -> list[Dataset]:
    """Write a series with attributes, and return its data sets."""
    data_sets = slices(np.arange(192, dtype="<i2").reshape(SHAPE), sop_class)
    for number, ds in enumerate(data_sets):
        ds.PatientName, ds.PatientID = "Smith^John", "S-1"
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)
        write_file(folder / f"{number}.dcm", ds)
    return data_sets


def run(source: Path, output: Path, target: Target = Target.DICOM, **choices: Any) -> ConversionReport:
    report = convert(Job([source], output, ConversionOptions(target, deidentify=True, **choices)))
    assert report.ok, [entry.error for entry in report.entries]
    return report


def first(folder: Path) -> Dataset:
    return pydicom.dcmread(min(folder.rglob("*.dcm")))


def codes(ds: Dataset) -> list[str]:
    return [item.CodeValue for item in ds.DeidentificationMethodCodeSequence]
