"""Volumes of the scene → NIfTI with sidecar."""

import numpy as np
import pydicom
import pytest

from support.slicer_helpers import grid_of, ijk_to_ras, images, outcomes, set_ijk_to_ras, sidecar_of, voxels_of


def restored(report, folder, keep=True):
    """DICOM made by the core from what was exported, sorted along the slices."""
    from nifti_dicom_bridge import ConversionOptions, Job, Target, Uids, convert

    options = ConversionOptions(target=Target.DICOM, uids=Uids.KEEP if keep else Uids.NEW)
    back = convert(Job(images(report), folder, options))
    assert back.ok, [entry.error for entry in back.entries]
    found = sorted((pydicom.dcmread(path) for path in back.outputs), key=lambda ds: int(ds.InstanceNumber))
    return outcomes(back)[0], found


def same_instances(found, files):
    expected = sorted((pydicom.dcmread(path) for path in files), key=lambda ds: int(ds.InstanceNumber))
    return found == expected


def add_transform(slicer, node, matrix=None, name="transform", kind="vtkMRMLLinearTransformNode"):
    transform = slicer.mrmlScene.AddNewNodeByClass(kind, name)
    if matrix is not None:
        transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.asarray(matrix, float)))
    node.SetAndObserveTransformNodeID(transform.GetID())
    return transform


def notes(report):
    return " ".join(note for entry in report.entries for note in entry.log.notes + entry.log.warnings)


# --- unedited


def test_unedited_volume_has_its_stored_values(logic, node, tmp_path):
    report = logic.exportVolumes([node], tmp_path / "out")
    files = sorted((tmp_path / "original").glob("*.dcm"))
    assert outcomes(report) == ["converted"]
    np.testing.assert_array_equal(voxels_of(images(report)[0]), [pydicom.dcmread(f).pixel_array for f in files])
    assert "Unchanged" in notes(report)


def test_unedited_volume_is_written_as_the_core_writes_its_files(logic, node, tmp_path):
    from nifti_dicom_bridge import Job, convert

    here = images(logic.exportVolumes([node], tmp_path / "a"))[0]
    there = images(convert(Job([tmp_path / "original"], tmp_path / "b")))[0]
    assert here.read_bytes() == there.read_bytes()


@pytest.mark.slow
def test_unedited_volume_comes_back_identical(logic, node, tmp_path):
    outcome, found = restored(logic.exportVolumes([node], tmp_path / "out"), tmp_path / "back")
    assert outcome == "restored"
    assert same_instances(found, (tmp_path / "original").glob("*.dcm"))


def test_slices_that_slicer_reversed_are_no_edit(slicer, logic, node, tmp_path):
    matrix, voxels = ijk_to_ras(node), np.array(slicer.util.arrayFromVolume(node))
    matrix[:, 3] += matrix[:, 2] * (len(voxels) - 1)
    matrix[:, 2] *= -1
    slicer.util.updateVolumeFromArray(node, voxels[::-1].copy())
    set_ijk_to_ras(node, matrix)
    node.SetAttribute("DICOM.instanceUIDs", " ".join(node.GetAttribute("DICOM.instanceUIDs").split()[::-1]))
    outcome, found = restored(logic.exportVolumes([node], tmp_path / "out"), tmp_path / "back")
    assert outcome == "restored"
    assert same_instances(found, (tmp_path / "original").glob("*.dcm"))


def test_fractional_rescale_is_no_edit(logic, load, write_series, tmp_path):
    files = write_series(tmp_path / "original", RescaleSlope="0.1234567", RescaleIntercept="-3.3")
    report = logic.exportVolumes([load(files)], tmp_path / "out")
    assert "Unchanged" in notes(report)


def test_single_precision_voxels_are_no_edit(slicer, logic, load, write_series, tmp_path):
    node = load(write_series(tmp_path / "original", RescaleSlope="0.1234567", RescaleIntercept="-3.3"))
    slicer.util.updateVolumeFromArray(node, slicer.util.arrayFromVolume(node).astype(np.float32))
    assert "Unchanged" in notes(logic.exportVolumes([node], tmp_path / "out"))


def test_rescale_that_varies_from_slice_to_slice_is_no_edit(logic, load, write_series, tmp_path):
    files = write_series(tmp_path / "original", Modality="PT", SOPClassUID="1.2.840.10008.5.1.4.1.1.128")
    for number, path in enumerate(files, start=1):
        ds = pydicom.dcmread(path)
        ds.RescaleSlope, ds.RescaleIntercept = str(0.5 * number), "0"
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
        ds.save_as(path)
    outcome, found = restored(logic.exportVolumes([load(files)], tmp_path / "out"), tmp_path / "back")
    assert outcome == "restored"
    assert same_instances(found, files)


def test_color_volume_comes_back_identical(logic, load, write_series, tmp_path):
    files = write_series(tmp_path / "original")
    for path in files:
        ds = pydicom.dcmread(path)
        ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
        ds.PixelData = np.arange(5 * 6 * 3, dtype=np.uint8).tobytes()
        del ds.RescaleSlope, ds.RescaleIntercept
        ds.save_as(path)
    outcome, found = restored(logic.exportVolumes([load(files)], tmp_path / "out"), tmp_path / "back")
    assert outcome == "restored"
    assert same_instances(found, files)


# --- what Slicer shows otherwise than it is stored


@pytest.fixture
def image_of_node(slicer):
    """Make what is known of a node out of an array, without a node."""
    from NiftiDicomBridgeLib.Nodes.NodeImages import NodeImage

    def make(voxels, matrix=None, uids=()):
        return NodeImage("node", voxels[np.newaxis], np.eye(4) if matrix is None else matrix, instance_uids=tuple(uids))

    return make


def test_one_of_several_images_in_the_same_objects_is_found_by_its_voxels(logic, node, image_of_node, tmp_path):
    from dataclasses import replace

    from nifti_dicom_bridge import Log, read
    from NiftiDicomBridgeLib.Originals import SourceMatching, VolumeMatching

    (first,) = read(tmp_path / "original")
    second = replace(first, voxels=first.voxels + 1)
    real = second.real_values()[0].astype(np.int16)
    uids = VolumeMatching.slice_uids(first).reshape(-1)
    (found,) = SourceMatching._volumes([first, second], image_of_node(real, first.ijk_to_ras, uids), Log())
    assert found is second


# --- edited


def test_edited_voxel_is_written_in_the_stored_type(slicer, logic, node, tmp_path):
    slicer.util.arrayFromVolume(node)[0, 0, 0] = 24
    report = logic.exportVolumes([node], tmp_path / "out")
    voxels = voxels_of(images(report)[0])
    assert voxels.dtype == np.uint16
    assert voxels[0, 0, 0] == 512
    assert restored(report, tmp_path / "back")[0] == "derived"


def test_edit_that_the_stored_type_cannot_hold_is_kept_exactly(slicer, logic, node, tmp_path):
    voxels = slicer.util.arrayFromVolume(node).astype(np.float32)
    voxels[1] += 0.25
    slicer.util.updateVolumeFromArray(node, voxels)
    report = logic.exportVolumes([node], tmp_path / "out")
    np.testing.assert_array_equal(voxels_of(images(report)[0]), voxels)
    assert "do not fit" in notes(report)
    assert restored(report, tmp_path / "back")[0] == "derived"


def test_moved_grid_is_derived(logic, node, tmp_path):
    matrix = ijk_to_ras(node)
    matrix[:3, 3] += [0.5, 0, 0]
    set_ijk_to_ras(node, matrix)
    report = logic.exportVolumes([node], tmp_path / "out")
    assert "Geometry was edited" in notes(report)
    outcome, found = restored(report, tmp_path / "back")
    assert outcome == "derived"
    assert float(found[0].ImagePositionPatient[0]) == pytest.approx(-100.25 - 0.5, abs=1e-3)


# --- transforms


def test_linear_transforms_are_composed(slicer, logic, node, tmp_path):
    inner = np.array([[0, -1, 0, 1], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    outer = np.diag([1.0, 1.0, 1.0, 1.0])
    outer[:3, 3] = [1, 2, 3]
    transform = add_transform(slicer, node, inner, "inner")
    add_transform(slicer, transform, outer, "outer")
    report = logic.exportVolumes([node], tmp_path / "out")
    found = grid_of(images(report)[0])
    np.testing.assert_allclose(found, outer @ inner @ ijk_to_ras(node), atol=1e-4)


def test_transforms_that_cancel_out_change_nothing(slicer, logic, node, tmp_path):
    turn = np.eye(4)
    turn[:2, :2] = [[0.6, -0.8], [0.8, 0.6]]
    transform = add_transform(slicer, node, turn)
    add_transform(slicer, transform, np.linalg.inv(turn))
    assert "Unchanged" in notes(logic.exportVolumes([node], tmp_path / "out"))


@pytest.mark.slow
def test_nonlinear_transform_is_refused_in_one_sentence(slicer, logic, node, tmp_path):
    warp = add_transform(slicer, node, name="warp", kind="vtkMRMLBSplineTransformNode")
    import vtk

    spline = slicer.vtkOrientedBSplineTransform()
    grid = vtk.vtkImageData()
    grid.SetDimensions(4, 4, 4)
    grid.AllocateScalars(vtk.VTK_DOUBLE, 3)
    spline.SetCoefficientData(grid)
    warp.SetAndObserveTransformFromParent(spline)
    report = logic.exportVolumes([node], tmp_path / "out")
    assert outcomes(report) == ["failed"]
    assert "nonlinear transform warp" in report.entries[0].error
    assert not list(tmp_path.glob("out/*"))


def test_acquisition_transform_is_left_out_and_the_originals_win(logic, uneven, tmp_path):
    report = logic.exportVolumes([uneven], tmp_path / "out")
    assert "original slice positions" in notes(report)
    outcome, found = restored(report, tmp_path / "back")
    assert outcome == "restored"
    assert same_instances(found, (tmp_path / "original").glob("*.dcm"))


@pytest.mark.slow
def test_acquisition_transform_that_a_person_removed_makes_no_edit(logic, uneven, tmp_path):
    uneven.SetAndObserveTransformNodeID(None)
    assert restored(logic.exportVolumes([uneven], tmp_path / "out"), tmp_path / "back")[0] == "restored"


def test_edited_voxels_below_an_acquisition_transform_keep_the_original_positions(slicer, logic, uneven, tmp_path):
    slicer.util.arrayFromVolume(uneven)[0, 0, 0] = 24
    outcome, found = restored(logic.exportVolumes([uneven], tmp_path / "out"), tmp_path / "back")
    assert outcome == "derived"
    expected = sorted(
        (pydicom.dcmread(f) for f in (tmp_path / "original").glob("*.dcm")), key=lambda ds: int(ds.InstanceNumber)
    )
    positions = np.array([ds.ImagePositionPatient for ds in found], float)
    np.testing.assert_allclose(positions, np.array([ds.ImagePositionPatient for ds in expected], float), atol=1e-3)


def test_moved_grid_below_an_acquisition_transform_is_an_edit(logic, uneven, tmp_path):
    matrix = ijk_to_ras(uneven)
    along_rows = 2 * matrix[:3, 0]
    matrix[:3, 3] += along_rows
    set_ijk_to_ras(uneven, matrix)
    report = logic.exportVolumes([uneven], tmp_path / "out")
    assert "Geometry was edited" in notes(report)
    outcome, found = restored(report, tmp_path / "back")
    assert outcome == "derived"
    expected = [pydicom.dcmread(f).ImagePositionPatient for f in sorted((tmp_path / "original").glob("*.dcm"))]
    positions = np.array([ds.ImagePositionPatient for ds in found], float)
    np.testing.assert_allclose(positions - np.array(expected, float), [along_rows * [-1, -1, 1]] * 4, atol=1e-3)


# --- no DICOM


def test_volume_that_never_was_dicom_has_no_record(slicer, logic, tmp_path):
    node = slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), np.eye(4), "drawn")
    report = logic.exportVolumes([node], tmp_path / "out")
    assert images(report)[0].name == "drawn.nii.gz"
    assert sidecar_of(images(report)[0]) == {}


def test_label_map_is_written(slicer, logic, tmp_path):
    labels = np.zeros((2, 3, 4), np.uint8)
    labels[1, 1, 1] = 3
    node = slicer.util.addVolumeFromArray(labels, np.eye(4), "labels", "vtkMRMLLabelMapVolumeNode")
    np.testing.assert_array_equal(voxels_of(images(logic.exportVolumes([node], tmp_path))[0]), labels)


def test_instances_that_are_gone_are_a_warning(logic, node, database, write_series, tmp_path):
    (tmp_path / "original" / "slice 1.dcm").unlink()
    report = logic.exportVolumes([node], tmp_path / "out")
    assert report.ok
    assert "1 of 4 original DICOM instances are not in" in notes(report)


def test_closed_database_is_a_warning(slicer, logic, node, tmp_path):
    slicer.dicomDatabase.closeDatabase()
    assert "4 of 4 original DICOM instances" in notes(logic.exportVolumes([node], tmp_path / "out"))


# --- names and errors


def test_names_are_safe_and_never_collide(slicer, logic, tmp_path):
    names = ["a/b: c", "a_b__c", "A_B__C", "con", "..", "x.nii.gz", "Überschicht 3"]
    nodes = [slicer.util.addVolumeFromArray(np.full((1, 2, 2), n, np.int16), np.eye(4), name) for n, name in enumerate(names)]
    report = logic.exportVolumes(nodes, tmp_path / "out")
    assert report.ok, [entry.error for entry in report.entries]
    found = [path.name for path in images(report)]
    assert len({name.lower() for name in found}) == len(names)
    assert not any(set(name) & set('<>:"/\\|?*') for name in found)
    assert [int(voxels_of(path).flat[0]) for path in images(report)] == list(range(len(names)))


def test_existing_file_is_not_replaced(slicer, logic, tmp_path):
    (tmp_path / "x.nii.gz").write_text("mine")
    node = slicer.util.addVolumeFromArray(np.zeros((1, 2, 2), np.int16), np.eye(4), "x")
    report = logic.exportVolumes([node], tmp_path)
    assert outcomes(report) == ["failed"]
    assert (tmp_path / "x.nii.gz").read_text() == "mine"


def test_one_failure_does_not_stop_the_others(slicer, logic, tmp_path):
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    model = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", "model")
    good = slicer.util.addVolumeFromArray(np.zeros((1, 2, 2), np.int16), np.eye(4), "good")
    report = logic.exportVolumes([empty, model, good], tmp_path)
    assert outcomes(report) == ["failed", "failed", "converted"]
    assert "contains no image" in report.entries[0].error
    assert "a vtkMRMLModelNode was given" in report.entries[1].error


@pytest.mark.parametrize(("nodes", "folder", "text"), [([], "out", "No volume"), ([None], "", "No folder")])
def test_what_cannot_start_is_an_error(logic, nodes, folder, text):
    from nifti_dicom_bridge import BridgeError

    with pytest.raises(BridgeError, match=text):
        logic.exportVolumes(nodes, folder)


def stop_at_third(what, done, total):
    from nifti_dicom_bridge import Cancelled

    if done == 2:
        raise Cancelled


@pytest.fixture
def three(slicer):
    return [slicer.util.addVolumeFromArray(np.zeros((1, 2, 2), np.int16), np.eye(4), f"n{n}") for n in range(3)]


def test_cancelled_export_keeps_what_is_complete(logic, three, tmp_path):
    from nifti_dicom_bridge import Cancelled

    with pytest.raises(Cancelled):
        logic.exportVolumes(three, tmp_path / "out", progress=stop_at_third)
    assert sorted(path.name for path in tmp_path.glob("out/*")) == ["n0.json", "n0.nii.gz", "n1.json", "n1.nii.gz"]


def test_cancelled_export_removes_nothing_that_was_there(logic, three, tmp_path):
    from nifti_dicom_bridge import Cancelled

    first = logic.exportVolumes(three, tmp_path / "out")
    with pytest.raises(Cancelled):
        logic.exportVolumes(three, tmp_path / "out", logic.makeOptions(overwrite=True), progress=stop_at_third)
    assert all(path.is_file() for path in first.outputs)


def test_export_does_not_touch_the_node(slicer, logic, node, tmp_path):
    before = np.array(slicer.util.arrayFromVolume(node)), ijk_to_ras(node)
    slicer.util.arrayFromVolume(node)[0, 0, 0] += 2
    logic.exportVolumes([node], tmp_path / "out")
    before[0][0, 0, 0] += 2
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), before[0])
    np.testing.assert_array_equal(ijk_to_ras(node), before[1])


def test_long_names_that_begin_alike_stay_apart(slicer, logic, tmp_path):
    nodes = [slicer.util.addVolumeFromArray(np.full((1, 2, 2), n, np.int16), np.eye(4), "long name " * 20) for n in range(3)]
    report = logic.exportVolumes(nodes, tmp_path / "out")
    assert report.ok, [entry.error for entry in report.entries]
    assert len({path.name for path in images(report)}) == 3


# --- another patient


def in_study_of(slicer, node, **patient):
    """Move a node to the study of another patient in the subject hierarchy."""
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    person = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "another patient")
    for keyword, value in patient.items():
        hierarchy.SetItemAttribute(person, f"DICOM.{keyword}", value)
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(node), hierarchy.CreateStudyItem(person, "another study"))


@pytest.mark.parametrize("edited", [False, True])
def test_an_image_in_the_study_of_another_patient_is_a_warning(slicer, logic, node, edited, tmp_path):
    in_study_of(slicer, node, PatientName="Roe^Richard", PatientID="R-1")
    if edited:
        slicer.util.arrayFromVolume(node)[0, 0, 0] += 50
    original = pydicom.dcmread(next((tmp_path / "original").glob("*.dcm")))
    for report in (logic.exportVolumes([node], tmp_path / "nifti"), logic.volumesToDicom([node], {"overwrite": True})):
        assert report.ok
        (warning,) = [text for text in report.entries[0].log.warnings if "subject hierarchy" in text]
        assert "in a study of Roe^Richard (R-1)" in warning
        assert f"are of {original.PatientName} ({original.PatientID}), which was written" in warning


def test_the_warning_of_another_patient_names_no_one_in_a_deidentified_report(slicer, logic, node, tmp_path):
    in_study_of(slicer, node, PatientName="Roe^Richard", PatientID="R-1")
    original = pydicom.dcmread(next((tmp_path / "original").glob("*.dcm")))
    report = logic.exportVolumes([node], tmp_path / "nifti", {"deidentify": True})
    text = " ".join(report.entries[0].log.warnings)
    assert "subject hierarchy" in text
    assert not [name for name in ("Roe", "R-1", str(original.PatientName), original.PatientID) if name in text]
