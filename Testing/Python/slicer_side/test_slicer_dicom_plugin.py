"""Our kinds in Slicer's dialog "Export to DICOM", and what our loader takes over from Slicer's own."""

import numpy as np
import pydicom
import pytest
from test_slicer_nodes import write_4d

from support.slicer_helpers import ExportDialog, ijk_to_ras, outcomes

GRID = np.array([[0, -2, 0, 5], [1.5, 0, 0, -7], [0, 0, 3, 11], [0, 0, 0, 1.0]])


def item_of(slicer, node):
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene).GetItemByDataNode(node)


@pytest.fixture
def export(plugin, tmp_path):
    """Export in the dialog; returns the data sets and the error text."""

    def run(node, kind=None, **typed):
        files, error = ExportDialog(node).export(tmp_path / "exported", kind, **typed)
        return [pydicom.dcmread(path) for path in files], error

    return run


@pytest.fixture
def drawn(slicer):
    return slicer.util.addVolumeFromArray(np.arange(24, dtype=np.int16).reshape(2, 3, 4), GRID, "drawn")


@pytest.fixture
def floating(slicer):
    return slicer.util.addVolumeFromArray(np.linspace(0, 1, 24).reshape(2, 3, 4), GRID, "floating")


@pytest.fixture
def moving(slicer):
    """The volume that shows a sequence of three."""
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "moving")
    sequence.SetIndexName("time")
    sequence.SetIndexUnit("s")
    for number in range(3):
        frame = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScalarVolumeNode")
        frame.UnRegister(None)
        slicer.util.updateVolumeFromArray(frame, np.full((2, 3, 4), number + 1, np.int16))
        sequence.SetDataNodeAtValue(frame, str(2 * number))
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.AddSynchronizedSequenceNode(sequence)
    return browser.GetProxyNode(sequence)


# --- export


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
    original = pydicom.dcmread(sorted((tmp_path / "original").glob("*.dcm"))[0])
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


def test_multi_frame_object_loads_where_its_frames_specify(slicer, plugin, logic, drawn, enhanced):
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


def test_series_that_slicer_loads_rightly_is_offered_below_slicers_own(plugin, database, write_series, tmp_path):
    (loadable,) = plugin.examineForImport([[str(path) for path in write_series(tmp_path / "plain")]])
    assert loadable.confidence < 0.45
    assert not loadable.selected
    assert loadable.tooltip


def test_4d_series_is_ours_unless_slicers_4d_loader_is_there(slicer, plugin, database, write_series, tmp_path, monkeypatch):
    files = [str(path) for path in write_4d(write_series, tmp_path)]
    (loadable,) = plugin.examineFiles(files)
    assert loadable.confidence > 0.9
    assert "sequence" in loadable.tooltip
    monkeypatch.setitem(slicer.modules.dicomPlugins, "MultiVolumeImporterPlugin", object)
    (loadable,) = plugin.examineFiles(files)
    assert loadable.confidence < 0.5


def examine(plugin, write_series, folder, **attributes):
    """What is offered for a series with other attributes; a callable gets the number of the file."""
    files = write_series(folder)
    for number, path in enumerate(files):
        ds = pydicom.dcmread(path)
        for name, value in attributes.items():
            setattr(ds, name, value(number) if callable(value) else value)
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
        ds.save_as(path)
    return plugin.examineForImport([[str(path) for path in files]])


MR, STORAGE = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1."


@pytest.mark.parametrize(("attributes", "words", "above"), [
    ({"SOPClassUID": MR, "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]}, "Mosaic", True),
    ({"SOPClassUID": lambda n: MR + ".1" if n else MR}, "Classic and enhanced", True),
    ({"SOPClassUID": STORAGE + "66.7"}, "label map", True),
    ({"SOPClassUID": STORAGE + "66.4", "SegmentationType": "FRACTIONAL"}, "probabilities", True),
    ({"SOPClassUID": STORAGE + "30"}, "Parametric map", True),
    ({"SOPClassUID": STORAGE + "481.2"}, "gray", False),
    ({"SOPClassUID": STORAGE + "7", "Columns": lambda n: 6 if n else 3, "ImageType": lambda n: ["A", "B", str(n)]},
     "different sizes", True),
    ({"SOPClassUID": STORAGE + "7", "Columns": lambda n: 6 if n else 3, "ImageType": lambda n: ["A", "B", str(n > 0)]},
     "full precision", False),
    ({"SOPClassUID": MR, "ImagePositionPatient": lambda n: ["0", "0", str(max(n, 1))]}, "echoes", False),
    ({"SOPClassUID": MR, "ImageOrientationPatient": lambda n: list("010001") if n else list("100010")}, "orientations", False),
    ({"SOPClassUID": STORAGE + "7"}, "full precision", False),
])  # fmt: skip
def test_reason_is_in_the_tool_tip(plugin, database, write_series, tmp_path, attributes, words, above):
    (loadable,) = examine(plugin, write_series, tmp_path / "x", **attributes)
    assert words in loadable.tooltip
    assert (loadable.confidence > 0.94) == above
    assert above or loadable.confidence < 0.45


def test_segmentation_and_map_are_slicers_where_its_loaders_are_there(
    slicer, plugin, database, write_series, tmp_path, monkeypatch
):
    for number, (name, sop_class) in enumerate((("Segmentation", "66.4"), ("ParametricMap", "30"))):
        monkeypatch.setitem(slicer.modules.dicomPlugins, f"DICOM{name}Plugin", object)
        attributes = {"SOPClassUID": STORAGE + sop_class, "SegmentationType": "BINARY", "NumberOfFrames": "2"}
        files = write_series(tmp_path / str(number), **attributes)
        assert plugin.examineFiles([str(path) for path in files])[0].confidence < 0.45


@pytest.mark.parametrize(("tilt", "last", "ours"), [(0.0, 3, False), (1.1, 3, True), (1.1, 5, True), (1.1, 3.7, False)])
def test_segmentations_of_a_tilted_gantry_are_ours(slicer, plugin, database, tmp_path, monkeypatch, tilt, last, ours):
    """Slicer's loader refuses frames that are displaced within their planes; uneven ones have no grid."""
    from pydicom.dataset import Dataset, FileMetaDataset

    monkeypatch.setitem(slicer.modules.dicomPlugins, "DICOMSegmentationPlugin", object)
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID, ds.SeriesInstanceUID = STORAGE + "66.4", "1.2.3", "1.2.4"
    ds.StudyInstanceUID, ds.SegmentationType, ds.NumberOfFrames, ds.PixelData = "1.2.5", "BINARY", 4, b"\1\0"
    ds["PixelData"].VR = "OB"
    ds.PerFrameFunctionalGroupsSequence = [Dataset() for _ in range(4)]
    for number, frame in zip((0, 1, 2, last), ds.PerFrameFunctionalGroupsSequence, strict=True):
        frame.PlanePositionSequence = [Dataset()]
        frame.PlanePositionSequence[0].ImagePositionPatient = [0, tilt * number, 2.5 * number]
    ds.SharedFunctionalGroupsSequence = [Dataset()]
    ds.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence = [Dataset()]
    ds.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.save_as(tmp_path / "seg.dcm", enforce_file_format=True)
    (loadable,) = plugin.examineFiles([str(tmp_path / "seg.dcm")])
    assert (loadable.confidence > 0.95) == ours


def test_files_without_pixels_are_not_ours(plugin, database, tmp_path, write_series):
    files = write_series(tmp_path / "x")
    for path in files:
        ds = pydicom.dcmread(path)
        del ds.PixelData
        ds.save_as(path)
    assert plugin.examineForImport([[str(path) for path in files]]) == []


def test_without_the_python_packages_the_loader_is_offered_and_states_what_is_missing(
    slicer, plugin, database, enhanced, monkeypatch
):
    monkeypatch.setattr(slicer.packaging, "pip_check", lambda req, _seen=None: False)
    monkeypatch.setattr(slicer.packaging, "pip_ensure", lambda *args, **kwargs: None)
    stated = []
    monkeypatch.setattr(slicer.util, "errorDisplay", lambda text, *args, **kwargs: stated.append(text))
    (loadable,) = examined(plugin, database, enhanced)
    assert plugin.load(loadable) is None
    assert "packages are missing" in " ".join(stated)


def test_volumes_of_a_series_are_named_by_what_differs(slicer, plugin, database, write_series, tmp_path):
    folder = tmp_path / "two"
    for echo in (1, 2):
        for path in write_series(folder / str(echo), SOPClassUID=MR, Modality="MR", EchoTime=str(4.5 * echo)):
            ds = pydicom.dcmread(path)
            ds.SeriesInstanceUID, ds.StudyInstanceUID = "1.2.3", "1.2.4"
            ds.save_as(path)
    (loadable,) = plugin.examineForImport([[str(path) for path in sorted(folder.rglob("*.dcm"))]])
    loadable.name = "7: ramp"
    plugin.load(loadable)
    names = {node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")}
    assert names == {"7: ramp echo 4.5 ms", "7: ramp echo 9 ms"}


def test_segmentation_object_is_one_node_that_refers_to_its_loaded_image(slicer, plugin, logic, node, tmp_path):
    labels = np.zeros((4, 5, 6), np.uint8)
    labels[1:3, 1:3, 1:3], labels[0, 0, 0] = 1, 2
    drawn = slicer.util.addVolumeFromArray(labels, ijk_to_ras(node), "drawn", "vtkMRMLLabelMapVolumeNode")
    made = logic.volumesToDicom([drawn], database=False, folder=tmp_path / "seg")
    assert made.ok, made.failures
    before = {one.GetID() for one in slicer.util.getNodesByClass("vtkMRMLLabelMapVolumeNode")}
    (loadable,) = plugin.examineForImport([[str(path) for path in made.outputs]])
    loaded = plugin.load(loadable)
    assert loaded.IsA("vtkMRMLSegmentationNode")
    assert loaded.GetSegmentation().GetNumberOfSegments() == 2
    assert loaded.GetNodeReference(loaded.GetReferenceImageGeometryReferenceRole()).GetID() == node.GetID()
    assert {one.GetID() for one in slicer.util.getNodesByClass("vtkMRMLLabelMapVolumeNode")} == before


def test_mosaic_that_slicer_shows_tiled_is_exported_as_it_was(load, tmp_path, request):
    from phantoms.multiframe import mosaic

    (tmp_path / "mosaic").mkdir()
    mosaic(tmp_path / "mosaic")
    originals = sorted((tmp_path / "mosaic").rglob("*.dcm"))
    node = load(originals)
    request.getfixturevalue("plugin")
    files, error = ExportDialog(node).export(tmp_path / "exported")
    assert error == ""
    found = [pydicom.dcmread(path).PixelData for path in files]
    assert sorted(found) == sorted(pydicom.dcmread(path).PixelData for path in originals)


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
