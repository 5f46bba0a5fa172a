"""Large NRRD, MetaImage and MGH are read some planes at a time: the same values, and errors when they are opened."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

import numpy as np
import pytest
from test_image_formats import nrrd, save

from grids import OBLIQUE
from nifti_dicom_bridge import ImageReadError, LazyVoxels
from nifti_dicom_bridge.formats.image_formats import read_image
from nifti_dicom_bridge.model import lazy_samples
from nifti_dicom_bridge.model.volume import Volume

VOXELS = np.arange(-30, 30, dtype=np.int16).reshape(1, 3, 4, 5)
PLACED = "space: LPS\nspace directions: (1,0,0) (0,1,0) (0,0,2)\nspace origin: (0,0,0)\nkinds: domain domain domain"


@pytest.fixture(autouse=True)
def _large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lazy_samples, "IN_MEMORY", 0)
    monkeypatch.setattr(lazy_samples, "IN_MEMORY_PACKED", 0)


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("suffix", ["nrrd", "nhdr", "mha", "mhd", "mgh", "mgz"])
def test_planes_are_those_of_the_image_in_memory(suffix: str, compress: bool) -> None:
    path = save(Volume(VOXELS, OBLIQUE), f"image.{suffix}", compress)
    lazy, whole = read_image(path, lazy=True), read_image(path)
    assert isinstance(lazy.voxels, LazyVoxels)
    assert lazy.voxels.dtype == whole.voxels.dtype
    assert np.array_equal(lazy.voxels[0, 1:3], whole.voxels[0, 1:3])
    assert np.array_equal(np.asarray(lazy.voxels), whole.voxels)


def test_samples_at_the_end_of_a_file() -> None:
    path = nrrd(f"{PLACED}\nbyte skip: -1", VOXELS[0])
    path.write_bytes(path.read_bytes()[: -VOXELS.nbytes] + b"a comment" + VOXELS.tobytes())
    assert np.array_equal(np.asarray(read_image(path, lazy=True).voxels), VOXELS)


def test_an_image_with_other_axes_is_read_at_once() -> None:
    axes = (
        "space: LPS\nspace directions: none (1,0,0) (0,1,0) (0,0,2)\nspace origin: (0,0,0)\nkinds: vector domain domain domain"
    )
    path = nrrd(axes, np.stack([VOXELS[0], VOXELS[0]], axis=-1))
    assert isinstance(read_image(path, lazy=True).voxels, np.ndarray)


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("suffix", ["nrrd", "mha", "mgz"])
def test_a_short_file_is_refused_when_it_is_opened(suffix: str, compress: bool) -> None:
    path = save(Volume(VOXELS, OBLIQUE), f"image.{suffix}", compress)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ImageReadError, match="Copy the file again"):
        read_image(path, lazy=True)


def test_a_file_that_changes_while_it_is_read_is_refused() -> None:
    path = save(Volume(VOXELS, OBLIQUE), "image.mha")
    voxels = read_image(path, lazy=True).voxels
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ImageReadError, match="changed while it was converted"):
        voxels[0, 0]


def test_without_room_for_a_file_samples_are_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = save(Volume(VOXELS, OBLIQUE), "image.mha", compress=True)
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    assert np.array_equal(read_image(path, lazy=True).voxels, read_image(path).voxels)
