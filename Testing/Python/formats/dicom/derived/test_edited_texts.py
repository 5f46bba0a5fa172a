"""Edited texts are in the character set of the files; files in plain ASCII become UTF-8 where a text needs it."""

from __future__ import annotations

import pydicom
import pytest

from phantoms.base import put_raw, ramp, save, slices
from support.round_trip import RoundTrip


def edited(round_trip: RoundTrip, terms: list[str], name: str, description: bytes = b"") -> pydicom.Dataset:
    """Return the file that an edit of PatientName makes."""
    found = slices(ramp(3, 4, 5))
    for ds in found:
        if terms:
            ds.SpecificCharacterSet = terms
        if description:
            put_raw(ds, 0x0008103E, "LO", description + b" " * (len(description) % 2))
    save(round_trip.dicom, found)
    round_trip.forth()
    report = round_trip.home(set_values={"PatientName": name})
    assert report.ok, report
    return round_trip.returned()[0]


@pytest.mark.parametrize(
    ("terms", "name", "raw"),
    [
        (["", "ISO 2022 IR 58"], "Li^Si=李^四", b"Li^Si=\x1b$)A\xc0\xee^\x1b$)A\xcb\xc4 "),
        (["", "ISO 2022 IR 149"], "Kim=金^吉", b"Kim=\x1b$)C\xd1\xd1^\x1b$)C\xd1\xce"),
        (["ISO_IR 100"], "Döe", b"D\xf6e "),
        ([], "Döe", "Döe".encode()),
    ],
)  # fmt: skip
def test_a_new_name_is_in_the_character_set_of_the_file(terms: list[str], name: str, raw: bytes, round_trip: RoundTrip) -> None:
    ds = edited(round_trip, terms, name)

    assert ds.get_item("PatientName").value.strip() == raw.strip()
    assert ds.get("SpecificCharacterSet", "") == (terms if len(terms) > 1 else terms[0] if terms else "ISO_IR 192")


def test_other_texts_that_were_in_no_character_set_are_readable_with_it(round_trip: RoundTrip) -> None:
    ds = edited(round_trip, [], "Döe", "schräg".encode("latin-1"))

    assert (str(ds.PatientName), ds.SeriesDescription, ds.SpecificCharacterSet) == ("Döe", "schräg", "ISO_IR 192")
