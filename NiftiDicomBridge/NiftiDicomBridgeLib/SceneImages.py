"""Images of the scene on the list of files to convert: written to a temporary folder, as they were when they were added."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import slicer


class SceneImages:
    """Has the temporary folder of a panel."""

    def __init__(self, widget: Any):
        self._widget = widget
        self._folder: Path | None = None

    def __contains__(self, path: Path) -> bool:
        return self._folder is not None and self._folder in path.parents

    def task(self, nodes: Sequence[Any]) -> Any:
        """Return the task that writes nodes to files; it returns a `TemporaryNifti`."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="NiftiDicomBridge-nodes-", dir=slicer.app.temporaryPath))
        return _StageTask(self._widget.logic.stageTask(nodes, tempfile.mkdtemp(dir=self._folder)))

    def remove(self) -> None:
        """Delete the files."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


class _StageTask:
    """Returns what was written instead of a report."""

    def __init__(self, task: Any):
        self._task = task

    def work(self, progress: Any) -> Any:
        """Write the files."""
        return self._task.work(progress)

    def finish(self, report: Any) -> Any:
        """Return the files; raises `BridgeError` where one could not be written."""
        return self._task.staged(self._task.finish(report))
