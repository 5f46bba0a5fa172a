"""Our kinds in Slicer's dialog "Export to DICOM"."""

import numpy as np
import pydicom
import pytest

from support.node_exports import GRID
from support.slicer_helpers import ExportDialog, ijk_to_ras


def item_of(slicer, node):
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene).GetItemByDataNode(node)


@pytest.mark.slow
def test_hidden_module_registers_a_plugin_for_every_kind(slicer, plugin_module):
    assert plugin_module.instance is not None
    from DICOMNiftiDicomBridgePlugin import KEY, DICOMNiftiDicomBridgePlugin
    from NiftiDicomBridgeLib.ExportKinds import FURTHER_KINDS

    class Parent:
        pass

    parent, before = Parent(), dict(slicer.modules.dicomPlugins)
    DICOMNiftiDicomBridgePlugin(parent)
    assert parent.hidden is True
    assert parent.categories
    assert parent.contributors
    assert parent.acknowledgementText
    assert slicer.modules.dicomPlugins[KEY].__name__ == "DICOMNiftiDicomBridgePluginClass"
    ours = [key for key in slicer.modules.dicomPlugins if "NiftiDicomBridge" in key]
    assert len(ours) == len(FURTHER_KINDS) + 1
    slicer.modules.dicomPlugins.clear()
    slicer.modules.dicomPlugins.update(before)


def test_every_plugin_has_one_exportable_that_names_it(slicer, plugin, drawn):
    dialog = ExportDialog(drawn)
    assert len(dialog.rows) > 1
    assert all(len(row) == 1 for row in dialog.rows.values())
    assert set(dialog.rows) <= set(slicer.modules.dicomPlugins)


def test_choices_go_by_what_the_node_holds(slicer, plugin, node, drawn, floating, moving):
    labels = slicer.util.addVolumeFromArray(np.ones((2, 3, 4), np.uint8), GRID, "l", "vtkMRMLLabelMapVolumeNode")
    colors = slicer.util.addVolumeFromArray(np.ones((2, 3, 4, 3), np.uint8), GRID, "c", "vtkMRMLVectorVolumeNode")
    found = {n.GetName(): ExportDialog(n).names() for n in (node, drawn, floating, moving, labels, colors)}
    assert found[node.GetName()] == ["Original or derived series", "Enhanced of its modality",
                                     "Legacy Converted Enhanced", "Secondary capture"]  # fmt: skip
    assert found["drawn"][:2] == ["MR", "CT"]
    assert found["floating"][0] == "Parametric map"
    assert "Parametric map" not in found["moving"]
    assert found["l"] == ["Segmentation", "RT structure set"]
    assert found["c"] == ["Secondary capture", "Multi-frame secondary capture"]


def test_ours_is_preferred_only_where_slicers_own_export_loses_something(slicer, plugin, node, drawn, floating, moving):
    wide = slicer.util.addVolumeFromArray(np.full((2, 3, 4), 40000, np.int32), GRID, "w")
    labels = slicer.util.addVolumeFromArray(np.ones((2, 3, 4), np.uint8), GRID, "l", "vtkMRMLLabelMapVolumeNode")
    first = {n.GetName(): next(iter(ExportDialog(n).confidences().values())) for n in
             (node, drawn, floating, moving, wide, labels)}  # fmt: skip
    assert first.pop("drawn") < 0.5
    assert min(first.values()) > 0.6


def test_segmentation_is_slicers_own_where_its_image_is_in_the_database(slicer, plugin, node):
    labels = np.zeros((4, 5, 6), np.uint8)
    labels[1:3, 1:3, 1:3] = 1
    drawing = slicer.util.addVolumeFromArray(labels, ijk_to_ras(node), "drawing", "vtkMRMLLabelMapVolumeNode")
    found = {}
    for name, reference in (("with", node), ("without", drawing)):
        segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
        segmentation.SetReferenceImageGeometryParameterFromVolumeNode(reference)
        slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(drawing, segmentation)
        found[name] = next(iter(ExportDialog(segmentation).confidences().values()))
    assert found["with"] < 1 < found["without"] < 1.005


def test_nothing_is_offered_for_what_is_no_image(slicer, plugin):
    model = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode")
    assert ExportDialog(model).rows == {}


def test_edited_volume_is_exported_as_derived(slicer, export, node):
    slicer.util.arrayFromVolume(node)[1, 2, 3] = 500
    found, error = export(node)
    assert error == ""
    assert len(found) == 4
    assert {ds.ImageType[0] for ds in found} == {"DERIVED"}
    assert {str(ds.PatientName) for ds in found} == {"Bridge^Test"}


def test_texts_that_slicer_shows_for_missing_values_are_not_written(export, load, write_series, tmp_path):
    node = load(write_series(tmp_path / "original", StudyDescription="", PatientName=""))
    found, error = export(node)
    assert error == ""
    assert {(str(ds.PatientName), ds.get("StudyDescription", "")) for ds in found} == {("", "")}


def test_unedited_volume_is_exported_as_it_was(export, node, tmp_path):
    found, error = export(node)
    assert error == ""
    original = pydicom.dcmread(min((tmp_path / "original").glob("*.dcm")))
    (same,) = [ds for ds in found if ds.InstanceNumber == original.InstanceNumber]
    differing = {key for key in {*original.dir(), *same.dir()} if original.get(key) != same.get(key)}
    assert differing == {"SeriesInstanceUID", "SOPInstanceUID"}


@pytest.mark.parametrize(("kind", "sop_class"), [
    ("Enhanced of its modality", "1.2.840.10008.5.1.4.1.1.2.1"),
    ("Legacy Converted Enhanced", "1.2.840.10008.5.1.4.1.1.2.2"),
])  # fmt: skip
def test_what_came_from_dicom_becomes_another_kind(export, node, kind, sop_class):
    found, error = export(node, kind)
    assert error == ""
    assert [(str(ds.SOPClassUID), str(ds.PatientName), ds.NumberOfFrames) for ds in found] == [(sop_class, "Bridge^Test", 4)]


def test_values_of_the_tag_editor_are_in_the_files(export, drawn):
    tags = {"PatientName": "Doe^Jo", "PatientID": "7", "StudyDescription": "Trial", "SeriesDescription": "Mine", "StudyID": ""}
    found, error = export(drawn, "MR", **tags)
    assert error == ""
    (ds, *_) = found
    assert (str(ds.PatientName), ds.PatientID, ds.StudyDescription, ds.SeriesDescription) == ("Doe^Jo", "7", "Trial", "Mine")
    assert ds.Modality == "MR"


def test_values_typed_for_what_came_from_dicom_are_in_the_files(export, node):
    found, error = export(node, PatientName="Doe^Jo", StudyDescription="Trial", SeriesDescription="Mine")
    assert error == ""
    stated = {(str(ds.PatientName), ds.StudyDescription, ds.SeriesDescription) for ds in found}
    assert stated == {("Doe^Jo", "Trial", "Mine")}


@pytest.mark.parametrize(("kind", "sop_class", "files"), [
    ("CT", "1.2.840.10008.5.1.4.1.1.2", 2), ("MR", "1.2.840.10008.5.1.4.1.1.4", 2), ("PET", "1.2.840.10008.5.1.4.1.1.128", 2),
    ("Parametric map", "1.2.840.10008.5.1.4.1.1.30", 1), ("Enhanced CT", "1.2.840.10008.5.1.4.1.1.2.1", 1),
    ("Enhanced MR", "1.2.840.10008.5.1.4.1.1.4.1", 1), ("Enhanced PET", "1.2.840.10008.5.1.4.1.1.130", 1),
    ("Secondary capture", "1.2.840.10008.5.1.4.1.1.7", 2),
])  # fmt: skip
def test_every_kind_makes_objects_of_its_class(export, drawn, kind, sop_class, files):
    found, error = export(drawn, kind)
    assert error == ""
    assert [str(ds.SOPClassUID) for ds in found] == [sop_class] * files


@pytest.mark.slow
def test_every_kind_that_is_offered_for_a_sequence_writes_all_time_points(plugin, moving, tmp_path):
    for kind in ExportDialog(moving).names():
        files, error = ExportDialog(moving).export(tmp_path / kind, kind)
        assert error == "", kind
        found = [pydicom.dcmread(path) for path in files]
        assert sum(int(ds.get("NumberOfFrames", 1)) for ds in found) == 6, kind


def test_value_that_dicom_cannot_hold_is_reported_in_the_dialog(export, drawn):
    found, error = export(drawn, "MR", PatientBirthDate="yesterday")
    assert "PatientBirthDate" in error
    assert found == []


def test_failure_of_one_of_several_nodes_leaves_no_files(slicer, plugin, drawn, tmp_path):
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    rows = [ExportDialog(node).select("MR")[0] for node in (drawn, empty)]
    for exportable in rows:
        exportable.directory = str(tmp_path / "exported")
    error = slicer.modules.dicomPlugins[rows[0].pluginClass]().export(rows)
    assert "empty" in error
    assert list((tmp_path / "exported").glob("*")) == []


def test_closed_database_is_reported(slicer, export, node):
    slicer.dicomDatabase.closeDatabase()
    found, error = export(node)
    assert "database is not open" in error
    assert found == []


def test_nothing_is_left_in_the_temporary_folder(slicer, export, drawn):
    import os

    before = set(os.listdir(slicer.app.temporaryPath))
    export(drawn, "MR")
    assert set(os.listdir(slicer.app.temporaryPath)) <= before


@pytest.mark.slow
def test_warnings_of_an_export_are_shown(slicer, export, monkeypatch):
    labels = slicer.util.addVolumeFromArray(np.ones((2, 3, 4), np.uint8), GRID, "l", "vtkMRMLLabelMapVolumeNode")
    shown = []
    monkeypatch.setattr(slicer.util, "warningDisplay", lambda text, **_: shown.append(text))
    files, error = export(labels, "Segmentation")
    assert (bool(files), error) == (True, "")
    assert len(shown) == 1
    assert "no standard code is known" in shown[0]
    assert "reference:" not in shown[0]


@pytest.mark.slow
def test_a_value_of_the_reference_that_is_not_valid_is_none_that_was_typed(slicer, load, write_series, export, tmp_path):
    node = load(write_series(tmp_path / "long", StudyID="more than 16 characters"))
    ones = np.ones(slicer.util.arrayFromVolume(node).shape, np.uint8)
    labels = slicer.util.addVolumeFromArray(ones, ijk_to_ras(node), "l", "vtkMRMLLabelMapVolumeNode")
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    hierarchy.SetItemParent(item_of(slicer, labels), hierarchy.GetItemParent(item_of(slicer, node)))
    found, error = export(labels, "Segmentation")
    assert error == ""
    assert found[0].PatientID == "NDB-1"
    _, error = export(labels, "Segmentation", StudyID="as many characters, typed")
    assert "StudyID" in error


@pytest.mark.slow
def test_a_value_of_the_study_that_is_not_valid_is_shortened_without_a_reference(slicer, load, write_series, export, tmp_path):
    node = load(write_series(tmp_path / "long", StudyID="more than 16 characters"))
    half = slicer.util.addVolumeFromArray(np.ones((2, 3, 4), np.int16), name="computed")
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    hierarchy.SetItemParent(item_of(slicer, half), hierarchy.GetItemParent(item_of(slicer, node)))
    (first, *_), error = export(half, "CT", StudyID="more than 16 characters")
    assert error == ""
    assert (first.StudyID, first.PatientID, str(first.PatientName)) == ("more than 16 cha", "NDB-1", "Bridge^Test")
