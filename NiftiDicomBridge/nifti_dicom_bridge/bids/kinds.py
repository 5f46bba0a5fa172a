"""How values are written in BIDS, and in DICOM."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..model.ages import PER_YEAR, years_of
from ..standard.numbers import decimal_text
from .source import AttributeLocation, PlaneAttributes


class Kind(NamedTuple):
    """How a value is written in BIDS and in DICOM.

    Attributes
    ----------
    to_bids : callable
        ``(source, where, factor)`` → JSON value, None if unknown.
    to_dicom : callable
        ``(JSON value, factor)`` → list of DICOM values as text.
    types : tuple of type
        What the JSON value may be.
    """

    to_bids: Callable[[PlaneAttributes, AttributeLocation, float], Any]
    to_dicom: Callable[[Any, float], list[str]]
    types: tuple[type, ...]


def round_to_12_digits(value: float, factor: float = 1.0) -> float | int:
    """Return a number times a factor, without the noise of the multiplication; integers as such."""
    rounded = float(f"{value * factor:.12g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded


def _number(source: PlaneAttributes, where: AttributeLocation, factor: float) -> float | int | None:
    value = source.number(where)
    return None if value is None or not math.isfinite(value) else round_to_12_digits(value, factor)


def _positive(source: PlaneAttributes, where: AttributeLocation, factor: float) -> float | int | None:
    """Zero is how scanners specify "not applicable" of what cannot be zero."""
    value = _number(source, where, factor)
    return value if value is not None and value > 0 else None


def _several(source: PlaneAttributes, where: AttributeLocation, factor: float) -> float | int | None:
    value = _number(source, where, factor)
    return value if value is not None and value > 1 else None


def _numbers(source: PlaneAttributes, where: AttributeLocation, factor: float) -> list[Any] | None:
    return [round_to_12_digits(value, factor) for value in source.numbers(where) if math.isfinite(value)] or None


def _text(source: PlaneAttributes, where: AttributeLocation, factor: float) -> str | None:
    return source.text(where) or None


def _list(source: PlaneAttributes, where: AttributeLocation, factor: float) -> list[str] | None:
    return [part for part in source.texts(where) if part] or None


def _clock(source: PlaneAttributes, where: AttributeLocation, factor: float) -> str | None:
    """``HHMMSS.FFFFFF`` → ``HH:MM:SS.FFFFFF``."""
    return clock(source.text(where))


def clock(text: str) -> str | None:
    """Return ``HH:MM:SS.FFFFFF`` of a DICOM time (TM: PS3.5 6.2), None where it is none."""
    match = re.fullmatch(r"(\d\d)(\d\d)(\d\d)(?:\.(\d{1,6}))?", text)
    return None if match is None else f"{match[1]}:{match[2]}:{match[3]}.{(match[4] or '').ljust(6, '0')}"


def _clock_to_dicom(value: str, factor: float) -> list[str]:
    """``H:M:S.F`` → ``HHMMSS.FFFFFF``: older dcm2niix left zeros out (``16:37:8.84``)."""
    hours, minutes, seconds = value.split(":") if ":" in value else (value[:2], value[2:4], value[4:])
    return [f"{int(hours):02d}{int(minutes):02d}{float(seconds):09.6f}"]


def seconds_of(text: str) -> float | None:
    """Return seconds since midnight of a DICOM time, None where it is none."""
    match = re.fullmatch(r"(\d\d)(\d\d)(\d\d(?:\.\d{1,6})?)", text)
    return None if match is None else int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3])


def _date(source: PlaneAttributes, where: AttributeLocation, factor: float) -> str | None:
    """``YYYYMMDD`` → ``YYYY-MM-DD``."""
    return date(source.text(where))


def date(text: str) -> str | None:
    """Return ``YYYY-MM-DD`` of a DICOM date, None where it is none."""
    match = re.fullmatch(r"(\d{4})[.-]?(\d\d)[.-]?(\d\d)", text)
    return None if match is None else "-".join(match.groups())


def _age(source: PlaneAttributes, where: AttributeLocation, factor: float) -> float | int | None:
    """``045Y``, ``018M``, ``003W``, ``010D`` → years."""
    text = source.text(where)
    years = years_of(text)
    if years is None:
        return None
    return int(years) if text.endswith("Y") else float(f"{years:.4g}")


def _age_to_dicom(value: Any, factor: float) -> list[str]:
    """Years → the largest unit that specifies them exactly, else the smallest that has room (AS: PS3.5 6.2, three digits)."""
    counts = {unit: float(value) * per_year for unit, per_year in PER_YEAR.items()}
    whole = {unit: round(count) for unit, count in counts.items() if 0 <= round(count) <= MOST_IN_AGE}
    exact = [unit for unit, n in whole.items() if abs(counts[unit] - n) < 0.05 and (n > 0 or value == 0)]
    unit = next(iter([*exact, *reversed(whole)]), None)
    if unit is None:
        raise ValueError(value)
    return [f"{whole[unit]:03d}{unit}"]


def _flag(true: tuple[str, ...], false: tuple[str, ...]) -> Callable[[PlaneAttributes, AttributeLocation, float], bool | None]:
    """Return a reader of code strings that mean true or false."""

    def read(source: PlaneAttributes, where: AttributeLocation, factor: float) -> bool | None:
        word = source.text(where).upper()
        return True if word in true else False if word in false else None

    return read


def flag(true: tuple[str, ...], false: tuple[str, ...]) -> Kind:
    """Return the kind of a code string that is a truth value in BIDS; the first word of each is written to DICOM."""
    return Kind(_flag(true, false), lambda value, factor: [true[0] if value else false[0]], (bool,))


def words(meaning: dict[str, str], spellings: Mapping[str, str] | None = None) -> Kind:
    """Return the kind of a code string that has another name in BIDS: DICOM → BIDS; other words stay as they are.

    `spellings` are further words, as `_plain` returns them → DICOM.
    """
    back = {bids: dicom for dicom, bids in reversed(meaning.items())}
    others = {} if spellings is None else {**{_plain(bids): dicom for bids, dicom in back.items()}, **spellings}

    def read(source: PlaneAttributes, where: AttributeLocation, factor: float) -> str | None:
        word = source.text(where)
        return meaning.get(word.upper(), word) or None

    return Kind(read, lambda value, factor: [back.get(value) or others.get(_plain(value), value)], (str,))


def _plain(units: str) -> str:
    """Return units without differences in spelling: ``kBq / cc`` is ``kbq/ml``."""
    return re.sub(r"cc\b|cm\^?3\b", "ml", re.sub(r"\s", "", units.lower()).replace("μ", "u").replace("µ", "u"))


def one_of(*allowed: str) -> Kind:
    """Return the kind of a code string that BIDS knows some words of; others specify nothing."""

    def read(source: PlaneAttributes, where: AttributeLocation, factor: float) -> str | None:
        word = source.text(where).upper()
        return word if word in allowed else None

    return Kind(read, lambda value, factor: [value], (str,))


def choice(meaning: dict[int, Any]) -> Kind:
    """Return the kind of a number that represents a word in BIDS; other numbers specify nothing."""
    back = {str(bids): number for number, bids in reversed(meaning.items())}

    def read(source: PlaneAttributes, where: AttributeLocation, factor: float) -> Any:
        code = source.number(where)
        return None if code is None else meaning.get(int(code))

    return Kind(read, lambda value, factor: [str(back[str(value)])], (str, int, float))


def _number_to_dicom(value: Any, factor: float) -> list[str]:
    return [decimal_text(value / factor)]


def _split(value: Any, factor: float) -> list[str]:
    return value.split("\\") if isinstance(value, str) else [str(part) for part in value]


NUMBER = Kind(_number, _number_to_dicom, (int, float))
POSITIVE = Kind(_positive, _number_to_dicom, (int, float))
SEVERAL = Kind(_several, _number_to_dicom, (int, float))
NUMBERS = Kind(_numbers, lambda value, factor: [decimal_text(v / factor) for v in value], (list,))
TEXT = Kind(_text, lambda value, factor: [value], (str,))
JOINED = Kind(_text, _split, (str, list))
LIST = Kind(_list, lambda value, factor: [str(v) for v in value], (list,))
CLOCK = Kind(_clock, _clock_to_dicom, (str,))
DATE = Kind(_date, lambda value, factor: [value.replace("-", "")], (str,))
AGE = Kind(_age, _age_to_dicom, (int, float))
MOST_IN_AGE = 999
MS_TO_S = 1e-3
PERCENT = 100.0
"""Of the whole."""
US_TO_S = 1e-6
NS_TO_S = 1e-9
