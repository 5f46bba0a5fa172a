"""Imports while Slicer waits for the user, so that the first conversion does not wait for them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib import import_module

import qt

FIRST_MS, NEXT_MS = 300, 30
"""Before the first step, so that the panel is shown, and between steps, so that Slicer handles events."""
CORE, OURS = "nifti_dicom_bridge", __package__.rpartition(".")[0]
STEPS: tuple[tuple[str, str], ...] = (
    ("requests", ""),  # pydicom imports it, if it is installed
    ("pydicom", ""),
    *((CORE, name) for name in ("ConversionOptions", "read_sidecar", "segments_of", "read", "Deidentifier", "validate")),
    *((CORE, name) for name in ("read_labels", "write", "propose", "convert")),
    ("packaging.requirements", ""),
    *((f"{OURS}.{name}", "") for name in ("Host.Dependencies", "Host.Hierarchy", "Nodes.Nodes", "Originals.SourceMatching")),
    *((f"{OURS}.{name}", "") for name in ("Tasks.ExportTasks", "Tasks.TemporaryNifti", "Tasks.ImportTasks")),
    *((f"{OURS}.{name}", "") for name in ("Tasks.NodeProposals", "Tasks.SeriesTask", "Tasks.OptionParsing")),
    *((f"{OURS}.Panel.{name}", "") for name in ("PanelMessages", "ReportHtml", "DisplayTexts", "OtherOptions")),
)
"""Modules, and public names that load a part of the core. None of them takes more than about 0.1 s."""


class IdleImports:
    """Imports one step after the other in a timer.

    Parameters
    ----------
    is_busy : callable
        Whether a task is running, which imports what it needs itself.
    """

    def __init__(self, is_busy: Callable[[], bool]):
        self._is_busy, self._left = is_busy, list(STEPS)
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._step)

    def start(self) -> None:
        """Go on where it was stopped."""
        if self._left:
            self._timer.start(FIRST_MS)

    def stop(self) -> None:
        """Import nothing more."""
        self._timer.stop()

    def _step(self) -> None:
        if not self._is_busy():
            module, name = self._left.pop(0)
            try:
                imported = import_module(module)
                if name:
                    getattr(imported, name)
            except ImportError as error:  # what is missing is reported when it is used
                logging.debug("Not imported yet: %s", error)
        if self._left:
            self._timer.start(NEXT_MS)
