"""Criteria of the map, as those of dcm2bids: patterns for what is known of an image."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import translate
from typing import Any

from ..errors import OptionError
from ..standard.numbers import is_number

Test = Callable[[Any], bool]
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "lt": lambda value, limit: value < limit,
    "le": lambda value, limit: value <= limit,
    "gt": lambda value, limit: value > limit,
    "ge": lambda value, limit: value >= limit,
}
RANGES: dict[str, Callable[[float, float, float], bool]] = {
    "btw": lambda value, low, high: low < value < high,
    "btwe": lambda value, low, high: low <= value <= high,
}
GROUPS: dict[str, Callable[[Any], bool]] = {"any": any, "all": all, "not": lambda hits: not any(hits)}


@dataclass(frozen=True)
class Patterns:
    """How texts are compared.

    Attributes
    ----------
    regular : bool
        Regular expressions from the start of the text (``re``), else shell patterns for the whole of it (``fnmatch``).
    case_sensitive : bool
        Whether case counts.
    """

    regular: bool = False
    case_sensitive: bool = True

    def compiled(self, pattern: str, where: str) -> re.Pattern[str]:
        """Return a pattern as an expression to match from the start; raises `OptionError` where it is none."""
        try:
            return re.compile(pattern if self.regular else translate(pattern), 0 if self.case_sensitive else re.IGNORECASE)
        except re.error as error:
            raise OptionError(f"{where}: {pattern!r} is not a valid regular expression: {error}.") from None


def criteria(content: Any, patterns: Patterns, where: str) -> Callable[[Mapping[str, Any]], bool]:
    """Return a test of what is known of an image.

    Parameters
    ----------
    content : dict, or list of dict
        Key → criterion; all must hold. Of a list, one is enough.
    patterns : Patterns
        How texts are compared.
    where : str
        The place in the file, for messages.

    Raises
    ------
    OptionError
        If a criterion is of a wrong type, or a pattern is none.
    """
    choices = content if isinstance(content, list) else [content]
    if not choices or not all(isinstance(choice, dict) and choice for choice in choices):
        raise OptionError(f'{where}: an object with keys and patterns was expected, such as {{"SeriesDescription": "*T1*"}}.')
    tests = [{key: _test(value, patterns, f"{where}/{key}") for key, value in choice.items()} for choice in choices]
    return lambda facts: any(all(test(facts.get(key)) for key, test in choice.items()) for choice in tests)


def _test(value: Any, patterns: Patterns, where: str) -> Test:
    if isinstance(value, dict):
        parts = [_operation(name, wanted, patterns, where) for name, wanted in value.items()]
        if not parts:
            raise OptionError(f"{where}: {{}} tests nothing.")
        return lambda facts: all(part(facts) for part in parts)
    if isinstance(value, list):
        each = [_test(part, patterns, where) for part in value]
        return lambda facts: (
            isinstance(facts, list) and len(facts) == len(each) and all(t(f) for t, f in zip(each, facts, strict=True))
        )
    if isinstance(value, bool):
        return lambda facts: facts is value
    if is_number(value):
        return lambda facts: is_number(facts) and float(facts) == float(value)
    if not isinstance(value, str):
        raise OptionError(f"{where}: a pattern, number, truth value, list or object was expected, found {value!r}.")
    pattern = patterns.compiled(value, where)
    return lambda facts: any(pattern.match(text) is not None for text in _texts(facts))


def _texts(value: Any) -> list[str]:
    """Return a value as text; of a list each of its values, and the whole as Python writes it, which dcm2bids compares."""
    if value is None:
        return []
    return [str(value), *map(str, value)] if isinstance(value, list) else [str(value)]


def _operation(name: str, wanted: Any, patterns: Patterns, where: str) -> Test:
    if name in GROUPS:
        parts = [_test(part, patterns, where) for part in (wanted if isinstance(wanted, list) else [wanted])]
        group = GROUPS[name]
        return lambda facts: group([part(facts) for part in parts])
    if name in COMPARISONS:
        limit, compare = _number(wanted, where), COMPARISONS[name]
        return lambda facts: (number := _as_number(facts)) is not None and compare(number, limit)
    if name in RANGES:
        if not isinstance(wanted, list) or len(wanted) != 2:
            raise OptionError(f"{where}: {name!r} takes two numbers, found {wanted!r}.")
        low, high = (_number(part, where) for part in wanted)
        between = RANGES[name]
        return lambda facts: (number := _as_number(facts)) is not None and between(number, low, high)
    known = ", ".join([*GROUPS, *COMPARISONS, *RANGES])
    raise OptionError(f"{where}: {name!r} is not a comparison. Valid comparisons: {known}.")


def _number(wanted: Any, where: str) -> float:
    try:
        if not isinstance(wanted, bool):
            return float(wanted)
    except (TypeError, ValueError):
        pass
    raise OptionError(f"{where}: a number was expected, found {wanted!r}.")


def _as_number(value: Any) -> float | None:
    return float(value) if is_number(value) else None
