"""The list of files of the section *Convert to DICOM*: dropped, chosen, removed."""

from pathlib import Path

import pytest

from support.import_section import image, notes, outcome
from support.panel_helpers import add_files, settle
from support.slicer_helpers import click, wait_until


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


@pytest.mark.slow
def test_nifti_files_and_what_is_in_folders_are_dropped(panel, bids_image, tmp_path):
    (tmp_path / "b.NII").touch()
    (tmp_path / "c.txt").touch()
    assert drop(panel.ui.filesTable, [tmp_path / "b.NII", bids_image.parent, tmp_path / "c.txt"])
    settle(panel)
    assert panel.importing.rows.paths() == [tmp_path / "b.NII", bids_image]
    assert "2 files" in panel.ui.importButton.text


@pytest.mark.slow
def test_a_note_on_several_files_is_shown_once(panel, tmp_path):
    add_files(panel, [image(tmp_path / f"{name}.nii.gz") for name in "abcde"])
    panel.ui.filesTable.selectAll()
    assert notes(panel).count("no sidecar found") == 1
    assert "⚠ a.nii.gz, b.nii.gz, c.nii.gz and 2 others: no sidecar found" in notes(panel)


def test_other_files_are_not_accepted(panel, tmp_path):
    assert not drop(panel.ui.filesTable, [tmp_path / "c.txt"])
    assert panel.importing.rows.paths() == []


def test_files_are_chosen_once_and_removed_by_key(panel, monkeypatch):
    import qt
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    monkeypatch.setattr(qt.QFileDialog, "getOpenFileNames", lambda *args: ("/d/a.nii", "/d/b.nii", "/d/a.nii"))
    click(panel.ui.addButton)
    assert panel.importing.rows.paths() == [Path("/d/a.nii"), Path("/d/b.nii")]
    panel.accordion.open(panel.ui.importSection)
    panel.parent.show()
    panel.parent.activateWindow()
    panel.ui.filesTable.setFocus()
    wait_until(panel.ui.filesTable.hasFocus)
    panel.ui.filesTable.selectRow(0)
    assert panel.ui.removeButton.isEnabled()
    QTest.keyClick(panel.ui.filesTable, Qt.Key_Delete)
    assert panel.importing.rows.paths() == [Path("/d/b.nii")]


def test_file_dialog_that_is_cancelled_changes_nothing(panel, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getOpenFileNames", lambda *args: ())
    click(panel.ui.addButton)
    assert panel.importing.rows.paths() == []


def test_hidden_files_of_a_folder_are_named(panel, bids_image, tmp_path):
    for name in (".hidden.nii.gz", "._macos.nii.gz"):
        (tmp_path / "scans" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "scans" / name).write_bytes(bids_image.read_bytes())
    add_files(panel, [tmp_path / "scans"])
    assert "use the section Export to NIfTI. Hidden files were left out, such as" in outcome(panel)
    assert ".hidden.nii.gz" in outcome(panel)
