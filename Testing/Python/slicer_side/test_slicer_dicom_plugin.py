"""Our kinds in Slicer's dialog "Export to DICOM", and what our loader takes over from Slicer's own."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from slicer_helpers import ijk_to_ras, outcomes
from test_slicer_nodes import write_4d

GRID = np.array([[0, -2, 0, 5], [1.5, 0, 0, -7], [0, 0, 3, 11], [0, 0, 0, 1.0]])


def item_of(slicer, node):
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene).GetItemByDataNode(node)


def names(exportables):
    return [e.name.removeprefix("NIfTI-DICOM Bridge: ") for e in exportables]


@pytest.fixture
def export(slicer, plugin, tmp_path):
    """What the dialog does: take a choice, its tags, a folder; returns the data sets and the error text."""

    def run(node, kind=None, **tags):
        choices = plugin.examineForExport(item_of(slicer, node))
        chosen = choices[0] if kind is None else next(e for e in choices if e.name.endswith(": " + kind))
        for name, value in tags.items():
            chosen.setTag(name, value)
        chosen.directory = str(tmp_path / "exported")
        error = type(plugin)().export([chosen])  # the dialog makes a new plugin for every step
        files = sorted(Path(chosen.directory).glob("*")) if Path(chosen.directory).is_dir() else []
        assert all(path.is_file() for path in files)  # folders would stay behind in the temporary folder of the dialog
        return [pydicom.dcmread(path) for path in files], error

    return run


@pytest.fixture
def drawn(slicer):
    return slicer.util.addVolumeFromArray(np.arange(24, dtype=np.int16).reshape(2, 3, 4), GRID, "drawn")


# --- export


def test_hidden_module_registers_the_plugin(slicer, plugin_module):
    assert plugin_module.instance is not None
    from DICOMNiftiDicomBridgePlugin import KEY, DICOMNiftiDicomBridgePlugin

    class Parent:
        pass

    parent = Parent()
    slicer.modules.dicomPlugins.pop(KEY, None)
    DICOMNiftiDicomBridgePlugin(parent)
    assert parent.hidden is True
    assert parent.categories
    assert parent.contributors
    assert parent.acknowledgementText
    assert slicer.modules.dicomPlugins.pop(KEY).__name__ == "DICOMNiftiDicomBridgePluginClass"


def test_choices_go_by_what_the_node_holds(slicer, plugin, node, drawn):
    labels = slicer.util.addVolumeFromArray(np.ones((2, 3, 4), np.uint8), GRID, "l", "vtkMRMLLabelMapVolumeNode")
    colours = slicer.util.addVolumeFromArray(np.ones((2, 3, 4, 3), np.uint8), GRID, "c", "vtkMRMLVectorVolumeNode")
    found = {n.GetName(): names(plugin.examineForExport(item_of(slicer, n))) for n in (node, drawn, labels, colours)}
    assert found[node.GetName()][:2] == ["As it came from DICOM, or derived", "Enhanced of its modality"]
    assert found["drawn"][:3] == ["Automatic", "CT", "MR"]
    assert found["l"] == ["Segmentation"]
    assert found["c"] == ["Secondary capture", "Multi-frame secondary capture"]


def test_first_choice_is_preferred_to_slicers_own_export(slicer, plugin, drawn):
    first, *others = plugin.examineForExport(item_of(slicer, drawn))
    assert first.confidence > 0.5 > max(e.confidence for e in others)
    assert {e.pluginClass for e in (first, *others)} == {"DICOMNiftiDicomBridgePlugin"}
    assert first.tooltip


def test_nothing_is_offered_for_what_is_no_image(slicer, plugin):
    model = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode")
    assert plugin.examineForExport(item_of(slicer, model)) == []


def test_edited_volume_is_exported_as_derived(slicer, export, node):
    slicer.util.arrayFromVolume(node)[1, 2, 3] = 500
    found, error = export(node)
    assert error == ""
    assert len(found) == 4
    assert {ds.ImageType[0] for ds in found} == {"DERIVED"}
    assert {str(ds.PatientName) for ds in found} == {"Bridge^Test"}


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


def test_value_that_dicom_cannot_hold_is_told_in_the_dialog(export, drawn):
    found, error = export(drawn, "MR", PatientBirthDate="yesterday")
    assert "PatientBirthDate" in error
    assert found == []


def test_nothing_is_left_in_the_temporary_folder(slicer, export, drawn):
    import os

    before = set(os.listdir(slicer.app.temporaryPath))
    export(drawn, "MR")
    assert set(os.listdir(slicer.app.temporaryPath)) <= before


# --- import


@pytest.fixture
def enhanced(logic, write_series, drawn, export, database, tmp_path):
    """An enhanced MR object of 24 voxels, put into the database."""
    from DICOMLib import DICOMUtils

    found, error = export(drawn, "Enhanced MR")
    assert error == ""
    DICOMUtils.importDicom(str(tmp_path / "exported"))
    return str(found[0].SeriesInstanceUID)


def examined(plugin, database, series):
    return plugin.examineForImport([list(database.filesForSeries(series))])


def test_multi_frame_object_is_ours(slicer, plugin, database, enhanced):
    (loadable,) = examined(plugin, database, enhanced)
    assert loadable.confidence > 0.9
    assert loadable.selected
    assert "Multi-frame" in loadable.tooltip


def test_multi_frame_object_loads_where_its_frames_say(slicer, plugin, logic, drawn, enhanced):
    (node_id,) = logic.loadSeries([enhanced])
    node = slicer.mrmlScene.GetNodeByID(node_id)
    seen, grid = slicer.util.arrayFromVolume(node), ijk_to_ras(node)
    expected = slicer.util.arrayFromVolume(drawn)
    for index in np.ndindex(*expected.shape):
        at = np.linalg.inv(grid) @ GRID @ [*index[::-1], 1]
        i, j, k = np.rint(at[:3]).astype(int)
        assert seen[k, j, i] == expected[index]


def test_multi_frame_object_comes_back_identical(slicer, plugin, logic, database, enhanced, tmp_path):
    from nifti_dicom_bridge import ConversionOptions, Job, Target, Uids, convert

    (node_id,) = logic.loadSeries([enhanced])
    report = logic.exportVolumes([slicer.mrmlScene.GetNodeByID(node_id)], tmp_path / "nifti")
    image = next(path for path in report.outputs if path.name.endswith(".nii.gz"))
    found = convert(Job([image], tmp_path / "back", ConversionOptions(target=Target.DICOM, uids=Uids.KEEP)))
    assert outcomes(found) == ["restored"]
    assert pydicom.dcmread(found.outputs[0]) == pydicom.dcmread(database.filesForSeries(enhanced)[0])


def test_series_that_slicer_loads_rightly_stays_slicers(plugin, database, write_series, tmp_path):
    files = write_series(tmp_path / "plain")
    assert plugin.examineForImport([[str(path) for path in files]]) == []


def test_4d_series_is_ours_unless_slicers_4d_loader_is_there(slicer, plugin, database, write_series, tmp_path, monkeypatch):
    files = [[str(path) for path in write_4d(write_series, tmp_path)]]
    (loadable,) = plugin.examineForImport(files)
    assert "sequence" in loadable.tooltip
    monkeypatch.setitem(slicer.modules.dicomPlugins, "MultiVolumeImporterPlugin", object)
    assert plugin.examineForImport(files) == []


def test_mosaic_is_ours(plugin, database, write_series, tmp_path):
    files = write_series(tmp_path / "m", ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"],
                         SOPClassUID="1.2.840.10008.5.1.4.1.1.4")  # fmt: skip
    assert "Mosaic" in plugin.examineForImport([[str(path) for path in files]])[0].tooltip


def test_without_the_python_packages_nothing_is_taken_over(slicer, plugin, database, enhanced, monkeypatch):
    monkeypatch.setattr(slicer.packaging, "pip_check", lambda req, _seen=None: False)
    assert examined(plugin, database, enhanced) == []
