"""Diffusion volumes, types of voxels, colors, label maps with names."""

from pathlib import Path

import numpy as np
import pytest

from support.node_exports import GRID
from support.slicer_helpers import images, voxels_of


def diffusion(slicer, turn=None):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLDiffusionWeightedVolumeNode", "dwi")
    slicer.util.updateVolumeFromArray(node, np.arange(2 * 3 * 4 * 3).reshape(2, 3, 4, 3).astype(np.int16))
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(GRID))
    node.SetNumberOfGradients(3)
    for number, (b, direction) in enumerate([(0, (0, 0, 0)), (1000, (1, 0, 0)), (2000, (0, 0.6, 0.8))]):
        node.SetBValue(number, b)
        node.SetDiffusionGradient(number, direction)
    if turn is not None:
        node.SetMeasurementFrameMatrix(*turn.reshape(-1))
    return node


@pytest.mark.parametrize("turn", [np.eye(3), np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])], ids=["plain", "turned"])
def test_diffusion_volume_keeps_values_and_directions(slicer, logic, tmp_path, turn):
    from nifti_dicom_bridge import read

    node = diffusion(slicer, turn)
    assert logic.exportVolumes([node], tmp_path).ok
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dwi.bval", "dwi.bvec", "dwi.json", "dwi.nii.gz"]
    expected = np.moveaxis(slicer.util.arrayFromVolume(node), -1, 0)
    np.testing.assert_array_equal(voxels_of(tmp_path / "dwi.nii.gz"), expected)
    (volume,) = read(tmp_path / "dwi.nii.gz")
    gradients = _gradients_in_ras(tmp_path / "dwi", volume)
    np.testing.assert_allclose(gradients, [[0, 0, 0], turn @ [1, 0, 0], turn @ [0, 0.6, 0.8]], atol=1e-5)
    assert (tmp_path / "dwi.bval").read_text().split() == ["0", "1000", "2000"]


def _gradients_in_ras(stem: Path, volume):
    """FSL: along the axes of the image, x negated where those are right-handed."""
    import nibabel

    vectors = np.loadtxt(str(stem) + ".bvec")
    affine = nibabel.load(str(stem) + ".nii.gz").affine[:3, :3]
    axes = affine / np.linalg.norm(affine, axis=0)
    if np.linalg.det(axes) > 0:
        vectors[0] *= -1
    return (axes @ vectors).T


def test_diffusion_volume_that_is_loaded_shows_the_same_directions(slicer, logic, tmp_path):
    from nifti_dicom_bridge import Volume
    from NiftiDicomBridgeLib.NewNodes.NodeFactory import add_nodes
    from NiftiDicomBridgeLib.Nodes.Nodes import image_of

    gradients = np.array([[0, 0, 0, 0], [1000, 1, 0, 0], [2000, 0, 0.6, 0.8]])
    voxels = np.arange(3 * 2 * 3 * 4, dtype=np.int16).reshape(3, 2, 3, 4)
    (node,) = add_nodes(Volume(voxels, GRID, gradients=gradients), "dwi")
    assert node.IsA("vtkMRMLDiffusionWeightedVolumeNode")
    image = image_of(node)
    if np.linalg.det(GRID[:3, :3]) < 0:
        voxels = voxels[:, ::-1]
    np.testing.assert_array_equal(image.voxels, voxels)
    np.testing.assert_allclose(image.gradients, gradients, atol=1e-6)


@pytest.mark.parametrize(("dtype", "shown"), [
    ("bool", "uint8"), ("float16", "float32"), ("int64", "int32"), (">i2", "int16"), ("uint16", "uint16"),
    ("float64", "float64"),
])  # fmt: skip
def test_every_type_of_voxels_is_shown(slicer, dtype, shown):
    from nifti_dicom_bridge import Volume
    from NiftiDicomBridgeLib.NewNodes.NodeFactory import add_nodes

    voxels = (np.arange(24).reshape(1, 2, 3, 4) % 2).astype(dtype)
    (node,) = add_nodes(Volume(voxels, np.eye(4)), "any")
    seen = slicer.util.arrayFromVolume(node)
    assert seen.dtype == shown
    np.testing.assert_array_equal(seen, voxels[0])


@pytest.mark.parametrize("dtype", ["int64", "complex64"])
def test_type_that_slicer_cannot_show_is_reported(slicer, dtype):
    from nifti_dicom_bridge import BridgeError, Volume
    from NiftiDicomBridgeLib.NewNodes.NodeFactory import add_nodes

    with pytest.raises(BridgeError, match=f"cannot show voxels of the type {dtype}"):
        add_nodes(Volume(np.full((1, 2, 3, 4), 2**40).astype(dtype), np.eye(4)), "any")


def test_colors_are_written_as_they_are(slicer, logic, tmp_path):
    voxels = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)
    node = slicer.util.addVolumeFromArray(voxels, GRID, "colors", "vtkMRMLVectorVolumeNode")
    assert logic.exportVolumes([node], tmp_path).ok
    import nibabel

    found = np.asarray(nibabel.load(tmp_path / "colors.nii.gz").dataobj)
    seen = np.stack([found[name] for name in "RGB"], axis=-1)
    np.testing.assert_array_equal(seen.transpose(2, 1, 0, 3)[:, ::-1], voxels)


@pytest.fixture
def spleen(slicer):
    """A label map with a color table: label 2 is a blue spleen."""
    labels = np.zeros((2, 3, 4), np.uint8)
    labels[1, 1, 1] = 2
    node = slicer.util.addVolumeFromArray(labels, GRID, "labels", "vtkMRMLLabelMapVolumeNode")
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode")
    table.SetTypeToUser()
    table.SetNumberOfColors(3)
    table.SetColor(2, "spleen", 0, 0, 1, 1)
    node.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())
    return node


def test_names_of_a_label_map_are_written(spleen, logic, tmp_path):
    logic.exportVolumes([spleen], tmp_path)
    assert (tmp_path / "labels_dseg.tsv").read_text().splitlines()[1].split("\t")[:3] == ["2", "spleen", "#0000ff"]


def test_names_and_colors_of_a_label_map_are_shown_when_it_is_loaded(slicer, spleen, logic, tmp_path):
    report = logic.exportVolumes([spleen], tmp_path)
    slicer.mrmlScene.Clear()
    (node,) = logic.loadNifti(images(report)[0])
    colors = node.GetDisplayNode().GetColorNode()
    color = [0.0] * 4
    colors.GetColor(2, color)
    assert (colors.GetColorName(2), color) == ("spleen", [0.0, 0.0, 1.0, 1.0])
