"""Slicer's dialog *Save*: our format, and what a scene that is opened again has of it."""

import numpy as np
import pydicom
import pytest

from support.slicer_helpers import ijk_to_ras, images, outcomes, voxels_of


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
