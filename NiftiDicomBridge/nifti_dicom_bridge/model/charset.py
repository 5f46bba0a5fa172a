"""Text in the character sets of DICOM (PS3.5 6.1, PS3.3 C.12.1.1.2): ASCII by ourselves, all others by pydicom."""

from __future__ import annotations

import re
from typing import Any

from ..standard import dictionary
from ..standard.pydicom_settings import without_warnings
from ..standard.tags import Tag
from . import metadata
from .metadata import Element, Elements

UTF_8 = "ISO_IR 192"
# PS3.5 6.1.2.3: VRs to which SpecificCharacterSet applies; all others are ASCII
AFFECTED_VRS = frozenset(["LO", "LT", "PN", "SH", "ST", "UC", "UT"])
_SINGLE_BYTE = frozenset(
    f"{prefix} {number}"
    for number in (100, 101, 109, 110, 126, 127, 138, 144, 148, 166)
    for prefix in ("ISO_IR", "ISO 2022 IR")
)
_ASCII, _DEFAULT_CODEC = frozenset({"", "ISO_IR 6", "ISO 2022 IR 6"}), "iso8859"
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_DELIMITERS = {"PN": {"\\", "^", "="}, "LT": set(), "ST": set(), "UT": set()}
_RESETS = re.compile(r"([\\^=\r\n\t\f])")
"""After these, the first character set is in force again (PS3.5 6.1.2.5.3)."""
_CHINESE, _CHINESE_ESCAPE = "ISO 2022 IR 58", b"\x1b$)A"
# PS3.3 C.12.1.1.2: sets of letters above 127, and what designates them
_ESCAPES = {
    "ISO 2022 IR 100": b"\x1b-A", "ISO 2022 IR 101": b"\x1b-B", "ISO 2022 IR 109": b"\x1b-C", "ISO 2022 IR 110": b"\x1b-D",
    "ISO 2022 IR 144": b"\x1b-L", "ISO 2022 IR 127": b"\x1b-G", "ISO 2022 IR 126": b"\x1b-F", "ISO 2022 IR 138": b"\x1b-H",
    "ISO 2022 IR 148": b"\x1b-M", "ISO 2022 IR 166": b"\x1b-T", "ISO 2022 IR 149": b"\x1b$)C", _CHINESE: _CHINESE_ESCAPE,
}  # fmt: skip


class CharacterSet:
    """The character sets in force in a data set."""

    def __init__(self, terms: tuple[str, ...] = ()):
        self.terms = terms

    def of(self, elements: Elements) -> CharacterSet:
        """Return the character sets of a data set or item: its own, else those around it."""
        if Tag.SPECIFIC_CHARACTER_SET not in elements:
            return self
        return self._with(tuple(metadata.texts(elements, Tag.SPECIFIC_CHARACTER_SET)))

    def of_json(self, data_set: dict[str, Any]) -> CharacterSet:
        """Return the character sets of a data set in JSON."""
        element = data_set.get(dictionary.hexadecimal(Tag.SPECIFIC_CHARACTER_SET))
        if not isinstance(element, dict) or not isinstance(element.get("Value"), list):
            return self
        return self._with(tuple("" if term is None else str(term).strip() for term in element["Value"]))

    def _with(self, terms: tuple[str, ...]) -> CharacterSet:
        return self if terms == self.terms else CharacterSet(terms)

    @property
    def is_known(self) -> bool:
        """Whether the first term is one of the standard, or the name of an encoding: pydicom has Latin-1 for others."""
        return not self.terms or self.terms[0] in _ASCII or self._codecs()[0] != _DEFAULT_CODEC

    @property
    def is_single_byte(self) -> bool:
        """Whether every letter is one byte."""
        return all(term in _SINGLE_BYTE for term in self.terms)

    def decode(self, raw: bytes, vr: str) -> str:
        """Return text; raises `UnicodeError` or `LookupError` where it cannot be read."""
        if raw.isascii() and b"\x1b" not in raw:
            return raw.decode("ascii")
        if vr not in AFFECTED_VRS:
            raise UnicodeError(f"{vr} allows ASCII only")
        from pydicom.charset import decode_bytes

        with without_warnings():
            text = str(decode_bytes(raw, self._codecs(), _DELIMITERS.get(vr, {"\\"})))
        return text.replace(_CHINESE_ESCAPE.decode(), "") if _CHINESE in self.terms else text

    def shown(self, raw: bytes, vr: str) -> str:
        """Return text for people: that of `decode`, UTF-8 where no character set is specified and the bytes are UTF-8.

        Raises `UnicodeError` or `LookupError` where it cannot be read.
        """
        if not any(self.terms) and not raw.isascii() and vr in AFFECTED_VRS:
            try:
                return raw.decode("utf-8")
            except UnicodeError:
                pass
        text = self.decode(raw, vr)
        if _REPLACED in text:
            raise UnicodeError("the bytes are not in the specified character set")
        return text

    def text(self, elements: Elements, tag: int) -> str:
        """Return a text of a data set or item as people read it; see `text_of`."""
        element = elements.get(tag)
        return "" if element is None else self.of(elements).text_of(element)

    def text_of(self, element: Element) -> str:
        """Return a text as people read it, without padding; as Latin-1 where it is not in the character sets."""
        if not isinstance(element.value, bytes):
            return ""
        try:
            text = self.shown(element.value, element.vr)
        except (UnicodeError, LookupError):
            text = element.value.decode("latin-1")
        return text.strip(metadata.SPACE_AND_NULL)

    def in_utf_8(self, raw: bytes, vr: str) -> bytes:
        """Return a value of text as UTF-8; raises `UnicodeError` or `LookupError` where it cannot be read."""
        if raw.isascii() and b"\x1b" not in raw:
            return raw
        text = self.shown(raw, vr).rstrip(" \0").encode("utf-8")
        return text + b" " * (len(text) % 2)

    def encode(self, text: str, vr: str) -> bytes:
        """Return bytes; raises `UnicodeError` where the character sets have no such letter."""
        if text.isascii() and "\x1b" not in text:
            return text.encode("ascii")
        if vr not in AFFECTED_VRS:
            raise UnicodeError(f"{vr} allows ASCII only")
        from pydicom.charset import encode_string

        with without_warnings():
            codecs = self._codecs()
            if len(codecs) == 1:
                return text.encode(codecs[0])
            if _CHINESE in self.terms:
                return self.encode_new(text, vr)
            groups = [text] if vr != "PN" else text.split("=")
            return b"=".join(encode_string(group, codecs) for group in groups)

    def encode_new(self, text: str, vr: str) -> bytes:
        """Return bytes of a text that was not in the data set before, as PS3.5 6.1.2.5 specifies code extensions.

        Raises
        ------
        UnicodeError
            Where the character sets have no such letter; those of plain ASCII have none beyond it.
        """
        if vr not in AFFECTED_VRS or text.isascii():
            return self.encode(text, vr)
        if all(term in _ASCII for term in self.terms):
            raise UnicodeError("the character set is ASCII")
        if len(self.terms) < 2:
            return self.encode(text, vr)
        text = text.replace(_CHINESE_ESCAPE.decode(), "")
        raw = b"".join(map(self._fragment, _RESETS.split(text)))
        if self.decode(raw, vr) != text:
            raise UnicodeError("the character sets cannot express it")
        return raw

    def _fragment(self, text: str) -> bytes:
        """Return a text without delimiters, by the first character set that has all its letters, else by several."""
        from pydicom.charset import encode_string

        if text.isascii():
            return text.encode("ascii")
        codecs = self._codecs()
        for n, (term, codec) in enumerate(zip(self.terms, codecs, strict=True)):
            try:
                if term in _ESCAPES or (n == 0 and term in _SINGLE_BYTE):
                    return (_ESCAPES[term] if n or term not in _SINGLE_BYTE else b"") + text.encode(codec)
            except UnicodeError:
                continue
        with without_warnings():
            return bytes(encode_string(text, codecs))

    def _codecs(self) -> list[str]:
        from pydicom.charset import convert_encodings

        with without_warnings():
            return list(convert_encodings(list(self.terms) or [""]))
