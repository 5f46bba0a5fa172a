"""What was drawn on a series with uneven slices, below its acquisition transform, is written on the slices of that series."""

import numpy as np
import pydicom
import pytest

from support.panel_helpers import file_rows, report, settle
from support.slicer_helpers import ExportDialog, grid_of, ijk_to_ras, images, outcomes, set_ijk_to_ras, voxels_of

pytestmark = pytest.mark.slow

ROWS, COLUMNS = slice(1, 4), slice(1, 3)


@pytest.fixture
def label_map(slicer, uneven):
    """A label map below the acquisition transform, with as many voxels in slice k as k + 1 times 3."""
    voxels = np.zeros(slicer.util.arrayFromVolume(uneven).shape, np.uint8)
    for k in range(len(voxels)):
        voxels[k, ROWS, 1 : 2 + k] = 1
    node = slicer.util.addVolumeFromArray(voxels, ijk_to_ras(uneven), "tumor", "vtkMRMLLabelMapVolumeNode")
    node.SetAndObserveTransformNodeID(uneven.GetTransformNodeID())
    return node


@pytest.fixture
def segmentation(slicer, uneven, label_map):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "tumor")
    node.SetReferenceImageGeometryParameterFromVolumeNode(uneven)
    assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(label_map, node)
    node.SetAndObserveTransformNodeID(uneven.GetTransformNodeID())
    return node


@pytest.fixture
def positions(uneven, tmp_path):
    """The position of each slice of the series, by its SOP Instance UID, in their order."""
    slices = sorted(map(pydicom.dcmread, (tmp_path / "original").glob("*.dcm")), key=lambda ds: ds.InstanceNumber)
    return {ds.SOPInstanceUID: np.array(ds.ImagePositionPatient, float) for ds in slices}


def assert_on_slices(seg, positions, counts=(3, 6, 9, 12)):
    """Every frame is at the position of the slice that it refers to, and has as many voxels as that."""
    frames = zip(seg.PerFrameFunctionalGroupsSequence, seg.pixel_array, strict=True)
    found = {}
    for frame, pixels in frames:
        source = frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        found[source] = pixels.sum()
        np.testing.assert_allclose(
            np.array(frame.PlanePositionSequence[0].ImagePositionPatient, float), positions[source], atol=1e-4
        )
    assert found == dict(zip(positions, counts, strict=True))


def written(conversion):
    assert [entry.error for entry in conversion.failures] == []
    assert "slices were moved" not in str([entry.log.warnings for entry in conversion.entries])
    return [pydicom.dcmread(path) for path in conversion.outputs]


@pytest.mark.parametrize("what", ["label_map", "segmentation"])
def test_labels_are_on_the_slices_of_the_series(request, logic, positions, what, tmp_path):
    node = request.getfixturevalue(what)
    (seg,) = written(logic.volumesToDicom([node], database=False, folder=tmp_path / "out"))
    assert_on_slices(seg, positions)


def test_contours_are_on_the_slices_of_the_series(logic, segmentation, positions, tmp_path):
    from NiftiDicomBridgeLib.SelfTests.SelfTestData import ORIENTATION

    options = logic.makeOptions(kind="rtstruct")
    (structures,) = written(logic.volumesToDicom([segmentation], options, database=False, folder=tmp_path / "out"))
    slices = list(positions.values())
    normal = np.cross(*np.reshape(ORIENTATION, (2, 3)))
    contours = structures.ROIContourSequence[0].ContourSequence
    distances = [np.array(contour.ContourData, float).reshape(-1, 3) @ normal for contour in contours]
    np.testing.assert_allclose(sorted(map(np.mean, distances)), sorted(slices @ normal), atol=1e-3)
    assert max(map(np.ptp, distances)) < 1e-3


def test_a_computed_volume_is_on_the_slices_of_the_series(slicer, logic, uneven, positions, tmp_path):
    values = slicer.util.arrayFromVolume(uneven).astype(np.float32) * 0.9
    node = slicer.util.addVolumeFromArray(values, ijk_to_ras(uneven), "smoothed")
    node.SetAndObserveTransformNodeID(uneven.GetTransformNodeID())
    found = written(logic.volumesToDicom([node], database=False, folder=tmp_path / "out"))
    places = sorted([list(map(float, ds.ImagePositionPatient)) for ds in found])
    np.testing.assert_allclose(places, sorted(map(list, positions.values())), atol=1e-4)


def test_the_export_dialog_writes_labels_on_the_slices(plugin, segmentation, positions, tmp_path):
    ((path,), error) = ExportDialog(segmentation).export(tmp_path / "out")
    assert error == ""
    assert_on_slices(pydicom.dcmread(path), positions)


def test_the_series_may_be_chosen_as_the_reference(logic, segmentation, uneven, positions, tmp_path):
    from NiftiDicomBridgeLib.Host import Database
    from NiftiDicomBridgeLib.Nodes.NodeKinds import instance_uids_of

    uid = Database.series_of_instances(instance_uids_of(uneven))
    assert logic.propose([segmentation], reference=uid)[0].error == ""
    (seg,) = written(logic.volumesToDicom([segmentation], database=False, folder=tmp_path / "out", reference=uid))
    assert_on_slices(seg, positions)


def test_another_reference_is_refused(logic, segmentation, write_series, load, tmp_path):
    from NiftiDicomBridgeLib.Host import Database

    files = write_series(tmp_path / "other")
    load(files)
    (uid,) = Database.series_of_files(files[:1])
    for where, options in (({"reference": uid}, None), ({}, logic.makeOptions(reference=str(tmp_path / "other")))):
        (entry,) = logic.volumesToDicom([segmentation], options, database=False, folder=tmp_path / "out", **where).entries
        assert "tumor is under the acquisition transform of 7: ramp, so only the series" in entry.error
    assert not (tmp_path / "out").exists()


def test_labels_on_another_grid_are_refused(logic, label_map, tmp_path):
    matrix = ijk_to_ras(label_map)
    matrix[:3, 3] += 0.4 * matrix[:3, 0]
    set_ijk_to_ras(label_map, matrix)
    slices = logic.volumesToDicom([label_map], database=False, folder=tmp_path / "out")
    assert outcomes(slices) == ["failed"]
    assert "Harden the transform" in slices.entries[0].error


def test_labels_on_a_part_of_the_grid_are_on_the_slices(slicer, logic, uneven, positions, tmp_path):
    voxels = np.zeros(slicer.util.arrayFromVolume(uneven).shape, np.uint8)
    voxels[1:3, ROWS, COLUMNS] = 1
    matrix = ijk_to_ras(uneven)
    matrix[:3, 3] += matrix[:3, 2]
    part = slicer.util.addVolumeFromArray(voxels[1:3], matrix, "part", "vtkMRMLLabelMapVolumeNode")
    part.AddNodeReferenceID("source", uneven.GetID())
    part.SetAndObserveTransformNodeID(uneven.GetTransformNodeID())
    (seg,) = written(logic.volumesToDicom([part], database=False, folder=tmp_path / "out"))
    assert_on_slices(seg, positions, (0, 6, 6, 0))


def test_a_series_that_is_gone_is_asked_for(logic, segmentation, uneven, database, tmp_path):
    from NiftiDicomBridgeLib.Host import Database
    from NiftiDicomBridgeLib.Nodes.NodeKinds import instance_uids_of

    database.removeSeries(Database.series_of_instances(instance_uids_of(uneven)))
    (entry,) = logic.volumesToDicom([segmentation], database=False, folder=tmp_path / "out").entries
    assert "whose series is not in Slicer's DICOM database" in entry.error


@pytest.mark.parametrize("what", ["label_map", "segmentation"])
def test_nifti_has_them_on_the_voxels_of_the_image(request, logic, uneven, what, tmp_path):
    """Both are on an even grid there, with a warning; converted with the series as reference, they are on its slices."""
    node = request.getfixturevalue(what)
    conversion = logic.exportVolumes([uneven, node], tmp_path / "out")
    assert outcomes(conversion) == ["converted"] * 2
    assert "tumor was written on its voxels" in " ".join(conversion.entries[1].log.warnings)
    image, labels = (path for path in images(conversion) if path.name.endswith(".nii.gz"))
    np.testing.assert_allclose(grid_of(labels), grid_of(image), atol=1e-4)
    assert sorted(np.count_nonzero(voxels_of(labels), axis=(1, 2))) == [3, 6, 9, 12]


def test_nifti_labels_of_the_image_become_dicom_on_its_slices(logic, label_map, uneven, positions, tmp_path):
    from NiftiDicomBridgeLib.Host import Database
    from NiftiDicomBridgeLib.Nodes.NodeKinds import instance_uids_of

    uid = Database.series_of_instances(instance_uids_of(uneven))
    files = logic.exportVolumes([label_map], tmp_path / "out").outputs
    (path,) = logic.importNifti(files, database=False, folder=tmp_path / "back", reference=uid).outputs
    assert_on_slices(pydicom.dcmread(path), positions)


def test_nifti_of_labels_on_another_grid_is_refused(logic, label_map, tmp_path):
    matrix = ijk_to_ras(label_map)
    matrix[:3, 3] += 0.4 * matrix[:3, 0]
    set_ijk_to_ras(label_map, matrix)
    conversion = logic.exportVolumes([label_map], tmp_path / "out")
    assert "under the nonlinear transform" in conversion.entries[0].error
    assert "Resampled" in " ".join(logic.exportVolumes([label_map], tmp_path / "out", harden=True).entries[0].log.notes)


def test_the_panel_converts_them_with_their_own_series_only(slicer, panel, segmentation, positions, tmp_path):
    from support.panel_helpers import run

    panel.offerNodes([segmentation])
    settle(panel)
    assert [row[2] for row in file_rows(panel)] == ["Segmentation"]
    assert "slices were moved" not in panel.ui.fileNoteLabel.text
    (row,) = panel.importing.rows.all
    own = row.reference
    panel.importing.settings._on_reference_chosen("")
    settle(panel)
    assert not panel.ui.importButton.isEnabled()
    panel.importing.settings._on_reference_chosen(own)
    settle(panel)
    panel.ui.loadCheckBox.setChecked(False)
    panel.ui.dicomFolderEdit.currentPath = str(tmp_path / "out")
    run(panel, panel.ui.importButton)
    (path,) = (tmp_path / "out").rglob("*.dcm")
    assert "1 converted" in report(panel)
    assert "slices were moved" not in report(panel)
    assert_on_slices(pydicom.dcmread(path), positions)


def test_a_transform_above_the_acquisition_transform_does_not_move_them(
    slicer, logic, uneven, segmentation, positions, tmp_path
):
    above = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "registration")
    matrix = np.eye(4)
    matrix[0, 3] = 50
    above.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    uneven.GetParentTransformNode().SetAndObserveTransformNodeID(above.GetID())
    conversion = logic.volumesToDicom([segmentation], database=False, folder=tmp_path / "out")
    (seg,) = written(conversion)
    assert_on_slices(seg, positions)
    assert "7: ramp is under a transform" in " ".join(conversion.entries[0].log.warnings)


def test_labels_below_a_transform_of_their_own_are_refused(slicer, logic, uneven, label_map, tmp_path):
    own = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "shift")
    own.SetAndObserveTransformNodeID(uneven.GetTransformNodeID())
    label_map.SetAndObserveTransformNodeID(own.GetID())
    (entry,) = logic.volumesToDicom([label_map], database=False, folder=tmp_path / "out").entries
    assert "Harden the transform" in entry.error


def test_labels_on_one_series_below_the_transform_of_another_are_refused(slicer, logic, uneven, segmentation, load, tmp_path):
    from NiftiDicomBridgeLib.SelfTests.SelfTestData import write_uneven_series

    other = load(write_uneven_series(tmp_path / "other", PatientID="NDB-2", PatientName="Other^Person"))
    segmentation.SetAndObserveTransformNodeID(other.GetTransformNodeID())
    (entry,) = logic.volumesToDicom([segmentation], database=False, folder=tmp_path / "out").entries
    assert "Harden the transform" in entry.error
