"""Which of the images in the original files a node with an edited grid is; or why it cannot be any of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nifti_dicom_bridge import BridgeError, Volume, read
from phantoms import PHANTOMS


@pytest.fixture
def match_of(slicer):
    """Match an array (times, slices, rows, columns), on a grid that none of the volumes has."""
    from NiftiDicomBridgeLib.Nodes.NodeImages import NodeImage
    from NiftiDicomBridgeLib.Originals.VolumeMatching import edited_match_of

    def match(voxels: np.ndarray, *volumes: Volume):
        return edited_match_of(volumes, NodeImage("node", voxels, np.diag([7.0, 7.0, 7.0, 1.0])))

    return match


@pytest.fixture
def ct(tmp_path) -> Volume:
    PHANTOMS["classic_ct"].write(tmp_path / "ct")
    (volume,) = read(tmp_path / "ct")
    return volume


def test_a_node_with_fewer_slices_is_the_only_image_with_as_many_times(match_of, ct):
    assert match_of(ct.voxels[:, 1:], ct).volume is ct


def test_of_several_images_the_one_of_the_same_shape_is_taken(match_of, ct):
    assert match_of(ct.voxels, replace(ct, voxels=ct.voxels[:, 1:]), ct).volume is ct


def test_slices_of_a_left_handed_image_were_reversed_by_the_loader(match_of, ct):
    turned = replace(ct, ijk_to_ras=ct.ijk_to_ras @ np.diag([1.0, 1.0, -1.0, 1.0]))

    assert match_of(ct.voxels, ct).reverse != match_of(ct.voxels, turned).reverse


def test_two_images_of_the_same_shape_are_refused(match_of, ct):
    with pytest.raises(BridgeError, match="matches none of the 2 images in its original DICOM instances"):
        match_of(ct.voxels, ct, replace(ct))


def test_colors_of_a_grey_image_are_refused(match_of, ct):
    colors = np.repeat(ct.voxels[..., np.newaxis], 3, axis=-1).astype(np.uint8)

    with pytest.raises(BridgeError, match="shows other color components than its original"):
        match_of(colors, ct)


def test_a_mosaic_that_was_edited_is_refused(match_of, tmp_path):
    PHANTOMS["mosaic"].write(tmp_path / "mosaic")
    (volume,) = read(tmp_path / "mosaic")
    side_by_side = np.zeros((volume.times, 1, 12, 12), np.int16)

    with pytest.raises(BridgeError, match="edited while Slicer showed it as a mosaic"):
        match_of(side_by_side, volume)
