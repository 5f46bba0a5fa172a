"""The panel, clicked."""

import threading
from pathlib import Path

import numpy as np
import pytest
from slicer_helpers import MessageBoxes, click, in_event_loop, voxels_of, wait_until


@pytest.fixture
def boxes(slicer):
    found = MessageBoxes()
    yield found
    found.stop()


def add_volume(slicer, name="volume", value=0):
    return slicer.util.addVolumeFromArray(np.full((2, 3, 4), value, np.int16), np.eye(4), name)


def listed(panel):
    from slicer import app

    app.processEvents()
    return [panel.ui.volumesList.item(row).text() for row in range(panel.ui.volumesList.count)]


def check(panel, row, on=True):
    import qt

    panel.ui.volumesList.item(row).setCheckState(qt.Qt.Checked if on else qt.Qt.Unchecked)


def run(panel, button):
    click(button)
    wait_until(lambda: not panel.background.busy)


def result(panel):
    return panel.ui.resultBrowser.toPlainText()


# --- look


def test_panel_is_narrow_enough_for_slicer(panel):
    panel._on_progress("a file with a very long name " * 5, 1, 2)
    assert panel.ui.NiftiDicomBridge.minimumSizeHint.width() <= 345


@pytest.mark.parametrize("name", ["exportButton", "importButton", "addButton", "removeButton", "cancelButton", "gzipCheckBox",
                                  "keepUidsCheckBox", "loadCheckBox", "folderEdit", "volumesList", "filesList"])  # fmt: skip
def test_widget_explains_itself_and_is_reachable_by_keyboard(panel, name):
    import qt

    widget = getattr(panel.ui, name)
    assert widget.toolTip
    assert widget.focusPolicy != qt.Qt.NoFocus or widget.focusProxy() is not None


def test_letters_after_alt_are_unique(panel):
    names = vars(panel.ui)
    texts = [getattr(widget, "text", "") for widget in names.values()]
    letters = [text[text.index("&") + 1].lower() for text in texts if isinstance(text, str) and "&" in text]
    assert len(letters) == len(set(letters)) >= 8


# --- list of volumes


def test_lone_volume_is_checked(slicer, panel):
    add_volume(slicer, "one")
    assert listed(panel) == ["one"]
    assert len(panel._checked_ids()) == 1


def test_list_follows_the_scene(slicer, panel):
    nodes = [add_volume(slicer, name) for name in ("a", "b", "c")]
    assert listed(panel) == ["a", "b", "c"]
    check(panel, 1)
    slicer.mrmlScene.RemoveNode(nodes[0])
    assert listed(panel) == ["b", "c"]
    assert panel._checked_ids() == [nodes[1].GetID()]


def test_closed_scene_empties_the_list(slicer, panel):
    add_volume(slicer)
    assert listed(panel)
    slicer.mrmlScene.Clear()
    assert listed(panel) == []


def test_space_bar_checks(slicer, panel):
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    for name in ("a", "b"):
        add_volume(slicer, name)
    listed(panel)
    panel.ui.volumesList.setCurrentRow(1)
    QTest.keyClick(panel.ui.volumesList, Qt.Key_Space)
    assert len(panel._checked_ids()) == 1


# --- export


def test_export_button_says_what_is_missing(slicer, panel):
    assert "Check a volume" in panel.ui.exportButton.toolTip
    add_volume(slicer)
    listed(panel)
    assert not panel.ui.exportButton.isEnabled()
    assert "Choose a folder" in panel.ui.exportButton.toolTip
    panel.ui.folderEdit.currentPath = "/somewhere"
    assert panel.ui.exportButton.isEnabled()
    panel.ui.folderEdit.currentPath = ""
    assert not panel.ui.exportButton.isEnabled()


def test_click_on_export_writes_files(slicer, panel, tmp_path):
    for value, name in enumerate(("a", "b")):
        add_volume(slicer, name, value)
    listed(panel)
    check(panel, 0)
    check(panel, 1)
    panel.ui.folderEdit.currentPath = str(tmp_path / "out")
    assert "2 volumes" in panel.ui.exportButton.text
    click(panel.ui.gzipCheckBox)
    run(panel, panel.ui.exportButton)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.json", "a.nii", "b.json", "b.nii"]
    assert voxels_of(tmp_path / "out" / "b.nii").max() == 1
    assert "2 converted" in result(panel)


def test_failed_volume_is_told_with_its_reason(slicer, panel, tmp_path):
    (tmp_path / "a.nii.gz").write_text("mine")
    add_volume(slicer, "a")
    listed(panel)
    panel.ui.folderEdit.currentPath = str(tmp_path)
    run(panel, panel.ui.exportButton)
    assert "1 failed" in result(panel)
    assert "a.nii.gz exists" in result(panel)


# --- import


def test_click_on_import_fills_database_and_scene(slicer, panel, node, database, logic, tmp_path):
    report = logic.exportVolumes([node], tmp_path / "nifti")
    panel._add_files([path for path in report.outputs if path.suffix != ".json"])
    run(panel, panel.ui.importButton)
    assert "restored, as a new series" in result(panel)
    assert "4 instances added" in result(panel)
    assert database.imagesCount() == 8
    assert len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")) == 2


def test_import_with_the_same_uids_and_without_loading(slicer, panel, node, database, logic, tmp_path):
    report = logic.exportVolumes([node], tmp_path / "nifti")
    panel._add_files([path for path in report.outputs if path.suffix != ".json"])
    click(panel.ui.keepUidsCheckBox)
    click(panel.ui.loadCheckBox)
    run(panel, panel.ui.importButton)
    assert "the very same instances" in result(panel)
    assert database.imagesCount() == 4
    assert len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")) == 1


def test_closed_database_is_shown_as_slicer_shows_errors(slicer, panel, boxes, tmp_path, capfd):
    slicer.dicomDatabase.closeDatabase()
    panel._add_files([tmp_path / "x.nii.gz"])
    run(panel, panel.ui.importButton)
    (text,) = boxes.stop()
    assert text.startswith("Import failed.")
    assert "database is not open" in text


def test_failure_in_the_worker_is_shown(slicer, panel, boxes, database, tmp_path):
    panel._add_files([tmp_path / "gone.nii.gz"])
    run(panel, panel.ui.importButton)
    assert boxes.texts == [] or "conversion failed" in boxes.texts[0]
    assert "gone.nii.gz" in result(panel)


# --- files


def drop(widget, paths):
    import qt
    import slicer

    mime = qt.QMimeData()
    mime.setUrls([qt.QUrl.fromLocalFile(str(path)) for path in paths])
    where = qt.QPointF(5, 5)
    enter = qt.QDragEnterEvent(where.toPoint(), qt.Qt.CopyAction, mime, qt.Qt.LeftButton, qt.Qt.NoModifier)
    slicer.app.sendEvent(widget.viewport(), enter)
    event = qt.QDropEvent(where, qt.Qt.CopyAction, mime, qt.Qt.LeftButton, qt.Qt.NoModifier)
    slicer.app.sendEvent(widget.viewport(), event)
    return enter.isAccepted()


def test_nifti_files_and_folders_are_dropped(panel, tmp_path):
    assert drop(panel.ui.filesList, [tmp_path / "a.nii.gz", tmp_path / "b.NII", tmp_path, tmp_path / "c.txt"])
    assert panel._files() == [tmp_path / "a.nii.gz", tmp_path / "b.NII", tmp_path]
    assert "3 files" in panel.ui.importButton.text


def test_other_files_are_not_accepted(panel, tmp_path):
    assert not drop(panel.ui.filesList, [tmp_path / "c.txt"])
    assert panel._files() == []


def test_files_are_chosen_once_and_removed_by_key(panel, monkeypatch):
    import qt
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    monkeypatch.setattr(qt.QFileDialog, "getOpenFileNames", lambda *args: ("/d/a.nii", "/d/b.nii", "/d/a.nii"))
    click(panel.ui.addButton)
    assert panel._files() == [Path("/d/a.nii"), Path("/d/b.nii")]
    panel.parent.show()
    panel.parent.activateWindow()
    panel.ui.filesList.setFocus()
    wait_until(panel.ui.filesList.hasFocus)
    panel.ui.filesList.setCurrentRow(0)
    assert panel.ui.removeButton.isEnabled()
    QTest.keyClick(panel.ui.filesList, Qt.Key_Delete)
    assert panel._files() == [Path("/d/b.nii")]


def test_file_dialog_that_is_cancelled_changes_nothing(panel, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getOpenFileNames", lambda *args: ())
    click(panel.ui.addButton)
    assert panel._files() == []


# --- at work


class SlowTask:
    """Works until it is cancelled."""

    def __init__(self):
        self.started = threading.Event()
        self.finished = False

    def work(self, progress):
        import time

        for step in range(10000):
            progress(f"step {step}", step, 10000)
            self.started.set()
            time.sleep(0.001)

    def finish(self, result):
        self.finished = True


def test_panel_lives_while_it_works_and_can_be_cancelled(slicer, panel):
    panel.parent.show()
    task = SlowTask()
    ticks = []
    import qt

    timer = qt.QTimer()
    timer.timeout.connect(lambda: ticks.append(1))
    timer.start(5)
    panel._start(task, None)
    wait_until(lambda: panel.ui.progressBar.value > 10)
    assert panel.ui.cancelButton.isVisible()
    assert not panel.ui.exportButton.isEnabled()
    assert not panel.ui.importButton.isEnabled()
    assert "step" in panel.ui.statusLabel.text
    assert len(ticks) > 2
    click(panel.ui.cancelButton)
    wait_until(lambda: not panel.background.busy)
    assert "cancelled" in result(panel)
    assert not task.finished
    assert not panel.ui.cancelButton.isVisible()
    assert panel.ui.toNiftiButton.isEnabled()


def test_work_is_not_on_the_main_thread(panel):
    class Task:
        def work(self, progress):
            self.thread = threading.current_thread()
            raise_here = threading.main_thread() is self.thread
            assert not raise_here
            return

        def finish(self, result):
            self.finished_in = threading.current_thread()
            raise RuntimeError("far enough")

    task = Task()
    boxes = MessageBoxes()
    in_event_loop(lambda: panel._start(task, None))
    wait_until(lambda: not panel.background.busy)
    boxes.stop()
    assert task.thread is not threading.main_thread()
    assert task.finished_in is threading.main_thread()


def test_panel_that_goes_stops_its_work(module, slicer):
    representation = module.createNewWidgetRepresentation()
    widget = representation.self()
    task = SlowTask()
    widget._start(task, None)
    assert task.started.wait(5)
    widget.cleanup()
    assert not widget.background.busy
    assert not task.finished


# --- state


def test_state_is_kept_in_the_scene(slicer, module, panel, tmp_path):
    panel.ui.folderEdit.currentPath = "/somewhere"
    click(panel.ui.gzipCheckBox)
    panel._add_files([tmp_path / "a.nii"])
    panel.exit()
    other = module.createNewWidgetRepresentation().self()
    other.enter()
    assert other.ui.folderEdit.currentPath == "/somewhere"
    assert not other.ui.gzipCheckBox.isChecked()
    assert other._files() == [tmp_path / "a.nii"]
    other.cleanup()


def test_closed_scene_starts_afresh(slicer, panel):
    panel.ui.folderEdit.currentPath = "/somewhere"
    slicer.mrmlScene.Clear()
    assert panel.ui.folderEdit.currentPath == ""
    panel.ui.folderEdit.currentPath = "/else"
    assert panel.logic.getParameterNode().folder == "/else"


def test_reload_drops_both_packages(panel, monkeypatch):
    import sys

    import slicer

    monkeypatch.setattr(slicer.util, "reloadScriptedModule", lambda name: seen.append(_ours()))
    seen = []
    kept = {name: value for name, value in sys.modules.items() if _is_ours(name)}
    panel.onReload()
    assert seen == [[]]
    sys.modules.update(kept)


def _ours():
    import sys

    return [name for name in sys.modules if _is_ours(name)]


def _is_ours(name):
    return name.split(".")[0] in ("NiftiDicomBridgeLib", "nifti_dicom_bridge")
