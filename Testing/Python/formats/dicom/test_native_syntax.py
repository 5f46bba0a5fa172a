"""Files in another native transfer syntax have the same elements and pixels."""

from __future__ import annotations

import subprocess

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from nifti_dicom_bridge import ArchiveSettings, make_sample, send
from nifti_dicom_bridge.formats.dicom.native_syntax import in_native_syntax
from support import archives


@pytest.fixture
def sample(tmp_path):
    make_sample(tmp_path / "sample")
    return next(path for path in sorted((tmp_path / "sample").rglob("*")) if path.is_file())


def encoded(sample, folder, name):
    """Write a file in another transfer syntax."""
    path = folder / "encoded" / "image.dcm"
    path.parent.mkdir()
    if name == "big endian":
        subprocess.run([archives.dcmtk("dcmconv"), "+tb", sample, path], check=True)
        return path
    data_set = pydicom.dcmread(sample)
    if name == "RLE":
        data_set.compress(RLELossless, generate_instance_uid=False)
    implicit = name == "implicit"
    data_set.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else data_set.file_meta.TransferSyntaxUID
    data_set.save_as(path, implicit_vr=implicit, little_endian=True)
    return path


NAMES = ["explicit", "implicit", "big endian", "RLE"]


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
@pytest.mark.parametrize("name", NAMES)
def test_elements_and_pixels_are_the_same(sample, tmp_path, name, syntax):
    data_set, original = in_native_syntax(encoded(sample, tmp_path, name), syntax), pydicom.dcmread(sample)
    assert data_set.file_meta.TransferSyntaxUID == syntax
    assert data_set.is_implicit_VR == (syntax == ImplicitVRLittleEndian)
    assert np.array_equal(data_set.pixel_array, original.pixel_array)
    assert {element.tag for element in data_set} == {element.tag for element in original}
    assert (data_set.PatientName, data_set.PixelSpacing) == (original.PatientName, original.PixelSpacing)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["explicit", "big endian", "RLE"])
def test_an_archive_that_takes_implicit_vr_only_gets_the_image(sample, tmp_path, name):
    path = encoded(sample, tmp_path, name)
    with archives.storescp(tmp_path / "scp", "+xi") as (address, _):
        report = send(path, address, ArchiveSettings(retries=0, timeout_s=30))
    assert report.ok, [entry.line() for entry in report.entries]
    (received,) = [file for file in (tmp_path / "scp").iterdir() if file.name != "server.log"]
    assert np.array_equal(pydicom.dcmread(received).pixel_array, pydicom.dcmread(sample).pixel_array)
