"""Series of an examination for BIDS datasets: field maps, EPI."""

from __future__ import annotations

import json
from typing import Any

from nifti_dicom_bridge import ConversionReport
from phantoms.base import save
from phantoms.examinations import EPI, GE, series
from support.bids_datasets import ASL_KEYS, dataset
from support.circle import Circle

GRE = "gre_field_mapping"


def names(circle: Circle) -> list[str]:
    return [path.name.removesuffix(".nii.gz") for path in circle.images()]


def gre(circle: Circle, number: int, description: str = GRE) -> None:
    """Write magnitudes and phase difference of gradient echoes."""
    magnitude, phase = (["ORIGINAL", "PRIMARY", letter, "ND"] for letter in "MP")
    series(circle.dicom, number, description, 2, EchoTime=("4.92", "7.38"), EchoNumbers=(1, 2), ImageType=magnitude)
    series(circle.dicom, number + 1, description, EchoTime="7.38", EchoNumbers=2, ImageType=phase)


def epi(circle: Circle, number: int, description: str, times: int, **attributes: Any) -> None:
    """Write echo planar images with a phase encoding direction, PA or reversed."""
    found = series(circle.dicom, number, description, times, **{**EPI, **GE, **attributes})
    for ds in found:
        ds.AcquisitionMatrix = [0, ds.Columns, ds.Rows, 0]
        block = ds.private_block(0x0043, "GEMS_PARM_01", create=True)
        block.add_new(0x2C, "SS", 700)
        block.add_new(0x83, "DS", ["1", "1"])
    save(circle.dicom / f"P-01-1-{number}", found)


REVERSED = {"RectilinearPhaseEncodeReordering": "REVERSE_LINEAR"}

SE = {"ScanningSequence": ["EP", "SE"]}

ASL = {**ASL_KEYS, "aslcontext": ["m0scan", "label", "control", "label", "control"]}


def with_keys(circle: Circle, keys: Any) -> ConversionReport:
    path = circle.folder / "keys.json"
    path.write_text(json.dumps(keys), "utf-8")
    return dataset(circle, bids_keys=path)
