"""What a file claims is checked against what it contains before memory is taken for it, and an option raises the limits."""

from __future__ import annotations

import json
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest

from nifti_dicom_bridge import BridgeError, ConversionOptions, ConversionReport, Job, Outcome, Target, Volume, convert, write
from nifti_dicom_bridge.formats.dicom.reading.grouping.series import find_series
from nifti_dicom_bridge.formats.dicom.reading.plans import plan_all
from nifti_dicom_bridge.formats.dicom.reading.read import load
from nifti_dicom_bridge.model.processes import limits
from phantoms import PHANTOMS
from support.oracles import module
from support.round_trip import RoundTrip

zarr = module("zarr")


def failure(report: ConversionReport) -> str:
    (entry,) = report.entries
    assert entry.outcome is Outcome.FAILED
    assert not entry.traceback
    return entry.error


@pytest.fixture
def store(tmp_path: Path) -> Path:
    write(
        Volume(np.arange(240, dtype="i2").reshape(1, 4, 10, 6), np.eye(4)),
        tmp_path / "in" / "a.zarr",
        ConversionOptions("zarr"),
    )
    return tmp_path / "in" / "a.zarr"


def edit_array(store: Path, **values: object) -> None:
    path = store / "0" / "zarr.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **values}), "utf-8")


@pytest.mark.parametrize("shape", [[10**9, 10, 6], [10**12, 10**12, 10**12], [4, 10, 2**40]])
@pytest.mark.parametrize("target", list(Target))
def test_a_huge_zarr_array_is_refused_at_once(shape: list[int], target: Target, store: Path, tmp_path: Path) -> None:
    edit_array(store, shape=shape)

    assert "a.zarr" in failure(convert(Job([store], tmp_path / "out", ConversionOptions(target))))


def test_a_zarr_array_with_many_missing_chunks_is_refused_at_once(store: Path, tmp_path: Path) -> None:
    grid = {"name": "regular", "configuration": {"chunk_shape": [1, 1, 1]}}
    edit_array(store, shape=[4000, 100, 600], chunk_grid=grid)

    assert "chunks are missing" in failure(convert(Job([store], tmp_path / "out", ConversionOptions(Target.DICOM))))


@pytest.mark.parametrize("chunks", [[0, 10, 6], [10**9, 10**6, 6]])
def test_impossible_chunks_are_refused(chunks: list[int], store: Path, tmp_path: Path) -> None:
    edit_array(store, chunk_grid={"name": "regular", "configuration": {"chunk_shape": chunks}})

    assert failure(convert(Job([store], tmp_path / "out", ConversionOptions(Target.DICOM))))


@pytest.mark.slow
def test_a_deflated_data_set_that_grows_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    PHANTOMS["deflated"].write(tmp_path / "in")
    path = min((tmp_path / "in").iterdir())
    raw = path.read_bytes()
    start = 132 + 12 + struct.unpack_from("<I", raw, 140)[0]
    plain = zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw[start:])
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    private = struct.pack("<HH2sHI", 0x0009, 0x1010, b"OB", 0, 10**7) + bytes(10**7)
    path.write_bytes(raw[:start] + packer.compress(private + plain) + packer.flush())
    monkeypatch.setattr(limits, "MOST_UNCHECKED", 1 << 20)

    report = convert(Job([path], tmp_path / "out"))

    assert "allow it with size_limit" in failure(report)
    allowed = convert(Job([path], tmp_path / "out", ConversionOptions(size_limit=1.0)))
    assert "size_limit" not in "".join(entry.error for entry in allowed.entries)


def test_a_limit_may_be_infinite() -> None:
    with limits.size_limit(float("inf")):
        limits.check_memory("image", 1 << 50)
        limits.check_expanded("image", 1 << 50, 1)


@pytest.mark.parametrize("length", [0x7FFFFFFE, 0xFFFFFFFE])
def test_a_value_length_beyond_the_end_of_the_file_is_truncated(length: int, tmp_path: Path) -> None:
    PHANTOMS["classic_ct"].write(tmp_path / "in")
    path = min((tmp_path / "in").iterdir())
    raw = path.read_bytes()
    element = struct.pack("<HH2sHI", 0x0009, 0x1010, b"OB", 0, length)
    at = raw.index(b"\x10\0\x10\0PN")
    path.write_bytes(raw[:at] + element + raw[at:])

    report = convert(Job([path], tmp_path / "out"))

    assert "truncated: (0009,1010) should end at byte" in failure(report)


@pytest.mark.parametrize("name", ["jpeg_ls", "jpeg_2000", "jpeg_baseline"])
def test_a_frame_that_claims_more_pixels_than_the_attributes_is_refused(name: str, tmp_path: Path) -> None:
    PHANTOMS[name].write(tmp_path / "in")
    path = min((tmp_path / "in").iterdir())
    raw = bytearray(path.read_bytes())
    if name == "jpeg_2000":
        at = raw.index(b"\xff\x4f\xff\x51") + 8
        struct.pack_into(">2I", raw, at, 60000, 60000)
    else:
        marker = b"\xff\xf7" if name == "jpeg_ls" else b"\xff\xc0"
        struct.pack_into(">2H", raw, raw.index(marker) + 5, 60000, 60000)
    path.write_bytes(raw)

    assert "claim 60000 × 60000 pixels" in failure(convert(Job([path], tmp_path / "out")))


def test_a_large_frame_of_few_bytes_is_refused(tmp_path: Path) -> None:
    PHANTOMS["jpeg_2000"].write(tmp_path / "in")
    path = min((tmp_path / "in").iterdir())
    data_set = pydicom.dcmread(path)
    data_set.Rows = data_set.Columns = 65000
    data_set.save_as(path)

    assert "allow it with size_limit" in failure(convert(Job([path], tmp_path / "out")))


def test_a_file_that_changes_after_its_headers_were_read_is_an_error(tmp_path: Path) -> None:
    PHANTOMS["classic_ct"].write(tmp_path / "in")
    path = min((tmp_path / "in").iterdir())
    plan = plan_all(find_series([tmp_path / "in"]))[0]
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))

    with pytest.raises(BridgeError, match="changed while it was converted"):
        load(plan)


def test_a_nifti_header_with_dimensions_whose_product_overflows_is_refused(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth(gzip=False)
    raw = bytearray(round_trip.image().read_bytes())
    struct.pack_into("<8h", raw, 40, 7, *[32767] * 7)
    round_trip.image().write_bytes(raw)

    assert "too short" in failure(round_trip.home())


@pytest.mark.parametrize("number", ["2147483647", "1e300", "inf"])
def test_numbers_of_times_far_apart_are_not_counted_through(number: str, tmp_path: Path) -> None:
    PHANTOMS["mr_4d"].write(tmp_path / "in")
    times = sorted({pydicom.dcmread(path).TemporalPositionIdentifier for path in (tmp_path / "in").rglob("*.dcm")})
    for path in (tmp_path / "in").rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        if ds.TemporalPositionIdentifier == times[-1]:
            ds.add_new("TemporalPositionIdentifier", "LO", number)
            ds.save_as(path)

    assert convert(Job([tmp_path / "in"], tmp_path / "out")).ok
