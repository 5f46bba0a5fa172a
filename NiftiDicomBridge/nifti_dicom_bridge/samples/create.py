"""The sample series: a head in CT, MR, PET, enhanced MR and as segments, by our own writers; cines of XA and US."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..conversion.jobs import Job, convert
from ..conversion.outputs.write_image import write
from ..errors import OutputError
from ..model.volume import Volume
from ..model.voxels.real_values import to_type
from ..options import ConversionOptions, Kind, Target
from ..output import Staging
from . import cines, head
from .cine_files import write_angiogram, write_ultrasound

PATIENT: dict[str, str] = {
    "PatientName": "Sample^Sam", "PatientID": "SAMPLE-1", "PatientBirthDate": "19700101", "PatientSex": "O",
}  # fmt: skip
STUDY: dict[str, str] = {
    "StudyID": "1", "StudyDate": "20260102", "StudyTime": "101500", "AccessionNumber": "", "ReferringPhysicianName": "",
    "StudyDescription": "Samples of NiftiDicomBridge",
}  # fmt: skip
TIMES: dict[str, str] = {
    "SeriesDate": "20260102", "SeriesTime": "102000", "ContentDate": "20260102", "ContentTime": "102000",
    "AcquisitionDate": "20260102", "AcquisitionTime": "102000",
}  # fmt: skip
_EQUIPMENT = {"Manufacturer": "NiftiDicomBridge", "ManufacturerModelName": "create-sample"}
_LABELS = "index\tname\tcolor\n{}\tBrain\t#e6b8a2\n{}\tCerebrospinal fluid\t#4aa8ff\n{}\tNeoplasm\t#ff4040\n"


@dataclass(frozen=True)
class Sample:
    """One sample series.

    Attributes
    ----------
    title : str
        What the series shows.
    files : tuple of pathlib.Path
        Its DICOM files.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nifti_dicom_bridge import create_samples
    >>> create_samples(Path("samples"))[0].title
    'CT, head'
    """

    title: str
    files: tuple[Path, ...]


@dataclass(frozen=True)
class _Recipe:
    """One series of the head: folder, kind, values of tissues, noise, attributes; center and width of the window."""

    folder: str
    title: str
    kind: Kind
    values: tuple[float, ...]
    noise: float
    attributes: dict[str, str]
    window: tuple[int, int] | None = None


_RECIPES = (
    _Recipe("CT", "CT, head", Kind.CT, head.HOUNSFIELD, 5, {
        "Modality": "CT", "SeriesNumber": "1", "SeriesDescription": "CT head", "BodyPartExamined": "HEAD", "KVP": "120",
        "RescaleType": "HU", "ImageType": "DERIVED\\SECONDARY\\AXIAL"}, (40, 120)),
    _Recipe("MR", "MR, head, T1", Kind.MR, head.T1, 12, {
        "Modality": "MR", "SeriesNumber": "2", "SeriesDescription": "MR head T1", "BodyPartExamined": "HEAD",
        "EchoTime": "3.0", "RepetitionTime": "600"}, (420, 840)),
    _Recipe("PET", "PET, head", Kind.PET, head.ACTIVITY, 120, {
        "Modality": "PT", "SeriesNumber": "3", "SeriesDescription": "PET head", "BodyPartExamined": "HEAD",
        "Units": "BQML"}, (10000, 20000)),
    _Recipe("MR_enhanced", "enhanced MR, head, T2", Kind.ENHANCED_MR, head.T2, 12, {
        "Modality": "MR", "SeriesNumber": "4", "SeriesDescription": "Enhanced MR head T2", "BodyPartExamined": "HEAD"}),
)  # fmt: skip


def create_samples(folder: Path) -> list[Sample]:
    """Make the samples.

    Parameters
    ----------
    folder : pathlib.Path
        Gets a folder per series; must be empty or missing.

    Returns
    -------
    list of Sample
        CT, MR, PET, enhanced MR, SEG of the CT, XA and US cine: one patient, one study.

    Raises
    ------
    OutputError
        If the folder is not empty, or cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nifti_dicom_bridge import create_samples
    >>> [sample.files[0].parent.name for sample in create_samples(Path("samples"))][:3]
    ['CT', 'MR', 'PET']
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} exists and is not empty. Choose another folder.")
    scratch = Path(tempfile.mkdtemp(prefix="nifti-dicom-bridge-samples-"))
    try:
        with Staging(folder) as staging:
            titles = list(_made(scratch))
            for path in sorted((scratch / "dicom").rglob("*.dcm")):
                shutil.copyfile(path, staging.path(path.relative_to(scratch / "dicom").as_posix()))
            written = staging.commit()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return [Sample(title, tuple(path for path in written if folder / name in path.parents)) for name, title in titles]


def _made(scratch: Path) -> Iterator[tuple[str, str]]:
    """Make all series below a folder; yield the folder of each, and what it shows."""
    first: Path | None = None
    for recipe in _RECIPES:
        voxels = to_type(np.clip(head.seen(recipe.values, recipe.noise, 7), -1024, 32767), np.dtype("<i2"))
        _convert(scratch, recipe.folder, voxels, ConversionOptions(kind=recipe.kind, study_from=first), recipe.attributes)
        _set_window(scratch / "dicom" / recipe.folder, recipe.window)
        first = first or next((scratch / "dicom" / recipe.folder).rglob("*.dcm"))
        yield recipe.folder, recipe.title
    yield _made_segments(scratch)
    yield from _made_cines(scratch)


def _convert(scratch: Path, name: str, voxels: np.ndarray, options: ConversionOptions, attributes: dict[str, str]) -> None:
    """Write voxels (x, y, z) as NIfTI, and convert that."""
    image = Volume(voxels.transpose(2, 1, 0)[None], head.lps_to_ras(), name=name)
    (path,) = [path for path in write(image, scratch / f"{name}.nii") if path.suffix == ".nii"]
    about = {**attributes} if options.reference else {**_EQUIPMENT, **TIMES, **attributes}
    if options.study_from is None and options.reference is None:
        about = {**PATIENT, **STUDY, **about}
    metadata = scratch / f"{name}.metadata.json"
    metadata.write_text(json.dumps(about), encoding="utf-8", newline="\n")
    options.target, options.metadata = Target.DICOM, metadata
    report = convert(Job([path], scratch / "dicom", options))
    if not report.ok:
        raise OutputError(f"{name}: the sample cannot be made: {'; '.join(entry.error for entry in report.failures)}")


def _set_window(folder: Path, window: tuple[int, int] | None) -> None:
    """Show what a radiologist expects to see: the writers choose a window that shows all values."""
    import pydicom

    if window is None:
        return
    for path in folder.rglob("*.dcm"):
        data_set = pydicom.dcmread(path)
        data_set.WindowCenter, data_set.WindowWidth = window
        data_set.save_as(path, enforce_file_format=True)


def _made_segments(scratch: Path) -> tuple[str, str]:
    tissues = head.tissues()
    brain, fluid, lesion = 1, 2, 3
    labels = np.select(
        [tissues == head.LESION, tissues == head.CSF, np.isin(tissues, (head.GREY, head.WHITE))], [lesion, fluid, brain], 0
    )
    table = scratch / "labels.tsv"
    table.write_text(_LABELS.format(brain, fluid, lesion), encoding="utf-8", newline="\n")
    options = ConversionOptions(kind=Kind.SEG, reference=scratch / "dicom" / "CT", labels=table)
    attributes = {"SeriesNumber": "7", "SeriesDescription": "Segments of the CT"}
    _convert(scratch, "SEG", to_type(labels, np.dtype("u1")), options, attributes)
    return "SEG", "SEG, brain, fluid and lesion of the CT"


def _made_cines(scratch: Path) -> Iterator[tuple[str, str]]:
    import pydicom

    first = pydicom.dcmread(next((scratch / "dicom" / "CT").rglob("*.dcm")), stop_before_pixels=True)
    shared: dict[str, Any] = {**PATIENT, **STUDY, **TIMES, "StudyInstanceUID": first.StudyInstanceUID}
    write_angiogram(cines.angiogram(), scratch / "dicom" / "XA_cine" / "000001.dcm", shared)
    yield "XA_cine", "XA cine, coronary tree"
    write_ultrasound(cines.heart_clip(), scratch / "dicom" / "US_cine" / "000001.dcm", shared)
    yield "US_cine", "US cine in color, heart"
