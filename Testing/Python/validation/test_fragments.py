"""Encapsulated pixel data: files that are cut, frames without fragments, offsets that name nothing, newer transfer syntaxes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nifti_dicom_bridge import Severity
from nifti_dicom_bridge.validation import check_files
from phantoms.base import SECONDARY_CAPTURE, image, ramp, save

RLE, JPEG_2000, DEFLATED = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.8.1"
MPEG4 = "1.2.840.10008.1.2.4.102"
DELIMITER = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
RULES = ("truncated", "fragments", "offset table", "odd length", "transfer syntax", "not readable", "no DICOM")


def _frame(number: int) -> bytes:
    return bytes([number]) * (40 + 2 * number)


def _item(body: bytes) -> bytes:
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(body)) + body


def _write(folder: Path, frames: int, fragments: Sequence[bytes], offsets: bytes = b"", syntax: str = RLE) -> Path:
    """Write a multi-frame object with these fragments."""
    ds = image(ramp(1, 4, 5)[0], SECONDARY_CAPTURE)
    ds.NumberOfFrames = frames
    ds.file_meta.TransferSyntaxUID = JPEG_2000 if syntax == DEFLATED else syntax
    ds.PixelData = _item(offsets) + b"".join(map(_item, fragments))
    ds["PixelData"].is_undefined_length, ds["PixelData"].VR = True, "OB"
    save(folder, [ds])
    path = folder / "001.dcm"
    if syntax == DEFLATED:  # pydicom refuses to write what it has no name for
        path.write_bytes(path.read_bytes().replace(JPEG_2000.encode(), DEFLATED.encode() + b"\0", 1))
    return path


def rules(path: Path) -> list[str]:
    """Return the rules of our errors that are about fragments."""
    return [finding.rule for finding in check_files([path]) if finding.severity is Severity.ERROR and finding.rule in RULES]


@pytest.mark.parametrize("count", [1, 3])
def test_complete_fragments_are_right(count: int, tmp_path: Path) -> None:
    assert rules(_write(tmp_path, count, [_frame(n) for n in range(count)])) == []


def test_a_right_table_of_offsets_is_right(tmp_path: Path) -> None:
    assert rules(_write(tmp_path, 2, [_frame(0), _frame(1)], struct.pack("<2I", 0, 48))) == []


@pytest.mark.parametrize(
    ("offsets", "fault"),
    [((0, 46), "no fragment begins"), ((0,), "1 entries"), ((0, 48, 90), "3 entries")],
)  # fmt: skip
def test_a_wrong_table_of_offsets_is_an_error(offsets: tuple[int, ...], fault: str, tmp_path: Path) -> None:
    path = _write(tmp_path, 2, [_frame(0), _frame(1)], struct.pack(f"<{len(offsets)}I", *offsets))

    (finding,) = [finding for finding in check_files([path]) if finding.rule == "offset table"]
    assert fault in finding.message


@pytest.mark.parametrize("syntax", [RLE, JPEG_2000, DEFLATED])
def test_fewer_fragments_than_frames_are_truncated(syntax: str, tmp_path: Path) -> None:
    assert rules(_write(tmp_path, 3, [_frame(0), _frame(1)], syntax=syntax)) == ["truncated"]


def test_more_fragments_than_frames_are_wrong_in_rle(tmp_path: Path) -> None:
    assert rules(_write(tmp_path, 1, [_frame(0), _frame(1)])) == ["fragments"]


def test_a_frame_may_have_several_fragments(tmp_path: Path) -> None:
    assert rules(_write(tmp_path, 1, [_frame(0), _frame(1)], syntax=JPEG_2000)) == []


def test_a_fragment_of_odd_length_is_an_error(tmp_path: Path) -> None:
    assert rules(_write(tmp_path, 2, [_frame(0) + b"x", _frame(1) + b"x"])) == ["odd length"]


def test_video_has_one_fragment_for_all_frames(tmp_path: Path) -> None:
    assert rules(_write(tmp_path, 90, [_frame(0)], syntax=MPEG4)) == []


def test_deflated_frames_are_a_transfer_syntax(tmp_path: Path) -> None:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    raw = packer.compress(bytes(40)) + packer.flush()

    assert rules(_write(tmp_path, 1, [raw + b"\0" * (len(raw) % 2)], syntax=DEFLATED)) == []


def test_a_claim_of_gigabytes_is_truncated(tmp_path: Path) -> None:
    path = _write(tmp_path, 1, [_frame(0)])
    raw = path.read_bytes()
    path.write_bytes(raw.replace(struct.pack("<HHI", 0xFFFE, 0xE000, 40), struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFF0)))

    assert rules(path) == ["truncated"]


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_file_that_is_cut_anywhere_has_an_error(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("cut", numbered=True)
    path = _write(folder, 3, [_frame(n) for n in range(3)])
    raw = path.read_bytes()
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw) - 1))])

    errors = [finding for finding in check_files([path]) if finding.severity is Severity.ERROR]
    assert {finding.rule for finding in errors} & {*RULES, "missing type 1", "missing type 1C"}


def test_the_delimiter_is_required(tmp_path: Path) -> None:
    path = _write(tmp_path, 1, [_frame(0)])
    path.write_bytes(path.read_bytes().removesuffix(DELIMITER))

    assert rules(path) == ["truncated"]
