"""One call: series → NIfTI → command or function → DICOM objects next to the original."""

from __future__ import annotations

import difflib
import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path, PurePath
from typing import Any

from ...creation.attribute_sources import ConversionContext
from ...creation.label_sources import needs_names
from ...errors import BridgeError, OptionError
from ...formats.dicom.reading.grouping.series import Inventory
from ...formats.dicom.reading.plans import Plan
from ...labels import read_labels
from ...model.listing import listed
from ...model.processes.limits import size_limit
from ...model.report import ConversionReport
from ...options import ConversionOptions, Progress, Target
from ...options.algorithm import Algorithm, parse_algorithm
from ...options.apply_options import ApplyOptions, Per
from ...options.checks import check_options
from ...options.path_fields import AnyPath, AnyPaths, paths_of
from ...options.urls import is_url, url_of
from ...output import recover
from ..entries import plans_and_report
from ..execution.task_runner import TaskRunner
from ..inputs.nothing_found import note_of_skipped
from ..inputs.selection import Selection, find_selected, nothing_selected
from ..remote.archives import fetched_inputs
from ..without_damaged_files import examined
from .command_lines import arguments_of
from .functions import Function
from .objects import ResultWriter
from .pipeline import Pipeline
from .placeholders import check_command, check_input_name, is_per_study
from .runs import runs_of
from .selection import Selector, images_alone, selected

DICOM_OPTIONS = (
    "series", "study", "patient", "modality",
    "kind", "labels", "algorithm", "segmentation", "set_values", "metadata", "overwrite", "plane", "max_error", "resample",
    "gzip", "follow_links", "size_limit", "archive_settings",
)  # fmt: skip
"""The fields of `ConversionOptions` that `apply` takes."""
_INTERPRETERS = re.compile(r"(?i)(python|pythonw|PythonSlicer|perl|ruby|bash|sh|zsh|Rscript|matlab|octave|julia)[\d.]*(\.exe)?")


def apply(
    inputs: AnyPaths,
    output: AnyPath,
    task: Sequence[str] | str | Function,
    *,
    progress: Progress | None = None,
    **options: Any,
) -> ConversionReport:
    """Apply a command or a function to DICOM series, and write what it makes as DICOM next to the original.

    The series become NIfTI in a temporary folder; Segmentations next to images only if they are selected. Of what the command
    writes, an image of the same modality becomes a derived series, a label map or a folder of masks a Segmentation, a map of
    other values a Parametric Map. All have the patient and study of the original, refer to its images, have a series number
    that is free, and contain the command, its exit code and the digest of its input.

    Parameters
    ----------
    inputs : path or iterable of paths
        DICOM files and folders of any depth, or addresses of archives, such as ``pacs:AETITLE@host:port/studies/UID``.
    output : path
        Folder to write to; created if missing.
    task : list of str, str, or callable
        The command: its arguments with placeholders such as ``{input}`` and ``{output}``, one text for ``shell=True``. Or a
        function that takes a nibabel image (a list of them with ``per="study"``) and returns one, a NumPy array on its grid, or
        a list or dict of them.
    progress : Progress, optional
        Called as ``progress(what, done, total)``; may raise `Cancelled`, which ends running commands.
    **options
        Fields of `ApplyOptions`, such as ``select="Modality=MR"``, and of `ConversionOptions`: `kind`, `labels`,
        `algorithm`, `segmentation`, `set_values`, `metadata`, `overwrite`, `plane`, `max_error`, `resample`, `gzip`,
        `follow_links`, `size_limit`, `archive_settings`.

    Returns
    -------
    ConversionReport
        One entry for each image that was written, or for each run that failed.

    Raises
    ------
    BridgeError
        If nothing can be started: an input does not exist, no series is selected, an option or a placeholder is not valid.
    Cancelled
        If `progress` raised it.

    Examples
    --------
    >>> import nibabel
    >>> from nifti_dicom_bridge import apply
    >>> def bright(image):
    ...     return (image.get_fdata() > 500).astype("uint8")
    >>> apply("scans", "results", bright, kind="seg")
    ConversionReport: 1 converted
      converted  7 Oblique MR: result.nii → results/7_Oblique_MR_bright/000001.dcm
    """
    chosen, dicom = _options(options)
    command = _command_of(task, chosen.shell)
    per_study = _is_per_study(chosen, command)
    selectors = [Selector.parse(text) for text in chosen.select]
    given, folder = paths_of(inputs), Path(output)
    _check_task(task, command, chosen)
    _check_dicom_options(dicom)
    _check_paths(given, folder)
    notes = recover(folder, progress)
    with (
        size_limit(dicom.size_limit),
        fetched_inputs(given, dicom, progress) as fetched,
        tempfile.TemporaryDirectory(prefix="nifti-dicom-bridge-") as temporary,
    ):
        inventory = find_selected(fetched.paths, Selection.of(dicom), progress, dicom.follow_links)
        runner = TaskRunner(progress=progress)
        plans, report = plans_and_report(inventory, runner)
        pairs = selected(plans, selectors)
        if (decodable := examined(inventory, runner, [plan for plan, _ in pairs])) is not inventory:
            plans, report = plans_and_report(decodable, runner)
            pairs = selected(plans, selectors)
        report.notes += notes
        if not pairs:
            raise _no_series(fetched.paths, plans, report, chosen, dicom)
        if not (selectors or dicom.series or dicom.modality):
            pairs, left_out = images_alone(pairs)
            report.notes += left_out
        writer = ResultWriter(dicom, folder, _context(dicom, inventory), progress)
        algorithm = _algorithm_of(task, command, chosen, dicom)
        pipeline = Pipeline(
            task if command is None else command, chosen, dicom, per_study, writer, algorithm, progress, report
        )  # fmt: skip
        return fetched.report(pipeline.execute(runs_of(pairs, per_study, Path(temporary))))


_OF_COMMANDS = ("shell", "timeout", "jobs", "take", "input_name", "environment")
_APPLY = frozenset(field.name for field in fields(ApplyOptions))


def _options(given: dict[str, Any]) -> tuple[ApplyOptions, ConversionOptions]:
    known = _APPLY | set(DICOM_OPTIONS)
    for name in given.keys() - known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Options are {', '.join(sorted(known))}."
        raise OptionError(f"Unknown option {name}. {hint}")
    own = {name: value for name, value in given.items() if name in _APPLY}
    others = {name: value for name, value in given.items() if name not in _APPLY}
    return ApplyOptions(**own), ConversionOptions(Target.DICOM, **others)


def _check_task(task: object, command: Sequence[str] | None, chosen: ApplyOptions) -> None:
    """Refuse a command that cannot work, and options that have no effect on it, or on a function."""
    usual = ApplyOptions()
    kind, other = ("commands", "a function") if callable(task) else ("functions", "a command")
    for name in _OF_COMMANDS if callable(task) else ("arrays",):
        if getattr(chosen, name) != getattr(usual, name):
            raise OptionError(f"{name}= applies to {kind}, and {other} was given. Leave it out.")
    if command is not None:
        check_command(command, chosen.shell, _is_per_study(chosen, command))
    check_input_name(chosen.input_name)


def _check_dicom_options(options: ConversionOptions) -> None:
    """Refuse options of the DICOM output, and labels, that are wrong: a command may run for hours before they are needed."""
    check_options(options)
    if options.labels is not None and not needs_names(options.labels):
        read_labels(options.labels)


def _check_paths(inputs: Sequence[Path], folder: Path) -> None:
    if not inputs:
        raise OptionError("No input was given. Name the files or folders of DICOM series.")
    for url in filter(is_url, (*inputs, folder)):
        raise OptionError(f"{url_of(url)}: apply reads and writes files and folders only. Copy the images to a folder.")


def _command_of(task: Sequence[str] | str | Function, shell: bool) -> list[str] | None:
    """Return the arguments of a command; None for a function."""
    if callable(task):
        return None
    if isinstance(task, str):
        return [task] if shell else arguments_of(task)
    return [str(word) for word in task]


def _is_per_study(chosen: ApplyOptions, command: Sequence[str] | None) -> bool:
    if chosen.per is not Per.AUTO:
        return chosen.per is Per.STUDY
    return command is not None and is_per_study(command)


def _algorithm_of(task: object, command: Sequence[str] | None, chosen: ApplyOptions, dicom: ConversionOptions) -> Algorithm:
    """Return what the user stated, else the name of the program or function."""
    if dicom.algorithm:
        return parse_algorithm(dicom.algorithm)
    if command is None:
        return Algorithm(getattr(task, "__name__", type(task).__name__).strip("<>"))
    words = _words_for_shell(command[0]) if chosen.shell and len(command) == 1 else list(command)
    names = [PurePath(word).name for word in words if not word.startswith("-")]
    if len(names) > 1 and _INTERPRETERS.fullmatch(names[0]):
        names = names[1:]
    return Algorithm(PurePath(names[0]).stem)


def _words_for_shell(text: str) -> list[str]:
    """Return the words of a command; a shell also reads what cannot be split, such as an apostrophe in a comment."""
    with suppress(OptionError):
        return arguments_of(text)
    return text.split()


def _context(options: ConversionOptions, inventory: Inventory) -> ConversionContext:
    """Return what all objects share; the series numbers of all series that were found are taken, selected or not."""
    context = ConversionContext.of(options)
    context.add_known_series(series.instances[0] for series in (*inventory.series, *inventory.left_out))
    return context


def _no_series(
    inputs: Sequence[Path], plans: Sequence[Plan], report: ConversionReport, chosen: ApplyOptions, options: ConversionOptions
) -> BridgeError:
    if not plans and Selection.of(options).patterns:
        return nothing_selected(inputs, options)
    where = ", ".join(map(str, inputs))
    if not plans:
        return BridgeError(f"No DICOM images were found in {where}.{note_of_skipped(report.entries)} Check the path.")
    titles = list(dict.fromkeys(plan.title for plan in plans))
    select = ", ".join(chosen.select)
    return BridgeError(f'select="{select}" matches none of the series in {where}: {listed(titles)}. Correct the pattern.')
