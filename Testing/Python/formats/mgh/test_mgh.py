"""MGH and MGZ: types, gzip, times, orientation, label maps of FreeSurfer."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ImageReadError, read, to_dicom
from nifti_dicom_bridge.formats import mgh
from support.grids import ORIENTATIONS, oriented
from support.image_files import VOXELS, mgh_image, save

pytestmark = pytest.mark.usefixtures("there")


@pytest.mark.parametrize(("written", "name"), [("a.mgz", "image.mgh"), ("a.mgh", "image.mgz")])
def test_mgh_is_gzip_by_its_content(written: str, name: str) -> None:
    volume = oriented(VOXELS, *ORIENTATIONS[11])
    (found,) = read(save(volume, written).rename(name))
    np.testing.assert_array_equal(found.array[0], volume.array[0])


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32"])
@pytest.mark.parametrize("name", ["image.mgz", "image.mgh"])
def test_every_type_of_mgh_is_read(name, dtype) -> None:
    path = save(oriented(VOXELS.astype(dtype), *ORIENTATIONS[11]), name)
    (volume,) = read(path)
    assert volume.array.dtype == dtype
    np.testing.assert_array_equal(volume.array[0], mgh_image(path)[0])


def test_acquisition_of_mgh_is_written() -> None:
    import nibabel

    image = nibabel.MGHImage(VOXELS[0].T.copy(), np.diag([1.0, 1, 1, 1]))
    image.header["tr"], image.header["flip_angle"], image.header["te"], image.header["ti"] = 2300, np.radians(9), 2.96, 900
    nibabel.save(image, "T1.mgz")
    report = to_dicom("T1.mgz", "dicom", kind="mr")
    made = pydicom.dcmread(report.outputs[0])
    assert (float(made.RepetitionTime), float(made.EchoTime)) == (2300, 2.96)
    assert float(made.FlipAngle) == pytest.approx(9)


def test_label_maps_of_freesurfer_are_segmentations() -> None:
    import nibabel

    labels = np.zeros((5, 4, 3), np.int32)
    labels[1:3], labels[3:] = 17, 53
    nibabel.save(nibabel.MGHImage(labels, np.eye(4)), "aseg.mgz")
    report = to_dicom("aseg.mgz", "dicom", labels="freesurfer")
    assert [one.SegmentLabel for one in pydicom.dcmread(report.outputs[0]).SegmentSequence] == [
        "Left-Hippocampus", "Right-Hippocampus",
    ]  # fmt: skip


def test_values_of_a_surface_are_no_image() -> None:
    import nibabel

    nibabel.save(nibabel.MGHImage(np.ones((2562, 1, 1), np.float32), np.eye(4)), "lh.thickness.mgz")
    with pytest.raises(ImageReadError, match="2562 × 1 × 1 values are those of the vertices of a surface"):
        read("lh.thickness.mgz")


def test_mgh_without_orientation_is_refused() -> None:
    path = save(oriented(VOXELS, *ORIENTATIONS[0]), "image.mgh")
    raw = bytearray(path.read_bytes())
    raw[28:30] = struct.pack(">h", 0)
    path.write_bytes(raw)
    with pytest.raises(ImageReadError, match="goodRASFlag is 0"):
        read(path)


@pytest.mark.parametrize("suffix", [".mgh", ".mgz"])
def test_times_of_mgh_are_those_that_nibabel_wrote(suffix: str, tmp_path: Path) -> None:
    """They are behind the voxels, in files that are compressed and in others."""
    import nibabel

    image = nibabel.MGHImage(np.arange(60, dtype=np.int16).reshape(5, 4, 3), np.eye(4))
    image.header["tr"], image.header["flip_angle"], image.header["te"], image.header["ti"] = 2300, np.radians(9), 2.5, 900
    nibabel.save(image, tmp_path / f"a{suffix}")

    keys = mgh.acquisition_keys(tmp_path / f"a{suffix}")

    assert keys == pytest.approx({"RepetitionTime": 2.3, "FlipAngle": 9, "EchoTime": 0.0025, "InversionTime": 0.9})
