"""Words for quantities, units and body parts → codes: the table data/quantities.json."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from ....labels import Code
from ....labels.codes import private_code
from ....model.metadata import Log
from ....options.remedies import remedy
from ....standard.data_tables import data_table

NO_UNITS = Code("1", "UCUM", "no units")
_DOSE_OF_RADIATION = frozenset({"low", "full", "half", "quarter", "reduced", "normal", "standard", "high", "ultra", "lowest"})
"""Words that make "dose" a property of the acquisition, as of denoised CT and PET."""


def units_code(units: str, log: Log) -> Code:
    """Return the UCUM code of units: of words such as ``HU`` and ``mm2/s``, else the words as they are.

    Parameters
    ----------
    units : str
        As a file names them; empty where none are known.
    log : Log
        Receives where units are unknown or not in the table.
    """
    word = units.strip()
    if not word:
        log.warnings.append(f"the units of the values are not known: 'no units' (UCUM 1) is written; {remedy('state-units')}")
        return NO_UNITS
    known = _words("units").get(word.lower()) or next((code for code in _codes("units") if code.value == word), None)
    if known is not None:
        return known
    if word.isascii() and word.isprintable() and " " not in word and len(word) <= 16:
        log.warnings.append(f"units {word!r} are not in the table of units: taken for UCUM as they are")
        return Code(word, "UCUM", word)
    log.warnings.append(f"units {word!r} are not valid in UCUM: 'no units' (UCUM 1) is written")
    return NO_UNITS


def quantity_code(name: str, log: Log) -> Code:
    """Return the code of a quantity (PS3.16 CID 7180) by its name, or that of a BIDS file, such as ``sub-01_T1map``.

    A whole name may be the meaning of a code, such as ``T1``, which at the end of a file name is the weighting of an image.
    What is not in the table gets a private code whose meaning is the name.
    """
    word = name.strip().lower()
    named, meant = _words("quantities"), {code.meaning.lower(): code for code in _codes("quantities")}
    known = named.get(word) or meant.get(word) or named.get(quantity_of_name(name.strip()).lower())
    if known is not None:
        return known
    log.warnings.append(f"no standard code is known for the quantity {name!r}: it is written with a private code")
    return private_code(name or "unknown")


def quantity_of_name(name: str) -> str:
    """Return the last word of a file name if the table contains a quantity of this name; empty for other names.

    Examples
    --------
    >>> quantity_of_name("sub-01_T1map"), quantity_of_name("dti_FA"), quantity_of_name("T1"), quantity_of_name("ct_low_dose")
    ('T1map', 'FA', '', '')
    """
    *before, last = re.split(r"[_.\-]", name)
    word = last.lower()
    if word == "dose" and before and before[-1].lower() in _DOSE_OF_RADIATION:
        return ""
    return last if word in _words("quantities") or word in _table()["without_code"] else ""


def region_code(body_part: str, log: Log) -> Code:
    """Return the anatomic region of BodyPartExamined (PS3.16 L); the whole body where it is not known."""
    known = _table()["body_parts"].get(body_part.strip().upper())
    if known is None:
        log.notes.append("the body part is not known: the anatomic region of the frames is 'Entire body'")
    return Code(*(known or _table()["body_parts"]["WHOLEBODY"]))


@lru_cache(maxsize=4)
def _words(kind: str) -> dict[str, Code]:
    return {name: Code(*row["code"]) for row in _table()[kind] for name in row["names"]}


def _codes(kind: str) -> list[Code]:
    return [Code(*row["code"]) for row in _table()[kind]]


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return data_table("quantities")
