"""Texts of items without a character set are UTF-8 where they are valid in it, else Latin-1."""

from __future__ import annotations

import pytest

from nifti_dicom_bridge.formats.dicom.reading.attributes.item_values import text_of
from nifti_dicom_bridge.model.charset import CharacterSet
from nifti_dicom_bridge.model.metadata import Element
from nifti_dicom_bridge.standard.tags import Tag


@pytest.mark.parametrize(
    ("terms", "raw", "text"),
    [
        ((), "Tumör ".encode(), "Tumör"), ((), "Tumör ".encode("latin-1"), "Tumör"),
        (("ISO_IR 192",), "Tumör ".encode(), "Tumör"), (("ISO_IR 192",), "Tumör".encode("latin-1"), "Tumör"),
        (("ISO_IR 144",), "Люк ".encode("iso8859_5"), "Люк"),
    ],
)  # fmt: skip
def test_the_label_of_a_segment(terms: tuple[str, ...], raw: bytes, text: str) -> None:
    item = {Tag.SEGMENT_LABEL: Element("LO", raw)}

    assert text_of(item, Tag.SEGMENT_LABEL, CharacterSet(terms)) == text
