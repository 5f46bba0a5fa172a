"""Sequences become one 4D image."""

import numpy as np
import pydicom
import pytest

from support.node_exports import GRID, back, notes, write_4d
from support.slicer_helpers import grid_of, outcomes


@pytest.fixture
def sequence(slicer):
    """Three times, two seconds apart, shown by a volume."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "beating")
    node.SetIndexName("time")
    node.SetIndexUnit("s")
    for number in range(3):
        frame = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScalarVolumeNode")
        frame.UnRegister(None)
        slicer.util.updateVolumeFromArray(frame, np.full((2, 3, 4), number, np.int16))
        frame.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(GRID))
        node.SetDataNodeAtValue(frame, f"{2 * number}")
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.AddSynchronizedSequenceNode(node)
    return node, browser.GetProxyNode(node)


@pytest.mark.parametrize("which", [0, 1], ids=["sequence", "the volume that shows it"])
def test_sequence_is_one_4d_image(logic, sequence, tmp_path, which):
    import nibabel

    report = logic.exportVolumes([sequence[which]], tmp_path)
    image = nibabel.load(tmp_path / "beating.nii.gz")
    assert outcomes(report) == ["converted"]
    assert image.shape == (4, 3, 2, 3)
    assert [int(image.dataobj[0, 0, 0, t]) for t in range(3)] == [0, 1, 2]
    assert image.header.get_zooms()[3] == 2
    np.testing.assert_allclose(grid_of(tmp_path / "beating.nii.gz"), GRID, atol=1e-5)


def test_sequence_that_nothing_displays_becomes_dicom(slicer, logic, sequence, database):
    for browser in slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode"):
        slicer.mrmlScene.RemoveNode(browser)
    report = logic.volumesToDicom([sequence[0]])
    assert report.ok, [entry.error for entry in report.entries]


def test_sequence_of_label_maps_keeps_the_names_of_its_color_table(slicer, logic, database):
    import pydicom

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "tumor in time")
    for time in range(2):
        frame = slicer.util.addVolumeFromArray(np.full((2, 3, 4), 30 + time, np.uint8), GRID, "x", "vtkMRMLLabelMapVolumeNode")
        node.SetDataNodeAtValue(frame, str(time))
        slicer.mrmlScene.RemoveNode(frame)
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.AddSynchronizedSequenceNode(node)
    shown = browser.GetProxyNode(node)
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", "organs")
    table.SetTypeToUser()
    table.SetNumberOfColors(32)
    for number, name in ((30, "liver"), (31, "spleen")):
        table.SetColor(number, name, 1, 0, 0, 1)
    shown.CreateDefaultDisplayNodes()
    shown.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())
    report = logic.volumesToDicom([shown])
    assert report.ok, [entry.error for entry in report.entries]
    objects = [pydicom.dcmread(path) for path in report.outputs]
    assert {item.SegmentLabel for ds in objects for item in ds.SegmentSequence} == {"liver", "spleen"}


def test_uneven_times_of_a_sequence_are_reported(logic, sequence, tmp_path):
    sequence[0].UpdateIndexValue("4", "9")
    report = logic.exportVolumes([sequence[0]], tmp_path)
    assert "The times of beating are not evenly spaced: they were left out" in notes(report)


def test_sequence_and_what_shows_it_are_written_once(logic, sequence, tmp_path):
    assert len(logic.exportVolumes(list(sequence), tmp_path).entries) == 1


def test_sequence_moves_with_the_transform_of_what_shows_it(slicer, logic, sequence, tmp_path):
    matrix = np.eye(4)
    matrix[0, 3] = 4
    shift = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    shift.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    sequence[1].SetAndObserveTransformNodeID(shift.GetID())
    logic.exportVolumes(list(sequence), tmp_path)
    np.testing.assert_allclose(grid_of(tmp_path / "beating.nii.gz"), matrix @ GRID, atol=1e-4)


def test_volumes_of_different_sizes_are_refused(slicer, logic, sequence, tmp_path):
    slicer.util.updateVolumeFromArray(sequence[0].GetNthDataNode(1), np.zeros((2, 3, 5), np.int16))
    assert "differ in size or place" in notes(logic.exportVolumes([sequence[0]], tmp_path))


@pytest.mark.slow
def test_4d_series_loads_as_a_sequence_and_comes_back_identical(slicer, plugin, logic, load, write_series, tmp_path):
    files = write_4d(write_series, tmp_path)
    node = load(files)
    sequences = slicer.util.getNodesByClass("vtkMRMLSequenceNode")
    assert [s.GetNumberOfDataNodes() for s in sequences] == [3]
    report = logic.exportVolumes([node], tmp_path / "out")
    assert "Unchanged" in notes(report)
    found = back(report, tmp_path / "back")
    assert outcomes(found) == ["restored"]
    expected = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, files)}
    assert {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, found.outputs)} == expected


@pytest.mark.slow
def test_edited_time_makes_a_derived_series(slicer, plugin, logic, load, write_series, tmp_path):
    load(write_4d(write_series, tmp_path))
    (sequence,) = slicer.util.getNodesByClass("vtkMRMLSequenceNode")
    slicer.util.arrayFromVolume(sequence.GetNthDataNode(1))[0, 0, 0] += 2
    report = logic.exportVolumes([sequence], tmp_path / "out")
    assert outcomes(back(report, tmp_path / "back")) == ["derived"]
