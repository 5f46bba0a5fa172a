"""Icons in compressed objects are compressed too: they come back as pixels that every reader understands."""

from __future__ import annotations

import copy

import numpy as np
import pydicom
from pydicom.uid import RLELossless

from nifti_dicom_bridge.samples.demo import make_sample
from support.circle import Circle
from support.nonempty import some
from support.oracles import oracle, run


def with_icon(circle: Circle) -> pydicom.Dataset:
    """Write one RLE-compressed slice with an RLE-compressed icon, and return the icon before compression."""
    path = make_sample(circle.dicom)[0]
    for other in circle.dicom.rglob("IM*"):
        if other != path:
            other.unlink()
    ds = pydicom.dcmread(path)
    plain = pydicom.Dataset()
    plain.SamplesPerPixel, plain.PhotometricInterpretation, plain.Rows, plain.Columns = 1, "MONOCHROME2", 6, 8
    plain.BitsAllocated, plain.BitsStored, plain.HighBit, plain.PixelRepresentation = 8, 8, 7, 0
    plain.PixelData = bytes(range(48))
    icon = copy.deepcopy(plain)
    icon.file_meta = pydicom.dataset.FileMetaDataset()
    icon.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    icon.SOPClassUID, icon.SOPInstanceUID = ds.SOPClassUID, "1.2.3"
    icon.compress(RLELossless)
    del icon.file_meta, icon.SOPClassUID, icon.SOPInstanceUID
    ds.compress(RLELossless, generate_instance_uid=False)
    ds.IconImageSequence = [icon]
    ds.save_as(path)
    return plain


def test_an_icon_comes_back_native_with_its_pixels(circle: Circle) -> None:
    plain = with_icon(circle)

    circle.forth()
    circle.home()

    (back,) = circle.returned()
    icon = back.IconImageSequence[0]
    assert np.array_equal(np.frombuffer(icon.PixelData, np.uint8), np.frombuffer(plain.PixelData, np.uint8))
    assert not icon["PixelData"].is_undefined_length


def test_dciodvfy_reads_what_came_back_to_its_end(circle: Circle) -> None:
    program = oracle("dciodvfy")
    with_icon(circle)
    circle.forth()
    circle.home()

    for path in some(circle.back.rglob("IM*")):
        said = run(program, "-new", path)
        assert "read failed" not in said.stdout + said.stderr
