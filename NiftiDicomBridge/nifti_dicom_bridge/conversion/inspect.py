"""What is there: series, size, geometry, problems, and what each would become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BridgeError
from ..formats import zarr
from ..formats.dicom.reading import decode
from ..formats.dicom.reading.plans import Plan, plan_series, with_unique_names
from ..formats.dicom.reading.series import find_series, kind_of
from ..model import metadata
from ..model.failure import failure_of
from ..model.report import fitted
from ..model.safe_text import printable
from ..options import Progress
from ..options.path_fields import AnyPaths, paths_of
from ..sidecar import KEY, record
from ..standard.tags import Tag
from .image_files import is_nifti_file, nifti_files
from .image_with_record import ImageWithRecord, open_nifti, open_store
from .url_jobs import mirrored


@dataclass(repr=False)
class Inspection:
    """What files and folders contain.

    Attributes
    ----------
    images : list of dict
        One for each volume: name, title, kind, files, shape, spacing in mm, orientation, type of the values, warnings.
    others : list of dict
        Path and reason of what is not an image: objects without pixels, duplicates.
    problems : list of dict
        Path and reason of what cannot be read.

    Examples
    --------
    >>> from nifti_dicom_bridge import inspect
    >>> inspect("scans").images[0]["shape"]
    [48, 40, 7]
    """

    images: list[dict[str, Any]] = field(default_factory=list)
    others: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether all of it can be read."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"images": self.images, "others": self.others, "problems": self.problems}

    def table(self) -> str:
        """Return all of it as text for a terminal."""
        return "\n".join(map(printable, _lines(self)))

    def __repr__(self) -> str:
        title = f"Inspection: {len(self.images)} image(s), {len(self.others)} other file(s), {len(self.problems)} problem(s)"
        return fitted([title, *("  " + line for line in _lines(self))])


def inspect(paths: AnyPaths, progress: Progress | None = None, follow_links: bool = False) -> Inspection:
    """Return what files and folders contain: series, sizes, geometry, and what each would become.

    Parameters
    ----------
    paths : path or iterable of paths
        DICOM and NIfTI files, Zarr stores, folders of any depth, a DICOMDIR, or URLs (``s3://bucket/folder``), of which only
        the headers of DICOM objects are read.
    progress : Progress, optional
        Called with the number of files read.
    follow_links : bool
        Also follow links to folders outside of the inputs.

    Raises
    ------
    BridgeError
        If a path does not exist or nothing is there.

    Examples
    --------
    >>> from nifti_dicom_bridge import inspect
    >>> inspect("scans")
    Inspection: 1 image(s), 0 other file(s), 0 problem(s)
      7 Nasty demo   [MR Image Storage]
          48 × 40 × 7 uint16, 7 file(s), 1.2 × 1.25 × 4 mm, LPS
          → 7_Nasty_demo.nii.gz
    """
    with mirrored(paths_of(paths)) as (workspace, given, _):
        result = _inspection(given, progress, follow_links)
        return Inspection(*(workspace.values(part) for part in (result.images, result.others, result.problems)))


def _inspection(given: Sequence[Path], progress: Progress | None, follow_links: bool) -> Inspection:
    result = Inspection()
    for path in nifti_files(given, follow_links):
        try:
            result.images.append(_image(open_nifti(path), "NIfTI"))
        except Exception as error:
            result.problems.append({"path": str(path), "reason": failure_of(error).sentence})
    for path in zarr.stores_below(given, follow_links):
        try:
            result.images.append(_image(open_store(path), "Zarr"))
        except Exception as error:
            result.problems.append({"path": str(path), "reason": failure_of(error).sentence})
    others = [path for path in given if not is_nifti_file(path) and not zarr.is_store(path)]
    inventory = find_series(others, progress, follow_links)
    for leftover in inventory.leftovers:
        (result.problems if leftover.failed else result.others).append({"path": leftover.path, "reason": leftover.reason})
    plans: list[Plan] = []
    for series in inventory.series:
        try:
            plans += plan_series(series)
        except Exception as error:
            result.problems.append({"path": series.instances[0].path, "reason": failure_of(error).sentence})
    for plan in with_unique_names(plans):
        try:
            result.images.append(_planned(plan))
        except Exception as error:
            result.problems.append({"path": plan.instances[0].path, "reason": failure_of(error).sentence})
    if not any(result.to_dict().values()):
        raise BridgeError(f"No DICOM, NIfTI or Zarr was found in {', '.join(map(str, given))}. Check the path.")
    return result


def _planned(plan: Plan) -> dict[str, Any]:
    first = plan.instances[0]
    pixel = decode.pixel_format(first)
    stack = plan.grid.stack
    times, slices = len(plan.frames), len(plan.frames[0])
    return {
        "becomes": plan.name + ".nii.gz",
        "title": plan.title,
        "kind": kind_of(first),
        "modality": metadata.text(first.elements, Tag.MODALITY),
        "files": len(plan.instances),
        "shape": [pixel.columns, pixel.rows, slices] + ([times] if times > 1 else []),
        "type": plan.dtype.name + (" RGB" if pixel.samples == 3 else ""),
        "spacing_mm": _spacing(stack.ijk_to_ras) if stack else None,
        "orientation": _axes(stack.ijk_to_ras) if stack else None,
        "warnings": list(plan.warnings),
    }


def _image(file: ImageWithRecord, kind: str) -> dict[str, Any]:
    volume, path = file.load(), file.path
    i, j, k = volume.shape_ijk
    edits = sorted(volume.edits())
    state = "no record: it cannot be restored" if volume.source is None else "restores the DICOM series"
    if edits:
        state = f"becomes a derived series ({' and '.join(edits)} edited)"
    return {
        "becomes": state,
        "title": path.name,
        "kind": kind + ("" if volume.source is None else f" + {KEY} record {record.SCHEMA_VERSION}"),
        "modality": "" if volume.source is None else metadata.text(volume.dicom.metadata.first.elements, Tag.MODALITY),
        "files": 1,
        "shape": [i, j, k] + ([volume.times] if volume.times > 1 else []),
        "type": volume.voxels.dtype.name,
        "spacing_mm": _spacing(volume.ijk_to_ras),
        "orientation": _axes(volume.ijk_to_ras),
        "warnings": list(volume.warnings),
    }


def _spacing(ijk_to_ras: np.ndarray) -> list[float]:
    return [float(f"{n:.6g}") for n in np.linalg.norm(ijk_to_ras[:3, :3], axis=0)]


def _axes(ijk_to_ras: np.ndarray) -> str:
    """Return where i, j and k go, as three letters of R L A P S I."""
    letters = ("LR", "PA", "IS")
    return "".join(
        letters[axis][int(column[axis] > 0)] for column in ijk_to_ras[:3, :3].T for axis in [int(np.argmax(np.abs(column)))]
    )


def _lines(inspection: Inspection) -> list[str]:
    lines = []
    for image in inspection.images:
        shape = " × ".join(map(str, image["shape"]))
        lines.append(f"{image['title']}   [{image['kind']}]")
        lines.append(f"    {shape} {image['type']}, {image['files']} file(s){_place(image)}")
        lines.append(f"    → {image['becomes']}")
        lines += [f"    note: {text}" for text in image["warnings"]]
    lines += [f"not an image: {other['path']}: {other['reason']}" for other in inspection.others]
    lines += [f"problem: {problem['reason']}" for problem in inspection.problems]
    return lines


def _place(image: dict[str, Any]) -> str:
    if image["spacing_mm"] is None:
        return ", no position in the patient"
    return f", {' × '.join(f'{n:g}' for n in image['spacing_mm'])} mm, {image['orientation']}"
