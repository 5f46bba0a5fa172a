"""The panel inside Slicer: export and import by its buttons, conversion in the background.

Without a build: ``Slicer --testing --no-splash --additional-module-paths <repository>/NiftiDicomBridge --python-code
"import slicer.testing; slicer.testing.runUnitTest(['<repository>/Testing/Slicer'], 'NiftiDicomBridgePanelTest')"``.
"""

# ruff: noqa: PT009 - runs under unittest in Slicer, where a plain assert shows no values

import time
from contextlib import contextmanager

import numpy as np
import qt
import slicer

from NiftiDicomBridgeLib.SelfTests.SelfTestCase import BridgeTestCase
from NiftiDicomBridgeLib.SelfTests.SelfTestData import SHAPE, write_series
from NiftiDicomBridgeLib.SelfTests.SelfTestPanel import WIDEST

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
        self.widget.importing.files.add_files(path for path in report.outputs if path.suffix != ".json")
        self._click_and_wait(self.widget.ui.importButton)
        self.assertEqual(slicer.dicomDatabase.imagesCount(), 2 * SHAPE[0])
        self.assertEqual(len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")), 2)

    def test_width_of_the_panel_is_stable(self):
        """Lists that ask for their own width make the module panel grow for ever: the dock with a window, else the panel."""
        docks = slicer.util.findChildren(slicer.util.mainWindow(), name="PanelDockWidget") if slicer.util.mainWindow() else []
        if docks:
            slicer.util.selectModule("NiftiDicomBridge")
        dock = docks[0] if docks else self.widget.ui.NiftiDicomBridge
        font = slicer.app.font()
        for points in (font.pointSizeF(), font.pointSizeF() * 1.25, font.pointSizeF() * 1.5, 14):
            changed = qt.QFont(font)
            changed.setPointSizeF(points)
            slicer.app.setFont(changed)
            for section in (self.widget.ui.exportSection, self.widget.ui.importSection):
                self.widget.accordion.open(section)
                self._wait(0.5)
                width = dock.width
                self._wait(2)
                self.assertEqual(dock.width, width)
        slicer.app.setFont(font)

    def test_sections_ask_for_no_more_than_a_module_panel_has(self):
        """Each of the sections fits, as wide as the font of the platform is."""
        ui, widest = self.widget.ui, WIDEST * qt.QFontMetrics(slicer.app.font()).averageCharWidth()
        for section in (ui.exportSection, ui.importSection, ui.reportSection, ui.checkSection):
            self.widget.accordion.open(section)
            self._wait(0.2)
            self.assertLessEqual(ui.NiftiDicomBridge.minimumSizeHint.width(), widest)
            others = (ui.exportSection, ui.importSection, ui.reportSection, ui.checkSection)
            self.assertEqual([other for other in others if not other.collapsed], [section])

    def test_value_that_is_not_valid_is_marked_and_reset(self):
        """PatientSex "female" stays in its cell, blocks the conversion, and goes with Reset."""
        node = self._load(write_series(self.folder / "original"))
        report = self.logic.exportVolumes([node], self.folder / "nifti")
        self.widget.accordion.open(self.widget.ui.importSection)
        self.widget.importing.files.add_files(path for path in report.outputs if path.suffix != ".json")
        self._wait_for_the_panel()
        table, fields = self.widget.ui.fieldsTable, self.widget.importing.settings.fields
        rows = table.rowCount
        number = fields._keywords.index("PatientSex")
        table.setCurrentCell(number, 1)
        table.item(number, 1).setText("female")
        self._wait_for_the_panel()
        self.assertEqual(table.rowCount, rows)
        self.assertIn("female", self.widget.ui.fieldsNoteLabel.text)
        self.assertFalse(self.widget.ui.importButton.isEnabled())
        self.widget.ui.resetButton.click()
        self._wait_for_the_panel()
        self.assertTrue(self.widget.ui.importButton.isEnabled())

    def test_value_being_typed_is_left_alone(self):
        """A proposal that arrives does not close the editor of a cell."""
        node = self._load(write_series(self.folder / "original"))
        report = self.logic.exportVolumes([node], self.folder / "nifti")
        self.widget.accordion.open(self.widget.ui.importSection)
        self.widget.importing.files.add_files(path for path in report.outputs if path.suffix != ".json")
        self._wait_for_the_panel()
        table = self.widget.ui.fieldsTable
        table.setCurrentCell(0, 1)
        table.editItem(table.item(0, 1))
        before = table.state()
        self.widget.importing.look_again()
        self._wait_for_the_panel()
        self.assertEqual((table.state(), before), (qt.QAbstractItemView.EditingState,) * 2)

    def test_reason_why_nothing_can_be_exported_is_visible(self):
        """The hint is below the button."""
        self.widget.refresh()
        self.assertFalse(self.widget.ui.exportButton.isEnabled())
        self.assertEqual(self.widget.exporting.feedback.hint.text, "The scene contains no images.")

    def test_module_is_in_a_category_that_slicer_accepts(self):
        """A category that is the title of a module is refused with a warning at start."""
        self.assertEqual(list(slicer.modules.niftidicombridge.categories), ["Informatics"])

    def test_windows_open_and_return_what_was_entered(self):
        """The choice of a series, of what to fetch, and signing in: by their own buttons."""
        from nifti_dicom_bridge import StudyMatch
        from NiftiDicomBridgeLib.Host import ArchiveAccess, Database
        from NiftiDicomBridgeLib.Host.ArchiveAddresses import Server
        from NiftiDicomBridgeLib.Panel import SeriesDialog

        self._load(write_series(self.folder / "original"))
        (series,) = Database.all_series()

        def choose(window):
            (tree,) = slicer.util.findChildren(window, className="QTreeWidget")
            item = tree.topLevelItem(0)
            while item.childCount():
                item = item.child(0)
            tree.setCurrentItem(item)

        fetching = self.widget.fetching.dialog

        def choose_study(window):
            fetching.archive.setEditText("pacs:A@127.0.0.1:104")
            fetching.show([StudyMatch("1.2.3", "P1", series_count=9), StudyMatch("1.2.4", "P2", series_count=10)])
            fetching.tree.topLevelItem(1).setCheckState(0, qt.Qt.Checked)

        texts = {"userEdit": "reader", "passwordEdit": "secret"}

        def enter(window):
            for name, text in texts.items():
                for edit in slicer.util.findChildren(window, name=name):
                    edit.setText(text)

        with self._window(choose, "OK"):
            self.assertEqual(SeriesDialog.ask_series(self.widget.parent, [series], "Series", ""), series.uid)
        with self._window(choose_study, "Fetch"):
            server, selections = fetching.ask()
        self.assertEqual(server.address, "pacs:A@127.0.0.1:104")
        self.assertEqual(selections, [{"patient": "P2", "study": ["1.2.4"], "series": []}])
        with self._window(enter, "OK"):
            self.assertEqual(ArchiveAccess._ask(self.widget.parent, Server("A", "A"), ""), ("reader", "secret"))
        with self._window(lambda window: None, "Close"):
            self.assertEqual(fetching.ask()[1], [])

    @contextmanager
    def _window(self, fill, button):
        """Fill the next window and press one of its buttons."""
        timer = qt.QTimer()

        def look():
            window = slicer.app.activeModalWidget()
            if window is None:
                return
            timer.stop()
            fill(window)
            texts = {str(one.text).replace("&", ""): one for one in slicer.util.findChildren(window, className="QPushButton")}
            texts[button].click()

        timer.timeout.connect(look)
        timer.start(50)
        yield
        timer.stop()

    def _click_and_wait(self, button):
        self.assertTrue(button.isEnabled())
        button.click()
        self._wait_for_the_panel()
        self.assertFalse(self.widget.busy)

    def _wait_for_the_panel(self):
        end = time.monotonic() + SECONDS
        while (self.widget.busy or self.widget.importing.proposing.busy) and time.monotonic() < end:
            self._wait(0.01)  # gives the interpreter to the worker

    def _wait(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            slicer.app.processEvents()
            time.sleep(0.005)
