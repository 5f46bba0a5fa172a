"""The text that Siemens hides in its headers: values of the CSA image header, and the protocol of the series header.

The protocol ("ASCCONV", "Phoenix") has one value per line, ``sPat.lAccelFactPE = 2``. Names are found by what they contain,
because software versions put them at different places: ``sCoilElementID.tCoilID`` below ``asCoilSelectMeas[0].asList[0]``.
"""

from __future__ import annotations

import re
from typing import Any

from ..standard.siemens_csa import csa_values


def image_header(raw: bytes) -> dict[str, list[Any]]:
    """Return the values of a CSA image header, by name; empty where it cannot be read."""
    return csa_values(raw) if raw[:4] == b"SV10" else {}


def values(text: str, name: str) -> list[str]:
    """Return the value of the first line whose name contains `name`; empty where there is none."""
    at = text.find(name)
    if at < 0:
        return []
    end = text.find("\n", at)
    line = text[at + len(name) : end if end >= 0 else len(text)]
    _, equals, value = line.partition("=")
    value = value.strip()
    if not equals or not value:
        return []
    quoted = re.match(r'"+([^"]*)"', value)
    if quoted:
        return [quoted[1]] if quoted[1] else []
    return [value.split("#")[0].strip()]


def number(text: str) -> float | None:
    """Return a number, decimal or hexadecimal; None where it is none."""
    try:
        return float(int(text, 16)) if text.lower().startswith("0x") else float(text)
    except ValueError:
        return None
