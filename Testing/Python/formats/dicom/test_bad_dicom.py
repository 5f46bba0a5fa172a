"""DICOM files that are damaged or wrong: one clear error naming the file, the other series go on, nothing half-written."""

from __future__ import annotations

import json
import random
import struct

import pytest

from nifti_dicom_bridge import ConversionReport, Job, Outcome, convert
from nifti_dicom_bridge.conversion.inspection.inspect import inspect
from phantoms import ramp, save, slices
from support.bad_files import NIFTI, assert_clean, to_nifti
from support.round_trip import RoundTrip, listing


@pytest.mark.parametrize("name", ["private_nested", "enhanced_mr", "jpeg_ls", "deflated", "implicit", "undefined_lengths"])
def test_a_file_cut_off_anywhere_is_named_or_read(name: str, round_trip: RoundTrip) -> None:
    raw = next(iter(listing(round_trip.make(name).dicom).values()))
    cut, source = round_trip.folder / "cut" / "a.dcm", round_trip.folder / "cut"
    source.mkdir()
    for n, length in enumerate(range(1, len(raw), 97)):
        cut.write_bytes(raw[:length])
        target = round_trip.folder / f"out{n}"
        result = to_nifti(source, target)
        assert_clean(result, target)
        if isinstance(result, ConversionReport):
            assert not result.ok, f"{length} of {len(raw)} bytes were taken for an image"
            assert "a.dcm" in result.failures[0].error


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["private_nested", "enhanced_mr", "jpeg_ls", "deflated", "implicit", "big_endian", "mosaic", "segmentation"]
)
@pytest.mark.parametrize("seed", range(2))
def test_flipped_bits_never_end_in_a_traceback(name: str, seed: int, round_trip: RoundTrip) -> None:
    rng = random.Random(seed)
    files = listing(round_trip.make(name).dicom)
    source = round_trip.folder / "flipped"
    source.mkdir()
    for n in range(25):
        for file, original in files.items():
            raw = bytearray(original)
            for _ in range(rng.choice((1, 3, 30))):
                raw[rng.randrange(132, len(raw))] = rng.randrange(256)
            (source / file).write_bytes(raw)
        target = round_trip.folder / f"out{n}"
        assert_clean(to_nifti(source, target), target)


def test_a_damaged_file_stops_neither_its_series_nor_others(round_trip: RoundTrip) -> None:
    round_trip.make("two_series")
    last = max(round_trip.dicom.iterdir())
    last.write_bytes(last.read_bytes()[:-10])

    report = round_trip.forth()

    assert sorted(entry.outcome for entry in report.entries) == [Outcome.CONVERTED, Outcome.CONVERTED, Outcome.FAILED]
    assert last.name in report.failures[0].error
    assert not report.ok
    assert len(round_trip.images()) == 2


@pytest.mark.slow
def test_damaged_compressed_data_fail_alone(round_trip: RoundTrip) -> None:
    round_trip.make("jpeg_ls").make("rgb_planar")
    path = round_trip.dicom / "002.dcm"
    raw = path.read_bytes()
    path.write_bytes(raw[:-400] + bytes(392) + raw[-8:])

    result = to_nifti(round_trip.dicom, round_trip.nifti)

    assert_clean(result, round_trip.nifti)


@pytest.mark.slow
def test_an_unknown_transfer_syntax_is_named(round_trip: RoundTrip) -> None:
    round_trip.make("rle")  # other codecs specify themselves in their frames
    for path in round_trip.dicom.iterdir():
        path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.5", b"1.2.840.10008.1.2.9"))

    result = to_nifti(round_trip.dicom, round_trip.nifti)

    assert isinstance(result, ConversionReport)
    assert "1.2.840.10008.1.2.9" in result.failures[0].error


def test_a_mosaic_without_its_header_is_refused(round_trip: RoundTrip) -> None:
    round_trip.make("mosaic")
    for path in round_trip.dicom.iterdir():
        raw = path.read_bytes()
        at = raw.index(struct.pack("<HH2s", 0x0029, 0x1010, b"OB"))
        length = int.from_bytes(raw[at + 8 : at + 12], "little")
        path.write_bytes(raw[:at] + raw[at + 12 + length :])

    (failure,) = round_trip.forth().failures
    assert "mosaic of slices" in failure.error


@pytest.mark.parametrize("name", ["mixed_types", "uneven_spacing", "enhanced_two_stacks", "strangers_between"])
def test_inspect_names_what_convert_does(name: str, round_trip: RoundTrip) -> None:
    round_trip.make(name)
    found = inspect([round_trip.dicom])
    round_trip.forth()

    assert sorted(image["becomes"] for image in found.images) == [path.name for path in round_trip.images()]
    assert json.dumps(found.to_dict())


@pytest.mark.parametrize("lost", [2, 40])
def test_a_deflated_file_without_its_end_is_damaged(lost: int, round_trip: RoundTrip) -> None:
    round_trip.make("deflated")
    path = next(round_trip.dicom.iterdir())
    path.write_bytes(path.read_bytes()[:-lost])

    errors = [entry.error for entry in round_trip.forth().entries]

    assert any("the compressed data set is cut off" in error for error in errors)


def test_pixel_data_that_claim_more_bytes_than_the_file_has_do_not_end_the_series(round_trip: RoundTrip) -> None:
    """All pixels are there, but their length was found to be wrong only when they were read: the series failed."""
    save(round_trip.dicom, slices(ramp(4, 4, 5)))
    path = min(round_trip.dicom.iterdir())
    raw = path.read_bytes()
    at = raw.index(b"\xe0\x7f\x10\x00OW") + 8
    path.write_bytes(raw[:at] + struct.pack("<I", 1 << 30) + raw[at + 4 :])

    entries = {entry.outcome: entry for entry in convert(Job([round_trip.dicom], round_trip.nifti, NIFTI)).entries}

    assert len(entries[Outcome.CONVERTED].inputs) == 3
    assert "should have 1073741824 bytes, the file holds 40: truncated" in entries[Outcome.FAILED].error
