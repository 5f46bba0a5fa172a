"""Label map → RT Structure Set → label map: the same voxels, whatever their shape and the orientation of the slices."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from nifti_dicom_bridge import to_nifti
from support.new_objects import made, save


def label_map(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a label map and its grid: axes in any order and direction, oblique or not, sheared along the slices or not."""
    shape = tuple(random.integers(2, 15, 3))
    turn = np.linalg.qr(random.normal(size=(3, 3)))[0] if random.random() < 0.5 else np.eye(3)
    axes = turn[:, random.permutation(3)] * random.choice([-1, 1], 3) * random.uniform(0.3, 4, 3)
    if random.random() < 0.3:
        axes[:, 2] += 0.4 * axes[:, 0]
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = axes, random.uniform(-300, 300, 3)
    noise = random.normal(size=shape)
    for axis in range(3 if random.random() < 0.5 else 0):  # blobs in place of single voxels
        noise = (noise + np.roll(noise, 1, axis) + np.roll(noise, -1, axis)) / 3
    return np.digitize(noise, np.quantile(noise, [0.5, 0.7, 0.85])).astype(np.uint8), matrix


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(24))
def test_voxels_are_the_same_after_both_ways(tmp_path, monkeypatch, seed):
    labels, matrix = label_map(np.random.default_rng(seed))
    monkeypatch.chdir(tmp_path)
    values = np.arange(labels.size, dtype=np.int16).reshape(labels.shape) - 1000
    made(save("ct-image/image.nii", values, matrix), out="ct", kind="ct", plane="as-stored")
    made(save("x_dseg.nii", labels, matrix), out="rs", kind="rtstruct", reference="ct")
    outputs = to_nifti(["ct", "rs"], "back").outputs
    (back,) = (path for path in outputs if path.name.endswith("x_dseg.nii.gz"))
    before, after = (nibabel.as_closest_canonical(nibabel.load(path)) for path in ("x_dseg.nii", back))
    assert np.abs(before.affine - after.affine).max() < 1e-3
    assert np.array_equal(np.asarray(before.dataobj), np.asarray(after.dataobj))
