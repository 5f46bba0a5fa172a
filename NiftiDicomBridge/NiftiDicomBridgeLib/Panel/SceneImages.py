"""Images of the scene on the list of files to convert: written to a temporary folder, as they were when they were added."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from .ImportRows import AUTOMATIC
from .ReferenceBox import series_of


@dataclass(frozen=True)
class SceneImage:
    """What was written for an image of the scene.

    Attributes
    ----------
    path : pathlib.Path
        The file in the space of the series that the image was made of.
    in_world : pathlib.Path
        The file in world coordinates; the same where both spaces are the same.
    reference : str
        The series that it was made of, as `ImportRows.Row.reference`; empty where it is not known.
    kind : str
        What it becomes with that reference, if the user chooses no kind.
    values : dict of str to str
        DICOM keyword → value of that series, or of its patient and study, that holds for it, too.
    needs_reference : bool
        Whether only that reference has its slices.
    warnings : dict of pathlib.Path to list of str
        What each file could not include.
    images : tuple of pathlib.Path
        The files of the images that it was made on, if these are not all of the series.
    has_no_position : bool
        Whether it is on the pixels of an image that DICOM specifies no position for.
    """

    path: Path
    in_world: Path
    reference: str = ""
    kind: str = AUTOMATIC
    values: dict[str, str] = field(default_factory=dict)
    needs_reference: bool = False
    warnings: dict[Path, list[str]] = field(default_factory=dict)
    images: tuple[Path, ...] = ()
    has_no_position: bool = False


class SceneImages:
    """Has the temporary folder of a panel."""

    def __init__(self, widget: Any):
        self._widget = widget
        self._folder: Path | None = None
        self._count = 0

    def __contains__(self, path: Path) -> bool:
        return self._folder is not None and self._folder in path.parents

    def task(self, nodes: Sequence[Any]) -> Any:
        """Return the task that writes nodes to files; it returns what `_StageTask.finish` does."""
        from ..Host.TemporaryFolders import new_folder

        if self._folder is None or not self._folder.is_dir():
            self._folder = new_folder("nodes")
        self._count += 1
        return _StageTask(self._widget.logic, nodes, self._folder / str(self._count))

    def remove(self) -> None:
        """Delete the files."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


class _StageTask:
    """Returns what was written instead of a report."""

    def __init__(self, logic: Any, nodes: Sequence[Any], folder: Path):
        relative = logic.stageTask(nodes, folder)
        self._tasks = [relative, logic.stageTask(nodes, folder / "world", False, None)] if relative.moves else [relative]

    def work(self, progress: Any) -> Any:
        """Write the files."""
        return [task.work(progress) for task in self._tasks]

    def finish(self, reports: Any) -> tuple[list[SceneImage], list[str]]:
        """Return the files, and why the other nodes could not be written; raises `BridgeError` if none could be."""
        staged = [task.staged(task.finish(report), partly=True) for task, report in zip(self._tasks, reports, strict=True)]
        relative, in_world = staged[0], staged[-1]
        pairs = chain.from_iterable(map(zip, relative.of_nodes, in_world.of_nodes))  # one failed, too, where the other did
        images = [_scene_image(relative, in_world, path, other) for path, other in pairs]
        problems = list(dict.fromkeys(entry.error for part in staged for entry in part.failures))
        if not images:
            from nifti_dicom_bridge import BridgeError

            raise BridgeError(" ".join(problems))
        return images, problems


def _scene_image(relative: Any, in_world: Any, path: Path, other: Path) -> SceneImage:
    warnings = {file: some.warnings.get(file, []) for some, file in ((in_world, other), (relative, path))}
    origin = relative.origins.get(path)
    if origin is None:
        return SceneImage(path, other, warnings=warnings)
    reference = series_of(origin.files) if origin.files else ""
    values = {**origin.identity, **origin.values}
    images, no_position = tuple(origin.files) if origin.has_own_images else (), origin.has_no_position
    return SceneImage(path, other, reference, origin.kind.value, values, origin.has_own_slices, warnings, images, no_position)
