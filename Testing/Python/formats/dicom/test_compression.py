"""Compressed DICOM output: the same pixels and attributes, for other decoders as well."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.pixels import pixel_array

from nifti_dicom_bridge import compare, make_sample, to_dicom, to_nifti, validate
from phantoms import PHANTOMS, save, slices
from support.oracles import module, oracle, run

SYNTAXES = {"rle": "1.2.840.10008.1.2.5", "jpegls": "1.2.840.10008.1.2.4.80", "j2k": "1.2.840.10008.1.2.4.90",
            "htj2k": "1.2.840.10008.1.2.4.201", "deflate": "1.2.840.10008.1.2.1.99"}  # fmt: skip
DCMTK = {"rle": "dcmdrle", "jpegls": "dcmdjpls", "deflate": "dcmconv"}
"""Programs that decode; DCMTK does not decode JPEG 2000."""
GDCM = ("rle", "jpegls", "j2k", "deflate")


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def needs(compression):
    if compression == "htj2k":
        module("imagecodecs")


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.parametrize(("compression", "shape"), [
    ("rle", (1, 3)), ("rle", (7, 5)), ("jpegls", (7, 5)), ("jpegls", (33, 2)), ("j2k", (33, 47)),
])  # fmt: skip
def test_frames_of_odd_sizes_are_compressed(tmp_path, compression, shape):
    data_set = pydicom.dcmread(make_sample(tmp_path / "scans")[0])
    data_set.Rows, data_set.Columns = shape
    data_set.PixelData = np.arange(shape[0] * shape[1], dtype="<u2").tobytes()
    data_set.save_as(tmp_path / "odd.dcm")
    report = to_dicom(tmp_path / "odd.dcm", tmp_path / "back", uids="keep", compress=compression)
    assert report.ok, report
    assert np.array_equal(pydicom.dcmread(report.outputs[0]).pixel_array, data_set.pixel_array)


@pytest.mark.parametrize(("compression", "shape"), [("jpegls", (1, 3)), ("j2k", (31, 40))])
def test_frames_that_are_too_small_are_refused_by_name(tmp_path, compression, shape):
    data_set = pydicom.dcmread(make_sample(tmp_path / "scans")[0])
    data_set.Rows, data_set.Columns = shape
    data_set.PixelData = bytes(shape[0] * shape[1] * 2)
    data_set.save_as(tmp_path / "small.dcm")
    report = to_dicom(tmp_path / "small.dcm", tmp_path / "back", uids="keep", compress=compression)
    assert f"its frames have {shape[0]} × {shape[1]} pixels" in report.entries[0].error


@pytest.mark.slow
def test_no_phantom_ends_with_an_unexpected_error(tmp_path):
    """Odd encodings, bits and sizes are compressed with the same pixels, or refused by name."""
    for name in list(PHANTOMS)[::8]:
        PHANTOMS[name].write(tmp_path / name)
        report = to_dicom(tmp_path / name, tmp_path / "out" / name, uids="keep", compress="jpegls")
        errors = [entry.error for entry in report.entries if entry.outcome == "failed"]
        assert all("cannot compress this image" in error for error in errors), (name, errors)
        if report.ok:
            comparison = compare(tmp_path / name, tmp_path / "out" / name)
            assert comparison.equal_voxels == comparison.voxels, (name, comparison.table())


@pytest.mark.slow
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


@pytest.mark.parametrize("phantom", ["big_endian", "big_endian_8_bit", "deflated"])
@pytest.mark.parametrize("compression", ["rle", "deflate"])
def test_files_in_any_encoding_are_compressed(phantom, compression, round_trip):
    round_trip.make(phantom).forth()
    report = round_trip.home(compress=compression)

    assert report.ok, report
    assert {str(ds.file_meta.TransferSyntaxUID) for ds in round_trip.returned()} == {SYNTAXES[compression]}
    comparison = compare(round_trip.dicom, round_trip.back)
    assert comparison.equal_voxels == comparison.voxels > 0, comparison.table()


@pytest.mark.parametrize("is_signed", [False, True])
def test_restored_values_beyond_the_stored_bits_of_compressed_pixels_have_all_bits(is_signed, round_trip):
    """The compressed values are 16 bits, BitsStored is 12: native pixels need BitsStored 16 (PS3.5 8.1.1)."""
    found = slices(np.linspace(-9000 if is_signed else 0, 30000, 60).reshape(3, 4, 5).astype("<i2" if is_signed else "<u2"))
    for ds in found:
        ds.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
        ds.BitsStored, ds.HighBit = 12, 11
    save(round_trip.dicom, found)
    before = [pixel_array(path, raw=True, correct_unused_bits=False) for path in sorted(round_trip.dicom.iterdir())]
    round_trip.forth()
    (entry,) = round_trip.home().entries

    assert any("BitsStored (0028,0101) is the allocated bits" in note for note in entry.log.notes)
    for ds, pixels in zip(round_trip.returned(), before, strict=True):
        assert (ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation) == (16, 16, 15, int(is_signed))
        assert np.array_equal(ds.pixel_array, pixels)
