"""The section *Convert to DICOM*, clicked."""

import numpy as np
import pydicom
import pytest

from support.import_section import exported_files, hint, notes, outcome
from support.panel_helpers import add_files, add_volume, fields, file_rows, report, run, select, settle, shown
from support.slicer_helpers import MessageBoxes, click


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


@pytest.mark.slow
def test_nodes_are_added_as_they_are(slicer, panel, database):
    panel.offerNodes([add_volume(slicer, "drawn", 3)])
    settle(panel)
    assert [row[0] for row in file_rows(panel)] == ["drawn"]
    assert not panel.ui.importSection.collapsed
    assert "Images added from the scene: 1" in outcome(panel)


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


def test_an_unforeseen_error_of_proposals_is_shown(panel, bids_image, monkeypatch):
    from NiftiDicomBridgeLib.Tasks.ImportTasks import ProposeTask

    def fail(self, proposals):
        raise ValueError("of a program")

    monkeypatch.setattr(ProposeTask, "finish", fail)
    add_files(panel, [bids_image])
    assert "of a program" in notes(panel)
