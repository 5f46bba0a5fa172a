"""A running conversion: progress, Cancel, closing; the report and the check of DICOM."""

import threading
from pathlib import Path

import pytest

from support.panel_helpers import SlowTask, add_volume, listed, run, settle, shown
from support.slicer_helpers import MessageBoxes, click, in_event_loop, wait_until


def start(panel, task, after=None):
    panel.start(task, after or (lambda result: None), panel.exporting.feedback)


def outcome(panel):
    return shown(panel.exporting.feedback.result)


@pytest.mark.slow
def test_panel_lives_while_it_works_and_can_be_cancelled(slicer, panel):
    import qt

    panel.parent.show()
    task, feedback, ticks = SlowTask(), panel.exporting.feedback, []
    timer = qt.QTimer()
    timer.timeout.connect(lambda: ticks.append(1))
    timer.start(5)
    start(panel, task)
    wait_until(lambda: feedback.bar.value > 10)
    assert feedback.cancel.isVisible()
    assert not panel.ui.exportButton.isEnabled()
    assert not panel.ui.importButton.isEnabled()
    assert "step" in feedback.status.text
    assert "of 10000" in feedback.status.text
    wait_until(lambda: len(ticks) > 2)
    assert panel.busy
    click(feedback.cancel)
    settle(panel)
    assert "Cancelled" in outcome(panel)
    assert not task.finished
    assert not feedback.cancel.isVisible()


def test_progress_is_in_the_status_bar(slicer, panel):
    start(panel, SlowTask())
    wait_until(lambda: "step" in slicer.util.mainWindow().statusBar().currentMessage())
    panel.cancel()
    settle(panel)
    assert "Cancelled" in slicer.util.mainWindow().statusBar().currentMessage()


@pytest.mark.parametrize(
    ("to_database", "to_folder", "sentence"),
    [
        (True, False, "Nothing was added to the DICOM database."),
        (False, True, "Images that were complete are in the folder; incomplete files were removed."),
    ],
)
def test_what_is_left_after_cancel_is_named(database, panel, monkeypatch, tmp_path, to_database, to_folder, sentence):
    from nifti_dicom_bridge import Cancelled
    from NiftiDicomBridgeLib.Tasks import ImportTasks

    def stop(*arguments):
        raise Cancelled

    monkeypatch.setattr(ImportTasks, "convert", stop)
    where = ImportTasks.Destination(to_database, tmp_path if to_folder else None)
    start(panel, ImportTasks.ImportTask([tmp_path / "x.nii"], where=where))
    settle(panel)
    assert outcome(panel).endswith(f"Cancelled. {sentence}")


def test_cancelled_check_names_no_files(panel, slicer):
    start(panel, SlowTask())
    panel.cancel()
    settle(panel)
    assert outcome(panel).endswith("Cancelled.")


@pytest.mark.slow
def test_other_sections_name_what_they_wait_for(panel):
    start(panel, SlowTask())
    assert "running conversion" in shown(panel.importing.feedback.hint)
    assert "running conversion" in shown(panel.checking.feedback.hint)
    assert shown(panel.exporting.feedback.hint) == ""
    panel.cancel()
    settle(panel)
    assert "running conversion" not in shown(panel.importing.feedback.hint)


def test_progress_is_scrolled_into_view(slicer, panel):
    import qt

    area = qt.QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(panel.parent)
    area.resize(400, 150)
    area.show()
    start(panel, SlowTask())
    wait_until(lambda: area.verticalScrollBar().value > 0)
    holder = panel.ui.exportFeedback
    assert holder.mapTo(area, qt.QPoint(0, 0)).y() < area.height
    panel.cancel()
    settle(panel)
    area.takeWidget()


@pytest.mark.parametrize(("answer", "closes"), [("Cancel", False), ("OK", True)])
@pytest.mark.slow
def test_closing_slicer_asks_while_a_conversion_is_running(slicer, panel, answer, closes):
    task = SlowTask()
    start(panel, task)
    assert task.started.wait(5)
    boxes = MessageBoxes(answer)
    closed = []
    in_event_loop(lambda: closed.append(slicer.util.mainWindow().close()))
    assert "A conversion is running" in boxes.stop()[0]
    assert (closed, panel.busy) == ([closes], not closes)
    panel.cancel()
    settle(panel)


def test_a_task_that_was_stopped_to_quit_has_ended_in_the_panel(slicer, panel):
    """Slicer may ask more questions, and stay open."""
    task = SlowTask()
    start(panel, task)
    assert task.started.wait(5)
    boxes = MessageBoxes("OK")
    in_event_loop(panel.running.confirm_quitting)
    boxes.stop()
    assert "Cancelled" in shown(panel.exporting.feedback.result)
    assert panel.exporting.feedback.cancel.isHidden()
    assert not panel.busy


def test_closing_slicer_asks_nothing_otherwise(slicer, panel):
    start(panel, SlowTask())
    panel.cancel()
    settle(panel)
    assert slicer.util.mainWindow().close()


def test_cancel_while_series_are_added_leaves_the_others_out(slicer, panel, database, write_series, tmp_path):
    from nifti_dicom_bridge import ConversionReport, Entry, Outcome
    from NiftiDicomBridgeLib.Host import DatabaseFiles
    from NiftiDicomBridgeLib.Tasks.ImportTasks import ImportTask

    task = ImportTask([tmp_path / "a.nii"])
    entries = [Entry(f"series {n}", Outcome.CONVERTED, outputs=write_series(tmp_path / str(n))) for n in range(2)]
    task._headers = [DatabaseFiles.headers_of(entry.outputs) for entry in entries]
    task.work = lambda progress: ConversionReport(entries)
    going_on, seen = panel.running.keep_going, []

    def keep_going(what, done, total):
        seen.append((what, done, total))
        if done:
            click(panel.exporting.feedback.cancel)
        return going_on(what, done, total)

    panel.running.keep_going = keep_going
    start(panel, task)
    settle(panel)
    assert seen == [("series 0", 0, 2), ("series 1", 1, 2)]
    assert [entry.outcome.value for entry in entries] == ["converted", "failed"]
    assert "Cancelled before it was added" in entries[1].error
    assert database.imagesCount() == 4


@pytest.mark.slow
def test_scene_that_is_closed_and_module_that_is_left_do_not_disturb_the_work(slicer, panel, tmp_path):
    task = SlowTask()
    start(panel, task)
    assert task.started.wait(5)
    panel.ui.folderEdit.currentPath = "/somewhere"
    slicer.mrmlScene.Clear()
    panel.exit()
    panel.ui.folderEdit.currentPath = "/elsewhere"
    add_volume(slicer)
    assert panel.busy
    panel.enter()
    assert panel.ui.folderEdit.currentPath == ""
    panel.cancel()
    settle(panel)
    assert "Cancelled" in outcome(panel)


@pytest.mark.slow
def test_work_is_not_on_the_main_thread_and_an_unexpected_error_is_shown(panel):
    class Task:
        def work(self, progress):
            self.thread = threading.current_thread()

        def finish(self, result):
            self.finished_in = threading.current_thread()
            raise RuntimeError("far enough")

    task = Task()
    boxes = MessageBoxes()
    in_event_loop(lambda: start(panel, task))
    settle(panel)
    assert "far enough" in boxes.stop()[0]
    assert "far enough" in outcome(panel)
    assert task.thread is not threading.main_thread()
    assert task.finished_in is threading.main_thread()


def test_panel_that_is_closed_stops_its_work(module, slicer):
    widget = module.createNewWidgetRepresentation().self()
    task = SlowTask()
    start(widget, task)
    assert task.started.wait(5)
    widget.cleanup()
    assert not widget.running.background.busy
    assert not task.finished


@pytest.mark.slow
def test_declined_installation_is_answered_in_the_panel(slicer, panel, tmp_path, monkeypatch):
    from NiftiDicomBridgeLib.Host import Dependencies

    add_volume(slicer, "a")
    listed(panel)
    panel.ui.folderEdit.currentPath = str(tmp_path)
    monkeypatch.setattr(Dependencies, "missing", lambda *args: ["nibabel>=5"])
    boxes = MessageBoxes()
    run(panel, panel.ui.exportButton)
    assert boxes.stop() == []
    assert "nibabel" in outcome(panel)
    assert "--" not in outcome(panel)
    assert panel.ui.exportButton.isEnabled()


# --- report


@pytest.fixture
def converted(slicer, panel, tmp_path):
    """The panel after an export."""
    assert not panel.ui.saveReportButton.isEnabled()
    assert not panel.ui.openReportButton.isEnabled()
    add_volume(slicer, "a")
    listed(panel)
    panel.ui.folderEdit.currentPath = str(tmp_path / "out")
    run(panel, panel.ui.exportButton)
    return panel


@pytest.mark.slow
def test_report_is_saved_as_json(converted, tmp_path, monkeypatch):
    import json

    import qt

    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *args: str(tmp_path / "report.json"))
    run(converted, converted.ui.saveReportButton)
    assert json.loads((tmp_path / "report.json").read_text())["ok"] is True


@pytest.mark.slow
def test_report_is_opened_as_a_page(converted, monkeypatch):
    import qt

    opened = []
    monkeypatch.setattr(qt.QDesktopServices, "openUrl", lambda url: opened.append(Path(url.toLocalFile())))
    run(converted, converted.ui.openReportButton)
    (page,) = opened
    assert "<html" in page.read_text("utf-8")[:500]
    converted.reporting.stop()
    assert not page.exists()


# --- check of DICOM


@pytest.mark.slow
def test_dicom_is_checked_against_the_standard(panel, write_series, tmp_path):
    import pydicom

    assert shown(panel.checking.feedback.hint) == "Choose a folder."
    (first, *_) = write_series(tmp_path / "dicom")
    ds = pydicom.dcmread(first)
    ds.Rows = 7
    ds.save_as(first)
    panel.ui.checkFolderEdit.currentPath = str(tmp_path / "dicom")
    run(panel, panel.ui.validateButton)
    assert "error" in shown(panel.checking.feedback.result)
    assert "7 × 6" in panel.ui.findingsBrowser.toPlainText()


@pytest.mark.slow
def test_folder_without_dicom_is_reported(panel, tmp_path):
    panel.ui.checkFolderEdit.currentPath = str(tmp_path)
    run(panel, panel.ui.validateButton)
    assert "1 error" in shown(panel.checking.feedback.result)
    assert "Check the path" in panel.ui.findingsBrowser.toPlainText()
