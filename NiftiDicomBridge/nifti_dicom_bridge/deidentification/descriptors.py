"""Descriptions, reduced to words of anatomy and technique (PS3.15 E.3.5): no list of forbidden words can be complete."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any

from ..standard.data_tables import data_table

_TOKEN = re.compile(r"[^\W_]+(?:[.,]\d+[^\W\d_]*)?")
_PLAIN = re.compile(r"\d+(?:[.,]\d+)?")
_NUMBER = re.compile(
    r"\d{1,3}(?:[.,]\d{1,3})?(?:mm|ms|s|d|x|t|h|dir|deg|ch|min|sec|hz|kv|ma|p)?"
    r"|(?:p|s|te|tr|ti|fa|iso|x|mb|bw|r|acc|gap|run|echo|phase|vol)\d{1,3}(?:[.,]\d{1,2})?(?:mm|ms)?|b\d{1,5}",
    re.IGNORECASE,
)  # fmt: skip
_SHORT_NUMBER = re.compile(r"\d{1,2}$")
_SHORTEST_NAME = 4
"""Letters of a name that other texts contain for no other reason."""
_TABLES = ("segment_codes", "quantities")
"""Tables of which the names are harmless; texts that describe the table itself are not among them."""
_NOT_NAMES = frozenset({"bids_abbreviations"})  # such as B and L, which may be initials of a person


def cleaned(text: str, forbidden: Collection[str] = ()) -> str:
    """Return the words of a description that are anatomy, technique, or short numbers.

    A number without a unit stays only between such words: next to others it may be of a date, an address or a telephone.

    Parameters
    ----------
    text : str
        The description.
    forbidden : collection of str
        Words in lower case that are left out anyway: names of the people of the data set.
    """
    words = list(_words(text))
    plain = [_PLAIN.fullmatch(word) is not None for word in words]
    harmless = [word.lower() not in forbidden and _is_harmless(word) for word in words]
    neighbors = [True, *(good and not number for good, number in zip(harmless, plain, strict=True)), True]
    kept = [good and (not plain[n] or (neighbors[n] and neighbors[n + 2])) for n, good in enumerate(harmless)]
    return " ".join(word for word, stays in zip(words, kept, strict=True) if stays)


def without_names(text: str, forbidden: Collection[str]) -> str:
    """Return a text that is kept, without the names of people: an operator may have written them anywhere.

    Short words of ASCII letters, and those of anatomy and technique, stay: they are names by chance.

    Parameters
    ----------
    text : str
        The text.
    forbidden : collection of str
        Words in lower case: names of the people of the data set.
    """
    return _TOKEN.sub(lambda word: "" if _is_name(word[0].lower(), forbidden) else word[0], text)


def _is_name(word: str, forbidden: Collection[str]) -> bool:
    if word in forbidden:
        return not word.isascii() or (len(word) >= _SHORTEST_NAME and word not in _vocabulary())
    parts = () if word.isascii() else (name for name in forbidden if len(name) > 1 and not name.isascii())
    return any(name in word for name in parts)  # other scripts write names without blanks


def _words(text: str) -> Iterator[str]:
    return (mark[0] for mark in _TOKEN.finditer(text))


def _is_harmless(word: str) -> bool:
    return _NUMBER.fullmatch(word) is not None or word.lower() in _vocabulary()


def is_image_type(value: str) -> bool:
    """Whether ImageType and FrameType keep a value: a defined term of the standard or words of vendors, with a short number."""
    words = _words_of("image_type")
    term = _SHORT_NUMBER.sub("", value.replace(" ", "_"))
    return bool({value, value.replace(" ", "_"), term} & words) or all(
        bool({word, _SHORT_NUMBER.sub("", word)} & words) for word in value.split()
    )


@lru_cache(maxsize=2)
def _words_of(name: str) -> frozenset[str]:
    return frozenset(" ".join(data_table("harmless_words")[name]).split())


@lru_cache(maxsize=1)
def _vocabulary() -> frozenset[str]:
    words = set(_words_of("technique"))
    for name in _TABLES:
        parts = (part for key, part in data_table(name).items() if not isinstance(part, str) and key not in _NOT_NAMES)
        words |= {word.lower() for part in parts for text in _names_in(part) for word in _words(text)}
    return frozenset(word for word in words if not word.isdigit())


def _names_in(table: Any) -> Iterator[str]:
    """Yield names and meanings of a table of codes, but not the codes themselves."""
    if isinstance(table, dict):
        for key, value in table.items():
            if key == "code":
                yield value[2]
            else:
                yield from _names_in(value)
    elif isinstance(table, list):
        for value in table:
            yield from _names_in(value)
    elif isinstance(table, str):
        yield table
