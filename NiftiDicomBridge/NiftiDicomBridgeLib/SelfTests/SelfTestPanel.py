"""The panel in Slicer's window, and the start of the module."""

# ruff: noqa: PT009 - runs under unittest in Slicer, where a plain assert shows no values

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import qt
import slicer

from .SelfTestCase import BridgeTestCase
from .SelfTestData import SHAPE

WIDEST, WIDEST_CHARACTERS = 345, 50
"""Pixels on a plain screen, and average characters where the font is larger."""
WATCHED_S = 2.0
PROBLEM = re.compile(r"^\[(?:WARNING|ERROR|CRITICAL|FATAL)\]\[Qt\].*(?:NiftiDicomBridge|NIfTI-DICOM Bridge).*", re.MULTILINE)
"""A line in the log of the application; Python's own warnings may be about the data of the user."""


class PanelTests(BridgeTestCase):
    """Opens the panel as Slicer does."""

    def test_module_starts_without_warnings(self) -> None:
        """Slicer has accepted the category, and its log contains no warning that names the module."""
        module = slicer.modules.niftidicombridge
        modules = [getattr(slicer.modules, name, None) for name in dir(slicer.modules)]
        titles = {getattr(other, "title", "") for other in modules}
        self.assertFalse(titles.intersection(module.categories))
        log = Path(slicer.app.errorLogModel().filePath).read_text("utf-8", errors="replace")
        self.assertEqual(PROBLEM.findall(log), [])

    def test_panel_lists_the_volumes_of_the_scene(self) -> None:
        """When it is opened."""
        slicer.util.addVolumeFromArray(np.zeros(SHAPE, np.int16), name="listed")
        widget = self._open()
        self.assertEqual(widget.ui.exportTree.topLevelItem(0).text(0), "listed")

    def test_panel_keeps_its_width(self) -> None:
        """It fits next to the views, and neither its width nor its size hint changes while it is open."""
        for number in range(15):
            slicer.util.addVolumeFromArray(np.zeros(SHAPE, np.int16), name=f"a volume with a long name, number {number}")
        contents = self._open().ui.NiftiDicomBridge
        self._wait(WATCHED_S / 4)
        before = (contents.width, contents.minimumSizeHint.width())
        self._wait(WATCHED_S)
        self.assertEqual((contents.width, contents.minimumSizeHint.width()), before)
        character = qt.QFontMetrics(slicer.app.font()).averageCharWidth()
        self.assertLessEqual(before[1], max(WIDEST, WIDEST_CHARACTERS * character))

    def _open(self):
        """Open the panel, in the window if there is one; returns its widget."""
        panel = slicer.modules.niftidicombridge.widgetRepresentation()
        if slicer.util.mainWindow() is not None:
            slicer.util.selectModule("NiftiDicomBridge")
        panel.self().enter()  # once more, because nodes were added
        self.addCleanup(panel.self().exit)
        return panel.self()

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            slicer.app.processEvents()
            time.sleep(0.01)
