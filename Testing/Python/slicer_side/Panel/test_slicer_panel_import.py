"""The section *Convert to DICOM*, clicked."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from support.panel_helpers import add_files, add_volume, enter, fields, file_rows, report, run, select, settle, shown
from support.slicer_helpers import MessageBoxes, click, ijk_to_ras, wait_until


@pytest.fixture
def bids_image(tmp_path):
    """An image with a BIDS sidecar."""
    return image(tmp_path / "bids" / "sub-1_T1w.nii.gz", '{"Modality": "MR", "EchoTime": 0.03, "PatientID": "S1"}')


def image(path, sidecar="", ijk_to_ras=None):
    import nibabel

    path.parent.mkdir(exist_ok=True)
    voxels = np.arange(4 * 5 * 6, dtype=np.int16).reshape(6, 5, 4)
    saved = nibabel.Nifti1Image(voxels, np.diag([2, 2, 3, 1]) if ijk_to_ras is None else ijk_to_ras)
    saved.set_sform(saved.affine, 1)  # coordinates of the scanner
    nibabel.save(saved, path)
    if sidecar:
        path.with_name(path.name.replace(".nii.gz", ".json")).write_text(sidecar)
    return path


def exported_files(logic, node, tmp_path):
    report = logic.exportVolumes([node], tmp_path / "nifti")
    return [path for path in report.outputs if path.suffix != ".json"]


def hint(panel):
    return shown(panel.importing.feedback.hint)


def outcome(panel):
    return shown(panel.importing.feedback.result)


def notes(panel):
    return shown(panel.ui.fileNoteLabel)


def choose_kind(panel, kind):
    box = panel.ui.kindComboBox
    box.setCurrentIndex(box.findData(kind))
    box.activated.emit(box.currentIndex)
    settle(panel)


def choose_reference(panel, number):
    box = panel.ui.referenceComboBox
    box.setCurrentIndex(number)
    box.activated.emit(number)
    settle(panel)


def references(panel):
    box = panel.ui.referenceComboBox
    return [box.itemText(n) for n in range(box.count)]


# --- conversion


@pytest.mark.slow
def test_click_on_convert_fills_database_and_scene(slicer, panel, node, database, logic, tmp_path):
    add_files(panel, exported_files(logic, node, tmp_path))
    run(panel, panel.ui.importButton)
    assert "1 restored (new UIDs)" in outcome(panel)
    assert "4 instances added" in report(panel)
    assert database.imagesCount() == 8
    assert len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")) == 2


@pytest.mark.slow
def test_import_with_the_same_uids_and_without_loading(slicer, panel, node, database, logic, tmp_path):
    add_files(panel, exported_files(logic, node, tmp_path))
    click(panel.ui.keepUidsCheckBox)
    click(panel.ui.loadCheckBox)
    run(panel, panel.ui.importButton)
    assert "1 restored (original UIDs)" in outcome(panel)
    assert database.imagesCount() == 4
    assert len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")) == 1


@pytest.mark.slow
def test_conversion_into_a_folder_needs_no_database(slicer, panel, bids_image, tmp_path):
    slicer.dicomDatabase.closeDatabase()
    add_files(panel, [bids_image])
    assert hint(panel) == "No DICOM database is open."
    click(panel.ui.databaseCheckBox)
    assert hint(panel) == "Choose the DICOM database or a folder."
    assert not panel.ui.importButton.isEnabled()
    assert not panel.ui.loadCheckBox.isEnabled()
    panel.ui.dicomFolderEdit.currentPath = str(tmp_path / "dicom")
    run(panel, panel.ui.importButton)
    assert "1 converted" in outcome(panel)
    assert len(list((tmp_path / "dicom").rglob("*.dcm"))) > 0


@pytest.mark.slow
def test_conversion_into_folder_and_database_does_both(slicer, panel, database, bids_image, tmp_path):
    add_files(panel, [bids_image])
    panel.ui.dicomFolderEdit.currentPath = str(tmp_path / "dicom")
    run(panel, panel.ui.importButton)
    assert database.imagesCount() == len(list((tmp_path / "dicom").rglob("*.dcm"))) > 0


@pytest.mark.slow
def test_existing_dicom_is_replaced_after_a_question(slicer, panel, bids_image, tmp_path):
    add_files(panel, [bids_image])
    click(panel.ui.databaseCheckBox)
    panel.ui.dicomFolderEdit.currentPath = str(tmp_path / "dicom")
    run(panel, panel.ui.importButton)
    before = {path: path.read_bytes() for path in (tmp_path / "dicom").rglob("*.dcm")}
    boxes = MessageBoxes("Yes")
    run(panel, panel.ui.importButton)
    settle(panel)
    assert len(boxes.stop()) == 1
    assert "1 converted" in outcome(panel)
    assert {path for path in before if path.read_bytes() == before[path]} == set()


@pytest.mark.slow
def test_file_that_does_not_exist_is_reported(slicer, panel, database, tmp_path):
    add_files(panel, [tmp_path / "gone.nii.gz"])
    assert file_rows(panel)[0][2] == "⚠ Error"
    assert "gone.nii.gz" in notes(panel)
    run(panel, panel.ui.importButton)
    assert "gone.nii.gz" in outcome(panel) + report(panel)


@pytest.mark.slow
def test_reason_why_nothing_can_be_converted_is_visible(panel, database, bids_image):
    assert hint(panel) == "Add at least one image file."
    add_files(panel, [bids_image])
    assert (hint(panel), panel.ui.importButton.isEnabled()) == ("", True)


# --- what files would become


@pytest.mark.slow
def test_each_file_shows_what_was_found_with_it_and_what_it_becomes(panel, node, logic, bids_image, tmp_path):
    (tmp_path / "broken.nii").write_bytes(b"no NIfTI")
    own = exported_files(logic, node, tmp_path)
    add_files(panel, [*own, bids_image, tmp_path / "broken.nii"])
    assert file_rows(panel) == [
        (own[0].name, "own sidecar", "Original series"),
        ("sub-1_T1w.nii.gz", "BIDS sidecar", "MR"),
        ("broken.nii", "nothing", "⚠ Error"),
    ]


@pytest.mark.slow
def test_fields_of_the_selected_file_are_shown_with_their_sources(panel, node, logic, bids_image, tmp_path):
    add_files(panel, [*exported_files(logic, node, tmp_path), bids_image])
    assert fields(panel)["Patient name"] == ("Bridge^Test", "original")
    select(panel, 1)
    assert fields(panel)["Patient ID"] == ("S1", "sub-1_T1w.json")
    assert fields(panel)["⚠ Patient name"] == ("", "not set")


@pytest.mark.slow
def test_attributes_that_need_attention_come_first_and_others_are_below_more(panel, bids_image):
    add_files(panel, [bids_image])
    assert list(fields(panel))[:2] == ["⚠ Patient name", "⚠ Study date"]
    assert "Manufacturer" not in fields(panel)
    panel.ui.moreButton.click()
    assert "Manufacturer" in fields(panel)


@pytest.mark.slow
def test_settings_are_hidden_without_files(panel, bids_image):
    assert panel.ui.fieldsTable.isHidden()
    add_files(panel, [bids_image])
    assert not panel.ui.fieldsTable.isHidden()
    assert shown(panel.ui.settingsLabel) == "Settings of sub-1_T1w.nii.gz:"


# --- values


@pytest.mark.slow
def test_entered_value_is_shown_kept_and_reset(panel, database, bids_image):
    add_files(panel, [bids_image])
    enter(panel, "Patient name", "Doe^Jo")
    assert fields(panel)["Patient name"] == ("Doe^Jo", "edited")
    assert "Doe^Jo" in panel.parameters.fileChoices
    click(panel.ui.resetButton)
    settle(panel)
    assert fields(panel)["⚠ Patient name"] == ("", "not set")
    assert panel.parameters.fileChoices == ""


@pytest.mark.slow
def test_value_that_is_emptied_stays_empty(panel, database, bids_image):
    add_files(panel, [bids_image])
    enter(panel, "Patient ID", "")
    assert fields(panel)["⚠ Patient ID"] == ("", "edited")
    run(panel, panel.ui.importButton)
    assert not converted(database).PatientID


def converted(database):
    (patient,) = database.patients()
    (study,) = database.studiesForPatient(patient)
    return pydicom.dcmread(database.filesForSeries(database.seriesForStudy(study)[0])[0])


@pytest.mark.slow
def test_entered_value_is_in_the_dicom(slicer, panel, database, bids_image):
    add_files(panel, [bids_image])
    enter(panel, "Patient name", "Doe^Jo")
    run(panel, panel.ui.importButton)
    assert (str(converted(database).PatientName), converted(database).PatientID) == ("Doe^Jo", "S1")
    assert "Patient name\nDoe^Jo\nedited" in report(panel)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "text", "expected"), [("Patient sex", "female", "M, F or O"),
                                                        ("Patient birth date", "31.1.1970", "YYYYMMDD")])  # fmt: skip
def test_value_that_is_not_valid_is_marked_and_nothing_is_lost(panel, database, bids_image, name, text, expected):
    add_files(panel, [bids_image])
    before = fields(panel)
    enter(panel, name, text)
    note = shown(panel.ui.fieldsNoteLabel)
    assert text in note
    assert expected in note
    assert fields(panel)["⚠ " + name] == (text, "edited")
    assert len(fields(panel)) == len(before)
    assert f"Correct or reset “{name}”" in hint(panel)
    assert not panel.ui.importButton.isEnabled()
    click(panel.ui.resetButton)
    settle(panel)
    assert fields(panel) == before
    assert (shown(panel.ui.fieldsNoteLabel), panel.ui.importButton.isEnabled()) == ("", True)


@pytest.mark.slow
def test_value_that_is_not_valid_can_be_corrected(panel, database, bids_image):
    add_files(panel, [bids_image])
    enter(panel, "Patient sex", "female")
    enter(panel, "Patient sex", "F")
    assert fields(panel)["Patient sex"] == ("F", "edited")
    assert panel.ui.importButton.isEnabled()


@pytest.mark.slow
def test_value_that_is_not_valid_goes_with_its_file(panel, database, bids_image, tmp_path):
    other = image(tmp_path / "bids" / "sub-1_T2w.nii.gz")
    add_files(panel, [bids_image, other])
    enter(panel, "Patient sex", "female")
    click(panel.ui.removeButton)
    assert panel.importing.rows.paths() == [other]
    assert panel.ui.importButton.isEnabled()
    add_files(panel, [bids_image])
    assert panel.importing.rows.invalid() == []


@pytest.mark.slow
def test_reset_all_restores_every_value_of_the_file(panel, bids_image):
    add_files(panel, [bids_image])
    before = fields(panel)
    enter(panel, "Patient name", "Doe^Jo")
    enter(panel, "Patient sex", "female")
    click(panel.ui.resetAllButton)
    settle(panel)
    assert fields(panel) == before


@pytest.mark.slow
def test_value_of_one_file_is_not_applied_to_another(panel, database, bids_image, tmp_path):
    other = image(tmp_path / "bids" / "sub-2_T1w.nii.gz", '{"Modality": "MR", "PatientID": "S2"}')
    add_files(panel, [bids_image, other])
    enter(panel, "Patient name", "Doe^Jo")
    select(panel, 1)
    assert fields(panel)["⚠ Patient name"] == ("", "not set")
    run(panel, panel.ui.importButton)
    assert {database.nameForPatient(patient) for patient in database.patients()} == {"Doe^Jo", "S2"}


@pytest.mark.slow
def test_value_is_applied_to_all_selected_files(panel, bids_image, tmp_path):
    other = image(tmp_path / "bids" / "sub-1_T2w.nii.gz", '{"Modality": "MR", "PatientID": "S1", "SeriesDescription": "T2"}')
    add_files(panel, [bids_image, other])
    select(panel, 0, 1)
    assert shown(panel.ui.settingsLabel) == "Settings of the 2 selected files:"
    assert fields(panel)["Patient ID"][0] == "S1"
    assert fields(panel)["Series description"][0] == "(different)"
    enter(panel, "Patient name", "Doe^Jo")
    assert [row.values for row in panel.importing.rows.all] == [{"PatientName": "Doe^Jo"}] * 2


@pytest.mark.slow
def test_different_patients_are_reported(panel, bids_image, tmp_path):
    other = image(tmp_path / "bids" / "sub-2_T1w.nii.gz", '{"Modality": "MR", "PatientID": "S2", "PatientName": "Roe^Al"}')
    add_files(panel, [bids_image])
    assert "patients" not in notes(panel)
    add_files(panel, [other])
    assert "images of 2 patients: S1, Roe^Al" in notes(panel)
    select(panel, 0, 1)
    assert "different patients" in shown(panel.ui.fieldsNoteLabel)


@pytest.mark.slow
def test_typing_is_not_interrupted_by_proposals(panel, bids_image):
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    panel.accordion.open(panel.ui.importSection)
    panel.parent.show()
    add_files(panel, [bids_image])
    table = panel.ui.fieldsTable
    table.setCurrentCell(0, 1)
    table.editItem(table.item(0, 1))
    (editor,) = [child for child in table.viewport().children() if child.metaObject().className() == "QExpandingLineEdit"]
    QTest.keyClicks(editor, "Doe^")
    panel.importing.look_again()
    settle(panel)
    QTest.keyClicks(editor, "Jo")
    assert editor.text == "Doe^Jo"
    QTest.keyClick(editor, Qt.Key_Return)
    wait_until(lambda: "Patient name" in fields(panel))
    settle(panel)
    assert fields(panel)["Patient name"] == ("Doe^Jo", "edited")


# --- kind and reference


@pytest.mark.slow
def test_kind_is_chosen_for_the_selected_files_only(panel, database, bids_image, tmp_path):
    other = image(tmp_path / "bids" / "sub-1_T2w.nii.gz", '{"Modality": "MR", "PatientID": "S1"}')
    add_files(panel, [bids_image, other])
    choose_kind(panel, "enhanced-mr")
    assert [row[2] for row in file_rows(panel)] == ["Enhanced MR", "MR"]
    click(panel.ui.loadCheckBox)
    run(panel, panel.ui.importButton)
    assert database.imagesCount() == 1 + 4
    select(panel, 0, 1)
    assert panel.ui.kindComboBox.currentIndex == -1


@pytest.mark.slow
def test_reference_of_the_scene_gives_patient_and_study(slicer, panel, node, database, bids_image):
    image(bids_image, '{"Modality": "MR"}', ijk_to_ras(node))
    add_files(panel, [bids_image])
    panel.refresh()
    choose_reference(panel, references(panel).index("Scene: 7: ramp"))
    assert fields(panel)["Patient name"] == ("Bridge^Test", "reference")
    run(panel, panel.ui.importButton)
    assert (database.patientsCount(), database.studiesCount()) == (1, 1)
    assert database.imagesCount() > 4


@pytest.mark.slow
def test_reference_of_one_file_is_not_that_of_another(panel, node, database, bids_image, tmp_path):
    for path in (bids_image, tmp_path / "bids" / "sub-2_T1w.nii.gz"):
        image(path, '{"Modality": "MR"}', ijk_to_ras(node))
    add_files(panel, [bids_image, tmp_path / "bids" / "sub-2_T1w.nii.gz"])
    choose_reference(panel, references(panel).index("Scene: 7: ramp"))
    assert [row.value_of("PatientName") for row in panel.importing.rows.all] == ["Bridge^Test", ""]


@pytest.mark.slow
def test_reference_may_be_a_folder(panel, bids_image, write_series, tmp_path, monkeypatch):
    import qt

    from nifti_dicom_bridge import read

    write_series(tmp_path / "reference")
    image(bids_image, "{}", read(tmp_path / "reference")[0].ijk_to_ras)
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path / "reference"))
    add_files(panel, [bids_image])
    choose_reference(panel, panel.ui.referenceComboBox.count - 1)
    assert panel.ui.referenceComboBox.currentText == f"Folder: {tmp_path / 'reference'}"
    assert fields(panel)["Patient ID"][0] == "NDB-1"


@pytest.mark.slow
def test_reference_that_does_not_exist_is_reported(panel, node, database, bids_image):
    add_files(panel, [bids_image])
    panel.importing.settings._on_reference_chosen("series:1.2.3")
    settle(panel)
    assert "1.2.3 is not in Slicer" in notes(panel)
    assert "not in the DICOM database" in panel.ui.referenceComboBox.currentText


@pytest.mark.slow
def test_references_in_the_same_space_come_first_and_segmentations_are_none(
    panel, logic, node, database, write_series, tmp_path
):
    from DICOMLib import DICOMUtils

    (own,) = exported_files(logic, node, tmp_path)
    (first, *_) = database.filesForSeries(database.seriesForStudy(database.studiesForPatient(database.patients()[0])[0])[0])
    same = pydicom.dcmread(first).FrameOfReferenceUID
    for number, (modality, space) in enumerate((("CT", "1.2.9"), ("SEG", same), ("CT", same))):
        for path in write_series(tmp_path / str(number), SeriesDescription=f"other {number}"):
            ds = pydicom.dcmread(path)
            ds.Modality, ds.FrameOfReferenceUID = modality, space or ds.FrameOfReferenceUID
            ds.SeriesInstanceUID = f"1.2.3.{number}"
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}.{ds.InstanceNumber}"
            ds.save_as(path)
        DICOMUtils.importDicom(str(tmp_path / str(number)))
    add_files(panel, [own])
    panel.refresh()
    found = references(panel)
    assert found[0] == "None"
    assert all(text.startswith("Same space: ") for text in found[1:3])
    assert "ramp" in found[1] + found[2]
    assert "other 2" in found[1] + found[2]
    assert "other 0" in found[3]
    assert not [text for text in found if "other 1" in text]


@pytest.mark.slow
def test_reference_is_chosen_in_a_window(panel, node, database, bids_image):
    import qt

    def choose():
        dialog = qt.QApplication.activeModalWidget()
        tree = dialog.findChild(qt.QTreeWidget)
        tree.setCurrentItem(tree.topLevelItem(0).child(0).child(0))
        dialog.findChild(qt.QDialogButtonBox).button(qt.QDialogButtonBox.Ok).click()

    add_files(panel, [bids_image])
    timer = qt.QTimer()
    timer.setSingleShot(True)
    timer.timeout.connect(choose)
    timer.start(50)
    choose_reference(panel, panel.ui.referenceComboBox.count - 2)
    assert panel.importing.rows.all[0].reference.startswith("series:")
    assert "7: ramp" in panel.ui.referenceComboBox.currentText


@pytest.mark.slow
def test_choices_that_change_while_files_are_read_count(panel, bids_image):
    panel.importing.files.add_files([bids_image])
    wait_until(lambda: panel.importing.proposing._background.busy)
    choose_kind(panel, "sc")
    assert file_rows(panel)[0][2] == "Secondary capture"


# --- nodes


@pytest.mark.slow
def test_nodes_are_added_as_they_are(slicer, panel, database):
    panel.offerNodes([add_volume(slicer, "drawn", 3)])
    settle(panel)
    assert [row[0] for row in file_rows(panel)] == ["drawn"]
    assert not panel.ui.importSection.collapsed
    assert "Images added from the scene: 1" in outcome(panel)


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


@pytest.mark.slow
def test_nifti_files_and_what_is_in_folders_are_dropped(panel, bids_image, tmp_path):
    (tmp_path / "b.NII").touch()
    (tmp_path / "c.txt").touch()
    assert drop(panel.ui.filesTable, [tmp_path / "b.NII", bids_image.parent, tmp_path / "c.txt"])
    settle(panel)
    assert panel.importing.rows.paths() == [tmp_path / "b.NII", bids_image]
    assert "2 files" in panel.ui.importButton.text


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


# --- other formats


@pytest.mark.slow
def test_a_segmentation_that_slicer_saved_becomes_dicom(slicer, panel, database, tmp_path):
    voxels = np.zeros((4, 5, 6), np.uint8)
    voxels[1, 2, 3] = 1
    grid = np.array([[0, 2.0, 0, 7], [-1.5, 0, 0, 8], [0, 0, 3, 9], [0, 0, 0, 1]])
    labels = slicer.util.addVolumeFromArray(voxels, grid, "labels", "vtkMRMLLabelMapVolumeNode")
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "organs")
    slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, segmentation)
    segmentation.GetSegmentation().GetNthSegment(0).SetName("my organ")
    storage = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(tmp_path / "organs.seg.nrrd"))
    assert storage.WriteData(segmentation)
    add_files(panel, [tmp_path / "organs.seg.nrrd"])
    run(panel, panel.ui.importButton)
    (path,) = (tmp_path / "database").rglob("*.dcm")
    seg = pydicom.dcmread(path)
    assert (seg.Modality, seg.SegmentSequence[0].SegmentLabel) == ("SEG", "my organ")
    place = seg.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence[0].ImagePositionPatient
    row, column = np.argwhere(seg.pixel_array.reshape(-1, seg.Rows, seg.Columns)[0])[0]
    axes = np.array(seg.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient, float).reshape(
        2, 3
    )
    spacing = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    lps = np.array(place, float) + axes[0] * column * spacing[1] + axes[1] * row * spacing[0]
    np.testing.assert_allclose(lps * [-1, -1, 1], (grid @ [3, 2, 1, 1])[:3], atol=1e-3)


def test_hidden_files_of_a_folder_are_named(panel, bids_image, tmp_path):
    for name in (".hidden.nii.gz", "._macos.nii.gz"):
        (tmp_path / "scans" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "scans" / name).write_bytes(bids_image.read_bytes())
    add_files(panel, [tmp_path / "scans"])
    assert "The folder contains no image files. Hidden files were left out, such as" in outcome(panel)
    assert ".hidden.nii.gz" in outcome(panel)


def test_an_unforeseen_error_of_proposals_is_shown(panel, bids_image, monkeypatch):
    from NiftiDicomBridgeLib.Tasks.ImportTasks import ProposeTask

    def fail(self, proposals):
        raise ValueError("of a program")

    monkeypatch.setattr(ProposeTask, "finish", fail)
    add_files(panel, [bids_image])
    assert "of a program" in notes(panel)
