"""Compressed DICOM output: the same pixels and attributes, for other decoders as well."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.pixels import pixel_array

from nifti_dicom_bridge import compare, create_samples, make_sample, to_dicom, to_nifti, validate
from oracles import module, oracle, run

SYNTAXES = {"rle": "1.2.840.10008.1.2.5", "jpegls": "1.2.840.10008.1.2.4.80", "j2k": "1.2.840.10008.1.2.4.90",
            "htj2k": "1.2.840.10008.1.2.4.201", "deflate": "1.2.840.10008.1.2.1.99"}  # fmt: skip
DCMTK = {"rle": "dcmdrle", "jpegls": "dcmdjpls", "deflate": "dcmconv"}
"""Programs that decode; DCMTK does not decode JPEG 2000."""
GDCM = ("rle", "jpegls", "j2k", "deflate")


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples") / "dicom"
    create_samples(folder)
    return folder


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def needs(compression):
    if compression == "htj2k":
        module("imagecodecs")


@pytest.mark.parametrize("kind", ["CT", "US"])
@pytest.mark.parametrize("compression", SYNTAXES)
def test_pixels_and_attributes_are_those_of_the_original(samples, tmp_path, compression, kind):
    needs(compression)
    images = to_nifti(next(samples.glob(f"{kind}*")), tmp_path / "nifti").outputs
    report = to_dicom(images, tmp_path / "back", uids="keep", compress=compression)
    assert report.ok, report
    syntaxes = {str(pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID) for path in report.outputs}
    assert syntaxes == {SYNTAXES[compression]}
    comparison = compare(next(samples.glob(f"{kind}*")), tmp_path / "back")
    assert comparison.equal_voxels == comparison.voxels == comparison.instances[2] > 0, comparison.table()
    assert comparison.equal_elements >= comparison.elements - comparison.instances[2], comparison.table()
    assert validate(tmp_path / "back").ok


@pytest.mark.parametrize("compression", GDCM)
def test_gdcm_decodes_the_same_pixels(tmp_path, compression):
    native, compressed = both(tmp_path, compression)
    for first, second in zip(native, compressed, strict=True):
        assert np.array_equal(*(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))) for path in (first, second)))


@pytest.mark.parametrize("compression", DCMTK)
def test_dcmtk_decodes_the_same_pixels(tmp_path, compression):
    native, compressed = both(tmp_path, compression)
    done = run(oracle(DCMTK[compression]), compressed[0], tmp_path / "decoded.dcm")
    assert done.returncode == 0, done.stderr
    decoded = pydicom.dcmread(tmp_path / "decoded.dcm")
    assert np.array_equal(pixel_array(decoded, raw=True), pixel_array(pydicom.dcmread(native[0]), raw=True))


@pytest.mark.parametrize("compression", ["rle", "jpegls", "j2k"])
def test_dciodvfy_finds_no_more_than_in_the_native_file(tmp_path, compression):
    """The version of 2022 reads neither High-Throughput JPEG 2000 nor deflated data sets."""
    native, compressed = both(tmp_path, compression)
    assert dciodvfy_errors(compressed[0]) <= dciodvfy_errors(native[0])


def dciodvfy_errors(path):
    done = run(oracle("dciodvfy"), path)
    return {line for line in (done.stderr + done.stdout).splitlines() if line.startswith("Error")}


def both(folder, compression):
    """Return native and compressed files of one series."""
    make_sample(folder / "scans")
    images = to_nifti(folder / "scans", folder / "nifti").outputs
    native = to_dicom(images, folder / "native", uids="keep")
    compressed = to_dicom(images, folder / "compressed", uids="keep", compress=compression)
    assert native.ok
    assert compressed.ok
    return sorted(native.outputs), sorted(compressed.outputs)


@pytest.mark.parametrize("compression", ["rle", "jpegls"])
def test_an_original_gets_its_transfer_syntax_again(tmp_path, compression):
    both(tmp_path, compression)
    images = to_nifti(tmp_path / "compressed", tmp_path / "again").outputs
    report = to_dicom(images, tmp_path / "back", uids="keep", compress="original")
    assert compare(tmp_path / "compressed", tmp_path / "back").same
    assert not [note for entry in report.entries for note in entry.log.notes if "uncompressed" in note]


def test_an_original_that_was_native_stays_native(tmp_path):
    make_sample(tmp_path / "scans")
    images = to_nifti(tmp_path / "scans", tmp_path / "nifti").outputs
    to_dicom(images, tmp_path / "back", uids="keep", names="original", compress="original")
    assert compare(tmp_path / "scans", tmp_path / "back").identical_files == len(files(tmp_path / "scans"))


@pytest.mark.parametrize("compression", ["rle", "jpegls", "j2k"])
def test_pixels_of_one_bit_are_refused_by_name(samples, tmp_path, compression):
    images = to_nifti(next(samples.glob("SEG*")), tmp_path / "nifti").outputs
    report = to_dicom(images, tmp_path / "back", compress=compression)
    assert not report.ok
    assert "cannot compress this image: its pixels have 1 bit" in report.entries[0].error
    assert not list(tmp_path.glob("back/**/*.dcm"))


def test_floating_point_pixels_are_deflated_only(tmp_path):
    make_sample(tmp_path / "scans")
    images = to_nifti(tmp_path / "scans", tmp_path / "nifti").outputs
    refused = to_dicom(images, tmp_path / "refused", kind="pm", compress="rle")
    assert "floating-point" in refused.entries[0].error
    assert to_dicom(images, tmp_path / "deflated", kind="pm", compress="deflate").ok
