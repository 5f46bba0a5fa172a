"""Series with a gap: labels in world coordinates, as of the Segment Editor, and volumes that were resampled in Slicer."""

import numpy as np
import pydicom
import pytest

from support.slicer_helpers import grid_of, ijk_to_ras, outcomes, set_ijk_to_ras, voxels_of

pytestmark = pytest.mark.slow

HEIGHTS = (0.0, 1.0, 2.0, 3.0, 4.0, 14.0)
STEP = 2.8
"""Of the even grid from the first to the last slice."""


@pytest.fixture
def far(load, tmp_path):
    """A volume whose last slice is far away, under its acquisition transform."""
    from phantoms import save, slices

    random = np.random.default_rng(1)
    found = slices(random.integers(0, 900, (len(HEIGHTS), 12, 10), np.int16))
    for ds, z in zip(found, HEIGHTS, strict=True):
        ds.ImagePositionPatient, ds.SliceThickness = ["-10", "20", str(z)], "1"
    save(tmp_path / "original", found)
    node = load(sorted((tmp_path / "original").rglob("*.dcm")))
    assert "acquisition transform" in node.GetParentTransformNode().GetName()
    np.testing.assert_allclose(ijk_to_ras(node)[2, 2], STEP)
    return node


@pytest.fixture
def drawn(slicer, far):
    """A segmentation on the even grid, under no transform, with two voxels at a height of 2.8 mm."""
    voxels = np.zeros(slicer.util.arrayFromVolume(far).shape, np.uint8)
    voxels[1, 3, 4:6] = 1
    labels = slicer.util.addVolumeFromArray(voxels, ijk_to_ras(far), "labels", "vtkMRMLLabelMapVolumeNode")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "drawn")
    node.SetReferenceImageGeometryParameterFromVolumeNode(far)
    assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, node)
    slicer.mrmlScene.RemoveNode(labels)
    return node


def heights(report):
    return sorted(float(pydicom.dcmread(path).ImagePositionPatient[2]) for path in report.outputs)


def between(slicer, node):
    """Return what is at the slices of the even grid, linear between those of the series."""
    voxels = slicer.util.arrayFromVolume(node).astype(float)
    even = STEP * np.arange(len(HEIGHTS))
    return np.apply_along_axis(lambda column: np.interp(even, HEIGHTS, column), 0, voxels)


# --- labels in world coordinates


def test_labels_become_dicom_on_the_slices_that_they_are_shown_on(logic, drawn, tmp_path):
    report = logic.volumesToDicom([drawn], database=False, folder=tmp_path / "out")
    assert [entry.error for entry in report.entries] == [""]
    seg = pydicom.dcmread(report.outputs[0])
    frames = zip(seg.PerFrameFunctionalGroupsSequence, seg.pixel_array, strict=True)
    counts = {float(frame.PlanePositionSequence[0].ImagePositionPatient[2]): int(pixels.sum()) for frame, pixels in frames}
    assert {z: count for z, count in counts.items() if count} == {2.0: 2, 3.0: 2, 4.0: 2}
    assert "drawn was drawn on" in " ".join(report.entries[0].log.warnings)


def test_labels_become_nifti_on_the_voxels_of_the_image(logic, far, drawn, tmp_path):
    report = logic.exportVolumes([far, drawn], tmp_path / "out")
    assert outcomes(report) == ["converted"] * 2
    image, labels = (path for path in report.outputs if path.name.endswith(".nii.gz"))
    np.testing.assert_allclose(grid_of(labels), grid_of(image), atol=1e-4)
    assert np.count_nonzero(voxels_of(labels), axis=(1, 2)).tolist() == [0, 0, 2, 2, 2, 0]


def test_labels_between_the_slices_are_refused(slicer, logic, drawn, tmp_path):
    matrix = np.eye(4)
    matrix[2, 3] = 5.6
    shift = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "shift")
    shift.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    drawn.SetAndObserveTransformNodeID(shift.GetID())
    for report in (
        logic.volumesToDicom([drawn], database=False, folder=tmp_path / "out"),
        logic.exportVolumes([drawn], tmp_path / "nifti"),
    ):
        assert "has no voxel in one of them" in report.entries[0].error


def test_a_transform_above_all_moves_labels_and_slices_alike(slicer, logic, far, drawn, tmp_path):
    matrix = np.eye(4)
    matrix[2, 3] = 5.6
    shift = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "shift")
    shift.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    drawn.SetAndObserveTransformNodeID(shift.GetID())
    far.GetParentTransformNode().SetAndObserveTransformNodeID(shift.GetID())
    report = logic.volumesToDicom([drawn], database=False, folder=tmp_path / "out")
    seg = pydicom.dcmread(report.outputs[0])
    places = [float(frame.PlanePositionSequence[0].ImagePositionPatient[2]) for frame in seg.PerFrameFunctionalGroupsSequence]
    assert [z for z, pixels in zip(places, seg.pixel_array, strict=True) if pixels.any()] == [2.0, 3.0, 4.0]


# --- volumes without their acquisition transform


def test_a_hardened_volume_is_on_its_own_grid(slicer, logic, far, tmp_path):
    values = np.rint(between(slicer, far)).astype(np.int16)
    far.SetAndObserveTransformNodeID(None)
    slicer.util.updateVolumeFromArray(far, values)
    report = logic.volumesToDicom([far], database=False, folder=tmp_path / "out")
    assert outcomes(report) == ["derived"]
    np.testing.assert_allclose(heights(report), STEP * np.arange(len(HEIGHTS)), atol=1e-4)
    assert "Resampled in Slicer to an even grid" in " ".join(
        note for entry in logic.exportVolumes([far], tmp_path / "nifti").entries for note in entry.log.notes
    )


def test_a_part_of_a_hardened_volume_is_on_its_own_grid(slicer, logic, far, tmp_path):
    values, grid = np.rint(between(slicer, far)).astype(np.int16)[1:5], ijk_to_ras(far)
    far.SetAndObserveTransformNodeID(None)
    slicer.util.updateVolumeFromArray(far, values)
    grid[2, 3] += STEP
    set_ijk_to_ras(far, grid)
    report = logic.volumesToDicom([far], database=False, folder=tmp_path / "out")
    np.testing.assert_allclose(heights(report), STEP * np.arange(1, 5), atol=1e-4)


def test_edited_slices_without_their_transform_are_where_the_slices_are(slicer, logic, far, tmp_path):
    """Other slices are those of the series, as with Slicer's setting that adds no acquisition transform."""
    far.SetAndObserveTransformNodeID(None)
    slicer.util.arrayFromVolume(far)[2] = 7
    report = logic.volumesToDicom([far], database=False, folder=tmp_path / "out")
    assert outcomes(report) == ["derived"]
    np.testing.assert_allclose(heights(report), HEIGHTS, atol=1e-4)
    assert "If it was resampled" not in " ".join(report.entries[0].log.warnings)


def test_values_that_are_all_edited_are_a_doubt(slicer, logic, far, tmp_path):
    far.SetAndObserveTransformNodeID(None)
    slicer.util.updateVolumeFromArray(far, (slicer.util.arrayFromVolume(far) * 3 + 5).astype(np.int32) % 101)
    report = logic.exportVolumes([far], tmp_path / "out")
    assert "If it was resampled" in " ".join(report.entries[0].log.warnings)


@pytest.fixture
def labels_on_the_grid(slicer, far):
    """A label map on the grid of the volume, which is under no transform, with a voxel at a height of 2.8 mm."""
    far.SetAndObserveTransformNodeID(None)
    voxels = np.zeros(slicer.util.arrayFromVolume(far).shape, np.uint8)
    voxels[1, 3, 4] = 1
    node = slicer.util.addVolumeFromArray(voxels, ijk_to_ras(far), "labels", "vtkMRMLLabelMapVolumeNode")
    node.AddNodeReferenceID("source", far.GetID())
    return node


def labeled_heights(report):
    seg = pydicom.dcmread(report.outputs[0])
    places = [float(frame.PlanePositionSequence[0].ImagePositionPatient[2]) for frame in seg.PerFrameFunctionalGroupsSequence]
    return [z for z, pixels in zip(places, seg.pixel_array.reshape(len(places), -1), strict=True) if pixels.any()]


def test_labels_on_a_hardened_volume_are_where_they_are_shown(slicer, logic, far, labels_on_the_grid, tmp_path):
    slicer.util.updateVolumeFromArray(far, np.rint(between(slicer, far)).astype(np.int16))
    report = logic.volumesToDicom([labels_on_the_grid], database=False, folder=tmp_path / "out")
    np.testing.assert_allclose(labeled_heights(report), [STEP], atol=1e-4)
    assert "slices were moved" not in " ".join(report.entries[0].log.warnings)


def test_labels_on_slices_without_their_transform_are_on_these(logic, labels_on_the_grid, tmp_path):
    """As with Slicer's setting that adds no acquisition transform: the second slice is one of the series."""
    report = logic.volumesToDicom([labels_on_the_grid], database=False, folder=tmp_path / "out")
    assert labeled_heights(report) == [HEIGHTS[1]]
    assert "slices were moved" in " ".join(report.entries[0].log.warnings)
