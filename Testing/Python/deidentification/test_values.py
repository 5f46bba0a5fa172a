"""Values that a de-identification keeps have the form of their VR (PS3.5 6.2): nothing hides behind or between them."""

from __future__ import annotations

import pytest

from nifti_dicom_bridge.deidentification.values import in_form, padded

SIZES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "AT": 4, "FD": 8, "SV": 8, "UV": 8}


@pytest.mark.parametrize(("vr", "size"), SIZES.items())
def test_binary_numbers_are_whole_and_no_more_than_there_may_be(vr: str, size: int) -> None:
    values = bytes(range(1, 1 + 3 * size))
    assert in_form(vr, values) == values
    assert in_form(vr, values + b"SECRET"[: size - 1]) == values
    assert in_form(vr, values, most=1) == values[:size]
    assert in_form(vr, values, most=9) == values


@pytest.mark.parametrize(
    ("vr", "raw", "kept"),
    [
        ("DS", b"1.5\\SECRET\\-2e3", b"1.5\\\\-2e3 "), ("DS", b"1,5\0SECRET", b"1,5 "), ("IS", b" 12 ", b"12"),
        ("CS", b"HFS\\Smith", b"HFS\\"), ("CS", b"ABCDEFGHIJKLMNOPQ", b""), ("AS", b"045Y", b"045Y"), ("AS", b"45 years", b""),
        ("DA", b"2020.01.02", b"2020.01.02"), ("DA", b"2 Jan", b""), ("TM", b"10:11:12.5", b"10:11:12.5"), ("TM", b"noon", b""),
        ("DT", b"20200102101112.123456+0100", b"20200102101112.123456+0100"), ("DT", b"Smith", b""),
        ("UI", b"1.2.3\\SECRET", b"1.2.3\\"), ("UI", b"1.2.34", b"1.2.34"),
    ],
)  # fmt: skip
def test_texts_with_a_form_have_it_or_are_empty(vr: str, raw: bytes, kept: bytes) -> None:
    assert in_form(vr, raw) == kept


@pytest.mark.parametrize(
    ("vr", "raw", "kept"),
    [
        ("LO", b"a\0SECRET\\b", b"a\\b "), ("LT", b"a\\b\0SECRET", b"a\\b "), ("SH", b"a\x01\x7fb", b"ab"),
        ("LT", b"tab\tline\r\nform\x0cend", b"tab\tline\r\nform\x0cend"), ("LO", b"\x1b$BM\x1b(B ", b"\x1b$BM\x1b(B "),
    ],
)  # fmt: skip
def test_free_texts_end_at_a_null_character_and_have_no_control_characters_but_those_of_text(
    vr: str, raw: bytes, kept: bytes
) -> None:
    assert in_form(vr, raw) == kept


@pytest.mark.parametrize(("vr", "raw", "even"), [("UI", b"1.2", b"1.2\0"), ("LO", b"abc", b"abc "), ("LO", b"ab", b"ab")])
def test_values_are_of_even_length(vr: str, raw: bytes, even: bytes) -> None:
    assert padded(raw, vr) == even
