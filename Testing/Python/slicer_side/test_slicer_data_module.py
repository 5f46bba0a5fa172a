"""The actions of the Data module: export by right click."""

import numpy as np
import pydicom
import pytest

from support.slicer_helpers import hierarchy_of, ijk_to_ras, wait_until


@pytest.fixture
def action(slicer, module):
    """Right-click an item and choose an action; returns whether it was shown."""
    handler = slicer.qSlicerSubjectHierarchyPluginHandler.instance()
    plugin = handler.pluginByName("NiftiDicomBridge").self()

    def choose(item, number):
        handler.setCurrentItem(item)
        plugin.showContextMenuActionsForItem(item)
        chosen = plugin.itemContextMenuActions()[number]
        if chosen.visible:
            chosen.trigger()
        return chosen.visible

    return choose


@pytest.fixture
def shown_panel(slicer, module):
    widget = slicer.modules.niftidicombridge.widgetRepresentation().self()
    widget.enter()
    yield widget
    wait_until(lambda: not widget.busy and not widget.importing.proposing.busy)
    widget.exit()


def finished(panel):
    wait_until(lambda: not panel.busy and not panel.importing.proposing.busy)


@pytest.mark.slow
def test_export_to_nifti_by_right_click(slicer, node, action, shown_panel, tmp_path, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path / "clicked"))
    assert action(hierarchy_of(slicer).GetItemByDataNode(node), 0)
    finished(shown_panel)
    assert len(list((tmp_path / "clicked").glob("*.nii.gz"))) == 1
    assert "1 converted" in shown_panel.ui.resultBrowser.toPlainText()


@pytest.mark.slow
def test_export_of_a_patient_takes_all_below(slicer, node, action, shown_panel, tmp_path, monkeypatch):
    import qt

    hierarchy = hierarchy_of(slicer)
    item = hierarchy.GetItemByDataNode(node)
    other = slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), np.eye(4), "computed")
    slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), np.eye(4), "elsewhere")
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(other), hierarchy.GetItemParent(item))
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path / "clicked"))
    assert action(hierarchy.GetItemAncestorAtLevel(item, "Patient"), 0)
    finished(shown_panel)
    assert sorted(path.name for path in (tmp_path / "clicked").glob("*.nii.gz")) == ["7_ramp.nii.gz", "computed.nii.gz"]


@pytest.mark.slow
def test_actions_for_several_items_appear_when_the_menu_opens(slicer, node, shown_panel, tmp_path, monkeypatch):
    """Slicer itself hides the actions of all plugins when several items are selected."""
    import qt

    hierarchy, handler = hierarchy_of(slicer), slicer.qSlicerSubjectHierarchyPluginHandler.instance()
    plugin = handler.pluginByName("NiftiDicomBridge").self()
    nodes = [slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), np.eye(4), name) for name in "abc"]
    menu = qt.QMenu()
    menu.addActions(plugin.itemContextMenuActions())
    for action in plugin.itemContextMenuActions():  # as Slicer asks for them each time
        action.setVisible(False)
    handler.setCurrentItems([hierarchy.GetItemByDataNode(node) for node in nodes[:2]])
    menu.aboutToShow.emit()
    assert [action.visible for action in menu.actions()] == [True, True]
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path / "clicked"))
    menu.actions()[0].trigger()
    finished(shown_panel)
    assert sorted(path.name for path in (tmp_path / "clicked").glob("*.nii.gz")) == ["a.nii.gz", "b.nii.gz"]


def test_actions_are_directly_below_slicers_export_to_dicom(slicer, module):
    plugin = slicer.qSlicerSubjectHierarchyPluginHandler.instance().pluginByName("NiftiDicomBridge").self()
    places = [action.property("section") for action in plugin.itemContextMenuActions()]
    assert places == pytest.approx([0.31, 0.32])  # Export to DICOM...: section 0, weight 30


def test_folder_dialog_that_is_cancelled_exports_nothing(slicer, node, action, shown_panel, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *args: "")
    assert action(hierarchy_of(slicer).GetItemByDataNode(node), 0)
    assert not shown_panel.busy


@pytest.mark.slow
def test_export_to_dicom_by_right_click_puts_the_node_on_the_list(slicer, node, database, action, shown_panel):
    slicer.util.arrayFromVolume(node)[0, 0, 0] = 24
    assert action(hierarchy_of(slicer).GetItemByDataNode(node), 1)
    finished(shown_panel)
    table = shown_panel.ui.filesTable
    assert [table.item(0, column).text() for column in range(3)] == ["7_ramp", "scene", "Original series"]
    shown_panel.ui.importButton.click()
    finished(shown_panel)
    assert "derived from the edited image" in shown_panel.ui.resultBrowser.toPlainText()
    assert database.imagesCount() == 8
    assert list(shown_panel.parameters.niftiFiles) == []  # a temporary file is not kept in the scene


@pytest.mark.slow
def test_segmentation_offered_for_dicom_brings_its_reference_along(slicer, node, database, shown_panel):
    labels = np.zeros((4, 5, 6), np.uint8)
    labels[1:3, 1:3, 1:3] = 1
    drawing = slicer.util.addVolumeFromArray(labels, ijk_to_ras(node), "drawing", "vtkMRMLLabelMapVolumeNode")
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "organs")
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(node)
    slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(drawing, segmentation)
    segmentation.GetSegmentation().GetNthSegment(0).SetName("spleen")
    shown_panel.ui.loadCheckBox.setChecked(False)
    shown_panel.importing.rows.restore([], "")
    shown_panel.offerNodes([segmentation])
    finished(shown_panel)
    assert shown_panel.ui.filesTable.item(0, 2).text() == "Segmentation"
    assert shown_panel.ui.referenceComboBox.currentText == "Scene: 7: ramp"
    shown_panel.ui.importButton.click()
    finished(shown_panel)
    found = [pydicom.dcmread(path) for s in _all_series(database) for path in database.filesForSeries(s)]
    (made,) = [ds for ds in found if ds.Modality == "SEG"]
    assert made.SegmentSequence[0].SegmentLabel == "spleen"
    assert str(made.PatientName) == "Bridge^Test"
    assert made.ReferencedSeriesSequence[0].SeriesInstanceUID in {ds.SeriesInstanceUID for ds in found if ds.Modality == "CT"}
    assert (database.patientsCount(), database.studiesCount()) == (1, 1)


def _all_series(database):
    return [s for p in database.patients() for study in database.studiesForPatient(p) for s in database.seriesForStudy(study)]


def test_actions_are_hidden_where_there_is_nothing_to_export(slicer, action):
    model = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", "surface")
    item = hierarchy_of(slicer).GetItemByDataNode(model)
    assert item
    assert not action(item, 0)
    assert not action(item, 1)


def test_plugin_owns_nothing(slicer, module):
    plugin = slicer.qSlicerSubjectHierarchyPluginHandler.instance().pluginByName("NiftiDicomBridge").self()
    assert [type(x) for x in (plugin.canOwnSubjectHierarchyItem(1), plugin.canAddNodeToSubjectHierarchy(None, 1))] == [
        float
    ] * 2
