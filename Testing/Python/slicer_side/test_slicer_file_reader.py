"""Slicer's readers: NIfTI with our sidecar and Zarr stores are loaded with their identity, others are left to Slicer."""

from types import SimpleNamespace

import numpy as np
import pydicom
import pytest

from support.slicer_helpers import hierarchy_of, ijk_to_ras, images, outcomes


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
