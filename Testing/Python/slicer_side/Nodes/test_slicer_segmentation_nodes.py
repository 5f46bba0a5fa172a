"""Segmentation nodes become label maps with names and codes, and DICOM Segmentations."""

import numpy as np
import pydicom
import pytest

from support.node_exports import GRID, notes
from support.slicer_helpers import grid_of, images, outcomes, voxels_of


@pytest.fixture
def segmentation(slicer):
    """Liver and tumour, drawn on a volume; a voxel of a third segment is in both."""
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    volume = slicer.util.addVolumeFromArray(np.zeros((4, 5, 6), np.int16), GRID, "drawn on")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "organs")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)

    def add(array, *names):
        labels = slicer.util.addVolumeFromArray(array.astype(np.uint8), GRID, "temporary", "vtkMRMLLabelMapVolumeNode")
        before = set(node.GetSegmentation().GetSegmentIDs())
        assert logic.ImportLabelmapToSegmentationNode(labels, node)
        slicer.mrmlScene.RemoveNode(labels)
        new = [name for name in node.GetSegmentation().GetSegmentIDs() if name not in before]
        for segment, name in zip(new, names, strict=True):
            node.GetSegmentation().GetSegment(segment).SetName(name)
        return [node.GetSegmentation().GetSegment(segment) for segment in new]

    organs = np.zeros((4, 5, 6))
    organs[1:3, 1:4, 1:4] = 1
    organs[2, 2, 2] = 2
    liver, _ = add(organs, "liver", "tumour")
    liver.SetColor(1, 0.5, 0)
    liver.SetTag(liver.GetTerminologyEntryTagName(), "ctx~SCT^123037004^Anatomical Structure~SCT^10200004^Liver~^^~~^^~^^")
    return node, organs, add


def test_segmentation_is_a_label_map_with_names_and_codes(logic, segmentation, tmp_path):
    node, organs, _ = segmentation
    report = logic.exportVolumes([node], tmp_path)
    assert outcomes(report) == ["converted"]
    np.testing.assert_array_equal(voxels_of(tmp_path / "organs.nii.gz"), organs)
    np.testing.assert_allclose(grid_of(tmp_path / "organs.nii.gz"), GRID, atol=1e-5)
    header, liver, tumour = [line.split("\t") for line in (tmp_path / "organs_dseg.tsv").read_text().splitlines()]
    assert liver[:3] == ["1", "liver", "#ff8000"]
    assert dict(zip(header, liver, strict=False))["type.codevalue"] == "10200004"
    assert tumour[1] == "tumour"


def test_label_table_is_understood_by_the_core(logic, segmentation, tmp_path):
    from nifti_dicom_bridge.labels import read_labels

    logic.exportVolumes([segmentation[0]], tmp_path)
    liver, tumour = read_labels(tmp_path / "organs_dseg.tsv")
    assert (liver.number, liver.label, liver.color, liver.type.value) == (1, "liver", (255, 128, 0), "10200004")
    assert tumour.label == "tumour"


def test_segments_that_overlap_become_two_images(logic, segmentation, tmp_path):
    node, organs, add = segmentation
    vessel = np.zeros_like(organs)
    vessel[2, 2, 1:5] = 1
    add(vessel, "vessel")
    report = logic.exportVolumes([node], tmp_path)
    assert [path.name for path in images(report) if path.suffix == ".gz"] == ["organs.nii.gz", "organs_overlap_1.nii.gz"]
    np.testing.assert_array_equal(voxels_of(tmp_path / "organs_overlap_1.nii.gz"), 3 * vessel)
    assert "vessel" in (tmp_path / "organs_overlap_1_dseg.tsv").read_text()


def test_export_of_a_segmentation_leaves_the_scene_as_it_was(slicer, logic, segmentation, tmp_path):
    before = slicer.mrmlScene.GetNumberOfNodes()
    logic.exportVolumes([segmentation[0]], tmp_path)
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_segmentation_moves_with_its_transform(slicer, logic, segmentation, tmp_path):
    node = segmentation[0]
    shift = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[:3, 3] = [1, 2, 3]
    shift.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    node.SetAndObserveTransformNodeID(shift.GetID())
    logic.exportVolumes([node], tmp_path)
    np.testing.assert_allclose(grid_of(tmp_path / "organs.nii.gz"), matrix @ GRID, atol=1e-4)


def test_empty_segmentation_reports_it(slicer, logic, tmp_path):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "nothing drawn")
    report = logic.exportVolumes([node], tmp_path)
    assert "nothing drawn has no segments" in notes(report)


def test_segmentation_becomes_a_dicom_segmentation(slicer, logic, database, segmentation):
    report = logic.volumesToDicom([segmentation[0]])
    assert report.ok, notes(report)
    (path,) = report.outputs
    ds = pydicom.dcmread(path)
    assert ds.Modality == "SEG"
    assert [item.SegmentLabel for item in ds.SegmentSequence] == ["liver", "tumour"]
