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


def settle(panel):
    """Let the lists be filled and the files be looked at."""
    wait_until(lambda: not panel._refresh_timer.active and not panel.importing.looking and not panel.background.busy)


def rows(panel):
    """Return (depth, name) of every row of the tree."""
    settle(panel)

    def below(item, depth):
        for number in range(item.childCount()):
            yield depth, item.child(number).text(0)
            yield from below(item.child(number), depth + 1)

    return list(below(panel.ui.exportTree.invisibleRootItem(), 0))


def listed(panel):
    return [name for _, name in rows(panel)]


def row(panel, name):
    settle(panel)
    return next(item for item in panel.exporting._items() if item.text(0) == name)


def check(panel, name, on=True):
    import qt

    row(panel, name).setCheckState(0, qt.Qt.Checked if on else qt.Qt.Unchecked)


def run(panel, button):
    settle(panel)
    click(button)
    wait_until(lambda: not panel.background.busy)


def result(panel):
    return panel.ui.resultBrowser.toPlainText()


def add_files(panel, paths):
    panel.importing.add_files(paths)
    settle(panel)


def file_rows(panel):
    table = panel.ui.filesTable
    return [tuple(table.item(n, column).text() for column in range(3)) for n in range(table.rowCount)]


def fields(panel):
    table = panel.ui.fieldsTable
    return {table.item(n, 0).text(): (table.item(n, 1).text(), table.item(n, 2).text()) for n in range(table.rowCount)}


def enter(panel, name, value):
    """Type a value into the table, as after a double click."""
    table = panel.ui.fieldsTable
    number = next(n for n in range(table.rowCount) if table.item(n, 0).text().endswith(name))
    table.item(number, 1).setText(value)
    settle(panel)


@pytest.fixture
def bids_image(tmp_path):
    """A float image with a BIDS sidecar."""
    import nibabel

    folder = tmp_path / "bids"
    folder.mkdir()
    voxels = np.arange(4 * 5 * 6, dtype=np.int16).reshape(6, 5, 4)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([2, 2, 3, 1])), folder / "sub-1_T1w.nii.gz")
    (folder / "sub-1_T1w.json").write_text('{"Modality": "MR", "EchoTime": 0.03, "PatientID": "S1"}')
    return folder / "sub-1_T1w.nii.gz"


# --- look


def test_panel_is_narrow_enough_for_slicer(panel):
    panel._on_progress("a file with a very long name " * 5, 1, 2)
    assert panel.ui.NiftiDicomBridge.minimumSizeHint.width() <= 345


WIDGETS = ["exportButton", "importButton", "addButton", "removeButton", "cancelButton", "gzipCheckBox", "hardenCheckBox",
           "deidentifyCheckBox", "keepUidsCheckBox", "loadCheckBox", "databaseCheckBox", "folderEdit", "dicomFolderEdit",
           "exportTree", "filesTable", "fieldsTable", "kindComboBox", "referenceComboBox", "sourceComboBox", "layoutComboBox",
           "resultBrowser", "validateButton", "saveReportButton", "openReportButton"]  # fmt: skip


@pytest.mark.parametrize("name", WIDGETS)
def test_widget_explains_itself_and_is_reachable_by_keyboard(panel, name):
    import qt

    widget = getattr(panel.ui, name)
    assert widget.toolTip
    assert widget.focusPolicy != qt.Qt.NoFocus or widget.focusProxy() is not None


def test_tab_leaves_trees_and_tables(panel):
    assert not any(view.tabKeyNavigation for view in (panel.ui.exportTree, panel.ui.filesTable, panel.ui.fieldsTable))


def test_letters_after_alt_are_unique(panel):
    names = vars(panel.ui)
    texts = [getattr(widget, "text", "") for widget in names.values()]
    letters = [text[text.index("&") + 1].lower() for text in texts if isinstance(text, str) and "&" in text]
    assert len(letters) == len(set(letters)) >= 18


def test_combo_boxes_hold_what_the_core_knows(panel):
    from nifti_dicom_bridge import Kind, Layout, Target
    from NiftiDicomBridgeLib import ExportPart

    box = panel.ui.kindComboBox
    assert {box.itemData(n) for n in range(box.count)} == {kind.value for kind in Kind}
    assert set(ExportPart.LAYOUTS) == {*Layout, *Target} - {Target.NIFTI, Target.DICOM}
    assert panel.ui.layoutComboBox.count == len(ExportPart.LAYOUTS)
    assert panel.ui.sourceComboBox.count == len(ExportPart.SOURCES)


# --- tree of what is loaded


def test_lone_volume_is_checked(slicer, panel):
    add_volume(slicer, "one")
    assert listed(panel) == ["one"]
    assert len(panel.exporting.checked()) == 1


def test_lone_volume_that_a_person_unchecks_stays_so(slicer, panel):
    add_volume(slicer, "one")
    check(panel, "one", False)
    panel.refresh()
    assert panel.exporting.checked() == []


def test_list_follows_the_scene(slicer, panel):
    nodes = [add_volume(slicer, name) for name in ("a", "b", "c")]
    assert listed(panel) == ["a", "b", "c"]
    check(panel, "b")
    slicer.mrmlScene.RemoveNode(nodes[0])
    assert listed(panel) == ["b", "c"]
    assert panel.exporting.checked() == [nodes[1].GetID()]


def test_loaded_series_stands_under_its_patient_and_study(slicer, panel, node):
    add_volume(slicer, "drawn")
    assert rows(panel) == [(0, "Bridge^Test (NDB-1)"), (1, "No study description (20260101)"), (2, "7: ramp"), (0, "drawn")]


def test_check_on_a_patient_counts_for_all_below(slicer, panel, node):
    import qt

    add_volume(slicer, "drawn")
    check(panel, "Bridge^Test (NDB-1)")
    assert panel.exporting.checked() == [node.GetID()]
    assert row(panel, "No study description (20260101)").checkState(0) == qt.Qt.Checked
    check(panel, "7: ramp", False)
    assert row(panel, "Bridge^Test (NDB-1)").checkState(0) == qt.Qt.Unchecked


def test_folder_with_checked_and_unchecked_volumes_is_half_checked(slicer, panel, node):
    import qt

    other = add_volume(slicer, "computed")
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(other), hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)))
    panel.refresh()
    check(panel, "computed")
    assert row(panel, "No study description (20260101)").checkState(0) == qt.Qt.PartiallyChecked


def test_sequence_is_listed_once(slicer, panel):
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "times")
    sequence.SetDataNodeAtValue(add_volume(slicer, "frame"), "0")
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.AddSynchronizedSequenceNode(sequence)
    found = [name for name in listed(panel) if name != "frame"]
    assert len(found) == 1
    assert "times" in row(panel, found[0]).text(1)


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
    panel.ui.exportTree.setCurrentItem(row(panel, "b"))
    QTest.keyClick(panel.ui.exportTree, Qt.Key_Space)
    assert len(panel.exporting.checked()) == 1


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
    check(panel, "a")
    check(panel, "b")
    panel.ui.folderEdit.currentPath = str(tmp_path / "out")
    assert "2 images" in panel.ui.exportButton.text
    click(panel.ui.gzipCheckBox)
    run(panel, panel.ui.exportButton)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.json", "a.nii", "b.json", "b.nii"]
    assert voxels_of(tmp_path / "out" / "b.nii").max() == 1
    assert "2 converted" in result(panel)


@pytest.mark.parametrize("layout", ["flat", "zarr"])
def test_deidentified_export_says_nothing_of_the_patient(layout, slicer, panel, node, tmp_path):
    node.SetName("SECRETNODE")
    uids = node.GetAttribute("DICOM.instanceUIDs").split()
    listed(panel)
    panel.ui.folderEdit.currentPath = str(tmp_path / "out")
    panel.ui.layoutComboBox.setCurrentIndex(["flat", "bids", "zarr", "preview"].index(layout))
    click(panel.ui.deidentifyCheckBox)
    run(panel, panel.ui.exportButton)
    assert "1 converted" in result(panel)
    (sidecar,) = (tmp_path / "out").glob("*.json")
    assert '"PatientIdentityRemoved"' in sidecar.read_text("utf-8") or "00120062" in sidecar.read_text("utf-8")
    for path in (path for path in (tmp_path / "out").rglob("*") if path.is_file()):
        raw = str(path.relative_to(tmp_path)).encode() + path.read_bytes()
        assert not [secret for secret in ("SECRETNODE", *uids) if secret.encode() in raw]


def test_what_never_was_dicom_is_not_deidentified(slicer, panel, tmp_path):
    add_volume(slicer, "a")
    listed(panel)
    panel.ui.folderEdit.currentPath = str(tmp_path / "out")
    click(panel.ui.deidentifyCheckBox)
    run(panel, panel.ui.exportButton)
    assert "no record of the DICOM" in result(panel)
    assert not list((tmp_path / "out").glob("*"))


def test_failed_volume_is_told_with_its_reason(slicer, panel, tmp_path):
    (tmp_path / "a.nii.gz").write_text("mine")
    add_volume(slicer, "a")
    listed(panel)
    panel.ui.folderEdit.currentPath = str(tmp_path)
    run(panel, panel.ui.exportButton)
    assert "1 failed" in result(panel)
    assert "a.nii.gz exists" in result(panel)


def test_series_of_the_database_are_exported_without_loading_them(slicer, panel, database, write_series, tmp_path):
    from DICOMLib import DICOMUtils

    write_series(tmp_path / "original")
    DICOMUtils.importDicom(str(tmp_path / "original"))
    panel.ui.sourceComboBox.setCurrentIndex(1)
    assert rows(panel) == [(0, "Bridge^Test"), (1, "No study description (20260101)"), (2, "7: ramp")]
    assert row(panel, "7: ramp").text(1) == "CT, 4 files"
    check(panel, "Bridge^Test")
    panel.ui.folderEdit.currentPath = str(tmp_path / "out")
    run(panel, panel.ui.exportButton)
    assert "1 converted" in result(panel)
    assert len(list((tmp_path / "out").glob("*.nii.gz"))) == 1
    assert slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") == []


def test_list_of_the_database_follows_it(slicer, panel, database, write_series, tmp_path):
    from DICOMLib import DICOMUtils

    panel.ui.sourceComboBox.setCurrentIndex(1)
    assert listed(panel) == []
    write_series(tmp_path / "original")
    DICOMUtils.importDicom(str(tmp_path / "original"))
    assert "7: ramp" in listed(panel)


def test_bids_layout_makes_a_dataset(slicer, panel, node, tmp_path):
    listed(panel)
    panel.ui.layoutComboBox.setCurrentIndex(1)
    panel.ui.folderEdit.currentPath = str(tmp_path / "bids")
    run(panel, panel.ui.exportButton)
    assert (tmp_path / "bids" / "dataset_description.json").is_file()


@pytest.mark.parametrize(("layout", "suffix"), [("zarr", ".zarr"), ("preview", ".png")])
@pytest.mark.parametrize("source", [0, 1], ids=["scene", "database"])
def test_other_formats_are_written(slicer, panel, node, tmp_path, layout, suffix, source):
    from NiftiDicomBridgeLib import ExportPart

    panel.ui.sourceComboBox.setCurrentIndex(source)
    check(panel, "7: ramp")
    panel.ui.layoutComboBox.setCurrentIndex(ExportPart.LAYOUTS.index(layout))
    panel.ui.folderEdit.currentPath = str(tmp_path / "out")
    run(panel, panel.ui.exportButton)
    assert "1 converted" in result(panel), result(panel)
    assert [path for path in (tmp_path / "out").rglob("*") if path.suffix == suffix]
    assert not list((tmp_path / "out").rglob("*.nii"))


# --- import


def exported_files(logic, node, tmp_path):
    report = logic.exportVolumes([node], tmp_path / "nifti")
    return [path for path in report.outputs if path.suffix != ".json"]


def test_click_on_convert_fills_database_and_scene(slicer, panel, node, database, logic, tmp_path):
    add_files(panel, exported_files(logic, node, tmp_path))
    run(panel, panel.ui.importButton)
    assert "restored, as a new series" in result(panel)
    assert "4 instances added" in result(panel)
    assert database.imagesCount() == 8
    assert len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")) == 2


def test_import_with_the_same_uids_and_without_loading(slicer, panel, node, database, logic, tmp_path):
    add_files(panel, exported_files(logic, node, tmp_path))
    click(panel.ui.keepUidsCheckBox)
    click(panel.ui.loadCheckBox)
    run(panel, panel.ui.importButton)
    assert "the very same instances" in result(panel)
    assert database.imagesCount() == 4
    assert len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")) == 1


def test_conversion_into_a_folder_needs_no_database(slicer, panel, bids_image, tmp_path):
    slicer.dicomDatabase.closeDatabase()
    add_files(panel, [bids_image])
    click(panel.ui.databaseCheckBox)
    assert not panel.ui.importButton.isEnabled()
    assert not panel.ui.loadCheckBox.isEnabled()
    panel.ui.dicomFolderEdit.currentPath = str(tmp_path / "dicom")
    run(panel, panel.ui.importButton)
    assert "1 converted" in result(panel)
    assert len(list((tmp_path / "dicom").rglob("*.dcm"))) > 0


def test_conversion_into_folder_and_database_does_both(slicer, panel, database, bids_image, tmp_path):
    add_files(panel, [bids_image])
    panel.ui.dicomFolderEdit.currentPath = str(tmp_path / "dicom")
    run(panel, panel.ui.importButton)
    assert database.imagesCount() == len(list((tmp_path / "dicom").rglob("*.dcm"))) > 0


def test_closed_database_is_shown_as_slicer_shows_errors(slicer, panel, boxes, bids_image):
    slicer.dicomDatabase.closeDatabase()
    add_files(panel, [bids_image])
    run(panel, panel.ui.importButton)
    (text,) = boxes.stop()
    assert text.startswith("Conversion failed.")
    assert "database is not open" in text


def test_file_that_is_gone_is_told(slicer, panel, boxes, database, tmp_path):
    add_files(panel, [tmp_path / "gone.nii.gz"])
    assert file_rows(panel)[0][2] == "⚠ cannot be done"
    assert "gone.nii.gz" in panel.ui.fileNoteLabel.text
    run(panel, panel.ui.importButton)
    assert "gone.nii.gz" in result(panel)


# --- what files would become


def test_each_file_says_what_lies_beside_it_and_what_it_becomes(panel, node, logic, bids_image, tmp_path):
    (tmp_path / "broken.nii").write_bytes(b"no NIfTI")
    own = exported_files(logic, node, tmp_path)
    add_files(panel, [*own, bids_image, tmp_path / "broken.nii"])
    assert file_rows(panel) == [
        (own[0].name, "our sidecar", "its original"),
        ("sub-1_T1w.nii.gz", "BIDS sidecar", "MR"),
        ("broken.nii", "nothing", "⚠ cannot be done"),
    ]


def test_fields_of_the_selected_file_are_shown_with_their_sources(panel, node, logic, bids_image, tmp_path):
    add_files(panel, [*exported_files(logic, node, tmp_path), bids_image])
    assert fields(panel)["Patient name"] == ("Bridge^Test", "the original")
    panel.ui.filesTable.selectRow(1)
    assert fields(panel)["Patient ID"] == ("S1", "sub-1_T1w.json")
    assert fields(panel)["⚠ Patient name"] == ("", "nobody tells")


def test_entered_value_is_taken_and_can_be_taken_back(panel, database, bids_image):
    add_files(panel, [bids_image])
    enter(panel, "Patient name", "Doe^Jo")
    assert fields(panel)["Patient name"] == ("Doe^Jo", "you")
    assert dict(panel.parameters.values) == {"PatientName": "Doe^Jo"}
    enter(panel, "Patient name", "")
    assert fields(panel)["⚠ Patient name"] == ("", "nobody tells")


def test_entered_value_is_in_the_dicom(slicer, panel, database, bids_image):
    import pydicom

    add_files(panel, [bids_image])
    enter(panel, "Patient name", "Doe^Jo")
    run(panel, panel.ui.importButton)
    (patient,) = database.patients()
    assert database.nameForPatient(patient) == "Doe^Jo"
    assert pydicom.dcmread(database.filesForSeries(database.seriesForStudy(database.studiesForPatient(patient)[0])[0])[0]
                           ).PatientID == "S1"  # fmt: skip


def test_value_that_dicom_cannot_hold_is_told_before_converting(panel, bids_image):
    add_files(panel, [bids_image])
    enter(panel, "Patient birth date", "yesterday")
    assert "PatientBirthDate" in panel.ui.fileNoteLabel.text
    assert file_rows(panel)[0][2] == "⚠ cannot be done"


def test_kind_that_is_chosen_is_what_the_file_becomes(panel, database, bids_image):
    add_files(panel, [bids_image])
    panel.ui.kindComboBox.setCurrentIndex(panel.ui.kindComboBox.findData("enhanced-mr"))
    settle(panel)
    assert file_rows(panel)[0][2] == "Enhanced MR"
    click(panel.ui.loadCheckBox)
    run(panel, panel.ui.importButton)
    assert database.imagesCount() == 1


def test_reference_of_the_scene_gives_patient_and_study(slicer, panel, node, database, bids_image):
    (bids_image.with_name("sub-1_T1w.json")).write_text('{"Modality": "MR"}')
    panel.refresh()
    box = panel.ui.referenceComboBox
    (place,) = [n for n in range(box.count) if box.itemText(n) == "Scene: 7: ramp"]
    box.setCurrentIndex(place)
    box.activated.emit(place)
    add_files(panel, [bids_image])
    assert fields(panel)["Patient name"][0] == "Bridge^Test"
    assert fields(panel)["Patient name"][1].startswith("reference")
    run(panel, panel.ui.importButton)
    assert (database.patientsCount(), database.studiesCount()) == (1, 1)
    assert database.imagesCount() > 4


def test_reference_may_be_a_folder(panel, bids_image, write_series, tmp_path, monkeypatch):
    import qt

    (bids_image.with_name("sub-1_T1w.json")).write_text("{}")
    write_series(tmp_path / "reference")
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path / "reference"))
    add_files(panel, [bids_image])
    box = panel.ui.referenceComboBox
    box.setCurrentIndex(box.count - 1)
    box.activated.emit(box.count - 1)
    settle(panel)
    assert box.currentText == f"Folder: {tmp_path / 'reference'}"
    assert fields(panel)["Patient ID"][0] == "NDB-1"


def test_reference_that_is_gone_is_told(panel, node, database, bids_image):
    add_files(panel, [bids_image])
    panel.importing.reference._take("series:1.2.3")
    settle(panel)
    assert "1.2.3 is not in Slicer" in panel.ui.fileNoteLabel.text


def test_choices_that_change_while_files_are_looked_at_count(panel, bids_image):
    panel.importing.add_files([bids_image])
    wait_until(lambda: panel.importing._looking.busy)
    panel.ui.kindComboBox.setCurrentIndex(panel.ui.kindComboBox.findData("sc"))
    panel.importing._look()
    settle(panel)
    assert file_rows(panel)[0][2] == "Secondary capture"


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


def test_nifti_files_and_what_is_in_folders_are_dropped(panel, bids_image, tmp_path):
    (tmp_path / "b.NII").touch()
    (tmp_path / "c.txt").touch()
    assert drop(panel.ui.filesTable, [tmp_path / "b.NII", bids_image.parent, tmp_path / "c.txt"])
    settle(panel)
    assert panel.importing.files() == [tmp_path / "b.NII", bids_image]
    assert "2 files" in panel.ui.importButton.text


def test_other_files_are_not_accepted(panel, tmp_path):
    assert not drop(panel.ui.filesTable, [tmp_path / "c.txt"])
    assert panel.importing.files() == []


def test_files_are_chosen_once_and_removed_by_key(panel, monkeypatch):
    import qt
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    monkeypatch.setattr(qt.QFileDialog, "getOpenFileNames", lambda *args: ("/d/a.nii", "/d/b.nii", "/d/a.nii"))
    click(panel.ui.addButton)
    assert panel.importing.files() == [Path("/d/a.nii"), Path("/d/b.nii")]
    panel.parent.show()
    panel.parent.activateWindow()
    panel.ui.filesTable.setFocus()
    wait_until(panel.ui.filesTable.hasFocus)
    panel.ui.filesTable.selectRow(0)
    assert panel.ui.removeButton.isEnabled()
    QTest.keyClick(panel.ui.filesTable, Qt.Key_Delete)
    assert panel.importing.files() == [Path("/d/b.nii")]


def test_file_dialog_that_is_cancelled_changes_nothing(panel, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getOpenFileNames", lambda *args: ())
    click(panel.ui.addButton)
    assert panel.importing.files() == []


# --- check


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


def test_report_is_saved_as_json(converted, tmp_path, monkeypatch):
    import json

    import qt

    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *args: str(tmp_path / "report.json"))
    run(converted, converted.ui.saveReportButton)
    assert json.loads((tmp_path / "report.json").read_text())["ok"] is True


def test_report_is_opened_as_a_page(converted, monkeypatch):
    import qt

    opened = []
    monkeypatch.setattr(qt.QDesktopServices, "openUrl", lambda url: opened.append(Path(url.toLocalFile())))
    run(converted, converted.ui.openReportButton)
    (page,) = opened
    assert "<html" in page.read_text("utf-8")[:500]
    converted.checking.stop()
    assert not page.exists()


def test_dicom_is_checked_against_the_standard(panel, write_series, tmp_path, monkeypatch):
    import pydicom
    import qt

    (first, *_) = write_series(tmp_path / "dicom")
    ds = pydicom.dcmread(first)
    ds.Rows = 7
    ds.save_as(first)
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path / "dicom"))
    run(panel, panel.ui.validateButton)
    assert "Check of DICOM:" in result(panel)
    assert "7 × 6" in result(panel)


def test_changed_values_are_told_with_their_sources(slicer, panel, database, bids_image):
    add_files(panel, [bids_image])
    enter(panel, "Patient name", "Doe^Jo")
    run(panel, panel.ui.importButton)
    assert "Patient name\nDoe^Jo\nyou" in result(panel)


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
    panel.start(task, None)
    wait_until(lambda: panel.ui.progressBar.value > 10)
    assert panel.ui.cancelButton.isVisible()
    assert not panel.ui.exportButton.isEnabled()
    assert not panel.ui.importButton.isEnabled()
    assert "step" in panel.ui.statusLabel.text
    wait_until(lambda: len(ticks) > 2)
    assert panel.background.busy
    click(panel.ui.cancelButton)
    wait_until(lambda: not panel.background.busy)
    assert "cancelled" in result(panel)
    assert not task.finished
    assert not panel.ui.cancelButton.isVisible()
    assert panel.ui.toNiftiButton.isEnabled()


def test_scene_that_is_closed_and_module_that_is_left_do_not_disturb_the_work(slicer, panel, tmp_path):
    task = SlowTask()
    panel.start(task, None)
    assert task.started.wait(5)
    panel.ui.folderEdit.currentPath = "/somewhere"
    slicer.mrmlScene.Clear()
    panel.exit()
    panel.ui.folderEdit.currentPath = "/elsewhere"
    add_volume(slicer)
    assert panel.background.busy
    panel.enter()
    assert panel.ui.folderEdit.currentPath == ""
    panel.onCancelButton()
    wait_until(lambda: not panel.background.busy)
    assert "cancelled" in result(panel)


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
    in_event_loop(lambda: panel.start(task, None))
    wait_until(lambda: not panel.background.busy)
    boxes.stop()
    assert task.thread is not threading.main_thread()
    assert task.finished_in is threading.main_thread()


def test_panel_that_goes_stops_its_work(module, slicer):
    representation = module.createNewWidgetRepresentation()
    widget = representation.self()
    task = SlowTask()
    widget.start(task, None)
    assert task.started.wait(5)
    widget.cleanup()
    assert not widget.background.busy
    assert not task.finished


# --- state


def test_state_is_kept_in_the_scene(slicer, module, panel, tmp_path):
    set_all(panel, tmp_path)
    panel.exit()
    other = module.createNewWidgetRepresentation().self()
    other.enter()
    assert_all_set(other, tmp_path)
    other.cleanup()


def test_state_survives_that_the_scene_is_saved_and_loaded(slicer, panel, tmp_path):
    set_all(panel, tmp_path)
    scene = slicer.mrmlScene
    scene.SetURL(str(tmp_path / "scene.mrml"))
    assert scene.Commit()
    scene.Clear()
    assert panel.ui.folderEdit.currentPath == ""
    scene.SetURL(str(tmp_path / "scene.mrml"))
    assert scene.Connect()
    settle(panel)
    assert_all_set(panel, tmp_path)


def set_all(panel, tmp_path):
    panel.ui.folderEdit.currentPath = "/somewhere"
    panel.ui.dicomFolderEdit.currentPath = "/elsewhere"
    panel.ui.sourceComboBox.setCurrentIndex(1)
    panel.ui.layoutComboBox.setCurrentIndex(1)
    panel.ui.kindComboBox.setCurrentIndex(panel.ui.kindComboBox.findData("pm"))
    panel.importing.reference._take("series:1.2.3")
    ui = panel.ui
    for box in (ui.gzipCheckBox, ui.deidentifyCheckBox, ui.keepUidsCheckBox, ui.databaseCheckBox):
        click(box)
    add_files(panel, [tmp_path / "a.nii"])
    panel.importing._on_values_changed({"PatientID": "7"})


def assert_all_set(panel, tmp_path):
    assert panel.ui.folderEdit.currentPath == "/somewhere"
    assert panel.ui.dicomFolderEdit.currentPath == "/elsewhere"
    assert (panel.ui.sourceComboBox.currentIndex, panel.ui.layoutComboBox.currentIndex) == (1, 1)
    assert panel.ui.kindComboBox.currentText == "Parametric map"
    assert panel.importing.reference.chosen == "series:1.2.3"
    assert not panel.ui.gzipCheckBox.isChecked()
    assert panel.ui.deidentifyCheckBox.isChecked()
    assert panel.ui.keepUidsCheckBox.isChecked()
    assert not panel.ui.databaseCheckBox.isChecked()
    assert panel.importing.files() == [tmp_path / "a.nii"]
    assert panel.importing.fields.values == {"PatientID": "7"}


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
