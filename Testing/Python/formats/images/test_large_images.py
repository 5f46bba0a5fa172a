"""Large NRRD, MetaImage and MGH are read some planes at a time: the same values, and errors when they are opened."""

from __future__ import annotations

import errno
import gzip
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from nifti_dicom_bridge import ImageReadError, LazyVoxels
from nifti_dicom_bridge.formats.image_formats import read_image
from nifti_dicom_bridge.model.volume import Volume
from nifti_dicom_bridge.model.voxels import lazy_samples
from support.grids import OBLIQUE
from support.image_files import nrrd, save

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


DIRECTIONS = "(1,0,0) (0,1,0) (0,0,2)"
AXES = {
    "samples first": (f"none {DIRECTIONS}", "vector domain domain domain", (4, 3, 5, 2)),
    "samples last": (f"{DIRECTIONS} none", "domain domain domain vector", (2, 4, 3, 5)),
    "times first": (f"none {DIRECTIONS}", "time domain domain domain", (4, 3, 5, 2)),
    "samples and times last": (f"{DIRECTIONS} none none", "domain domain domain time vector", (2, 6, 4, 3, 5)),
    "times and samples first": (f"none none {DIRECTIONS}", "time vector domain domain domain", (4, 3, 5, 2, 6)),
    "layers": (f"none {DIRECTIONS}", "list domain domain domain", (4, 3, 5, 2)),
}
LAYERS = "".join(f"\nSegment{n}_Name:=s{n}\nSegment{n}_LabelValue:={1 + n // 2}\nSegment{n}_Layer:={n % 2}" for n in range(3))


@pytest.mark.parametrize("encoding", ["raw", "gzip"])
@pytest.mark.parametrize("axes", AXES)
def test_axes_in_any_order(axes: str, encoding: str) -> None:
    directions, kinds, shape = AXES[axes]
    samples = np.random.default_rng(0).integers(0, 4, shape).astype(np.int16)
    fields = f"space: LPS\nspace directions: {directions}\nspace origin: (0,0,0)\nkinds: {kinds}\nencoding: {encoding}"
    path = nrrd(fields + (LAYERS if axes == "layers" else ""), samples)
    if encoding == "gzip":
        path.write_bytes(path.read_bytes()[: -samples.nbytes] + gzip.compress(samples.tobytes()))
    lazy, whole = read_image(path, lazy=True), read_image(path)
    assert isinstance(lazy.voxels, LazyVoxels)
    assert lazy.warnings == whole.warnings
    assert np.array_equal(lazy.voxels[0, 1:3], whole.voxels[0, 1:3])
    assert np.array_equal(np.asarray(lazy.voxels), whole.voxels)


def slices(path: Path, compress: bool = False) -> Path:
    """Write a MetaImage with a file for each slice."""
    for k, plane in enumerate(VOXELS[0]):
        Path(f"{k}.raw").write_bytes(zlib.compress(plane.tobytes()) if compress else plane.tobytes())
    path.write_text(
        f"NDims = 3\nCompressedData = {compress}\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\nElementSpacing = 1 1 1\n"
        "DimSize = 5 4 3\nElementType = MET_SHORT\nElementDataFile = %d.raw 0 2 1\n"
    )
    return path


@pytest.mark.parametrize("compress", [False, True])
def test_samples_of_several_files(compress: bool) -> None:
    lazy = read_image(slices(Path("image.mhd"), compress), lazy=True).voxels
    assert isinstance(lazy, LazyVoxels)
    assert np.array_equal(lazy[0, 1:3], VOXELS[0, 1:3])
    assert np.array_equal(np.asarray(lazy), VOXELS)


@pytest.mark.parametrize("compress", [False, True])
def test_one_short_file_of_several_is_refused_when_the_image_is_opened(compress: bool) -> None:
    path = slices(Path("image.mhd"), compress)
    Path("1.raw").write_bytes(Path("1.raw").read_bytes()[:-6])
    with pytest.raises(ImageReadError, match=r"1\.raw.*Copy the file again"):
        read_image(path, lazy=True)


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
