"""Text → HTML that is nothing but this text."""

from __future__ import annotations

import re
from html import escape

LONGEST = 600
# control characters, halves of characters, and what is no character: HTML may not hold them (HTML Living Standard 13.2.3.5);
# and what turns the direction of a text, by which a name can look like another one
_NOT_ALLOWED = re.compile(r"[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def text(value: object, longest: int = LONGEST) -> str:
    """Return a text for a place between tags or in a quoted attribute; a long one is cut."""
    whole = _NOT_ALLOWED.sub("\N{REPLACEMENT CHARACTER}", str(value))
    return escape(whole if len(whole) <= longest else whole[: longest - 1] + "…")


def foreign(value: object, longest: int = LONGEST) -> str:
    """Return a text from a file: whatever direction it is written in, it does not turn what stands beside it."""
    return f"<bdi>{text(value, longest)}</bdi>"


def number(value: float) -> str:
    """Return a number as people read it: four digits, no exponent where it can be helped."""
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    return f"{value:.3g}"


def count(n: int, what: str, several: str = "") -> str:
    """Return ``1 file``, ``2 files``, ``12 000 files``."""
    return f"{grouped(n)} {what if n == 1 else several or what + 's'}"


def grouped(n: int) -> str:
    """Return a number with its thousands apart, by spaces that do not break."""
    return f"{n:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
