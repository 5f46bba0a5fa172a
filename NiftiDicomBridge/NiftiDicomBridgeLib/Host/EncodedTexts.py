"""Texts in the character sets of ISO 2022, which Slicer's DICOM database and its loaders do not decode (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

ESCAPE, LOST = "\x1b", "\ufffd"
ENCODINGS = ("latin_1", "iso2022_jp", "iso2022_jp_2", "shift_jis", "euc_kr", "iso_ir_58")
"""Those of which an escape sequence selects one."""
DELIMITERS = frozenset(b"^=\\")


def readable(text: str) -> str:
    r"""Return a text that Slicer has of a DICOM file, decoded; empty if letters of it were lost.

    Examples
    --------
    >>> from NiftiDicomBridgeLib.Host.EncodedTexts import readable
    >>> readable("Yamada^Tarou=\x1b$B;3ED\x1b(B"), readable("Doe^Jane")
    ('Yamada^Tarou=山田', 'Doe^Jane')
    """
    if ESCAPE not in text:
        return "" if LOST in text else text
    from pydicom.charset import decode_bytes

    try:
        decoded = decode_bytes(text.encode("latin_1"), ENCODINGS, DELIMITERS)
    except (UnicodeError, LookupError):
        return ""
    return "" if ESCAPE in decoded or LOST in decoded else decoded


def shown(text: str | None) -> str:
    """Return a text for a list: decoded, or as it is if letters of it were lost."""
    return readable(text or "") or text or ""


def text_in(path: str, keyword: str) -> str:
    """Return a text of a DICOM file, decoded; empty if it cannot be read."""
    from .DicomHeaders import UNREADABLE, header_of

    try:
        return str(header_of(path, "SpecificCharacterSet", keyword).get(keyword, ""))
    except UNREADABLE:
        return ""
