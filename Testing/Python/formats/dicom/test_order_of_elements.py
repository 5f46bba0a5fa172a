"""Elements in another order than that of their tags are restored in order, which is reported; VRs stay the same."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from nifti_dicom_bridge import Outcome, compare
from nifti_dicom_bridge.standard.representations import is_vr
from support.round_trip import RoundTrip

FIRST, SECOND = b"\x08\0\x60\0CS", b"\x08\0\x70\0LO"


def swapped(path: Path) -> None:
    """Exchange Modality and the element after it."""
    raw = path.read_bytes()
    start = raw.index(FIRST)
    middle = start + 8 + struct.unpack_from("<H", raw, start + 6)[0]
    end = middle + 8 + struct.unpack_from("<H", raw, middle + 6)[0]
    path.write_bytes(raw[:start] + raw[middle:end] + raw[start:middle] + raw[end:])


def test_elements_out_of_order_are_reported(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    for path in round_trip.dicom.iterdir():
        swapped(path)

    (entry,) = round_trip.forth().entries
    round_trip.home()

    assert any("not in ascending order" in warning for warning in entry.log.warnings)
    assert any("order of elements" in str(found) for found in compare(round_trip.dicom, round_trip.back).to_dict().values())


@pytest.mark.parametrize("vr", ["Lo", "lo", "ZZ"])
def test_a_vr_that_is_read_is_written_and_read_again(vr: str, round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    for path in round_trip.dicom.iterdir():
        raw = path.read_bytes()
        at = raw.index(b"\x10\0\x20\0LO")
        path.write_bytes(raw[: at + 4] + vr.encode() + raw[at + 6 :])

    round_trip.forth()
    (entry,) = round_trip.home().entries

    assert entry.outcome is Outcome.RESTORED
    assert compare(round_trip.dicom, round_trip.back).same


@pytest.mark.parametrize(
    ("text", "valid"), [("CS", True), ("cs", True), ("Cs", True), ("xy", False), ("X1", False), ("É1", False)]
)
def test_letters_that_can_be_a_vr(text: str, valid: bool) -> None:
    assert is_vr(text) is valid


def test_a_delimiter_among_the_elements_is_damage(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")
    path = min(round_trip.dicom.iterdir())
    raw = path.read_bytes()
    at = raw.index(b"\x10\0\x20\0LO")
    path.write_bytes(raw[:at] + b"\xfe\xff\x0d\xe0\0\0\0\0" + raw[at:])

    (failure,) = round_trip.forth().failures

    assert "closes no item" in failure.error
