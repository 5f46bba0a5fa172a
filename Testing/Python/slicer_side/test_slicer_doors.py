"""Slicer's entry points: its readers and writers, the actions of the Data module, Sample Data."""

from types import SimpleNamespace

import numpy as np
import pydicom
import pytest

from support.slicer_helpers import MessageBoxes, grid_of, ijk_to_ras, images, outcomes, voxels_of, wait_until


@pytest.fixture
def nifti(write_series, tmp_path):
    """A NIfTI with our sidecar, made by the core; the DICOM is in no database."""
    from nifti_dicom_bridge import Job, convert

    write_series(tmp_path / "original", PatientName="Müller^Ö", SpecificCharacterSet="ISO_IR 100")
    return images(convert(Job([tmp_path / "original"], tmp_path / "nifti")))[0]


@pytest.fixture
def reading(slicer):
    """Load a file as Slicer does; returns (done, nodes, messages)."""
    import vtk

    def load(path, file_type="NiftiDicomBridgeFile"):
        nodes, messages = vtk.vtkCollection(), slicer.vtkMRMLMessageCollection()
        done = slicer.app.coreIOManager().loadNodes(file_type, {"fileName": str(path)}, nodes, messages)
        texts = [messages.GetNthMessageText(n) for n in range(messages.GetNumberOfMessages())]
        return done, [nodes.GetItemAsObject(n) for n in range(nodes.GetNumberOfItems())], " ".join(texts)

    return load


def hierarchy_of(slicer):
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)


# --- reader


def test_nifti_with_our_sidecar_is_ours_and_others_are_slicers(slicer, nifti, tmp_path):
    io = slicer.app.coreIOManager()
    plain, bids = tmp_path / "plain.nii.gz", tmp_path / "bids.nii.gz"
    for path in (plain, bids):
        path.write_bytes(nifti.read_bytes())
    (tmp_path / "bids.json").write_text('{"EchoTime": 0.03}')
    assert io.fileType(str(nifti)) == "NiftiDicomBridgeFile"
    assert io.fileType(str(plain)) == io.fileType(str(bids)) == "VolumeFile"


def test_reader_answers_in_the_types_that_slicer_wants(slicer, nifti, tmp_path):
    from NiftiDicomBridge import NiftiDicomBridgeFileReader

    reader = NiftiDicomBridgeFileReader(None)
    assert [type(reader.canLoadFileConfidence(str(path))) for path in (nifti, tmp_path, tmp_path / "x.txt")] == [float] * 3
    assert type(reader.canLoadFile(str(nifti))) is bool
    assert type(reader.extensions()) is list
    assert 0 < reader.canLoadFileConfidence(str(tmp_path / "plain.nii")) < 0.5  # a person may choose it


@pytest.mark.parametrize("sidecar_first", [True, False])
def test_an_image_that_is_dropped_with_its_sidecar_is_loaded_once(slicer, reading, nifti, sidecar_first):
    sidecar = nifti.with_name(nifti.name.removesuffix(".nii.gz") + ".json")
    assert slicer.app.coreIOManager().fileType(str(sidecar)) == "NiftiDicomBridgeFile"
    loaded = [reading(path) for path in sorted((nifti, sidecar), reverse=not sidecar_first)]
    assert [(done, len(nodes)) for done, nodes, _ in loaded] == [(True, 1)] * 2
    assert loaded[0][1] == loaded[1][1]
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLTextNode") == 0


def test_an_image_can_be_loaded_again(reading, nifti):
    first, second = (reading(nifti)[1][0] for _ in range(2))
    assert first is not second


@pytest.mark.slow
def test_a_zarr_store_that_is_dropped_is_loaded_with_its_identity(slicer, logic, load, nifti, tmp_path, monkeypatch):
    import qt

    from nifti_dicom_bridge import to_zarr
    from NiftiDicomBridge import NiftiDicomBridgeFileDialog

    monkeypatch.setattr(slicer, "qSlicerFileDialog", SimpleNamespace(Read=0), raising=False)
    (store,) = (path for path in to_zarr(tmp_path / "original", tmp_path / "zarr").outputs if path.suffix == ".zarr")
    mime, accepted = qt.QMimeData(), []
    mime.setUrls([qt.QUrl.fromLocalFile(str(path)) for path in (tmp_path, store)])
    event = SimpleNamespace(acceptProposedAction=lambda: accepted.append("drop"))
    parent = SimpleNamespace(mimeData=lambda: mime, acceptMimeData=accepted.append, dropEvent=lambda: event)
    dialog = NiftiDicomBridgeFileDialog(parent)
    dialog.isMimeDataAccepted()
    dialog.dropEvent()
    assert accepted == [True, "drop"]
    assert dialog.execDialog()
    (node,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    assert node.GetAttribute("NiftiDicomBridge.Source") == str(store)
    (entry,) = logic.exportVolumes([node], tmp_path / "out").entries
    assert "Unchanged since Slicer loaded it" in "".join(entry.log.notes), entry


def test_loaded_nifti_shows_what_slicers_loader_shows(slicer, reading, load, nifti, tmp_path):
    done, (node,), _ = reading(nifti)
    expected = load(sorted((tmp_path / "original").glob("*.dcm")))
    assert done
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), slicer.util.arrayFromVolume(expected))
    np.testing.assert_allclose(ijk_to_ras(node), ijk_to_ras(expected), atol=1e-6)
    assert node.GetAttribute("DICOM.instanceUIDs") == expected.GetAttribute("DICOM.instanceUIDs")


def test_loaded_nifti_is_under_patient_and_study(slicer, reading, nifti):
    _, (node,), _ = reading(nifti)
    hierarchy = hierarchy_of(slicer)
    item = hierarchy.GetItemByDataNode(node)
    patient, study = (hierarchy.GetItemAncestorAtLevel(item, level) for level in ("Patient", "Study"))
    original = pydicom.dcmread(next(nifti.parent.parent.glob("original/*.dcm")))
    assert hierarchy.GetItemAttribute(patient, "DICOM.PatientName") == "Müller^Ö"
    assert hierarchy.GetItemUID(study, "DICOM") == original.StudyInstanceUID
    assert hierarchy.GetItemUID(item, "DICOM") == original.SeriesInstanceUID
    assert hierarchy.GetItemAttribute(item, "DICOM.Modality") == "CT"


def test_loaded_nifti_joins_what_is_loaded_from_dicom(slicer, reading, load, nifti, tmp_path):
    load(sorted((tmp_path / "original").glob("*.dcm")))
    reading(nifti)
    hierarchy = hierarchy_of(slicer)
    import vtk

    items = vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), items)
    assert items.GetNumberOfIds() == 1


def test_loaded_nifti_has_units_and_window(slicer, reading, nifti):
    _, (node,), _ = reading(nifti)
    assert node.GetVoxelValueUnits().GetCodeMeaning() == "Hounsfield unit"
    display = node.GetScalarVolumeDisplayNode()
    assert (display.GetWindow(), display.GetLevel(), bool(display.GetAutoWindowLevel())) == (400, 40, False)


def test_loaded_nifti_comes_back_identical_without_any_database(slicer, reading, logic, nifti, tmp_path):
    from nifti_dicom_bridge import ConversionOptions, Job, Target, Uids, convert

    _, (node,), _ = reading(nifti)
    report = logic.exportVolumes([node], tmp_path / "out")
    found = convert(Job(images(report), tmp_path / "back", ConversionOptions(target=Target.DICOM, uids=Uids.KEEP)))
    assert outcomes(found) == ["restored"]
    expected = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, (tmp_path / "original").glob("*.dcm"))}
    assert {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, found.outputs)} == expected


def test_painted_after_loading_is_derived(slicer, reading, logic, nifti, tmp_path):
    from nifti_dicom_bridge import ConversionOptions, Job, Target, convert

    _, (node,), _ = reading(nifti)
    slicer.util.arrayFromVolume(node)[0, 0, 0] = 24
    report = logic.exportVolumes([node], tmp_path / "out")
    assert outcomes(convert(Job(images(report), tmp_path / "back", ConversionOptions(target=Target.DICOM)))) == ["derived"]


@pytest.mark.slow
def test_left_handed_grid_is_shown_right_handed(slicer, reading, write_series, tmp_path):
    from nifti_dicom_bridge import Job, convert

    files = write_series(tmp_path / "original")
    for path in files:  # slices stacked against row × column
        ds = pydicom.dcmread(path)
        ds.InstanceNumber = 5 - ds.InstanceNumber
        ds.save_as(path)
    _, (node,), _ = reading(images(convert(Job([tmp_path / "original"], tmp_path / "nifti")))[0])
    assert np.linalg.det(ijk_to_ras(node)[:3, :3]) > 0
    first = pydicom.dcmread(next(p for p in files if pydicom.dcmread(p).SOPInstanceUID == node.GetAttribute(
        "DICOM.instanceUIDs").split()[0]))  # fmt: skip
    np.testing.assert_allclose(ijk_to_ras(node)[:2, 3], -np.array(first.ImagePositionPatient[:2], float), atol=1e-4)


def test_plain_4d_nifti_keeps_its_grid(slicer, reading, tmp_path):
    import nibabel

    affine = np.array([[0, -2, 0, 5], [1.5, 0, 0, -7], [0, 0, 3, 11], [0, 0, 0, 1.0]])
    image = nibabel.Nifti1Image(np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(4, 3, 2, 5), affine)
    image.header.set_zooms((1.5, 2, 3, 2.5))
    image.header.set_xyzt_units("mm", "sec")
    nibabel.save(image, tmp_path / "bold.nii")
    done, nodes, _ = reading(tmp_path / "bold.nii")
    sequence = next(node for node in nodes if node.IsA("vtkMRMLSequenceNode"))
    assert done
    assert sequence.GetNumberOfDataNodes() == 5
    assert [sequence.GetNthIndexValue(n) for n in range(3)] == ["0", "2.5", "5"]
    frame = sequence.GetNthDataNode(3)
    at = np.linalg.inv(ijk_to_ras(frame)) @ affine @ [1, 2, 1, 1]
    i, j, k = np.rint(at[:3]).astype(int)
    assert slicer.util.arrayFromVolume(frame)[k, j, i] == image.dataobj[1, 2, 1, 3]


@pytest.mark.slow
def test_nifti_of_a_segmentation_object_is_a_segmentation_and_comes_back_identical(
    slicer, reading, logic, database, node, tmp_path
):
    from nifti_dicom_bridge import ConversionOptions, Job, Kind, Target, Uids, convert

    labels = np.zeros((4, 5, 6), np.uint8)
    labels[1:3, 1:3, 1:3], labels[0, 0, 0] = 1, 2
    drawn = slicer.util.addVolumeFromArray(labels, ijk_to_ras(node), "drawn", "vtkMRMLLabelMapVolumeNode")
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode")
    table.SetTypeToUser()
    table.SetNumberOfColors(3)
    table.SetColor(1, "spleen", 1, 0, 0, 1)
    table.SetColor(2, "liver", 0, 0, 1, 1)
    drawn.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())
    made = logic.volumesToDicom([drawn], ConversionOptions(kind=Kind.SEG), database=False, folder=tmp_path / "seg")
    back = convert(Job([tmp_path / "seg"], tmp_path / "seg nifti"))
    (image,) = [path for path in images(back) if path.name.endswith(".nii.gz")]
    done, (loaded,), messages = reading(image)
    assert done, messages
    assert loaded.IsA("vtkMRMLSegmentationNode")
    assert [loaded.GetSegmentation().GetNthSegment(n).GetName() for n in range(2)] == ["spleen", "liver"]
    report = logic.exportVolumes([loaded], tmp_path / "again")
    again = next(path for path in images(report) if path.name.endswith(".nii.gz"))
    found = convert(Job([again], tmp_path / "seg back", ConversionOptions(target=Target.DICOM, uids=Uids.KEEP)))
    assert outcomes(found) == ["restored"]
    assert pydicom.dcmread(found.outputs[0]) == pydicom.dcmread(made.outputs[0])


def test_names_of_slicers_own_color_tables_are_not_written(slicer, logic, tmp_path):
    labels = slicer.util.addVolumeFromArray(np.ones((2, 3, 4), np.uint8), np.eye(4), "labels", "vtkMRMLLabelMapVolumeNode")
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode")
    table.SetTypeToUser()
    table.SetNumberOfColors(2)
    table.SetColor(1, "tissue", 1, 0, 0, 1)
    table.SetSingletonTag("GenericAnatomyColors")
    labels.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())
    logic.exportVolumes([labels], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labels.json", "labels.nii.gz"]


def test_damaged_sidecar_is_reported_to_the_person(slicer, reading, nifti):
    sidecar = nifti.with_name(nifti.name.replace(".nii.gz", ".json"))
    sidecar.write_text(sidecar.read_text()[:-200])
    done, nodes, messages = reading(nifti)
    assert not done
    assert nodes == []
    assert sidecar.name in messages
    assert "Traceback" not in messages


# --- writer


@pytest.fixture
def writing(slicer):
    """Save a node as the Save dialog does; returns (done, messages)."""

    def save(node, path):
        messages = slicer.vtkMRMLMessageCollection()
        properties = {"nodeID": node.GetID(), "fileName": str(path)}
        done = slicer.app.coreIOManager().saveNodes("NiftiDicomBridgeFile", properties, messages)
        return done, " ".join(messages.GetNthMessageText(n) for n in range(messages.GetNumberOfMessages()))

    return save


def test_save_dialog_offers_our_format_with_a_suffix_of_its_own(slicer, node):
    assert "NIfTI + DICOM sidecar (.bridge.nii.gz)" in slicer.app.coreIOManager().fileWriterExtensions(node)


def test_writer_answers_in_the_types_that_slicer_wants(slicer, node):
    from NiftiDicomBridge import NiftiDicomBridgeFileWriter

    writer = NiftiDicomBridgeFileWriter(None)
    model = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode")
    assert [writer.canWriteObjectConfidence(one) for one in (node, model)] == [0.3, 0.0]
    assert type(writer.canWriteObject(node)) is bool
    assert type(writer.extensions(node)) is list


def test_saved_node_is_written_under_the_chosen_name(slicer, node, writing, tmp_path):
    done, _ = writing(node, tmp_path / "saved" / "mine.bridge.nii.gz")
    assert done
    assert sorted(path.name for path in (tmp_path / "saved").iterdir()) == ["mine.bridge.json", "mine.bridge.nii.gz"]
    assert slicer.app.coreIOManager().fileType(str(tmp_path / "saved" / "mine.bridge.nii.gz")) == "NiftiDicomBridgeFile"


def test_saving_again_replaces(slicer, node, writing, tmp_path):
    writing(node, tmp_path / "mine.bridge.nii.gz")
    slicer.util.arrayFromVolume(node)[0, 0, 0] = 24
    done, messages = writing(node, tmp_path / "mine.bridge.nii.gz")
    assert done, messages
    assert voxels_of(tmp_path / "mine.bridge.nii.gz")[0, 0, 0] == 512


def test_file_name_is_that_of_the_dialog(node, writing, tmp_path):
    done, messages = writing(node, tmp_path / "my head, 2nd.bridge.nii.gz")
    assert done, messages
    assert sorted(path.name for path in tmp_path.glob("my*")) == ["my head, 2nd.bridge.json", "my head, 2nd.bridge.nii.gz"]


def test_saved_node_refers_to_its_file_and_counts_as_saved(slicer, node, writing, tmp_path):
    path = tmp_path / "mine.bridge.nii.gz"
    writing(node, path)
    assert node.GetStorageNode().GetFileName() == str(path)
    assert not node.GetModifiedSinceRead()


@pytest.fixture
def reopened(slicer, tmp_path):
    """Save the scene, close it, open it again, and return its volumes."""

    def reopen():
        scene = tmp_path / "scene.mrml"
        slicer.mrmlScene.SetURL(str(scene))
        slicer.mrmlScene.SetRootDirectory(str(tmp_path))
        assert slicer.mrmlScene.Commit(str(scene))
        slicer.mrmlScene.Clear()
        slicer.mrmlScene.SetURL(str(scene))
        assert slicer.mrmlScene.Connect()
        return slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")

    return reopen


def seen_at(node, grid):
    """The voxels of a node in the order of a grid: rows and slices may run the other way."""
    import slicer

    voxels = slicer.util.arrayFromVolume(node)
    found = np.empty_like(voxels)
    there = np.linalg.inv(ijk_to_ras(node)) @ grid
    for index in np.ndindex(*voxels.shape[:3]):
        found[index] = voxels[tuple(np.rint(there @ [*index[::-1], 1])[2::-1].astype(int))]
    return found


def test_reopened_scene_has_the_node_with_its_data_and_identity(slicer, node, writing, logic, reopened, tmp_path):
    from nifti_dicom_bridge import ConversionOptions, Job, Target, Uids, convert

    voxels, grid = np.array(slicer.util.arrayFromVolume(node)), ijk_to_ras(node)
    done, messages = writing(node, tmp_path / "mine.bridge.nii.gz")
    assert done, messages
    (again,) = reopened()
    np.testing.assert_array_equal(seen_at(again, grid), voxels)
    slicer.dicomDatabase.closeDatabase()
    report = logic.exportVolumes([again], tmp_path / "out")
    back = convert(Job(images(report), tmp_path / "back", ConversionOptions(target=Target.DICOM, uids=Uids.KEEP)))
    assert outcomes(back) == ["restored"]


def test_colors_and_labels_come_back_too(slicer, module, writing, reopened, tmp_path):
    labels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    colors = np.arange(72, dtype=np.uint8).reshape(2, 3, 4, 3)
    made = [
        slicer.util.addVolumeFromArray(labels, np.diag([2, 2, 3, 1.0]), "labels", "vtkMRMLLabelMapVolumeNode"),
        slicer.util.addVolumeFromArray(colors, np.diag([2, 2, 3, 1.0]), "colors", "vtkMRMLVectorVolumeNode"),
    ]
    for number, one in enumerate(made):
        done, messages = writing(one, tmp_path / f"{number}.bridge.nii.gz")
        assert done, messages
    found = {again.GetName(): seen_at(again, np.diag([2, 2, 3, 1.0])) for again in reopened()}
    np.testing.assert_array_equal(found["labels"], labels)
    np.testing.assert_array_equal(found["colors"], colors)


def test_format_is_offered_for_what_it_can_hold_only(slicer, module, node):
    from NiftiDicomBridge import NiftiDicomBridgeFileWriter

    moved = slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), np.eye(4), "moved")
    moved.SetAndObserveTransformNodeID(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode").GetID())
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode")
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    diffusion = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLDiffusionWeightedVolumeNode")
    writer = NiftiDicomBridgeFileWriter(None)
    assert writer.canWriteObject(node)
    assert not any(writer.canWriteObject(other) for other in (moved, sequence, segmentation, diffusion))


def test_node_that_would_not_come_back_is_refused_and_nothing_is_written(slicer, load, writing, write_series, tmp_path):
    files = write_series(tmp_path / "tilted")
    for number, path in enumerate(files):  # each slice is a bit further along its columns than the one before
        ds = pydicom.dcmread(path)
        column = np.array(ds.ImageOrientationPatient[3:], float)
        ds.ImagePositionPatient = (np.array(ds.ImagePositionPatient, float) + 0.7 * number * column).round(6).tolist()
        ds.save_as(path)
    tilted = load(files)
    tilted.SetAndObserveTransformNodeID(None)
    before = set(tmp_path.iterdir())
    done, messages = writing(tilted, tmp_path / "mine.bridge.nii.gz")
    assert not done
    assert "NRRD" in messages
    assert set(tmp_path.iterdir()) == before


def test_node_that_cannot_be_saved_states_why(slicer, writing, tmp_path):
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    empty.AddDefaultStorageNode()
    done, messages = writing(empty, tmp_path / "x.bridge.nii.gz")
    assert not done
    assert "empty contains no image" in messages
    assert "empty contains no image" in empty.GetStorageNode().GetUserMessages().GetNthMessageText(0)
    assert list(tmp_path.iterdir()) == []


def test_name_that_is_no_nifti_name_is_refused(slicer, node, writing, tmp_path):
    done, messages = writing(node, tmp_path / "x.nrrd")
    assert not done
    assert ".nii.gz" in messages


# --- actions of the Data module


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


# --- sample data


def test_sample_is_offered_and_loads_without_download(slicer, module):
    import SampleData

    SampleData.SampleDataLogic._sources.clear()
    slicer.app.startupCompleted.emit()
    ((category, (sample,)),) = SampleData.SampleDataLogic.sampleDataSourcesByCategory().items()
    assert category == "NIfTI-DICOM Bridge"
    boxes = MessageBoxes()
    (node,) = sample.customDownloader(sample)
    assert boxes.stop() == []
    hierarchy = hierarchy_of(slicer)
    patient = hierarchy.GetItemAncestorAtLevel(hierarchy.GetItemByDataNode(node), "Patient")
    assert hierarchy.GetItemAttribute(patient, "DICOM.PatientName") == "Διονυσιος"


def test_sample_goes_the_whole_way_round(slicer, module, logic, database, tmp_path):
    from NiftiDicomBridgeLib.Samples import load_sample

    report = logic.exportVolumes(load_sample(), tmp_path / "nifti")
    assert outcomes(logic.importNifti(images(report))) == ["reissued"]
    np.testing.assert_allclose(
        grid_of(images(report)[0]), ijk_to_ras(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")[0]), atol=1e-3
    )
