"""Series of an examination for BIDS datasets: field maps, EPI."""

from __future__ import annotations

import json
from typing import Any

from nifti_dicom_bridge import ConversionReport
from phantoms.base import save
from phantoms.examinations import EPI, GE, series
from support.bids_datasets import ASL_KEYS, dataset
from support.round_trip import RoundTrip

GRE = "gre_field_mapping"


def names(round_trip: RoundTrip) -> list[str]:
    return [path.name.removesuffix(".nii.gz") for path in round_trip.images()]


def gre(round_trip: RoundTrip, number: int, description: str = GRE) -> None:
    """Write magnitudes and phase difference of gradient echoes."""
    magnitude, phase = (["ORIGINAL", "PRIMARY", letter, "ND"] for letter in "MP")
    series(round_trip.dicom, number, description, 2, EchoTime=("4.92", "7.38"), EchoNumbers=(1, 2), ImageType=magnitude)
    series(round_trip.dicom, number + 1, description, EchoTime="7.38", EchoNumbers=2, ImageType=phase)


def epi(round_trip: RoundTrip, number: int, description: str, times: int, **attributes: Any) -> None:
    """Write echo planar images with a phase encoding direction, PA or reversed."""
    found = series(round_trip.dicom, number, description, times, **{**EPI, **GE, **attributes})
    for ds in found:
        ds.AcquisitionMatrix = [0, ds.Columns, ds.Rows, 0]
        block = ds.private_block(0x0043, "GEMS_PARM_01", create=True)
        block.add_new(0x2C, "SS", 700)
        block.add_new(0x83, "DS", ["1", "1"])
    save(round_trip.dicom / f"P-01-1-{number}", found)


REVERSED = {"RectilinearPhaseEncodeReordering": "REVERSE_LINEAR"}

SE = {"ScanningSequence": ["EP", "SE"]}

ASL = {**ASL_KEYS, "aslcontext": ["m0scan", "label", "control", "label", "control"]}


def with_keys(round_trip: RoundTrip, keys: Any) -> ConversionReport:
    path = round_trip.folder / "keys.json"
    path.write_text(json.dumps(keys), "utf-8")
    return dataset(round_trip, bids_keys=path)
