"""The CRC-32 of parts is that of the whole, as zlib computes it."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nifti_dicom_bridge.formats.nifti.joined_checksum import joined_checksum


@given(st.lists(st.binary(max_size=70), max_size=8))
@pytest.mark.slow
def test_parts_give_the_checksum_of_the_whole(parts: list[bytes]) -> None:
    assert joined_checksum([(zlib.crc32(part), len(part)) for part in parts]) == zlib.crc32(b"".join(parts))


def test_long_parts() -> None:
    parts = [bytes(range(256)) * 5000, b"\0" * (1 << 20), b"end"]
    assert joined_checksum([(zlib.crc32(part), len(part)) for part in parts]) == zlib.crc32(b"".join(parts))
