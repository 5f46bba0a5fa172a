"""Values → text as people read it; escaping is left to the templates."""

from __future__ import annotations

import re

LONGEST = 600
# Control characters, surrogates and noncharacters are not allowed in HTML (HTML Living Standard 13.2.3.5). Characters that
# change the direction of text are removed because they can make one file name look like another.
_NOT_ALLOWED = re.compile(r"[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def allowed(value: object) -> str:
    """Return a value as text without characters that HTML does not allow."""
    return _NOT_ALLOWED.sub("\N{REPLACEMENT CHARACTER}", str(value))


def printable(value: object, longest: int = LONGEST) -> str:
    """Return a value as text without characters that HTML does not allow; longer text is cut."""
    whole = allowed(value)
    return whole if len(whole) <= longest else whole[: longest - 1] + "…"


def number(value: float) -> str:
    """Return a number with four significant digits, without an exponent where possible."""
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    return f"{value:.3g}"


def count(n: int, noun: str, plural: str = "") -> str:
    """Return ``1 file``, ``2 files``, ``12 000 files``."""
    return f"{grouped(n)} {noun if n == 1 else plural or noun + 's'}"


def grouped(n: int) -> str:
    """Return an integer with thousands separated by spaces that do not break."""
    return f"{n:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
