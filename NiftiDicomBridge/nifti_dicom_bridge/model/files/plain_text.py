"""Bytes of files that people write → text: tables, options, labels, b-values; by one rule."""

from __future__ import annotations

import codecs

_MARKS_OF_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class TextError(ValueError):
    """A text is damaged or ambiguous; the message contains places and names of columns, never other content."""


def decoded(raw: bytes) -> str:
    """Return text in UTF-8, or in UTF-16 with a byte order mark, as spreadsheets and PowerShell write it.

    Raises
    ------
    TextError
        If the bytes are not text in one of them.
    """
    is_utf16 = raw.startswith(_MARKS_OF_UTF16)
    if b"\0" in raw and not is_utf16:
        raise TextError("it is not a text file")
    try:
        return raw.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TextError(
            f"line {line} contains the byte 0x{raw[error.start]:02X}, which is not UTF-8. Save it as UTF-8"
        ) from None
