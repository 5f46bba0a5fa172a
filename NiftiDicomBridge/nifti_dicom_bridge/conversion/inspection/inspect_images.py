"""What is known of an image before it is converted, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ... import bids
from ...errors import BridgeError
from ...formats import nifti
from ...formats.dicom.reading.frames.tiles import slice_shape_of
from ...formats.dicom.reading.grouping.found_files import kind_of
from ...formats.dicom.reading.outline import outline
from ...formats.dicom.reading.pixel_data import decode
from ...formats.dicom.reading.plans import Plan
from ...model.identity import texts_of
from ...model.space.geometry import spacing_of
from ...model.volume import Volume
from ...options import ConversionOptions, Kind, Target
from ...sidecar import KEY, record
from ...standard.numbers import is_number
from ..inputs.image_with_record import ImageWithRecord

PATIENT = {"id": "PatientID", "name": "PatientName", "birth_date": "PatientBirthDate", "sex": "PatientSex"}
STUDY = {
    "uid": "StudyInstanceUID", "id": "StudyID", "date": "StudyDate", "time": "StudyTime", "description": "StudyDescription",
    "accession_number": "AccessionNumber",
}  # fmt: skip
SERIES = {
    "uid": "SeriesInstanceUID", "number": "SeriesNumber", "description": "SeriesDescription", "protocol": "ProtocolName",
    "date": "SeriesDate", "time": "SeriesTime",
}  # fmt: skip
_KEYWORDS = ("Modality", *PATIENT.values(), *STUDY.values(), *SERIES.values())
NEW_OBJECT = "no record: becomes a new DICOM object"
_TIMES = {"repetition_time_ms": "RepetitionTime", "echo_time_ms": "EchoTime"}


def of_plan(plan: Plan) -> dict[str, Any]:
    """Return what the headers of a DICOM image specify, and the name of the NIfTI file that it becomes.

    Raises
    ------
    BridgeError
        If the headers contradict themselves.
    """
    first = plan.instances[0]
    pixel = decode.pixel_format(first)
    stack = plan.grid.stack
    times, slices, (rows, columns) = len(plan.frames), len(plan.frames[0]), slice_shape_of(first.elements)
    return {
        "becomes": plan.name + ".nii.gz",
        "title": plan.title,
        "kind": kind_of(first),
        **_identity(texts_of(first.elements, _KEYWORDS)),
        "files": len(plan.instances),
        "shape": [columns, rows, slices] + ([times] if times > 1 else []),
        "type": plan.dtype.name + (" RGB" if pixel.samples == 3 else ""),
        "spacing_mm": _spacing(stack.ijk_to_ras) if stack else None,
        "orientation": _axes(stack.ijk_to_ras) if stack else None,
        **_times(_bids_keys(plan)),
        "paths": list(map(str, plan.paths)),
        "warnings": list(plan.warnings),
    }


def of_image(file: ImageWithRecord, kind: str) -> dict[str, Any]:
    """Return what is known of a NIfTI file or a Zarr store, and which DICOM it becomes.

    Raises
    ------
    BridgeError
        If the image is damaged, or it and its sidecar do not belong together.
    """
    volume, path = file.load(), file.path
    i, j, k = volume.shape_ijk
    texts = texts_of(volume.dicom.metadata.first.elements, _KEYWORDS) if volume.source is not None else {}
    becomes, warnings = (_restored(volume), []) if volume.source is not None else _created(file)
    keys = {key: str(file.top[key]) for key in _KEYWORDS if isinstance(file.top.get(key), (str, int))}
    return {
        "becomes": becomes,
        "title": path.name,
        "kind": kind + ("" if volume.source is None else f" + {KEY} record {record.SCHEMA_VERSION}"),
        **_identity({**keys, **texts}),
        "files": 1,
        "shape": [i, j, k] + ([volume.times] if volume.times > 1 else []),
        "type": volume.voxels.dtype.name,
        "spacing_mm": _spacing(volume.ijk_to_ras),
        "orientation": _axes(volume.ijk_to_ras),
        **_times(file.top),
        "paths": [str(path)],
        "warnings": list(dict.fromkeys([*volume.warnings, *warnings])),
    }


def _restored(volume: Volume) -> str:
    edited = sorted(volume.edits())
    return f"becomes a derived series ({' and '.join(edited)} edited)" if edited else "restores the DICOM series"


def _created(file: ImageWithRecord) -> tuple[str, list[str]]:
    """Return which new DICOM object an image without a record becomes, and what the user should know before."""
    from ...creation.attribute_sources import ConversionContext  # only few inspections need them
    from ..proposals import proposal_of

    proposal = proposal_of(file.path, ConversionContext.of(ConversionOptions(Target.DICOM)))
    if proposal.error:
        return "no record: cannot become DICOM as it is", [proposal.error]
    kind = "" if proposal.kind is Kind.AUTO else f' (kind="{proposal.kind}")'
    return f"{NEW_OBJECT}{kind}", proposal.warnings


def _identity(texts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "modality": texts.get("Modality", ""),
        "patient": {name: texts.get(keyword, "") for name, keyword in PATIENT.items()},
        "study": {name: texts.get(keyword, "") for name, keyword in STUDY.items()},
        "series": {name: texts.get(keyword, "") for name, keyword in SERIES.items()},
    }


def _bids_keys(plan: Plan) -> dict[str, Any]:
    try:
        volume = outline(plan)
        return bids.keys_of(volume, nifti.stored_affine(volume))
    except (BridgeError, ValueError, LookupError):  # times are for orientation only
        return {}


def _times(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return TR and TE in ms: a number, a list of them, or None."""
    return {name: _milliseconds(keys.get(key)) for name, key in _TIMES.items()}


def _milliseconds(seconds: Any) -> float | list[float] | None:
    if isinstance(seconds, list) and seconds and all(map(is_number, seconds)):
        return [float(f"{1000 * value:.6g}") for value in seconds]
    return float(f"{1000 * seconds:.6g}") if is_number(seconds) else None


def _spacing(ijk_to_ras: np.ndarray) -> list[float]:
    return [float(f"{n:.6g}") for n in spacing_of(ijk_to_ras)]


def _axes(ijk_to_ras: np.ndarray) -> str:
    """Return where i, j and k go, as three letters of R L A P S I."""
    letters = ("LR", "PA", "IS")
    return "".join(
        letters[axis][int(column[axis] > 0)] for column in ijk_to_ras[:3, :3].T for axis in [int(np.argmax(np.abs(column)))]
    )
