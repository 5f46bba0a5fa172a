"""Icons in compressed objects are compressed too: they come back as pixels that every reader understands."""

from __future__ import annotations

import copy

import numpy as np
import pydicom
from pydicom.uid import RLELossless

from nifti_dicom_bridge.samples.demo import make_sample
from support.nonempty import some
from support.oracles import oracle, run
from support.round_trip import RoundTrip


def with_icon(round_trip: RoundTrip) -> pydicom.Dataset:
    """Write one RLE-compressed slice with an RLE-compressed icon, and return the icon before compression."""
    path = make_sample(round_trip.dicom)[0]
    for other in round_trip.dicom.rglob("IM*"):
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


def test_an_icon_comes_back_native_with_its_pixels(round_trip: RoundTrip) -> None:
    plain = with_icon(round_trip)

    round_trip.forth()
    round_trip.home()

    (back,) = round_trip.returned()
    icon = back.IconImageSequence[0]
    assert np.array_equal(np.frombuffer(icon.PixelData, np.uint8), np.frombuffer(plain.PixelData, np.uint8))
    assert not icon["PixelData"].is_undefined_length


def test_dciodvfy_reads_what_came_back_to_its_end(round_trip: RoundTrip) -> None:
    program = oracle("dciodvfy")
    with_icon(round_trip)
    round_trip.forth()
    round_trip.home()

    for path in some(round_trip.back.rglob("IM*")):
        said = run(program, "-new", path)
        assert "read failed" not in said.stdout + said.stderr
