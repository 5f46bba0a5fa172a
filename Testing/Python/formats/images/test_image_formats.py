"""NRRD, MetaImage and MGH: voxels and places as SimpleITK and nibabel read them, and what their headers state."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import ImageReadError, read, to_dicom
from nifti_dicom_bridge.model.volume import Volume
from support.grids import ORIENTATIONS, centres, oriented, values_at
from support.image_files import PLACED, VOXELS, metaimage, mgh_image, nrrd, save
from support.other_readers import itk_image

ITK_SUFFIXES = ["nrrd", "nhdr", "mha", "mhd"]

TYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]


pytestmark = pytest.mark.usefixtures("there")


@pytest.mark.parametrize(("order", "flips"), ORIENTATIONS)
@pytest.mark.parametrize("suffix", [*ITK_SUFFIXES, "mgz"])
def test_voxels_are_where_another_reader_has_them(suffix, order, flips) -> None:
    path = save(oriented(VOXELS, order, flips), f"image.{suffix}")
    array, matrix = mgh_image(path) if suffix == "mgz" else itk_image(path)
    (volume,) = read(path)
    np.testing.assert_array_equal(values_at(array, matrix, centres(volume)), volume.array[0].ravel())
    assert volume.array.size == VOXELS.size


@pytest.mark.parametrize("number", range(0, 48, 5))
@pytest.mark.parametrize("suffix", ["nrrd", "mha", "mgz"])
def test_dicom_is_where_another_reader_has_the_image(suffix, number) -> None:
    import SimpleITK

    path = save(oriented(VOXELS, *ORIENTATIONS[number]), f"image.{suffix}")
    array, matrix = mgh_image(path) if suffix == "mgz" else itk_image(path)
    report = to_dicom(path, "dicom", kind="mr")
    assert report.ok, report
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(report.outputs[0].parent))
    image = SimpleITK.ReadImage(names)
    axes = np.eye(4)
    axes[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    axes[:3, 3] = image.GetOrigin()
    made = SimpleITK.GetArrayFromImage(image)
    places = centres(Volume(made[np.newaxis], np.diag([-1.0, -1, 1, 1]) @ axes))
    np.testing.assert_array_equal(values_at(array, matrix, places), made.ravel())


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("suffix", ITK_SUFFIXES)
def test_every_type_is_read(suffix, dtype, compress) -> None:
    voxels = (VOXELS * 2).astype(dtype)
    path = save(oriented(voxels, *ORIENTATIONS[7]), f"image.{suffix}", compress)
    (volume,) = read(path)
    assert volume.array.dtype == dtype
    np.testing.assert_array_equal(volume.array[0], itk_image(path)[0])


@pytest.mark.parametrize("suffix", ["mha", "mgz"])
def test_times_are_read(suffix) -> None:
    voxels = np.arange(2 * 60, dtype=np.int16).reshape(2, 3, 4, 5)
    if suffix == "mgz":
        import nibabel

        nibabel.save(nibabel.MGHImage(voxels.T.copy(), np.diag([1.0, 2, 3, 1])), "image.mgz")
    else:
        save(Volume(voxels, np.diag([-1.0, -2, 3, 1])), "image.mha")
    (volume,) = read(f"image.{suffix}")
    np.testing.assert_array_equal(volume.array, voxels)


def test_a_sidecar_takes_precedence_over_the_header() -> None:
    import nibabel

    image = nibabel.MGHImage(VOXELS[0].T.copy(), np.diag([1.0, 1, 1, 1]))
    image.header["te"] = 5
    nibabel.save(image, "T1.mgz")
    Path("T1.json").write_text('{"EchoTime": 0.007}')
    assert float(pydicom.dcmread(to_dicom("T1.mgz", "dicom", kind="mr").outputs[0]).EchoTime) == 7


def test_orientation_that_agrees_is_read() -> None:
    np.testing.assert_array_equal(read(metaimage())[0].array, VOXELS)


@pytest.mark.parametrize("suffix", ["nrrd", "mha", "mgz"])
def test_files_that_are_too_short_are_refused(suffix) -> None:
    path = save(oriented(VOXELS, *ORIENTATIONS[0]), f"image.{suffix}")
    raw = gzip.decompress(path.read_bytes()) if suffix == "mgz" else path.read_bytes()
    short = raw[: 284 + 10] if suffix == "mgz" else raw[:-7]
    path.write_bytes(gzip.compress(short) if suffix == "mgz" else short)
    with pytest.raises(ImageReadError, match="bytes of voxels, 120 are needed"):
        read(path)


@pytest.mark.parametrize("suffix", ["nrrd", "mha", "mgz", "mgh"])
def test_other_files_are_refused(suffix) -> None:
    path = Path(f"image.{suffix}")
    path.write_bytes(b"neither one nor the other")
    with pytest.raises(ImageReadError, match=str(path)):
        read(path)


@pytest.mark.parametrize("end", [-1, -4, -8])
@pytest.mark.parametrize("name", ["image.nrrd", "image.mha", "image.mgz", "bzip2.nrrd"])
def test_a_packed_image_without_its_checksum_is_refused(name: str, end: int) -> None:
    if name == "bzip2.nrrd":
        raw = nrrd(f"{PLACED}\nencoding: bzip2", VOXELS[0], name).read_bytes()
        header, _, voxels = raw.partition(b"\n\n")
        Path(name).write_bytes(header + b"\n\n" + bz2.compress(voxels))
    else:
        save(Volume(VOXELS, np.eye(4)), name, compress=True)
    read(name)
    whole = Path(name).read_bytes()
    Path(name).write_bytes(whole[:end])
    with pytest.raises(ImageReadError, match=name):
        read(name)


@pytest.mark.parametrize("name", ["image.nrrd", "image.mha", "image.mgz"])
def test_a_packed_image_whose_checksum_differs_is_refused(name: str) -> None:
    raw = bytearray(save(Volume(VOXELS, np.eye(4)), name, compress=True).read_bytes())
    raw[-2 if name.endswith("mha") else -6] ^= 0x40
    Path(name).write_bytes(raw)
    with pytest.raises(ImageReadError, match=name):
        read(name)


def test_one_damaged_image_does_not_stop_the_others() -> None:
    save(oriented(VOXELS, *ORIENTATIONS[0]), "good.mha")
    Path("bad.nrrd").write_bytes(b"NRRD0004\n")
    report = to_dicom(".", "dicom", kind="mr")
    assert sorted(entry.outcome.value for entry in report.entries) == ["converted", "failed"]


def test_originals_are_not_kept_for_images_without_a_record() -> None:
    path = save(oriented(VOXELS, *ORIENTATIONS[0]), "image.mha")
    report = to_dicom(path, "dicom", uids="keep")
    assert "has no record" in report.entries[0].error
