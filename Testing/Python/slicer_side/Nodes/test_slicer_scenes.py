"""Transforms, the patients of the subject hierarchy, scenes that are saved in between."""

import numpy as np
import pydicom
import pytest

from support.node_exports import GRID, back, notes
from support.slicer_helpers import grid_of, ijk_to_ras, images, outcomes, sidecar_of, voxels_of


@pytest.fixture
def warped(slicer):
    """A volume under a nonlinear transform that moves everything by 3 mm to the right."""
    import vtk

    node = slicer.util.addVolumeFromArray(
        np.random.default_rng(0).normal(size=(4, 5, 6)).astype(np.float32), np.eye(4), "warped"
    )
    grid = vtk.vtkImageData()
    grid.SetDimensions(4, 4, 4)
    grid.SetOrigin(-50, -50, -50)
    grid.SetSpacing(40, 40, 40)
    grid.AllocateScalars(vtk.VTK_DOUBLE, 3)
    for point in range(grid.GetNumberOfPoints()):
        grid.GetPointData().GetScalars().SetTuple3(point, 3.0, 0, 0)
    displacement = slicer.vtkOrientedGridTransform()
    displacement.SetDisplacementGridData(grid)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode", "warp")
    transform.SetAndObserveTransformToParent(displacement)
    node.SetAndObserveTransformNodeID(transform.GetID())
    return node


def test_nonlinear_transform_is_hardened_on_request(slicer, logic, warped, tmp_path):
    before = slicer.mrmlScene.GetNumberOfNodes(), np.array(slicer.util.arrayFromVolume(warped))
    report = logic.exportVolumes([warped], tmp_path, harden=True)
    assert report.ok, notes(report)
    assert "Resampled under its nonlinear transform" in notes(report)
    found, grid = voxels_of(tmp_path / "warped.nii.gz"), grid_of(tmp_path / "warped.nii.gz")
    at = np.rint(np.linalg.inv(grid) @ [2 + 3, 2, 2, 1]).astype(int)
    assert found[at[2], at[1], at[0]] == pytest.approx(before[1][2, 2, 2], abs=1e-4)
    assert slicer.mrmlScene.GetNumberOfNodes() == before[0]
    assert warped.GetParentTransformNode() is not None
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(warped), before[1])


@pytest.mark.parametrize("identity", [False, True])
def test_patient_of_the_hierarchy_is_reported_in_the_sidecar(slicer, logic, node, identity, tmp_path):
    computed = slicer.util.addVolumeFromArray(np.zeros((4, 5, 6), np.float32), ijk_to_ras(node), "computed")
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node))
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(computed), study)
    options = logic.makeOptions(identity=identity)
    found = sidecar_of(images(logic.exportVolumes([computed], tmp_path / "out", options))[0])
    original = pydicom.dcmread(next((tmp_path / "original").glob("*.dcm")))
    assert found.get("PatientName") == ("Bridge^Test" if identity else None)
    assert found["PatientID"] == original.PatientID
    assert found["StudyInstanceUID"] == original.StudyInstanceUID


def test_people_who_share_a_patient_id_are_not_mixed(slicer):
    from NiftiDicomBridgeLib.Host import Hierarchy

    people = [{"PatientName": "Doe^Jane", "PatientSex": "F"}, {"PatientName": "Roe^Richard", "PatientSex": "M"},
              {"PatientName": "DOE^JANE^^"}, {}]  # fmt: skip
    nodes = [slicer.util.addVolumeFromArray(np.zeros((4, 5, 6), np.float32), np.eye(4), f"v{n}") for n in range(len(people))]
    for n, (one, volume) in enumerate(zip(people, nodes, strict=True)):
        Hierarchy.place(volume, {"PatientID": "7", "StudyInstanceUID": f"1.2.{n}", "SeriesInstanceUID": f"1.3.{n}", **one})

    found = [Hierarchy.identity_of_node(volume) for volume in nodes]
    assert [one["PatientName"] for one in found] == ["Doe^Jane", "Roe^Richard", "Doe^Jane", "Doe^Jane"]
    assert [one["PatientSex"] for one in found[:2]] == ["F", "M"]
    assert {one["PatientID"] for one in found} == {"7"}


def placed(slicer, *people):
    """Put a volume of each person, with a PatientID and a study of its own by default, into the subject hierarchy."""
    from NiftiDicomBridgeLib.Host import Hierarchy

    nodes = [slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.float32), np.eye(4), f"v{n}") for n in range(len(people))]
    for n, (one, volume) in enumerate(zip(people, nodes, strict=True)):
        Hierarchy.place(volume, {"PatientID": "7", "StudyInstanceUID": f"1.2.{n}", "SeriesInstanceUID": f"1.3.{n}", **one})
    return nodes, [Hierarchy.identity_of_node(volume) for volume in nodes]


def test_another_spelling_of_a_person_has_no_item_of_its_own(slicer):
    spellings = [{"PatientName": name, "PatientBirthDate": "19800201"} for name in ("Müller^Jane", "MULLER JANE", "Muller^J")]
    _, found = placed(slicer, *spellings)
    assert {one["PatientName"] for one in found} == {"Müller^Jane"}


def test_a_person_of_whom_little_was_known_is_shared_with_no_other(slicer):
    jane, richard = {"PatientName": "Doe^Jane"}, {"PatientName": "Roe^Richard"}
    _, found = placed(slicer, {}, jane, richard)
    assert [one["PatientName"] for one in found] == ["Doe^Jane", "Doe^Jane", "Roe^Richard"]


def test_a_study_of_another_person_is_not_shared(slicer):
    _, found = placed(slicer, *({"PatientName": name, "StudyInstanceUID": "1.2"} for name in ("Doe^Jane", "Roe^Richard")))
    assert [one["PatientName"] for one in found] == ["Doe^Jane", "Roe^Richard"]
    assert {one["StudyInstanceUID"] for one in found} == {"1.2"}


def test_scene_that_is_saved_and_loaded_in_between_changes_nothing(slicer, logic, node, tmp_path):
    files = sorted((tmp_path / "original").glob("*.dcm"))
    scene_file = tmp_path / "scene" / "scene.mrml"
    scene_file.parent.mkdir()
    storage = node.CreateDefaultStorageNode()
    slicer.mrmlScene.AddNode(storage)
    storage.SetFileName(str(scene_file.parent / "volume.nrrd"))
    node.SetAndObserveStorageNodeID(storage.GetID())
    assert storage.WriteData(node)
    slicer.mrmlScene.SetURL(str(scene_file))
    slicer.mrmlScene.SetRootDirectory(str(scene_file.parent))
    assert slicer.mrmlScene.Commit()
    slicer.mrmlScene.Clear()
    slicer.mrmlScene.SetURL(str(scene_file))
    assert slicer.mrmlScene.Connect()
    (loaded,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    assert loaded is not node
    found = back(logic.exportVolumes([loaded], tmp_path / "out"), tmp_path / "back")
    assert outcomes(found) == ["restored"]
    assert sorted(map(str, (pydicom.dcmread(p).SOPInstanceUID for p in found.outputs))) == sorted(
        str(pydicom.dcmread(path).SOPInstanceUID) for path in files
    )


def test_bids_layout_takes_what_is_unedited(slicer, logic, node, tmp_path):
    from nifti_dicom_bridge import ConversionOptions, Layout

    drawn = slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), GRID, "drawn")
    report = logic.exportVolumes([node, drawn], tmp_path / "bids", ConversionOptions(layout=Layout.BIDS))
    assert (tmp_path / "bids" / "dataset_description.json").is_file()
    assert len(list((tmp_path / "bids").rglob("*.nii.gz"))) >= 1 or report.entries
    assert "a BIDS dataset contains raw data" in notes(report)
