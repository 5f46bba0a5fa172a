"""VR and VM: how values must be written (PS3.5 6.2), and how many there must be (PS3.6)."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from ..model.charset import AFFECTED_VRS, CharacterSet
from ..model.metadata import NUMBER_FORMATS, Element, Elements
from ..standard import dictionary
from ..standard.tags import Tag
from .findings import TagPath
from .subject import DataSetContext


class TextRule(NamedTuple):
    """How the values of a text VR look: most characters of one value (0: any number), pattern, the pattern in words."""

    most: int
    pattern: re.Pattern[bytes] | None
    words: str
    several: bool = True


# PS3.5 Table 6.2-1
_PRINTED = re.compile(rb"[^\x00-\x1a\x1c-\x1f\x7f]*")  # 1B switches character sets
_WRITTEN = re.compile(rb"[^\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]*")
TEXT_RULES = {
    "AE": TextRule(16, re.compile(rb"[\x20-\x5b\x5d-\x7e]*"), "at most 16 printable characters"),
    "AS": TextRule(4, re.compile(rb"\d{3}[DWMY]"), "an age such as 018M"),
    "CS": TextRule(16, re.compile(rb"[A-Z0-9 _]*"), "at most 16 capital letters, digits, spaces and underscores"),
    "DA": TextRule(8, re.compile(rb"\d{8}"), "a date such as 19930822"),
    "DS": TextRule(16, re.compile(rb" *[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)? *"), "a number of at most 16 characters"),
    "DT": TextRule(26, re.compile(rb"\d{4}(\d\d(\d\d(\d\d(\d\d(\d\d(\.\d{1,6})?)?)?)?)?)?([+-]\d{4})? *"),
                   "a date and time such as 19930822145958.5+0100"),
    "IS": TextRule(12, re.compile(rb" *[+-]?\d+ *"), "an integer of at most 12 characters"),
    "LO": TextRule(64, _PRINTED, "at most 64 characters without control characters"),
    "LT": TextRule(10240, _WRITTEN, "at most 10240 characters", False),
    "PN": TextRule(0, _PRINTED, "a name without control characters"),
    "SH": TextRule(16, _PRINTED, "at most 16 characters without control characters"),
    "ST": TextRule(1024, _WRITTEN, "at most 1024 characters", False),
    "TM": TextRule(14, re.compile(rb"([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)? *"), "a time such as 145958.5"),
    "UC": TextRule(0, _PRINTED, "characters without control characters"),
    "UI": TextRule(64, re.compile(rb"[012](\.(0|[1-9]\d*))+"),
                   "at most 64 digits and dots, a first number below 3, no leading zeros"),
    "UR": TextRule(0, re.compile(rb"[\x21-\x5b\x5d-\x7e]*"), "a URI", False),
    "UT": TextRule(0, _WRITTEN, "characters without control characters", False),
}  # fmt: skip
PADDING = {"UI": b"\0"}
MOST_INTEGER = 2**31
NAME_GROUPS, NAME_COMPONENTS, NAME_LENGTH = 3, 5, 64
# the VR of these follows PixelRepresentation (PS3.5 A.1 and the dictionary's "US or SS")
FOLLOW_PIXELS = frozenset(
    {
        Tag.SMALLEST_IMAGE_PIXEL_VALUE,
        Tag.LARGEST_IMAGE_PIXEL_VALUE,
        Tag.SMALLEST_PIXEL_VALUE_IN_SERIES,
        Tag.LARGEST_PIXEL_VALUE_IN_SERIES,
        Tag.PIXEL_PADDING_VALUE,
        Tag.PIXEL_PADDING_RANGE_LIMIT,
    }
)
WHOLE = frozenset(["LT", "ST", "UT", "UR", "OB", "OD", "OF", "OL", "OV", "OW", "UN", "SQ"])


def check_element(subject: DataSetContext, tag: int, element: Element, path: TagPath, charset: CharacterSet) -> None:
    """Report an element whose VR is not that of the dictionary, whose values are not of their VR, or too many."""
    explicit = subject.instance.encoding.explicit
    for rule, message, advice in _problems(tag, element.vr, _key(element), explicit):
        subject.error(rule, path, message, advice)
    value = element.value
    if isinstance(value, bytes) and element.vr in TEXT_RULES and not value.isascii():
        _check_letters(subject, element.vr, value, path, charset)


def _key(element: Element) -> bytes | int:
    """Return what problems depend on: the bytes of text and numbers, otherwise only how many there are."""
    if isinstance(element.value, tuple):
        return -1
    return element.value if element.vr in TEXT_RULES or element.vr in NUMBER_FORMATS else len(element.value)


Problem = tuple[str, str, str]


@lru_cache(maxsize=1 << 16)
def _problems(tag: int, vr: str, raw: bytes | int, explicit: bool) -> tuple[Problem, ...]:
    problems = list(_vr_problems(tag, vr)) if explicit else []
    if dictionary.is_private(tag) and not explicit:  # its VR is only what a dictionary of private elements believes
        return ()
    if raw == -1:
        return tuple(problems)
    length = raw if isinstance(raw, int) else len(raw)
    if length % 2:
        problems.append(
            ("odd length", f"It has {length} bytes; values must have an even number (PS3.5 7.1.1).", "Pad the value.")
        )
    if isinstance(raw, bytes) and raw:
        problems += _text_problems(vr, raw) if vr in TEXT_RULES else _binary_problems(vr, raw)
        problems += _count_problems(tag, vr, raw)
    return tuple(problems)


def _vr_problems(tag: int, vr: str) -> list[Problem]:
    allowed = _dictionary(tag)[0]
    if vr == "UN" or not allowed or vr in allowed.split(" or "):
        return []
    return [("VR", f"Its VR is {vr}; the dictionary has {allowed} (PS3.6).", f"Write it as {allowed}.")]


@lru_cache(maxsize=8192)
def _dictionary(tag: int) -> tuple[str, str]:
    """Return VR and VM of the dictionary; empty where it does not know."""
    from pydicom.datadict import dictionary_VM, dictionary_VR

    if dictionary.is_private(tag):
        creator = 0x10 <= tag & 0xFFFF <= 0xFF
        return ("LO", "1") if creator else ("", "")
    if tag & 0xFFFF == 0:
        return "UL", "1"
    try:
        return dictionary_VR(tag), dictionary_VM(tag)
    except KeyError:
        return "", ""


def _text_problems(vr: str, raw: bytes) -> list[Problem]:
    rule = TEXT_RULES[vr]
    pad = PADDING.get(vr, b" ")
    whole = raw[:-1] if raw.endswith(pad) and len(raw) % 2 == 0 else raw
    values = whole.split(b"\\") if rule.several else [whole]
    for value in values:
        if not value.strip(b" "):
            continue
        problem = _value_problem(vr, rule, value)
        if problem:
            text = value.decode("latin-1")
            shown = text if len(text) <= 80 else text[:77] + "…"
            return [("VR value", f"{shown!r} is not a valid {vr}: {problem} (PS3.5 6.2).", f"Write {rule.words}.")]
    return []


def _value_problem(vr: str, rule: TextRule, value: bytes) -> str:
    kept = value.strip(b" ") if vr not in ("LT", "ST", "UT") else value.rstrip(b" ")
    if rule.most and len(kept) > rule.most and value.isascii():  # other character sets are counted when decoded
        return f"{len(kept)} characters, at most {rule.most} are allowed"
    if rule.pattern is not None and not rule.pattern.fullmatch(value):
        if value.endswith(b"\0"):
            return "it is padded with zero bytes instead of spaces" if vr != "UI" else "it ends in several zero bytes"
        return f"{rule.words} was expected"
    if vr == "DA":
        return _date_problem(value)
    if vr == "IS" and not -MOST_INTEGER <= int(value) < MOST_INTEGER:
        return "it does not fit in 32 bits"
    if vr == "PN" and value.isascii():
        return _name_problem(value.decode("ascii"))
    return ""


def _date_problem(value: bytes) -> str:
    try:
        date(int(value[:4]), int(value[4:6]), int(value[6:8]))
    except ValueError:
        return "the day does not exist"
    return ""


def _name_problem(text: str) -> str:
    groups = text.split("=")
    if len(groups) > NAME_GROUPS:
        return f"{len(groups)} groups, at most {NAME_GROUPS} are allowed"
    for group in groups:
        if len(group.rstrip()) > NAME_LENGTH:
            return f"{len(group)} characters in one group, at most {NAME_LENGTH} are allowed"
        if group.count("^") >= NAME_COMPONENTS:
            return f"{group.count('^') + 1} components, at most {NAME_COMPONENTS} are allowed"
    return ""


def _binary_problems(vr: str, raw: bytes) -> list[Problem]:
    size = _SIZES[vr]
    if len(raw) % size:
        return [("VR value", f"It has {len(raw)} bytes; {vr} requires a multiple of {size} (PS3.5 6.2).", "Write it again.")]
    return []


_SIZES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "SV": 8, "UV": 8}


def _count_problems(tag: int, vr: str, raw: bytes) -> list[Problem]:
    wanted = _dictionary(tag)[1]
    unclear = vr in TEXT_RULES and not raw.isascii()  # a byte of a Chinese letter may look like "\\"
    if vr in WHOLE or not wanted or wanted == "1-n" or unclear:
        return []
    count = len(raw) // _SIZES[vr] if vr in _SIZES else raw.count(b"\\") + 1
    if any(_fits(count, part) for part in wanted.split(" or ")):
        return []
    return [("VM", f"It has {count} value(s); the dictionary allows {wanted} (PS3.6).", f"Write {wanted} value(s).")]


@lru_cache(maxsize=512)
def _fits(count: int, wanted: str) -> bool:
    """Whether a number of values is one of ``1``, ``1-3``, ``1-n``, ``2-2n``."""
    low, _, high = wanted.partition("-")
    if not high:
        return count == int(low)
    if high.endswith("n"):
        return count >= int(low) and count % int(high[:-1] or 1) == 0
    return int(low) <= count <= int(high)


# --- letters beyond ASCII ---------------------------------------------------------------------------------------------


def _check_letters(subject: DataSetContext, vr: str, raw: bytes, path: TagPath, charset: CharacterSet) -> None:
    if vr not in AFFECTED_VRS:
        subject.error(
            "character set",
            path,
            f"It has letters beyond ASCII; {vr} allows ASCII only (PS3.5 6.1.2.3).",
            "Write it with ASCII letters.",
        )
        return
    if not any(charset.terms):
        subject.error(
            "character set",
            path,
            "It contains non-ASCII characters, and SpecificCharacterSet (0008,0005) does not specify "
            "which character set they are in (PS3.3 C.12.1.1.2).",
            "Set SpecificCharacterSet, such as ISO_IR 192 for UTF-8.",
        )
        return
    try:
        text = charset.decode(raw, vr)
    except (UnicodeError, LookupError):
        subject.error(
            "character set",
            path,
            f"Its letters are not of SpecificCharacterSet {'/'.join(charset.terms)!r} (PS3.3 C.12.1.1.2).",
            "Correct SpecificCharacterSet (0008,0005) or the text.",
        )
        return
    most = TEXT_RULES[vr].most
    for value in text.split("\\") if TEXT_RULES[vr].several else [text]:
        problem = _name_problem(value) if vr == "PN" else ""
        if most and len(value.strip()) > most:
            problem = f"{len(value.strip())} characters, at most {most} are allowed"
        if problem:
            subject.error("VR value", path, f"{value!r} is not a valid {vr}: {problem} (PS3.5 6.2).", "Shorten it.")


def check_signs(subject: DataSetContext, elements: Elements, above: TagPath) -> None:
    """Report elements of "US or SS" whose VR is not that of the pixels (PS3.3 C.7.5.1.1.2, C.7.6.3.1)."""
    representation = elements.get(Tag.PIXEL_REPRESENTATION)
    if representation is None or not subject.instance.encoding.explicit:
        return
    wanted = "SS" if representation.value == b"\1\0" else "US"
    for tag in FOLLOW_PIXELS & elements.keys():
        vr = elements[tag].vr
        if vr in ("US", "SS") and vr != wanted:
            subject.error(
                "VR",
                (*above, tag),
                f"Its VR is {vr}; PixelRepresentation (0028,0103) requires {wanted} (PS3.3 C.7.6.3.1).",
                f"Write it as {wanted}.",
            )
