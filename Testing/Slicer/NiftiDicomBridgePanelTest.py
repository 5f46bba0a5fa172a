"""The panel inside Slicer: export and import by its buttons, conversion in the background.

Without a build: ``Slicer --testing --no-splash --additional-module-paths <repository>/NiftiDicomBridge --python-code
"import slicer.testing; slicer.testing.runUnitTest(['<repository>/Testing/Slicer'], 'NiftiDicomBridgePanelTest')"``.
"""

# ruff: noqa: PT009 - runs under unittest in Slicer, where a plain assert shows no values

import time

import numpy as np
import qt
import slicer

from NiftiDicomBridgeLib.SelfTest import SHAPE, BridgeTestCase, write_series

SECONDS = 30


class NiftiDicomBridgePanelTest(BridgeTestCase):
    """Clicks the buttons of the panel; the database is a temporary one, as for the tests of the logic."""

    def setUp(self):
        super().setUp()
        self.panel = slicer.modules.niftidicombridge.widgetRepresentation()
        self.widget = self.panel.self()
        self.widget.enter()

    def tearDown(self):
        if hasattr(self, "widget"):
            self.widget.exit()
        super().tearDown()

    def test_export_button_writes_the_checked_volumes(self):
        """Two volumes in the list, one of them checked: one file."""
        for name in ("first", "second"):
            slicer.util.addVolumeFromArray(np.ones((2, 3, 4), np.int16), name=name)
        self.widget.refresh()
        tree = self.widget.ui.exportTree
        for row in range(tree.topLevelItemCount):
            item = tree.topLevelItem(row)
            item.setCheckState(0, qt.Qt.Checked if item.text(0) == "second" else qt.Qt.Unchecked)
        self.widget.ui.folderEdit.currentPath = str(self.folder / "out")
        self._click_and_wait(self.widget.ui.exportButton)
        self.assertEqual(sorted(path.name for path in (self.folder / "out").iterdir()), ["second.json", "second.nii.gz"])
        self.assertIn("1 converted", self.widget.ui.resultBrowser.toPlainText())

    def test_import_button_fills_the_database(self):
        """What was exported is added as a new series and loaded."""
        node = self._load(write_series(self.folder / "original"))
        report = self.logic.exportVolumes([node], self.folder / "nifti")
        self.widget.importing.add_files(path for path in report.outputs if path.suffix != ".json")
        self._click_and_wait(self.widget.ui.importButton)
        self.assertEqual(slicer.dicomDatabase.imagesCount(), 2 * SHAPE[0])
        self.assertEqual(len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")), 2)

    def _click_and_wait(self, button):
        self.assertTrue(button.isEnabled())
        button.click()
        end = time.monotonic() + SECONDS
        while (self.widget.busy or self.widget.importing.proposing.busy) and time.monotonic() < end:
            slicer.app.processEvents()
            time.sleep(0.01)  # gives the interpreter to the worker
        self.assertFalse(self.widget.busy)
