"""Outputs that exist before a conversion: which are skipped, and which belong to another series."""

from __future__ import annotations

from pathlib import Path

from ...errors import OutputError, SidecarError
from ...model import metadata
from ...model.files.input_files import open_file
from ...model.metadata import Instance
from ...model.report import Entry, Outcome
from ...options import ConversionOptions
from ...sidecar import read_sidecar, record_path, sidecar_path
from ...standard.tags import Tag


def series_of(image: Path) -> str:
    """Return the SeriesInstanceUID in the sidecar of an image, or next to a record apart from it; empty if there is none."""
    for path in filter(None, (record_path(image), sidecar_path(image))):
        try:
            series = str(read_sidecar(path).get("SeriesInstanceUID", ""))
        except SidecarError:
            continue
        if series:
            return series
    return ""


def check_free(image: Path, series_uid: str, options: ConversionOptions) -> None:
    """Refuse an image that exists and may not be replaced, before the voxels of its successor are read.

    Raises
    ------
    OutputError
        If it exists; `existing` is not set if it is of another series, as that is never skipped.
    """
    if options.overwrite or not image.exists():
        return
    if options.skip_existing and series_of(image) not in ("", series_uid):
        raise OutputError(f"{image} exists and is of another series. Choose another folder.")
    raise OutputError(f"{image} exists. Choose another folder, or overwrite=True to replace it.", image)


def refuse_other_study(entry: Entry, instance: Instance) -> None:
    """Turn a DICOM series that was skipped into a failure if the one that exists is of another study."""
    import pydicom

    study_uid = metadata.text(instance.elements, Tag.STUDY_INSTANCE_UID)
    try:
        with open_file(entry.outputs[0]) as file:
            existing = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=["StudyInstanceUID"])
    except Exception:  # pydicom raises errors of many kinds
        existing = None
    if existing is not None and existing.get("StudyInstanceUID", "") == study_uid:
        return
    entry.outcome = Outcome.FAILED
    entry.error = f"{entry.outputs[0]} exists and is of another study. Choose another folder."
    entry.outputs = []
