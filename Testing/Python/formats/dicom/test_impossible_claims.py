"""DICOM files whose attributes claim what cannot be: sizes, counts, text where a number belongs."""

from __future__ import annotations

import struct
import subprocess
import sys

import pytest

from nifti_dicom_bridge import ConversionReport
from phantoms import ramp, save, slices
from phantoms.base import put_raw
from support.bad_files import assert_clean, to_nifti
from support.round_trip import RoundTrip, listing, names_in

ODD_NUMBERS = (
    b"",
    b"abc ",
    b"1e400 ",
    b"-1e400",
    b"nan ",
    b"inf ",
    b"1e300 ",
    b"-5",
    b"0 ",
    b"1e-300",
    b"1\\2\\3\\4\\5\\6\\7",
    b"\xff\xfe",
    b"1_0 ",
)


@pytest.mark.parametrize(
    "tag",
    [0x00200032, 0x00200037, 0x00280030, 0x00281052, 0x00281053, 0x00180050, 0x00180088, 0x00180080, 0x00200013, 0x00180081,
     0x00200011, 0x00181164, 0x00181063],
    ids="{:08X}".format,
)  # fmt: skip
@pytest.mark.parametrize("value", ODD_NUMBERS, ids=repr)
def test_decimal_strings_that_are_no_numbers_never_end_in_a_traceback(tag: int, value: bytes, round_trip: RoundTrip) -> None:
    found = slices(ramp(3, 4, 5), "1.2.840.10008.5.1.4.1.1.4")
    for ds in found:
        put_raw(ds, tag, "IS" if tag in (0x00200013, 0x00200011) else "DS", value)
    save(round_trip.dicom, found)

    result = to_nifti(round_trip.dicom, round_trip.nifti)

    assert_clean(result, round_trip.nifti)
    if isinstance(result, ConversionReport) and result.ok:
        assert round_trip.home().ok
        assert listing(round_trip.back) == listing(round_trip.dicom)


@pytest.mark.parametrize("place", ["without position", "with position"])
@pytest.mark.parametrize("value", ODD_NUMBERS, ids=repr)
def test_odd_spacing_of_a_single_image_never_ends_in_a_traceback(place: str, value: bytes, round_trip: RoundTrip) -> None:
    (ds,) = slices(ramp(1, 4, 5))
    if place == "without position":
        del ds.ImagePositionPatient
    put_raw(ds, 0x00280030, "DS", value + b"\\" + value + b" ")
    save(round_trip.dicom, [ds])

    assert_clean(to_nifti(round_trip.dicom, round_trip.nifti), round_trip.nifti)


@pytest.mark.parametrize("keyword", ["Rows", "Columns", "BitsAllocated"])
def test_a_zero_dimension_is_named(keyword: str, round_trip: RoundTrip) -> None:
    found = slices(ramp(1, 4, 5))
    setattr(found[0], keyword, 0)
    save(round_trip.dicom, found)

    result = to_nifti(round_trip.dicom, round_trip.nifti)

    assert isinstance(result, ConversionReport)
    assert "001.dcm" in result.failures[0].error
    assert keyword in result.failures[0].error
    assert names_in(round_trip.nifti) == []


@pytest.mark.parametrize("keyword", ["Rows", "Columns", "BitsAllocated", "PixelData"])
def test_a_missing_attribute_is_named(keyword: str, round_trip: RoundTrip) -> None:
    found = slices(ramp(1, 4, 5))
    delattr(found[0], keyword)
    save(round_trip.dicom, found)

    result = to_nifti(round_trip.dicom, round_trip.nifti)

    assert_clean(result, round_trip.nifti)
    assert not isinstance(result, ConversionReport) or keyword in result.failures[0].error


@pytest.mark.slow
@pytest.mark.parametrize("keyword", ["Rows", "Columns"])
def test_huge_claimed_dimensions_are_refused_before_memory_is_taken(keyword: str, round_trip: RoundTrip) -> None:
    found = slices(ramp(1, 4, 5))
    put_raw(found[0], {"Rows": 0x00280010, "Columns": 0x00280011}[keyword], "UL", struct.pack("<I", 2**31 - 1))
    save(round_trip.dicom, found)

    assert "truncated" in _converted_with_limits(round_trip)


@pytest.mark.slow
@pytest.mark.parametrize("count", [b"99999999", b"999999999999", b"1e300"])
@pytest.mark.parametrize("name", ["classic_ct", "enhanced_mr", "jpeg_ls"])
def test_a_huge_number_of_frames_is_refused_in_time_and_memory(count: bytes, name: str, round_trip: RoundTrip) -> None:
    round_trip.make(name)
    for file, raw in listing(round_trip.dicom).items():
        number = struct.pack("<HH2sH", 0x0028, 0x0008, b"IS", len(count) + len(count) % 2) + count + b" " * (len(count) % 2)
        at = raw.index(struct.pack("<HH2s", 0x0028, 0x0010, b"US"))
        old = raw.find(struct.pack("<HH2s", 0x0028, 0x0008, b"IS"))
        (round_trip.dicom / file).write_bytes(raw[: at if old < 0 else old] + number + raw[at:])

    assert "001.dcm" in _converted_with_limits(round_trip)


def _converted_with_limits(round_trip: RoundTrip) -> str:
    """Convert in a process that may take 2 GB and 10 s of processor time; return its output.

    It must end by itself, without a traceback.
    """
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
    limited += "resource.setrlimit(resource.RLIMIT_CPU, (10, 10))\n"
    limited += "from nifti_dicom_bridge.cli import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["convert", str(round_trip.dicom), "--to", "nifti", "-o", str(round_trip.nifti)]
    done = subprocess.run([sys.executable, "-c", limited, *arguments], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == 1
    assert names_in(round_trip.nifti) == []
    return done.stderr


def test_pixel_data_shorter_than_promised_are_named_with_both_lengths(round_trip: RoundTrip) -> None:
    found = slices(ramp(2, 4, 5))
    found[1].PixelData = found[1].PixelData[:-4]
    save(round_trip.dicom, found)

    result = to_nifti(round_trip.dicom, round_trip.nifti)

    assert isinstance(result, ConversionReport)
    for text in ("002.dcm", "PixelData (7FE0,0010)", "36", "40"):
        assert text in result.failures[0].error


@pytest.mark.parametrize("value", ["1e300", "-1e300", "1e38", "1e-40"])
def test_positions_beyond_single_precision_never_end_in_a_traceback(value: str, round_trip: RoundTrip) -> None:
    found = slices(ramp(2, 4, 5))
    for n, ds in enumerate(found):
        put_raw(ds, 0x00200032, "DS", f"0\\0\\{value}".encode() if n else b"0\\0\\0 ")
    save(round_trip.dicom, found)

    assert_clean(to_nifti(round_trip.dicom, round_trip.nifti), round_trip.nifti)


@pytest.mark.parametrize("value", ["1e300", "-2000", "nan", "1e-300"])
def test_odd_repetition_times_never_end_in_a_traceback(value: str, round_trip: RoundTrip) -> None:
    found = slices(ramp(2, 4, 5), "1.2.840.10008.5.1.4.1.1.4", step=(0, 0, 0))
    for ds in found:
        put_raw(ds, 0x00180080, "DS", value.encode() + b" " * (len(value) % 2))
    save(round_trip.dicom, found)

    result = to_nifti(round_trip.dicom, round_trip.nifti)

    assert_clean(result, round_trip.nifti)
    assert isinstance(result, ConversionReport)
    assert result.ok
