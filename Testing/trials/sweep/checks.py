"""What is wrong with the objects that were made of a trial's image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from nifti_dicom_bridge import ConversionOptions, Job, Outcome, Severity, Target, convert, validate

from . import plain, readers, references
from .compare import difference
from .trial import LABELS, RECAST, Trial

_LABEL_MAP_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.7"  # dciodvfy of 2022 does not know it
# dcm2niix and ITK place colors and captures by rules of their own; the plain reader covers them
_WITHOUT_DCM2NIIX = ("sc-multiframe", "recast-sc")


def check(one: Trial, folder: Path) -> tuple[list[str], str]:
    """Convert an image and read the result; return what is wrong, and the reason if it was refused."""
    source = _recast_source(one, folder) if one.kind in RECAST else one.path
    if isinstance(source, str):
        return _refused(one, source)
    kind = one.kind.removeprefix("recast-").split("-")[0] if one.kind in (*LABELS, *RECAST) else one.kind
    options: dict[str, Any] = {"kind": kind, **one.options}
    if one.kind in LABELS:
        options["segmentation"] = one.kind.split("-")[1]
    if one.reference:
        options["reference"] = references.make(one, folder / "references")
    out = folder / "out"
    (entry,) = convert(Job([source], out, ConversionOptions(target=Target.DICOM, **options))).entries
    if entry.outcome is Outcome.FAILED:
        return _refused(one, entry.error)
    if one.must_refuse:
        return [f"accepted: {one.reference}"], ""
    files = sorted(out.rglob("*.dcm"))
    return list(_problems(one, files, folder)), ""


def _recast_source(one: Trial, folder: Path) -> Path | str:
    """Make a classic series of the image, and return its NIfTI file; or why that was refused."""
    (entry,) = convert(Job([one.path], folder / "first", ConversionOptions(target=Target.DICOM, kind="mr"))).entries
    if entry.outcome is Outcome.FAILED:
        return str(entry.error)
    convert(Job([folder / "first"], folder / "nifti", ConversionOptions(gzip=False)))
    return next((folder / "nifti").glob("*.nii"))


def _refused(one: Trial, error: str) -> tuple[list[str], str]:
    patterns = [one.must_refuse] if one.must_refuse else list(one.refusals.values())
    allowed = any(re.search(pattern, error) for pattern in patterns)
    return ([] if allowed else [f"refused: {error}"]), error


def _problems(one: Trial, files: list[Path], folder: Path) -> Iterator[str]:
    first = pydicom.dcmread(files[0], stop_before_pixels=True)
    if first.SOPClassUID != _LABEL_MAP_SEGMENTATION:
        yield from (f"dciodvfy: {line}" for file in {files[0], files[-1]} for line in readers.errors_of(file))
    yield from (f"validate: {finding}" for finding in validate(files) if finding.severity is Severity.ERROR)
    for part, real, own in _parts(one, files):
        for reader, problem in _by_all(one, own, real, folder, part):
            yield f"{reader}{part}: {problem}"
    yield from _round_trip(one, files, folder)


def _parts(one: Trial, files: list[Path]) -> Iterator[tuple[str, np.ndarray, list[Path]]]:
    """Yield the parts of complex images, else the image; name, real values, files."""
    if not np.iscomplexobj(one.real):
        yield "", one.real, files
        return
    series: dict[str, list[Path]] = {}
    for file in files:
        ds = pydicom.dcmread(file, stop_before_pixels=True)
        words = {*ds.ImageType, ds.get("ComplexImageComponent", ""), *str(ds.get("SeriesDescription", "")).upper().split()}
        part = next((name for name in ("IMAGINARY", "REAL") if name in words), "?")
        series.setdefault(part, []).append(file)
    if set(series) != {"REAL", "IMAGINARY"}:
        yield f" parts {sorted(series)}", one.real.real, []
        return
    yield " real", one.real.real, series["REAL"]
    yield " imaginary", one.real.imag, series["IMAGINARY"]


def _by_all(one: Trial, files: list[Path], real: np.ndarray, folder: Path, part: str) -> Iterator[tuple[str, str]]:
    """Yield reader and difference."""
    for reader, read in _readers_of(one, files, real, folder / f"read{part.strip()}"):
        try:
            problem = read()
        except Exception as error:  # whatever a reader raises is a finding
            problem = f"{type(error).__name__}: {error}"
        if problem:
            yield reader, problem


def _readers_of(one: Trial, files: list[Path], real: np.ndarray, scratch: Path) -> Iterator[tuple[str, Any]]:
    if not files:
        return
    scratch.mkdir(exist_ok=True)
    ds = pydicom.dcmread(files[0], stop_before_pixels=True)
    colors, times, several = real.ndim > 4, real.shape[3] > 1, "PerFrameFunctionalGroupsSequence" in ds
    sheared = "sheared" in one.traits  # which other readers cannot hold, or not in all kinds of object
    if "SegmentSequence" in ds and sheared:
        return
    if "SegmentSequence" in ds:
        yield "highdicom", lambda: difference(one, *readers.by_highdicom(files[0]), real)
        if ds.SegmentationType == "BINARY":
            numbers = sorted(int(value) for value in np.unique(real) if value)
            yield "dcmqi", lambda: _only(one, readers.labels_by_dcmqi(numbers, files[0], scratch / "dcmqi"), real)
        return
    yield "pydicom", lambda: plain.differences(one, files, real)
    if sheared:
        return
    if ds.SOPClassUID.name == "Parametric Map Storage":
        yield from _readers_of_maps(one, files[0], real, scratch)
        return
    lines = min(ds.Rows, ds.Columns) == 1  # dcm2niix skips such images, and ITK takes their slices for rows
    if one.kind not in _WITHOUT_DCM2NIIX and not lines:
        yield "dcm2niix", lambda: _only(one, _with_times(readers.by_dcm2niix(files[0].parent, scratch / "nii"), real), real)
    if several and not times and not colors and len(files) == 1:
        yield "highdicom", lambda: difference(one, *readers.by_highdicom(files[0]), real)
    if not times and not colors and one.kind not in ("sc", "sc-multiframe") and not lines:
        yield "SimpleITK", lambda: difference(one, *readers.by_simpleitk(files), real)


def _readers_of_maps(one: Trial, file: Path, real: np.ndarray, scratch: Path) -> Iterator[tuple[str, Any]]:
    if real.shape[3] > 1:
        return
    yield "highdicom", lambda: difference(one, *readers.by_highdicom(file), real)
    if "DoubleFloatPixelData" not in pydicom.dcmread(file):  # which dcmqi does not read
        found = readers.by_dcmqi(file, "paramap2itkimage", scratch / "dcmqi")
        yield "dcmqi", lambda: _only(one, [grid for _, grid in found], real)


def _with_times(images: list[readers.Grid], real: np.ndarray) -> list[readers.Grid]:
    """Return images of one time each as one: dcm2niix writes those of several objects apart."""
    if len(images) != real.shape[3] or len(images) < 2:
        return images
    return [(np.stack([voxels for voxels, _ in images], -1), images[0][1])]


def _only(one: Trial, images: list[readers.Grid], real: np.ndarray) -> str:
    return difference(one, *images[0], real) if len(images) == 1 else f"{len(images)} images"


def _round_trip(one: Trial, files: list[Path], folder: Path) -> Iterator[str]:
    """Convert the objects to NIfTI (and, of every fourth trial, to Zarr) and back; they must be the very same files."""
    for target in ("nifti", "zarr") if one.number % 4 == 0 else ("nifti",):
        there, back = folder / f"{target}-there", folder / f"{target}-back"
        report = convert(Job([folder / "out"], there, ConversionOptions(target=target)))
        again = convert(Job([there], back, ConversionOptions(target="dicom", uids="keep", names="original")))
        for entry in (*report.entries, *again.entries):
            if entry.outcome is Outcome.FAILED:
                yield f"round trip by {target}: {entry.error}"
        before, after = ({path.name: path.read_bytes() for path in sorted(f.rglob("*.dcm"))} for f in (folder / "out", back))
        changed = [name for name, content in before.items() if after.get(name) != content]
        if changed or len(after) != len(before):
            yield f"round trip by {target}: {len(changed)} of {len(files)} files changed, {len(after)} returned"
        if target == "nifti":
            yield from _ours(one, there)


def _ours(one: Trial, there: Path) -> Iterator[str]:
    """Compare our own NIfTI files with the image."""
    images = [readers.of_nibabel(path) for path in sorted(there.rglob("*.nii.gz"))]
    if np.iscomplexobj(one.real):
        if len(images) != 2:
            yield f"ours: {len(images)} images of complex voxels"
        return
    if one.kind == "seg-fractional":  # stored values, as dcm2niix writes them
        images = [(voxels / 255, affine) for voxels, affine in images]
    problem = _only(one, images, one.real)
    if problem:
        yield f"ours: {problem}"
