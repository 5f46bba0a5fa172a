"""BIDS datasets in tests: conversion, names of images, sidecars and tables, an examination, errors of the validator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nifti_dicom_bridge import ConversionReport, Layout
from phantoms import PHANTOMS
from phantoms.examinations import EPI, GE, SPIN_ECHO, diffusion, series, spin_echo_epi
from support.oracles import oracle, run
from support.round_trip import RoundTrip

WHO = "sub-P01_ses-20260101"


def dataset(round_trip: RoundTrip, **choices: Any) -> ConversionReport:
    return round_trip.forth(layout=Layout.BIDS, **choices)


def with_map(round_trip: RoundTrip, found: dict[str, Any], **choices: Any) -> ConversionReport:
    path = round_trip.folder / "map.json"
    path.write_text(json.dumps(found), "utf-8")
    return dataset(round_trip, bids_map=path, **choices)


def images(round_trip: RoundTrip) -> list[str]:
    """Return the names of all images, the constant part left out."""
    found = [path.relative_to(round_trip.nifti).as_posix() for path in round_trip.images()]
    return [name.replace("sub-P01/ses-20260101/", "").replace(WHO, "*").removesuffix(".nii.gz") for name in found]


def sidecar(round_trip: RoundTrip, name: str) -> dict[str, Any]:
    """Return the sidecar of an image: not the file with its record, which has the same name below ``sourcedata``."""
    files = [path for path in round_trip.nifti.rglob(f"*{name}.json") if path.with_suffix(".nii.gz").exists()]
    (path,) = files
    return json.loads(path.read_text("utf-8"))


def record_of(round_trip: RoundTrip, image: Path) -> dict[str, Any]:
    """Return the file with the record of an image that has a name in BIDS."""
    name = image.name.replace(".nii.gz", ".json")
    return json.loads(
        (round_trip.nifti / "sourcedata" / image.relative_to(round_trip.nifti).with_name(name)).read_text("utf-8")
    )


def table(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text("utf-8").splitlines()]


def said(report: ConversionReport) -> str:
    return "\n".join(text for entry in report.entries for text in (*entry.log.warnings, *entry.log.notes, entry.error))


def field_map(round_trip: RoundTrip, number: int) -> None:
    words = ["ORIGINAL", "PRIMARY", "M", "ND"]
    series(round_trip.dicom, number, "gre_field_mapping", 2, EchoTime=("4.92", "7.38"), EchoNumbers=(1, 2), ImageType=words)
    series(
        round_trip.dicom,
        number + 1,
        "gre_field_mapping",
        EchoTime="7.38",
        EchoNumbers=2,
        ImageType=["ORIGINAL", "PRIMARY", "P", "ND"],
    )


PET_KEYS = {
    "ModeOfAdministration": "bolus", "AcquisitionMode": "list mode", "ReconMethodName": "FBP",
    "ReconMethodParameterLabels": ["none"], "ReconFilterType": "none", "AttenuationCorrection": "measured",
}  # fmt: skip


ASL_KEYS = {
    "ArterialSpinLabelingType": "PCASL", "PostLabelingDelay": 1.8, "LabelingDuration": 1.8, "BackgroundSuppression": False,
    "RepetitionTimePreparation": 4.0, "SliceTiming": [0.0, 0.1, 0.2],
}  # fmt: skip


ASL_MAP = {
    "descriptions": [
        {
            "criteria": {"SeriesDescription": "*asl*"}, "datatype": "perf", "suffix": "asl", "sidecar_changes": ASL_KEYS,
            "aslcontext": ["m0scan", "label", "control", "label", "control"],
        }
    ]
}  # fmt: skip


def examination(round_trip: RoundTrip) -> None:
    """Write an examination with something of everything."""
    series(round_trip.dicom, 1, "AAHead_Scout")
    series(round_trip.dicom, 2, "t1_mprage")
    series(round_trip.dicom, 3, "ep2d_bold_rest_SBRef", **EPI)
    series(round_trip.dicom, 4, "ep2d_bold_rest", 3, ImageType=["ORIGINAL", "PRIMARY", "M"], **EPI)
    series(round_trip.dicom, 5, "ep2d_bold_rest", 3, ImageType=["ORIGINAL", "PRIMARY", "P"], **EPI)
    series(round_trip.dicom, 6, "asl_2d", 5, **EPI)
    field_map(round_trip, 7)
    diffusion(round_trip.dicom, 9, "dti", **GE)
    series(round_trip.dicom, 10, "ep2d_diff_ADC", **{**EPI, "ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]})
    spin_echo_epi(round_trip.dicom, 11, "SpinEchoFieldMap")
    series(round_trip.dicom, 12, "t2_tse", study=2, **SPIN_ECHO)
    PHANTOMS["classic_ct"].write(round_trip.dicom / "ct")


def errors_of(folder: Path) -> list[dict[str, Any]]:
    found = json.loads(run(oracle("bids-validator-deno"), folder, "--json").stdout)
    return [issue for issue in found["issues"]["issues"] if issue.get("severity") == "error"]
