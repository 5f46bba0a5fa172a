"""Text with code extensions (PS3.5 6.1.2.5, Annexes H to K), and new text for data sets in other character sets."""

from __future__ import annotations

import pytest

from nifti_dicom_bridge.model.charset import CharacterSet
from nifti_dicom_bridge.model.identity import texts_of
from nifti_dicom_bridge.model.metadata import Element, Elements
from nifti_dicom_bridge.standard.tags import Tag

KOREAN = (("", "ISO 2022 IR 149"), "Hong^Gildong=洪^吉洞=홍^길동",
          b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf")  # fmt: skip
CHINESE = ("", "ISO 2022 IR 58"), "Zhang^XiaoDong=张^小东", b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab"
JAPANESE = ("", "ISO 2022 IR 87"), "Yamada^Tarou=山田^太郎", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"
EUROPEAN = ("", "ISO 2022 IR 100", "ISO 2022 IR 126"), "Äneas^Διο", b"\x1b-A\xc4neas^\x1b-F\xc4\xe9\xef"
GREEK = ("ISO 2022 IR 100", "ISO 2022 IR 126"), "Jérôme=Διο", b"J\xe9r\xf4me=\x1b-F\xc4\xe9\xef"
LATIN = ("ISO_IR 100",), "Jérôme", b"J\xe9r\xf4me"
EXAMPLES = [KOREAN, CHINESE, JAPANESE, EUROPEAN, GREEK, LATIN]


@pytest.mark.parametrize(("terms", "text", "raw"), EXAMPLES)
def test_new_text_has_the_form_of_the_standard(terms: tuple[str, ...], text: str, raw: bytes) -> None:
    assert CharacterSet(terms).encode_new(text, "PN") == raw
    assert CharacterSet(terms).decode(raw, "PN") == text


def test_escapes_of_chinese_are_not_in_the_text() -> None:
    charset = CharacterSet(("", "ISO 2022 IR 58"))
    raw = b"1) ABC\r\n2) \x1b$)A\xd0\xa1\xb6\xab abc"
    assert charset.decode(raw, "LT") == "1) ABC\r\n2) 小东 abc"


def test_text_of_former_records_with_escapes_gives_the_same_bytes() -> None:
    assert CharacterSet(CHINESE[0]).encode("Zhang^XiaoDong=\x1b$)A张^\x1b$)A小东", "PN") == CHINESE[2]


@pytest.mark.parametrize(("terms", "text"), [((), "Jérôme"), (("ISO_IR 6",), "Jérôme"), (("", "ISO 2022 IR 58"), "محمد")])
def test_new_text_that_the_character_sets_do_not_have_is_refused(terms: tuple[str, ...], text: str) -> None:
    with pytest.raises(UnicodeError):
        CharacterSet(terms).encode_new(text, "PN")


@pytest.mark.parametrize(
    ("terms", "raw", "text"),
    [
        ((), "Tumör ".encode(), "Tumör"), ((), "Tumör ".encode("latin-1"), "Tumör"),
        (("ISO_IR 192",), "Tumör ".encode(), "Tumör"), (("ISO_IR 192",), "Tumör".encode("latin-1"), "Tumör"),
        (("ISO_IR 144",), "Люк ".encode("iso8859_5"), "Люк"),
    ],
)  # fmt: skip
def test_text_without_or_in_another_character_set_is_utf_8_or_else_latin_1(
    terms: tuple[str, ...], raw: bytes, text: str
) -> None:
    elements: Elements = {Tag.SEGMENT_LABEL: Element("LO", raw), Tag.PATIENT_NAME: Element("PN", raw)}

    assert CharacterSet(terms).text(elements, Tag.SEGMENT_LABEL) == text
    stated = Element("CS", "\\".join(terms).encode())
    assert texts_of({Tag.SPECIFIC_CHARACTER_SET: stated, **elements}) == {"PatientName": text}
