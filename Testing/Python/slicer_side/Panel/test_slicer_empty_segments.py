"""Segmentations without a voxel: DICOM that states that nothing was found, after a question in the panel."""

import numpy as np
import pydicom
import pytest

from support.panel_helpers import report, run, settle
from support.slicer_helpers import images, outcomes, voxels_of

pytestmark = pytest.mark.slow

NAMES = ("liver lesion", 'cyst <b>"x"')


@pytest.fixture
def nothing_found(slicer, node):
    """A segmentation on a CT series that has two segments, both empty."""
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lesions")
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(node)
    for name in NAMES:
        segmentation.GetSegmentation().AddEmptySegment(name, name)
    return segmentation


@pytest.fixture
def answer(slicer, monkeypatch):
    """Answer the question; returns the questions."""
    questions = []

    def set_answer(yes):
        def ask(text, *args, **kwargs):
            questions.append(text)
            return yes

        monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", ask)
        return questions

    return set_answer


def assert_states_that_nothing_was_found(path, node):
    ds = pydicom.dcmread(path)
    assert [segment.SegmentLabel for segment in ds.SegmentSequence] == list(NAMES)
    assert not ds.pixel_array.any()
    uid = node.GetAttribute("DICOM.instanceUIDs").split()[0]
    import slicer

    assert ds.StudyInstanceUID == pydicom.dcmread(slicer.dicomDatabase.fileForInstance(uid)).StudyInstanceUID


def test_a_script_writes_it_with_a_warning(logic, node, nothing_found):
    made = logic.volumesToDicom([nothing_found])
    assert outcomes(made) == ["converted"], made.entries[0].error
    assert "nothing was found of: liver lesion" in " ".join(made.entries[0].log.warnings)
    assert_states_that_nothing_was_found(made.outputs[0], node)


def test_nifti_has_the_labels_and_no_voxel(logic, nothing_found, tmp_path):
    made = logic.exportVolumes([nothing_found], tmp_path)
    (path,) = [path for path in images(made) if path.suffix != ".tsv"]
    assert not voxels_of(path).any()
    assert "liver lesion" in path.with_name("lesions_dseg.tsv").read_text("utf-8")
    assert "All segments of lesions are empty" in " ".join(made.entries[0].log.warnings)


def test_the_panel_asks_first_and_converts(panel, node, nothing_found, answer, tmp_path):
    questions = answer(True)
    panel.offerNodes([nothing_found])
    settle(panel)
    assert len(questions) == 1
    assert "liver lesion" in questions[0]
    assert "&lt;b&gt;" in questions[0]
    panel.ui.databaseCheckBox.setChecked(False)
    panel.ui.dicomFolderEdit.currentPath = str(tmp_path / "out")
    run(panel, panel.ui.importButton)
    assert "1 converted" in report(panel)
    assert_states_that_nothing_was_found(*(tmp_path / "out").rglob("*.dcm"), node)


def test_without_consent_it_is_left_out(panel, node, nothing_found, answer):
    answer(False)
    panel.offerNodes([nothing_found, node])
    settle(panel)
    assert len(panel.importing.rows) == 1
    panel.offerNodes([nothing_found])
    settle(panel)
    assert len(panel.importing.rows) == 1


def test_no_question_is_asked_about_drawn_segments(slicer, panel, node, nothing_found, answer):
    questions = answer(False)
    mask = np.zeros(slicer.util.arrayFromVolume(node).shape, np.uint8)
    mask[1, 1, 1] = 1
    from support.slicer_helpers import ijk_to_ras

    labels = slicer.util.addVolumeFromArray(mask, ijk_to_ras(node), "x", "vtkMRMLLabelMapVolumeNode")
    assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, nothing_found)
    slicer.mrmlScene.RemoveNode(labels)
    panel.offerNodes([nothing_found])
    settle(panel)
    assert not questions
    assert len(panel.importing.rows) == 1


def test_without_a_grid_it_is_refused(slicer, logic, database):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "nowhere")
    node.GetSegmentation().AddEmptySegment("a", "a")
    (entry,) = logic.volumesToDicom([node]).entries
    assert "it has no source geometry" in entry.error


def test_loaded_again_it_is_restored(slicer, plugin, logic, node, nothing_found, monkeypatch):
    made = logic.volumesToDicom([nothing_found])
    slicer.mrmlScene.Clear()
    (loadable,) = plugin.examineFiles([str(made.outputs[0])])
    segmentation = plugin.load(loadable)
    names = [segmentation.GetSegmentation().GetNthSegment(number).GetName() for number in range(2)]
    assert names == list(NAMES)
    assert outcomes(logic.volumesToDicom([segmentation])) == ["reissued"]


def test_one_that_states_that_nothing_was_found_is_loaded_by_us(plugin, logic, node, nothing_found, slicer, monkeypatch):
    """Slicer's own loader makes a segmentation without segments of it."""
    monkeypatch.setitem(slicer.modules.dicomPlugins, "DICOMSegmentationPlugin", object)
    made = logic.volumesToDicom([nothing_found])
    path = made.outputs[0]
    (loadable,) = plugin.examineFiles([str(path)])
    assert loadable.confidence > 0.95
    assert "nothing was found" in loadable.tooltip
    ds = pydicom.dcmread(path)
    ds.PixelData = b"\1" + ds.PixelData[1:]
    ds.save_as(path)
    (loadable,) = plugin.examineFiles([str(path)])
    assert loadable.confidence < 0.5
