"""Segmentation nodes: one grid for all segments, one DICOM SEG for those that overlap, and all that describes them."""

import numpy as np
import pydicom
import pytest

from support.oracles import module
from support.slicer_helpers import grid_of, ijk_to_ras, images, outcomes, voxels_of

GRID = np.diag([2.0, 2.0, 3.0, 1.0])
TERMINOLOGY = (
    "Segmentation category and type - DICOM master list~SCT^49755003^Morphologically Altered Structure~SCT^4147007^Mass~"
    "SCT^24028007^Right~Anatomic codes - DICOM master list~SCT^10200004^Liver~SCT^255549009^Anterior"
)


def words_of(report):
    return " ".join(text for entry in report.entries for text in entry.log.notes + entry.log.warnings + [entry.error])


@pytest.fixture
def add_box(slicer):
    """Add a box as a segment with an extent of its own, as segments are that were loaded without an image."""

    def add(node, name, first, last, matrix=GRID):
        import vtk

        low, high = (np.array(corner) for corner in (first, last))
        size = high - low + 1
        shifted = np.array(matrix)
        shifted[:3, 3] += shifted[:3, :3] @ low
        labels = slicer.util.addVolumeFromArray(np.ones(size[::-1], np.uint8), shifted, "box", "vtkMRMLLabelMapVolumeNode")
        before = set(node.GetSegmentation().GetSegmentIDs())
        assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, node)
        slicer.mrmlScene.RemoveNode(labels)
        (key,) = set(node.GetSegmentation().GetSegmentIDs()) - before
        segment = node.GetSegmentation().GetSegment(key)
        segment.SetName(name)
        assert vtk
        return segment

    return add


@pytest.fixture
def segmentation(slicer):
    return slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "boxes")


def world_box(path, value):
    """Return the first and the last voxel of a label in world coordinates."""
    kji = np.argwhere(voxels_of(path) == value)
    corners = np.stack([kji.min(axis=0), kji.max(axis=0)])[:, ::-1]
    return (np.c_[corners, [1, 1]] @ grid_of(path).T)[:, :3]


def test_boxes_far_apart_stay_where_they_are(logic, segmentation, add_box, tmp_path):
    add_box(segmentation, "left", (-25, 0, 0), (-24, 1, 1))
    add_box(segmentation, "right", (25, 0, 0), (27, 1, 1))
    report = logic.exportVolumes([segmentation], tmp_path)
    assert outcomes(report) == ["converted"], words_of(report)
    (path,) = [path for path in images(report) if path.name.endswith(".nii.gz")]
    np.testing.assert_allclose(world_box(path, 1), [[-50, 0, 0], [-48, 2, 3]])
    np.testing.assert_allclose(world_box(path, 2), [[50, 0, 0], [54, 2, 3]])


def test_boxes_far_apart_become_one_dicom_segmentation(logic, database, segmentation, add_box):
    from nifti_dicom_bridge import read, segments_of

    add_box(segmentation, "left", (-25, 0, 0), (-24, 1, 1))
    add_box(segmentation, "right", (25, 0, 0), (27, 1, 1))
    (volume,) = read(logic.volumesToDicom([segmentation]).outputs)
    assert [segment.label for segment in segments_of(volume)] == ["left", "right"]
    k, j, i = np.argwhere(volume.voxels[0] == 2)[0]
    assert abs((volume.ijk_to_ras @ [i, j, k, 1])[0]) == pytest.approx(50, abs=6)


def test_segments_that_overlap_become_one_object(logic, database, segmentation, add_box):
    names = ["liver", "mass", "vessel", "rim"]
    corners = [((0, 0, 0), (5, 5, 3)), ((2, 2, 1), (3, 3, 2)), ((3, 0, 1), (3, 5, 1)), ((2, 2, 1), (3, 3, 1))]
    for name, (first, last) in zip(names, corners, strict=True):
        add_box(segmentation, name, first, last)
    report = logic.volumesToDicom([segmentation])
    assert report.ok, words_of(report)
    (path,) = report.outputs
    ds = pydicom.dcmread(path)
    assert [item.SegmentLabel for item in ds.SegmentSequence] == names
    masks = dict.fromkeys(range(1, 5), 0)
    for frame, group in zip(ds.pixel_array, ds.PerFrameFunctionalGroupsSequence, strict=True):
        masks[group.SegmentIdentificationSequence[0].ReferencedSegmentNumber] += int(frame.sum())
    sizes = [int(np.prod(np.subtract(last, first) + 1)) for first, last in corners]
    assert list(masks.values()) == sizes


def test_everything_that_describes_a_segment_is_in_dicom(logic, database, segmentation, add_box):
    segment = add_box(segmentation, "mass", (0, 0, 0), (2, 2, 2))
    segment.SetTag(segment.GetTerminologyEntryTagName(), TERMINOLOGY)
    tags = {
        "SegmentAlgorithmType": "AUTOMATIC",
        "SegmentAlgorithmName": "nnU-Net",
        "TrackingID": "lesion 1",
        "TrackingUID": "1.2.3",
    }
    for name, value in tags.items():
        segment.SetTag("DICOM." + name, value)
    (item,) = pydicom.dcmread(logic.volumesToDicom([segmentation]).outputs[0]).SegmentSequence
    kind, region = item.SegmentedPropertyTypeCodeSequence[0], item.AnatomicRegionSequence[0]
    assert item.SegmentedPropertyCategoryCodeSequence[0].CodeValue == "49755003"
    assert (kind.CodeValue, kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning) == ("4147007", "Right")
    assert (region.CodeValue, region.AnatomicRegionModifierSequence[0].CodeMeaning) == ("10200004", "Anterior")
    assert (item.SegmentAlgorithmType, item.SegmentAlgorithmName) == ("AUTOMATIC", "nnU-Net")
    assert (item.TrackingID, item.TrackingUID) == ("lesion 1", "1.2.3")


def test_empty_segments_are_named(logic, segmentation, add_box, tmp_path):
    add_box(segmentation, "full", (0, 0, 0), (1, 1, 1))
    segmentation.GetSegmentation().AddEmptySegment("", "nothing yet")
    report = logic.exportVolumes([segmentation], tmp_path)
    assert report.ok, words_of(report)
    assert "Empty segments were left out: nothing yet." in words_of(report)


def test_segmentation_of_empty_segments_without_a_grid_is_refused(logic, segmentation, tmp_path):
    segmentation.GetSegmentation().AddEmptySegment("", "nothing yet")
    report = logic.exportVolumes([segmentation], tmp_path)
    assert "All segments of boxes are empty, and it has no source geometry" in words_of(report)
    assert not report.ok


def test_grids_that_share_no_lattice_are_refused(logic, segmentation, add_box, tmp_path):
    add_box(segmentation, "a", (0, 0, 0), (1, 1, 1))
    add_box(segmentation, "b", (0, 0, 0), (1, 1, 1), np.diag([1.5, 2.0, 3.0, 1.0]))
    report = logic.exportVolumes([segmentation], tmp_path)
    assert outcomes(report) == ["failed"]
    assert "different voxel grids" in words_of(report)
    assert not list(tmp_path.iterdir())


def test_flipped_grid_of_the_same_lattice_is_joined_exactly(logic, segmentation, add_box, tmp_path):
    add_box(segmentation, "a", (0, 0, 0), (1, 1, 1))
    add_box(segmentation, "b", (-9, 0, 0), (-8, 1, 1), np.diag([-2.0, -2.0, 3.0, 1.0]))
    (path,) = [path for path in images(logic.exportVolumes([segmentation], tmp_path)) if path.name.endswith(".nii.gz")]
    found = world_box(path, 2)
    np.testing.assert_allclose([found.min(axis=0), found.max(axis=0)], [[16, -2, 0], [18, 0, 3]])


def test_voxels_outside_of_the_reference_geometry_are_kept(slicer, logic, segmentation, add_box, tmp_path):
    volume = slicer.util.addVolumeFromArray(np.zeros((4, 5, 6), np.int16), GRID, "image")
    add_box(segmentation, "inside and outside", (3, 3, 2), (8, 4, 3))
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    (path,) = [path for path in images(logic.exportVolumes([segmentation], tmp_path)) if path.name.endswith(".nii.gz")]
    np.testing.assert_allclose(world_box(path, 1), [[6, 6, 6], [16, 8, 9]])
    assert voxels_of(path).shape == (4, 5, 9)


# --- DICOM SEG that was loaded


@pytest.fixture
def loaded(slicer, logic, database, segmentation, add_box, tmp_path):
    """A segmentation with two segments that overlap, loaded from a DICOM SEG as Slicer loads it."""
    segment = add_box(segmentation, "mass", (2, 2, 1), (3, 3, 2))
    segment.SetTag(segment.GetTerminologyEntryTagName(), TERMINOLOGY)
    add_box(segmentation, "liver", (0, 0, 0), (5, 5, 3))
    return _saved_and_loaded(slicer, logic, segmentation)


def _saved_and_loaded(slicer, logic, segmentation):
    module("dcmqi")
    from DICOMLib import DICOMUtils

    from NiftiDicomBridgeLib.Host import Database

    (path,) = logic.volumesToDicom([segmentation]).outputs
    slicer.mrmlScene.Clear()
    (node_id,) = DICOMUtils.loadSeriesByUID(Database.series_of_files([path]))
    return slicer.mrmlScene.GetNodeByID(node_id), path


def kept(logic, report, folder):
    from nifti_dicom_bridge import ConversionOptions, Uids

    return logic.importNifti(report.outputs, ConversionOptions(uids=Uids.KEEP), database=False, folder=folder)


@pytest.mark.slow
def test_segmentation_from_dicom_comes_back_identical(logic, loaded, tmp_path):
    node, path = loaded
    report = logic.exportVolumes([node], tmp_path / "nifti")
    assert "Unchanged" in words_of(report)
    back = kept(logic, report, tmp_path / "back")
    assert outcomes(back) == ["restored"]
    assert pydicom.dcmread(back.outputs[0]) == pydicom.dcmread(path)


@pytest.mark.slow
@pytest.mark.parametrize("color", [(11, 13, 4), (36, 42, 8), (151, 6, 7), (52, 51, 10), (0, 0, 0), (255, 0, 0)])
def test_a_dark_color_that_slicer_shows_otherwise_is_no_edit(color, slicer, logic, database, segmentation, add_box, tmp_path):
    add_box(segmentation, "mass", (2, 2, 1), (3, 3, 2)).SetColor(*(part / 255 for part in color))
    node, _path = _saved_and_loaded(slicer, logic, segmentation)
    report = logic.exportVolumes([node], tmp_path / "nifti")
    assert "Unchanged" in words_of(report)


@pytest.mark.slow
def test_edited_voxels_become_a_derived_segmentation(slicer, logic, loaded, tmp_path):
    node, path = loaded
    (key,) = [
        key for key in node.GetSegmentation().GetSegmentIDs() if node.GetSegmentation().GetSegment(key).GetName() == "mass"
    ]
    _paint(node.GetSegmentation().GetSegment(key))
    report = logic.exportVolumes([node], tmp_path / "nifti")
    assert "Voxels were edited" in words_of(report)
    back = kept(logic, report, tmp_path / "back")
    assert outcomes(back) == ["derived"], words_of(back)
    before, after = pydicom.dcmread(path), pydicom.dcmread(back.outputs[0])
    assert after.SeriesInstanceUID != before.SeriesInstanceUID
    assert after.SegmentSequence == before.SegmentSequence
    assert np.sum(after.pixel_array) == np.sum(before.pixel_array) - 1


def _paint(segment):
    """Take the first voxel out of a segment."""
    from vtk.util.numpy_support import vtk_to_numpy

    image = segment.GetRepresentation("Binary labelmap")
    values = vtk_to_numpy(image.GetPointData().GetScalars())
    values[np.flatnonzero(values == segment.GetLabelValue())[0]] = 0
    image.Modified()


@pytest.mark.slow
def test_renamed_segment_becomes_a_new_segmentation(logic, loaded, tmp_path):
    node, _ = loaded
    node.GetSegmentation().GetNthSegment(0).SetName("other")
    report = logic.volumesToDicom([node])
    assert report.ok, words_of(report)
    assert "other" in [item.SegmentLabel for item in pydicom.dcmread(report.outputs[0]).SegmentSequence]


def test_colors_beyond_the_gamut_are_written_as_the_nearest(logic, segmentation, add_box, tmp_path):
    add_box(segmentation, "bright", (0, 0, 0), (1, 1, 1)).SetColor(256 / 255, 0.5, -0.01)
    report = logic.exportVolumes([segmentation], tmp_path)
    assert outcomes(report) == ["converted"], words_of(report)
    (table,) = tmp_path.glob("*_dseg.tsv")
    assert "#ff8000" in table.read_text()


# --- volumes under transforms


def moved(slicer, *nodes):
    """Put nodes under one linear transform: a shift."""
    matrix = np.array([[1, 0, 0, 0.7], [0, 1, 0, -0.4], [0, 0, 1, 0.3], [0, 0, 0, 1]])
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "registration")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    for node in nodes:
        node.SetAndObserveTransformNodeID(transform.GetID())
    return transform


@pytest.fixture
def drawn(node, segmentation, add_box):
    """A segmentation of a block of voxels of the volume, whose grid is its reference."""
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(node)
    add_box(segmentation, "block", (2, 1, 1), (3, 2, 2), ijk_to_ras(node))
    return segmentation


def places(report):
    """Return where the voxels of the first segment are, in the space of the DICOM."""
    from nifti_dicom_bridge import read

    assert report.ok, words_of(report)
    (volume,) = read(report.outputs)
    kji = np.argwhere(volume.voxels[0] == 1)
    return np.unique(np.round((np.c_[kji[:, ::-1], np.ones(len(kji))] @ volume.ijk_to_ras.T)[:, :3], 3), axis=0)


@pytest.mark.parametrize("which", ["both", "volume", "segmentation"])
def test_segments_are_written_where_they_are_relative_to_their_volume(which, slicer, logic, node, drawn, tmp_path):
    before = places(logic.volumesToDicom([drawn], folder=tmp_path / "before", database=False))
    transform = moved(slicer, *{"both": (node, drawn), "volume": (node,), "segmentation": (drawn,)}[which])
    matrix = slicer.util.arrayFromVTKMatrix(transform.GetMatrixTransformToParent())
    report = logic.volumesToDicom([drawn], folder=tmp_path / "after", database=False)
    relative = {"both": np.eye(4), "volume": np.linalg.inv(matrix), "segmentation": matrix}[which]
    wanted = np.c_[before, np.ones(len(before))] @ relative.T
    np.testing.assert_allclose(places(report), np.unique(np.round(wanted[:, :3], 3), axis=0), atol=2e-3)
    assert ("is under a transform: this was written where it is relative to that volume" in words_of(report)) == (
        which != "segmentation"
    )


@pytest.mark.slow
def test_a_segmentation_from_dicom_is_what_it_was_though_its_volume_was_moved(slicer, logic, node, drawn):
    module("dcmqi")
    from DICOMLib import DICOMUtils

    from NiftiDicomBridgeLib.Host import Database

    (path,) = logic.volumesToDicom([drawn]).outputs
    (node_id,) = DICOMUtils.loadSeriesByUID(Database.series_of_files([path]))
    loaded = slicer.mrmlScene.GetNodeByID(node_id)
    loaded.SetNodeReferenceID(loaded.GetReferenceImageGeometryReferenceRole(), node.GetID())
    moved(slicer, node)
    assert outcomes(logic.volumesToDicom([loaded])) == ["reissued"]


@pytest.mark.slow
def test_a_reference_that_the_user_chose_gets_world_coordinates(slicer, logic, node, drawn, tmp_path):
    before = places(logic.volumesToDicom([drawn], folder=tmp_path / "before", database=False))
    series = slicer.dicomDatabase.instanceValue(node.GetAttribute("DICOM.instanceUIDs").split()[0], "0020,000e")
    moved(slicer, node)
    report = logic.volumesToDicom([drawn], folder=tmp_path / "after", database=False, reference=series)
    np.testing.assert_allclose(places(report), before, atol=2e-3)


def test_a_transform_that_cannot_be_inverted_is_refused(slicer, logic, drawn, tmp_path):
    moved(slicer, drawn).SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.diag([0.0, 1, 1, 1])))
    report = logic.volumesToDicom([drawn], folder=tmp_path, database=False)
    assert "registration, whose matrix cannot be inverted" in words_of(report)


def test_a_volume_under_a_nonlinear_transform_is_no_reference(slicer, logic, node, drawn, tmp_path):
    node.SetAndObserveTransformNodeID(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode", "warp").GetID())
    report = logic.volumesToDicom([drawn], folder=tmp_path, database=False)
    assert "is under the nonlinear transform warp" in words_of(report)
