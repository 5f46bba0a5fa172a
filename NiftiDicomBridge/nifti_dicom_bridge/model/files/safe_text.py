"""Text from files that is shown or stored where some characters have effects: terminals and spreadsheets."""

from __future__ import annotations

import re

# C0 and C1 control characters (escape sequences begin with one), line separators, characters that change the direction of
# text, and surrogates, which represent bytes that are not text
_CONTROLS = r"[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
_FORMULA = ("=", "+", "-", "@")
_QUOTE = "'"


def printable(text: str) -> str:
    r"""Return a line of text with escapes in place of characters that act on a terminal.

    Examples
    --------
    >>> print(printable("T1\x1b[2Jsag\n"))
    T1\x1b[2Jsag\x0a
    """
    return text if text.isprintable() else re.sub(_CONTROLS, lambda match: _escape(ord(match[0])), text)


def printable_json(text: str) -> str:
    """Return JSON with escapes in place of characters in its strings that act on a terminal; its content is the same."""
    return re.sub(_CONTROLS, lambda match: match[0] if match[0] == "\n" else f"\\u{ord(match[0]):04x}", text)


def _escape(number: int) -> str:
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def tsv_cell(text: str, empty: str = "n/a") -> str:
    """Return text as one cell of a BIDS table.

    Tabs and line breaks become blanks. Text that a spreadsheet would evaluate gets an apostrophe in front; numbers stay
    numbers, as BIDS requires.

    Examples
    --------
    >>> tsv_cell("=1+1"), tsv_cell("-1.5"), tsv_cell("T1 sag")
    ("'=1+1", '-1.5', 'T1 sag')
    """
    cell = " ".join(re.sub(_CONTROLS, " ", text).split())
    return _QUOTE + cell if cell.startswith(_FORMULA) and not _is_number(cell) else cell or empty


def tsv_text(cell: str) -> str:
    """Return the text of a cell that `tsv_cell` wrote."""
    return cell[1:] if cell.startswith(tuple(_QUOTE + sign for sign in _FORMULA)) else cell


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", cell))
