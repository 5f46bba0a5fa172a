"""The section *Convert to DICOM* with images of the scene: the reference, the space and the kind of each."""

import numpy as np
import pytest

from support.panel_helpers import file_rows, report, run, settle, shown
from support.slicer_helpers import ijk_to_ras

pytestmark = pytest.mark.slow


def labels_on(slicer, volume, name="tumor"):
    """Return a segmentation of one voxel of a volume."""
    voxels = np.zeros(slicer.util.arrayFromVolume(volume).shape, np.uint8)
    voxels[1, 1, 1] = 1
    labels = slicer.util.addVolumeFromArray(voxels, ijk_to_ras(volume), "labels", "vtkMRMLLabelMapVolumeNode")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, node)
    slicer.mrmlScene.RemoveNode(labels)
    return node


def moved(slicer, node, millimeters=50):
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "registration")
    matrix = np.eye(4)
    matrix[0, 3] = millimeters
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    node.SetAndObserveTransformNodeID(transform.GetID())


def choose(panel, reference):
    panel.importing.settings._on_reference_chosen(reference)
    settle(panel)


def place_of(row):
    """Return where the voxel of a label is, in mm."""
    from nifti_dicom_bridge import read

    (volume,) = read(row.path)
    (kji,) = np.argwhere(volume.voxels[0] == 1)
    return (volume.ijk_to_ras @ [*kji[::-1], 1])[:3]


@pytest.fixture
def second(load, write_series, tmp_path):
    """The same place in another patient."""
    return load(write_series(tmp_path / "second", PatientID="NDB-2", PatientName="Other^Person"))


def test_images_of_the_scene_that_are_added_at_once_keep_their_own_patients(slicer, panel, node, second):
    panel.offerNodes([labels_on(slicer, node), labels_on(slicer, second)])
    settle(panel)
    assert [row.value_of("PatientID") for row in panel.importing.rows.all] == ["NDB-1", "NDB-2"]


def test_an_image_of_the_scene_that_cannot_be_written_leaves_the_others(slicer, panel, node):
    """The Segment Editor makes an empty segmentation when it is opened."""
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "unused")
    panel.offerNodes([empty, labels_on(slicer, node)])
    settle(panel)
    assert [row.name for row in panel.importing.rows.all] == ["tumor"]
    assert "Images added from the scene: 1. unused has no segments" in shown(panel.importing.feedback.result)


def test_structure_sets_that_only_slicerrt_loads_are_named_once(slicer, panel, node, second):
    """One for each of several segmentations: the reason is the same for all of them."""
    panel.offerNodes([labels_on(slicer, node), labels_on(slicer, second)])
    settle(panel)
    for row in panel.importing.rows.all:
        row.kind = "rtstruct"
    run(panel, panel.ui.importButton)
    text = shown(panel.importing.feedback.result)
    assert text.count("SlicerRT, which is not installed") == 1
    assert "2.25." not in text


def test_an_image_without_a_series_gets_none_of_those_that_are_added_with_it(slicer, panel, node):
    panel.offerNodes([labels_on(slicer, node), slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), name="drawn")])
    settle(panel)
    assert [bool(row.reference) for row in panel.importing.rows.all] == [True, False]


def test_another_reference_gets_an_image_of_the_scene_in_world_coordinates(slicer, panel, node, second):
    segmentation = labels_on(slicer, node)
    world = (ijk_to_ras(node) @ [1, 1, 1, 1])[:3]
    moved(slicer, node)
    panel.offerNodes([segmentation])
    settle(panel)
    (row,) = panel.importing.rows.all
    own, shift = row.reference, np.array([50, 0, 0])
    np.testing.assert_allclose(place_of(row), world - shift, atol=1e-3)
    for reference, wanted in (("", world), (own, world - shift)):
        choose(panel, reference)
        np.testing.assert_allclose(place_of(row), wanted, atol=1e-3)


def test_another_reference_that_is_under_a_transform_is_pointed_out(slicer, panel, node, second):
    from NiftiDicomBridgeLib.Host import Database
    from NiftiDicomBridgeLib.Nodes.NodeKinds import instance_uids_of

    panel.offerNodes([labels_on(slicer, node)])
    settle(panel)
    moved(slicer, second)
    choose(panel, "series:" + Database.series_of_instances(instance_uids_of(second)))
    assert "is under a transform, which DICOM does not have" in shown(panel.ui.fileNoteLabel)


def test_the_report_has_the_warnings_of_an_image_of_the_scene(slicer, panel, node):
    moved(slicer, node)
    panel.offerNodes([labels_on(slicer, node)])
    panel.ui.loadCheckBox.setChecked(False)
    run(panel, panel.ui.importButton)
    assert "is under a transform: this was written where it is relative" in report(panel)


def test_the_reference_is_a_note_in_the_panel_which_shows_it_before(slicer, panel, node):
    panel.offerNodes([labels_on(slicer, node)])
    panel.ui.loadCheckBox.setChecked(False)
    run(panel, panel.ui.importButton)
    assert "reference: patient NDB-1" in report(panel)
    assert "with warnings" not in shown(panel.importing.feedback.result)


def test_a_map_of_a_ct_is_no_ct(slicer, panel, node):
    voxels = np.random.default_rng(1).random(slicer.util.arrayFromVolume(node).shape, np.float32)
    ratio = slicer.util.addVolumeFromArray(voxels, ijk_to_ras(node), "ratio")
    proposed = [panel.logic.propose([ratio])[0].kind]
    panel.offerNodes([ratio])
    settle(panel)
    proposed += [row.proposal.kind for row in panel.importing.rows.all]
    assert [kind.value for kind in proposed] == ["pm", "pm"]


def test_a_segmentation_of_the_scene_is_listed_without_doubt(slicer, panel, node):
    panel.offerNodes([labels_on(slicer, node)])
    settle(panel)
    assert [row[1:] for row in file_rows(panel)] == [("scene", "Segmentation")]
    assert shown(panel.ui.fileNoteLabel) == ""


def test_no_warning_names_a_temporary_folder(slicer, logic, node, tmp_path):
    segmentation = labels_on(slicer, node)
    report = logic.volumesToDicom([segmentation], database=False, folder=tmp_path)
    warnings = [*report.entries[0].log.warnings, *logic.propose([segmentation])[0].warnings]
    assert "reference: patient NDB-1" in warnings[0]
    assert not [warning for warning in warnings if slicer.app.temporaryPath in warning]


def test_a_segmentation_stays_one_without_its_reference(slicer, panel, node):
    panel.offerNodes([labels_on(slicer, node)])
    settle(panel)
    choose(panel, "")
    assert file_rows(panel)[0][2] == "Segmentation"
    assert "taken for" not in shown(panel.ui.fileNoteLabel)


def test_an_image_of_dicom_is_not_converted_while_its_database_is_closed(slicer, logic, panel, node, tmp_path):
    slicer.dicomDatabase.closeDatabase()
    (entry,) = logic.volumesToDicom([node], database=False, folder=tmp_path / "out").entries
    panel.offerNodes([node])
    settle(panel)
    for text in (entry.error, shown(panel.importing.feedback.result)):
        assert "DICOM database is not open, so the original of this image cannot be read" in text.replace("&#x27;", "'")
    assert file_rows(panel) == []


def test_a_folder_that_cannot_be_made_is_refused_in_a_sentence(logic, slicer, tmp_path):
    (tmp_path / "file").touch()
    node = slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), name="drawn")
    (entry,) = logic.exportVolumes([node], tmp_path / "file").entries
    assert entry.error == f"{tmp_path / 'file'}: cannot be written (File exists). Choose another folder."


def test_a_series_that_is_gone_is_missed_as_a_reference(slicer, logic, node, database, tmp_path):
    from NiftiDicomBridgeLib.Host import Database
    from NiftiDicomBridgeLib.Nodes.NodeKinds import instance_uids_of

    segmentation = labels_on(slicer, node)
    database.removeSeries(Database.series_of_instances(instance_uids_of(node)))
    (entry,) = logic.volumesToDicom([segmentation], database=False, folder=tmp_path / "gone").entries
    assert "was made of a series that is not in Slicer's DICOM database" in " ".join(entry.log.warnings)
    database.closeDatabase()
    (entry,) = logic.volumesToDicom([segmentation], database=False, folder=tmp_path / "closed").entries
    assert "DICOM database is not open" in entry.error


@pytest.fixture
def lost(slicer, node):
    """A segmentation in the study of a volume that is no longer in the scene."""
    segmentation = labels_on(slicer, node)
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    item, volume = (hierarchy.GetItemByDataNode(each) for each in (segmentation, node))
    hierarchy.SetItemParent(item, hierarchy.GetItemParent(volume))
    slicer.mrmlScene.RemoveNode(node)
    return segmentation


def test_a_segmentation_whose_volume_is_gone_keeps_its_patient_and_says_what_is_missing(logic, lost, tmp_path):
    import pydicom

    report = logic.volumesToDicom([lost], database=False, folder=tmp_path)
    ds = pydicom.dcmread(report.outputs[0])
    assert (ds.PatientID, str(ds.PatientName), ds.StudyDate) == ("NDB-1", "Bridge^Test", "20260101")
    (warning,) = report.entries[0].log.warnings
    assert "The volume that tumor was made on is not in the scene" in warning


def test_the_panel_shows_the_patient_of_the_scene(panel, lost):
    panel.offerNodes([lost])
    settle(panel)
    name, shown_value, source = (panel.ui.fieldsTable.item(0, column).text() for column in range(3))
    assert (name, shown_value, source) == ("Patient name", "Bridge^Test", "scene")
    assert "is not in the scene" in shown(panel.importing.feedback.result)


def test_a_reference_that_the_user_chose_replaces_the_lost_volume(slicer, panel, lost, second):
    from NiftiDicomBridgeLib.Host import Database
    from NiftiDicomBridgeLib.Nodes.NodeKinds import instance_uids_of

    panel.offerNodes([lost])
    settle(panel)
    choose(panel, "series:" + Database.series_of_instances(instance_uids_of(second)))
    (row,) = panel.importing.rows.all
    assert row.scene_warnings == []


def test_a_wrapped_text_has_the_height_that_it_needs(slicer):
    import qt

    from NiftiDicomBridgeLib.Panel.Views import TextHeights

    label, heights = qt.QLabel("A sentence that has to be wrapped. " * 20), TextHeights()
    label.setWordWrap(True)
    heights.add(label)
    label.resize(200, 10)
    label.show()
    slicer.app.processEvents()
    high = label.minimumHeight
    assert high == label.heightForWidth(label.width) > 100
    label.setText("short")
    label.repaint()
    assert label.minimumHeight < high / 4


def computed_on(slicer, volume, name="computed"):
    return slicer.util.addVolumeFromArray(
        np.ones(slicer.util.arrayFromVolume(volume).shape, np.uint8), ijk_to_ras(volume), name, "vtkMRMLLabelMapVolumeNode"
    )


@pytest.mark.parametrize("is_segmentation", [False, True])
def test_a_grid_of_several_patients_does_not_tell_the_patient(slicer, logic, node, second, tmp_path, is_segmentation):
    import pydicom

    computed = computed_on(slicer, node)
    made = labels_on(slicer, computed) if is_segmentation else computed
    report = logic.volumesToDicom([made], database=False, folder=tmp_path)
    ds = pydicom.dcmread(report.outputs[0])
    assert (str(ds.PatientName), ds.PatientID) == ("", "")
    assert "Volumes of several patients (Bridge^Test, Other^Person)" in "".join(report.entries[0].log.warnings)


def test_a_segmentation_on_a_computed_volume_has_the_series_of_its_grid(slicer, logic, node, tmp_path):
    import pydicom

    report = logic.volumesToDicom([labels_on(slicer, computed_on(slicer, node))], database=False, folder=tmp_path)
    ds = pydicom.dcmread(report.outputs[0])
    assert ds.PatientID == "NDB-1"
    assert len(ds.ReferencedSeriesSequence[0].ReferencedInstanceSequence) > 0


def test_an_image_whose_original_is_gone_keeps_its_patient_and_modality(slicer, logic, node, database, tmp_path):
    import pydicom

    database.removeSeries(database.instanceValue(node.GetAttribute("DICOM.instanceUIDs").split()[0], "0020,000e"))
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    hierarchy.SetItemAttribute(hierarchy.GetItemByDataNode(node), "DICOM.Modality", "CT")  # as Slicer's loaders do
    slicer.util.arrayFromVolume(node)[:] = slicer.util.arrayFromVolume(node) % 3  # as a label map
    report = logic.volumesToDicom([node], database=False, folder=tmp_path)
    ds = pydicom.dcmread(report.outputs[0])
    assert (ds.Modality, str(ds.PatientName), ds.PatientID, ds.StudyDate) == ("CT", "Bridge^Test", "NDB-1", "20260101")
    assert "written without DICOM metadata" in "".join(report.entries[0].log.warnings)


def test_a_segmentation_in_the_study_of_another_patient_is_refused(slicer, logic, panel, node, second, tmp_path):
    segmentation = labels_on(slicer, node)
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    item, other = (hierarchy.GetItemByDataNode(each) for each in (segmentation, second))
    hierarchy.SetItemParent(item, hierarchy.GetItemParent(other))
    refused = "In the subject hierarchy, tumor has PatientID 'NDB-2', the reference"
    (entry,) = logic.volumesToDicom([segmentation], database=False, folder=tmp_path).entries
    assert refused in entry.error
    assert refused in logic.propose([segmentation])[0].error
    panel.offerNodes([segmentation])
    settle(panel)
    assert refused in shown(panel.ui.fileNoteLabel)


@pytest.mark.parametrize(("stored", "name"), [
    ("Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "Yamada^Tarou=山田^太郎"),
    ("Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", "Hong^Gildong=洪^吉洞"), ("\ufffd\ufffd^\ufffd", ""),
])  # fmt: skip
def test_names_that_slicer_does_not_decode(slicer, logic, lost, tmp_path, stored, name):
    import pydicom

    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    patient = hierarchy.GetItemParent(hierarchy.GetItemParent(hierarchy.GetItemByDataNode(lost)))
    hierarchy.SetItemAttribute(patient, "DICOM.PatientName", stored)
    report = logic.volumesToDicom([lost], database=False, folder=tmp_path)
    assert str(pydicom.dcmread(report.outputs[0]).PatientName) == name
