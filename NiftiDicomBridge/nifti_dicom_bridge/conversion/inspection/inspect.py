"""What is there: patients, studies, series, images, problems, and what each would become."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import BridgeError, Cancelled, DamagedFilesError
from ...formats import zarr
from ...formats.dicom.reading.damaged_files import damaged_files_named
from ...formats.dicom.reading.plans import Plan, plan_series
from ...formats.dicom.reading.read import load
from ...formats.dicom.reading.segmentations.segment_series import put_on_series
from ...model.files.safe_text import printable
from ...model.processes.failure import failure_of
from ...model.report import fitted
from ...options import ConversionOptions, Progress, Target
from ...options.path_fields import AnyPaths, paths_of
from ..inputs.image_files import find_other_series, nifti_files, note_of_archives, selected_files, selected_stores
from ..inputs.image_with_record import ImageWithRecord, open_nifti, open_store
from ..inputs.joined_images import joined_files
from ..inputs.selection import Selection, nothing_selected
from ..outputs.file_names import name_plans
from ..remote.url_jobs import mirrored
from .inspect_images import NEW_OBJECT, of_image, of_plan
from .inspect_tree import tree_lines


@dataclass(repr=False)
class Inspection:
    """What files and folders contain.

    Attributes
    ----------
    images : list of dict
        One for each volume: patient, study and series with their UIDs, modality, title, kind, paths, shape, spacing in mm,
        orientation, type of the values, TR and TE, what it becomes, warnings.
    others : list of dict
        Path and reason of what is not an image: objects without pixels, duplicates.
    problems : list of dict
        Path and reason of what cannot be read, with the SeriesInstanceUID where it is known.

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
        """Return all of it as text for a terminal: a tree of patients, studies, series and images."""
        return "\n".join(map(printable, tree_lines(self.images, self.others, self.problems)))

    def __repr__(self) -> str:
        title = f"Inspection: {len(self.images)} image(s), {len(self.others)} other file(s), {len(self.problems)} problem(s)"
        return fitted([title, *("  " + line for line in tree_lines(self.images, self.others, self.problems))])

    def add_problem(self, path: str, error: Exception, series_uid: str = "") -> None:
        """Note what cannot be read; cancelling goes through."""
        if isinstance(error, Cancelled):
            raise error
        self.problems.append({"path": path, "reason": failure_of(error).sentence, "series_uid": series_uid})


def inspect(
    paths: AnyPaths, progress: Progress | None = None, follow_links: bool = False, *, deep: bool = False, **selection: Any
) -> Inspection:
    """Return what files and folders contain: patients, studies, series, sizes, geometry, and what each would become.

    Parameters
    ----------
    paths : path or iterable of paths
        DICOM and NIfTI files, Zarr stores, folders of any depth, a DICOMDIR, or URLs (``s3://bucket/folder``); of uncompressed
        DICOM below a URL, only headers are read.
    progress : Progress, optional
        Called with the number of files read.
    follow_links : bool
        Also follow links to folders outside of the inputs.
    deep : bool
        Also decode the pixel data of all DICOM images, to find damage that headers do not show.
    **selection
        Options of `ConversionOptions` that select images: `series`, `study`, `patient`, `modality`.

    Returns
    -------
    Inspection
        What was found, as values (`to_dict`) and as text (`table`).

    Raises
    ------
    BridgeError
        If a path does not exist, nothing is there, or nothing is selected.

    Examples
    --------
    >>> from nifti_dicom_bridge import inspect
    >>> inspect("scans")
    Inspection: 1 image(s), 0 other file(s), 0 problem(s)
      patient DEMO-1  Διονυσιος
        study 2026-01-02 03:04
          7 Oblique MR  MR  7 files  [MR Image Storage]
            48 × 40 × 7 uint16  1.2 × 1.25 × 4 mm  LPS  TR 2000 ms  TE 80 ms
            → 7_Oblique_MR.nii.gz
    """
    options = ConversionOptions(follow_links=follow_links, **selection)
    with mirrored(paths_of(paths)) as (workspace, given, _):
        result = _inspection(given, options, deep, progress)
        return Inspection(*map(workspace.shown.values, (result.images, result.others, result.problems)))


def _inspection(given: Sequence[Path], options: ConversionOptions, deep: bool, progress: Progress | None) -> Inspection:
    result, selected, follow_links = Inspection(), Selection.of(options), options.follow_links
    for path in selected_files(nifti_files(given, follow_links), selected):
        _add_image(result, path, open_nifti, "NIfTI")
    _note_joined(result)
    for path in selected_stores(zarr.stores_below(given, follow_links), selected):
        _add_image(result, path, open_store, "Zarr")
    plans = plans_to_inspect(given, options, result, progress)
    for plan in plans:
        try:
            result.images.append(of_plan(plan))
        except Exception as error:
            result.add_problem(plan.instances[0].path, error, plan.series_uid)
    if deep:
        _decode(plans, result, progress)
    if selected.patterns and not result.images and not result.problems:
        raise nothing_selected(given, options)
    if not any(result.to_dict().values()):
        archives = note_of_archives(given, follow_links)
        raise BridgeError(f"No DICOM, NIfTI or Zarr was found in {', '.join(map(str, given))}.{archives} Check the path.")
    return result


def plans_to_inspect(
    given: Sequence[Path], options: ConversionOptions, result: Inspection, progress: Progress | None
) -> list[Plan]:
    """Return what the DICOM series become; what is not an image or cannot be understood is added to the result."""
    inventory = find_other_series(given, options, progress)
    for leftover in inventory.leftovers:
        about = {"path": leftover.path, "reason": leftover.reason, "series_uid": leftover.series_uid}
        (result.problems if leftover.failed else result.others).append(about)
    plans: list[Plan] = []
    for series in inventory.series:
        try:
            plans += plan_series(series)
        except Exception as error:
            result.add_problem(series.instances[0].path, error, series.uid)
    plans = put_on_series(plans, spaces=inventory.spaces)
    name_plans(plans)
    return plans


def _add_image(result: Inspection, path: Path, opener: Callable[[Path], ImageWithRecord], kind: str) -> None:
    try:
        result.images.append(of_image(opener(path), kind))
    except Exception as error:
        result.add_problem(str(path), error)


def _note_joined(result: Inspection) -> None:
    """Report which images without a record become one object together."""
    new = {Path(image["paths"][0]): image for image in result.images if image["becomes"].startswith(NEW_OBJECT)}
    for files in joined_files(list(new), ConversionOptions(Target.DICOM)):
        for file in files:
            new[file]["becomes"] += f", together with {len(files) - 1} other file(s) of its folder"


def _decode(plans: Sequence[Plan], result: Inspection, progress: Progress | None) -> None:
    """Decode all pixel data, image by image."""
    for number, plan in enumerate(plans):
        if progress is not None:
            progress("Decoding", number, len(plans))
        try:
            with damaged_files_named([plan]):
                load(plan, None)
        except DamagedFilesError as error:
            result.problems += [
                {"path": path, "reason": reason, "series_uid": plan.series_uid} for path, reason in error.reasons.items()
            ]
        except Exception as error:
            result.add_problem(plan.instances[0].path, error, plan.series_uid)
