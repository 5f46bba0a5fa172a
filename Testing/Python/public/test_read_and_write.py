"""Single images: read from mixed folders, written to every target or refused, exchanged with nibabel and SimpleITK."""

from __future__ import annotations

import builtins
import warnings
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import (
    BridgeError,
    BridgeWarning,
    ConversionOptions,
    DependencyError,
    GeometryError,
    Job,
    Log,
    NiftiReadError,
    OptionError,
    Rescale,
    Volume,
    compare,
    convert,
    read,
    to_dicom,
    to_nifti,
    to_zarr,
    write,
)
from nifti_dicom_bridge.conversion.inspection.bids_map_starter import bids_map_starter
from phantoms import PHANTOMS
from support.oracles import module

MATRIX = np.array([[-0.9, 0.1, 0, 10], [0.1, 0.9, 0, -20], [0, 0, 3, 30], [0, 0, 0, 1.0]])
MATRIX[:3, :2] = np.linalg.qr(MATRIX[:3, :2])[0]


def image(dtype: Any = np.int16, shape: tuple[int, ...] = (1, 3, 4, 5), **fields: Any) -> Volume:
    voxels = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    return Volume(voxels, MATRIX, name="image", **fields)


# --- read


def test_a_folder_of_all_formats_is_read(tmp_path: Path) -> None:
    PHANTOMS["classic_ct"].write(tmp_path / "all" / "dicom")
    to_nifti(tmp_path / "all" / "dicom", tmp_path / "all" / "nifti")
    to_zarr(tmp_path / "all" / "dicom", tmp_path / "all" / "zarr")
    (tmp_path / "all" / "notes.txt").write_text("not an image")
    found = read(tmp_path / "all")
    assert len(found) == 3
    assert all(np.array_equal(volume.voxels, found[0].voxels) for volume in found)
    assert all(volume.source is not None for volume in found)


def test_a_folder_without_images_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not an image")
    with pytest.raises(BridgeError, match="No DICOM, NIfTI or Zarr images were found in"):
        read(tmp_path)


@pytest.mark.parametrize(
    "call", [read, lambda path: compare(path, path), bids_map_starter], ids=["read", "compare", "bids_map"]
)
def test_images_without_pixels_are_named_where_there_are_no_others(call: Any, tmp_path: Path) -> None:
    PHANTOMS["classic_ct"].write(tmp_path)
    for path in filter(Path.is_file, tmp_path.rglob("*")):
        data_set = pydicom.dcmread(path)
        del data_set.PixelData
        data_set.save_as(path)

    with pytest.raises(BridgeError, match=r"other\(s\) were skipped, such as .*CT Image Storage without PixelData"):
        call(tmp_path)


def test_a_missing_path_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match="no such file or folder"):
        read(str(tmp_path / "missing"))


@pytest.mark.parametrize("suffix", [".NII", ".NII.GZ", ".Nii.gz"])
def test_suffixes_in_upper_case_have_their_sidecar(suffix: str, tmp_path: Path) -> None:
    PHANTOMS["classic_ct"].write(tmp_path / "dicom")
    (path, sidecar) = to_nifti(tmp_path / "dicom", tmp_path / "nifti", gzip=suffix.lower().endswith("gz")).outputs
    path.rename(tmp_path / "nifti" / ("CT" + suffix))
    sidecar.rename(tmp_path / "nifti" / "CT.json")
    assert read(tmp_path / "nifti")[0].source is not None
    assert to_dicom(tmp_path / "nifti", tmp_path / "back", uids="keep").ok
    assert compare(tmp_path / "dicom", tmp_path / "back").same


# --- write


@pytest.mark.parametrize(("target", "suffixes"), [
    ("nifti", {".gz", ".json"}), ("zarr", {".zarr", ".json"}), ("preview", {".png", ".txt", ".gif", ".mp4"}),
    ("dicom", {".dcm"}),
])  # fmt: skip
@pytest.mark.parametrize("from_dicom", [False, True])
def test_every_target_is_written(target: str, suffixes: set[str], from_dicom: bool, tmp_path: Path) -> None:
    volume = image()
    if from_dicom:
        PHANTOMS["classic_ct"].write(tmp_path / "dicom")
        (volume,) = read(tmp_path / "dicom")
    files = write(volume, tmp_path / "out" / "name", ConversionOptions(target=target))
    assert {path.suffix for path in files} == suffixes
    assert all(path.exists() for path in files)


def test_a_suffix_in_the_name_is_not_doubled(tmp_path: Path) -> None:
    assert write(image(), tmp_path / "a.nii")[0].name == "a.nii"
    assert write(image(), tmp_path / "b.zarr", ConversionOptions(target="zarr"))[0].name == "b.zarr"
    options = ConversionOptions(target="preview", preview={"gif": False, "mp4": False})
    assert write(image(), tmp_path / "c.png", options)[0].name == "c.png"


def test_kind_and_values_of_new_dicom_are_honored(tmp_path: Path) -> None:
    log = Log()
    options = ConversionOptions(target="dicom", kind="ct", set_values={"PatientID": "007"})
    data_set = pydicom.dcmread(write(image(), tmp_path, options, log)[0])
    assert (data_set.Modality, data_set.PatientID) == ("CT", "007")
    assert ("PatientID", "set_values=") in [(change.attribute, change.source) for change in log.values]


@pytest.mark.parametrize("target", ["dicom", "nifti"])
def test_warnings_are_issued_where_no_log_receives_them(target: str, tmp_path: Path) -> None:
    image = Volume(np.ones((1, 2, 3, 4), np.uint8), MATRIX, name="labels", intent="label")
    log = Log()
    write(image, tmp_path / "with", ConversionOptions(target=target), log)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        write(image, tmp_path / "without", ConversionOptions(target=target))
    own = [one for one in caught if one.category is BridgeWarning]
    assert [str(one.message) for one in own] == log.warnings
    assert {one.filename for one in own} <= {__file__}
    assert any("no sidecar found" in text for text in log.warnings) is (target == "dicom")


def test_an_original_becomes_another_kind(tmp_path: Path) -> None:
    PHANTOMS["classic_ct"].write(tmp_path / "dicom")
    (volume,) = read(tmp_path / "dicom")
    files = write(volume, tmp_path / "out", ConversionOptions(target="dicom", kind="sc"))
    assert pydicom.dcmread(files[0]).SOPClassUID.name == "Secondary Capture Image Storage"


def test_the_original_of_what_never_was_dicom_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match="no record"):
        write(image(), tmp_path / "out", ConversionOptions(target="dicom", uids="keep"))
    assert not (tmp_path / "out").exists()


def test_files_in_the_current_folder_are_not_taken_for_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("image.tsv").write_text("index\tname\n1\tBrain\n")
    data_set = pydicom.dcmread(write(image(), "out", ConversionOptions(target="dicom"))[0], stop_before_pixels=True)
    assert data_set.Modality != "SEG"


def test_a_sidecar_is_read(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"Modality": "MR", "EchoTime": 0.03}')
    options = ConversionOptions(target="dicom", sidecar=tmp_path / "keys.json")
    assert float(pydicom.dcmread(write(image(), tmp_path / "out", options)[0]).EchoTime) == 30


def test_values_of_a_metadata_file_reach_a_restored_series(tmp_path: Path) -> None:
    PHANTOMS["classic_ct"].write(tmp_path / "dicom")
    to_nifti(tmp_path / "dicom", tmp_path / "nifti")
    (tmp_path / "values.json").write_text('{"PatientID": "008", "StudyID": "9"}')
    options = ConversionOptions(target="dicom", metadata=tmp_path / "values.json", set_values={"StudyID": "10"})
    report = convert(Job(tmp_path / "nifti", tmp_path / "back", options))
    data_set = pydicom.dcmread(report.outputs[0])
    assert (data_set.PatientID, data_set.StudyID) == ("008", "10")
    sources = {change.attribute: change.source for change in report.entries[0].log.changes}
    assert sources == {"PatientID": 'metadata="' + str(tmp_path / "values.json") + '"', "StudyID": "set_values="}


# --- nibabel and SimpleITK


@pytest.mark.parametrize("volume", [
    image(), image(np.uint8), image(np.float32, (6, 3, 4, 5), time_step_s=2.0), image(np.uint8, (1, 3, 4, 5, 3)),
    image(intent="label"), image(np.float32, (1, 3, 4, 5, 2)), image(rescale=Rescale(2.0, -1024.0)),
], ids=["int16", "uint8", "times", "rgb", "label", "vector", "rescaled"])  # fmt: skip
def test_nibabel_gets_what_it_reads_from_the_file(volume: Volume, tmp_path: Path) -> None:
    there, here = nibabel.load(write(volume, tmp_path / "image.nii")[0]), volume.to_nibabel()
    assert here.shape == there.shape
    np.testing.assert_allclose(here.affine, there.affine, atol=1e-6)
    assert np.array_equal(np.asanyarray(here.dataobj), np.asanyarray(there.dataobj))
    assert here.header.get_zooms() == pytest.approx(there.header.get_zooms())
    assert int(here.header["intent_code"]) == int(there.header["intent_code"])


@pytest.mark.parametrize("volume", [
    image(), image(np.float32, (6, 3, 4, 5), time_step_s=2.0), image(np.uint8, (1, 3, 4, 5, 3)), image(intent="label"),
    image(np.float32, (1, 3, 4, 5, 2)), image(rescale=Rescale(2.0, -1024.0)),
], ids=["int16", "times", "rgb", "label", "vector", "rescaled"])  # fmt: skip
def test_an_image_of_nibabel_is_read_as_its_file_is(volume: Volume, tmp_path: Path) -> None:
    path = write(volume, tmp_path / "image.nii")[0]
    there, here = read(path)[0], Volume.from_nibabel(nibabel.load(path))
    assert np.array_equal(here.voxels, there.voxels)
    assert here.voxels.dtype == there.voxels.dtype
    np.testing.assert_allclose(here.ijk_to_ras, there.ijk_to_ras, atol=1e-6)
    for name in ("rescale", "time_step_s", "name", "space", "intent", "warnings"):
        assert getattr(here, name) == getattr(there, name), name


def test_an_image_in_memory_becomes_a_volume() -> None:
    data = np.arange(60, dtype=np.int16).reshape(5, 4, 3)
    volume = Volume.from_nibabel(nibabel.Nifti1Image(data, MATRIX), "T1")
    assert (volume.name, volume.shape_ijk, int(volume.voxels[0, 2, 1, 4])) == ("T1", (5, 4, 3), int(data[4, 1, 2]))


def test_an_image_in_memory_without_an_affine_is_refused() -> None:
    with pytest.raises(GeometryError, match="has no affine"):
        Volume.from_nibabel(nibabel.Nifti1Image(np.zeros((2, 2, 2), np.int16), None))


def test_more_axes_than_a_volume_has_are_refused() -> None:
    with pytest.raises(NiftiReadError, match="6 axes"):
        Volume.from_nibabel(nibabel.Nifti1Image(np.zeros((2, 2, 2, 2, 2, 2), np.int16), np.eye(4)))


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nifti_dicom_bridge.optional_packages.installed_version", lambda name: "")
    with pytest.raises(DependencyError, match=r"nifti-dicom-bridge\[nibabel\]"):
        image().to_nibabel()


@pytest.mark.parametrize("volume", [
    image(), image(np.uint8, (1, 3, 4, 5, 3)), image(np.float32, (6, 3, 4, 5), time_step_s=2.0),
], ids=["scalar", "rgb", "times"])  # fmt: skip
def test_simpleitk_puts_every_voxel_at_its_place(volume: Volume) -> None:
    sitk = module("SimpleITK")
    itk = volume.to_sitk()
    index = (4, 1, 2)
    lps = itk.TransformIndexToPhysicalPoint((*index, *[0] * (itk.GetDimension() - 3)))[:3]
    np.testing.assert_allclose(np.array(lps) * [-1, -1, 1], (volume.ijk_to_ras @ [*index, 1])[:3], atol=1e-5)
    voxels = sitk.GetArrayFromImage(itk)
    assert np.array_equal(voxels if volume.times > 1 else voxels[None], volume.voxels)


def test_simpleitk_gets_real_values() -> None:
    sitk = module("SimpleITK")
    values = sitk.GetArrayFromImage(image(rescale=Rescale(2.0, -1024.0)).to_sitk())
    assert np.array_equal(values, image().voxels[0] * 2.0 - 1024.0)


def test_a_sheared_grid_is_refused_by_name() -> None:
    sheared = np.eye(4)
    sheared[0, 2] = 0.5
    with pytest.raises(GeometryError, match="sheared"):
        Volume(np.zeros((1, 3, 4, 5), np.int16), sheared).to_sitk()


def test_options_are_checked_before_packages_are_imported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **named: Any) -> Any:
        assert name != "zarr"
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(OptionError):
        write(image(), tmp_path / "out", ConversionOptions(target="zarr", uids="keep"))
