"""Our loaders show slices at uneven distances at their true positions, and these come back identical."""

import numpy as np
import pydicom
import pytest

from support.slicer_helpers import ijk_to_ras, images, outcomes

pytestmark = pytest.mark.slow

LPS = np.array([-1, -1, 1])
GAP = (0.0, 2.5, 5.0, 10.0, 12.5)
"""Positions along z of the slices of an object without the fourth of six."""


def world_positions(node):
    """Return the world RAS of the first voxel of each slice."""
    grid, result = ijk_to_ras(node), []
    for k in range(node.GetImageData().GetDimensions()[2]):
        place = [0.0, 0.0, 0.0]
        node.TransformPointToWorld((grid @ [0, 0, k, 1])[:3].tolist(), place)
        result.append(place)
    return np.array(result)


def true_positions(files):
    """Return the RAS positions of single slices, in the order of their instance numbers."""
    slices = sorted(map(pydicom.dcmread, files), key=lambda ds: ds.InstanceNumber)
    return np.array([ds.ImagePositionPatient for ds in slices], float) * LPS


@pytest.fixture
def load_ours(plugin, database):
    """Load the files of a folder with our loader."""

    def load(folder):
        from DICOMLib import DICOMUtils

        DICOMUtils.importDicom(str(folder))
        (loadable,) = plugin.examineForImport([sorted(map(str, folder.rglob("*.dcm")))])
        return plugin.load(loadable)

    return load


@pytest.fixture
def object_with_a_gap(load_ours, tmp_path):
    """A volume of one enhanced MR object, of whose slices one is missing."""
    from phantoms import save
    from phantoms.multiframe import enhanced

    ds = enhanced(1, len(GAP))
    for group, z in zip(ds.PerFrameFunctionalGroupsSequence, GAP, strict=True):
        group.PlanePositionSequence[0].ImagePositionPatient = ["-1.5", "2.25", str(z)]
    save(tmp_path / "original", [ds])
    return load_ours(tmp_path / "original")


def test_uneven_slices_are_at_their_positions(load_ours, tmp_path):
    from NiftiDicomBridgeLib.SelfTests.SelfTestData import write_uneven_series

    files = write_uneven_series(tmp_path / "original")
    node = load_ours(tmp_path / "original")
    np.testing.assert_allclose(world_positions(node), true_positions(files), atol=1e-4)


def test_slices_in_reverse_order_are_at_their_positions(load_ours, tmp_path):
    """The node is right-handed, so its slices are those of the file from the last to the first."""
    from NiftiDicomBridgeLib.SelfTests.SelfTestData import write_uneven_series

    files = write_uneven_series(tmp_path / "original")
    for path in files:
        ds = pydicom.dcmread(path)
        ds.ImageOrientationPatient = [*ds.ImageOrientationPatient[3:], *ds.ImageOrientationPatient[:3]]
        ds.save_as(path)
    places = world_positions(load_ours(tmp_path / "original"))
    true = true_positions(files)
    np.testing.assert_allclose(places, true if np.allclose(places[0], true[0], atol=1) else true[::-1], atol=1e-4)


def test_frames_of_an_object_are_at_their_positions(object_with_a_gap):
    np.testing.assert_allclose(world_positions(object_with_a_gap)[:, 2], GAP, atol=1e-4)


def test_times_are_at_the_positions_of_their_slices(slicer, load_ours, tmp_path):
    """Both volumes of a series lack the same slice; the transform stays when the other one is shown."""
    from phantoms import save, slices
    from phantoms.base import MR, ramp

    found = slices(ramp(2 * len(GAP), 4, 5), MR)
    for n, ds in enumerate(found):
        ds.ImagePositionPatient = ["-1.5", "2.25", str(GAP[n % len(GAP)])]
        ds.TemporalPositionIdentifier, ds.NumberOfTemporalPositions = n // len(GAP) + 1, 2
    save(tmp_path / "original", found)
    node = load_ours(tmp_path / "original")
    (browser,) = slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode")
    browser.SetSelectedItemNumber(1)
    np.testing.assert_allclose(world_positions(node)[:, 2], GAP, atol=1e-4)


def test_even_slices_have_no_transform(load_ours, write_series, tmp_path):
    write_series(tmp_path / "original")
    assert load_ours(tmp_path / "original").GetParentTransformNode() is None


def test_the_transform_is_in_the_study_of_the_image(slicer, object_with_a_gap):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    nodes = (object_with_a_gap, object_with_a_gap.GetParentTransformNode())
    assert len({hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) for node in nodes}) == 1


def test_the_object_comes_back_identical(logic, object_with_a_gap, tmp_path):
    report = logic.exportVolumes([object_with_a_gap], tmp_path / "nifti")
    back = logic.importNifti(report.outputs, {"keepUids": True}, database=False, folder=tmp_path / "back")
    assert outcomes(back) == ["restored"]
    (original,) = (tmp_path / "original").rglob("*.dcm")
    assert pydicom.dcmread(back.outputs[0]) == pydicom.dcmread(original)


def test_nifti_with_a_sidecar_is_at_the_positions_of_its_slices(slicer, logic, object_with_a_gap, tmp_path):
    image = images(logic.exportVolumes([object_with_a_gap], tmp_path / "nifti"))[0]
    slicer.mrmlScene.Clear()
    np.testing.assert_allclose(world_positions(logic.loadNifti(image)[0])[:, 2], GAP, atol=1e-4)


@pytest.mark.parametrize("last_first", [False, True])
def test_labels_on_frames_of_an_object_are_on_its_slices(slicer, logic, object_with_a_gap, last_first, tmp_path):
    """All frames have one UID: only the grid states which slice is which."""
    voxels = np.zeros(slicer.util.arrayFromVolume(object_with_a_gap).shape, np.uint8)
    for k in range(len(voxels)):
        voxels[k, 0, : k + 1] = 1
    grid = ijk_to_ras(object_with_a_gap)
    if last_first:
        from nifti_dicom_bridge import reversed_grid

        voxels, grid = voxels[::-1], reversed_grid(grid, len(voxels))
    node = slicer.util.addVolumeFromArray(voxels, grid, "labels", "vtkMRMLLabelMapVolumeNode")
    node.AddNodeReferenceID("source", object_with_a_gap.GetID())
    node.SetAndObserveTransformNodeID(object_with_a_gap.GetTransformNodeID())
    report = logic.volumesToDicom([node], database=False, folder=tmp_path / "out")
    assert [entry.error for entry in report.entries] == [""]
    seg = pydicom.dcmread(report.outputs[0])
    places = [float(frame.PlanePositionSequence[0].ImagePositionPatient[2]) for frame in seg.PerFrameFunctionalGroupsSequence]
    counts = dict(zip(places, seg.pixel_array.sum(axis=(1, 2)).tolist(), strict=True))
    assert counts == dict(zip(GAP, (1, 2, 3, 4, 5), strict=True))
