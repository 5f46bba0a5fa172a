"""Names of structures → codes: the table data/segment_codes.json, and what is done for names that it does not have."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ..model.listing import listed
from ..model.metadata import Log
from ..standard.data_tables import data_table
from .checks import LONGEST_LABEL
from .segment import Code, Segment

PRIVATE_SCHEME = "99NIFTIBRIDGE"
"""Coding scheme of names that no table knows; PS3.16 8 reserves ``99`` for private ones."""
ANATOMICAL_STRUCTURE, TISSUE = "AnatomicalStructure", "Tissue"
_SIDES = {"left": "left", "right": "right", "bilateral": "bilateral", "lh": "left", "rh": "right"}
_SIDE_LETTERS = {"l": "left", "r": "right"}
# words before the name of a gyrus in FreeSurfer's tables: the parcel as such has no standard code
_PARCELS = {"ctx": "cerebral cortex", "wm": "cerebral white matter"}
_SIMPLE = re.compile(r"[A-Za-z0-9]+(?:[ _-][A-Za-z0-9]+)*")
"""Names that a code of capitals, digits and underscores keeps apart, but for case and what is between words."""


@dataclass(frozen=True)
class Coding:
    """What a name means: category, type, and the side if the name specifies one that the type does not."""

    category: Code
    type: Code
    modifier: Code | None = None


def with_codes(segments: Iterable[Segment], log: Log) -> list[Segment]:
    """Return segments that all have a category and a type.

    Those of a label file stay. Others are looked up by name; a name that is not in the table becomes a tissue with a private
    code whose meaning is the name. Names that are longer than DICOM allows are shortened.

    Parameters
    ----------
    segments : iterable of Segment
        From a label file.
    log : Log
        Receives what was looked up and what was made up.
    """
    result: list[Segment] = []
    looked_up: list[str] = []
    unknown: list[str] = []
    for segment in segments:
        if segment.type is not None:
            result.append(replace(segment, category=segment.category or category(TISSUE)))
            continue
        coding = coding_of(segment.label)
        (unknown if coding is None else looked_up).append(segment.label)
        coding = coding or Coding(category(TISSUE), private_code(segment.label))
        modifier = segment.modifier or coding.modifier
        result.append(replace(segment, category=segment.category or coding.category, type=coding.type, modifier=modifier))
    if looked_up:
        log.notes.append(f"the codes of {len(looked_up)} segment(s) were looked up by name: {listed(looked_up)}")
    if unknown:
        log.warnings.append(
            f"no standard code is known for {len(unknown)} segment(s): {listed(unknown)}. They are written as tissue, with a "
            f"private code ({PRIVATE_SCHEME}); use a label file with codes"
        )
    return _shortened(result, log)


def _shortened(segments: list[Segment], log: Log) -> list[Segment]:
    """Return segments with names of the length that DICOM allows; those that would be equal end in their number."""
    long = [segment.label for segment in segments if len(segment.label) > LONGEST_LABEL]
    if not long:
        return segments
    log.warnings.append(
        f"names of {len(long)} segment(s) have more than {LONGEST_LABEL} characters: shortened ({listed(long)})"
    )
    heads = Counter(segment.label[:LONGEST_LABEL] for segment in segments)
    return [replace(segment, label=_short(segment, heads)) for segment in segments]


def _short(segment: Segment, heads: Counter[str]) -> str:
    head, number = segment.label[:LONGEST_LABEL], f" #{segment.number}"
    if len(segment.label) <= LONGEST_LABEL or heads[head] == 1:
        return head.strip()
    return head[: LONGEST_LABEL - len(number)].strip() + number


def coding_of(name: str) -> Coding | None:
    """Return the codes of a structure by its name in English, whatever its case and punctuation; None where unknown."""
    words = _words(name)
    known = _by_name().get(" ".join(words))
    if known is not None:
        return known
    side, rest = _side_of(words)
    known = _by_name().get(" ".join(rest))
    if known is None and side and len(rest) > 1 and rest[0] in _PARCELS:
        known = _by_name()[_PARCELS[rest[0]]]
    if known is None or not side:
        return known
    return replace(known, modifier=Code(*_table()["sides"][side]))


def private_code(name: str) -> Code:
    """Return a code of our own for a name: the same for the same name, another for another, at most 16 characters (VR SH)."""
    value = re.sub(r"[^A-Z0-9]+", "_", name.upper(), flags=re.ASCII).strip("_")
    if len(value) > 16 or not _SIMPLE.fullmatch(name):
        value = (value[:9] + "-" if value else "") + hashlib.blake2b(name.encode("utf-8"), digest_size=3).hexdigest().upper()
    return Code(value, PRIVATE_SCHEME, name[:LONGEST_LABEL])


def category(name: str) -> Code:
    """Return a segmented property category (CID 7150) by its keyword."""
    return Code(*_table()["categories"][name])


def bids_label(index: int) -> str:
    """Return the standard name of a number in the column ``mapping`` of a BIDS ``_dseg.tsv``; empty where there is none."""
    names = _table()["bids"]
    return names[index] if 0 <= index < len(names) else ""


def bids_structure(label: str) -> str:
    """Return the structure of a BIDS abbreviation, such as GM (entity ``label-``); other labels are names, but for numbers.

    Examples
    --------
    >>> bids_structure("GM"), bids_structure("hippocampus"), bids_structure("3")
    ('Gray Matter', 'hippocampus', '')
    """
    abbreviations = _table()["bids_abbreviations"]
    if label in abbreviations:
        return bids_label(abbreviations.index(label))
    return "" if label.isdecimal() else label


def _words(name: str) -> list[str]:
    """Return the words of a name in lower case: ``Left-VentralDC``, ``left_ventral_dc`` and ``leftVentralDC`` are equal."""
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return re.findall(r"[a-z0-9]+", apart.lower())


def _side_of(words: list[str]) -> tuple[str, list[str]]:
    """Return the side that words specify, and the other words."""
    for n, word in enumerate(words):
        at_end = n in (0, len(words) - 1)
        side = _SIDES.get(word) or (_SIDE_LETTERS.get(word) if at_end else None)
        if side and len(words) > 1:
            return side, words[:n] + words[n + 1 :]
    return "", words


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Coding]:
    codes: dict[str, Coding] = {}
    for row in _table()["types"]:
        coding = Coding(category(row.get("category", ANATOMICAL_STRUCTURE)), Code(*row["code"]))
        codes |= {" ".join(_words(name)): coding for name in row["names"]}
    return codes


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return data_table("segment_codes")
