"""What the basic profile of de-identification and its options do with attributes (PS3.15 E, tables E.1-1 and E.3.10-1)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from . import dictionary
from .data_tables import data_table


class ProfileRow(NamedTuple):
    """One row of table E.1-1.

    Attributes
    ----------
    code : str
        Action code of the basic profile, such as ``X`` or ``Z/D``.
    options : dict of str to str
        Option of the profile, such as ``device``, and its action code: ``K`` to keep, ``C`` to clean.
    """

    code: str
    options: dict[str, str]


def row_of(tag: int) -> ProfileRow | None:
    """Return the row of an attribute; None for what the table does not list."""
    row = _rows().get(tag)
    if row is None:
        row = next((row for pattern, row in _patterns() if _fits(tag, pattern)), None)
    return row


def action_code(tag: int) -> str:
    """Return the action code of the basic profile, such as ``X`` or ``Z/D``; empty for what the table does not list."""
    row = row_of(tag)
    return row.code if row else ""


@lru_cache(maxsize=1)
def safe_private_vrs() -> dict[tuple[str, int, int], str]:
    """Return the VR of the private attributes that do not identify anyone, by upper-case creator, group and last byte of
    the tag.
    """
    data = data_table("safe_private")
    return {
        (creator.upper(), int(group, 16), int(number, 16)): vr
        for table in (data["table"], data["more"])
        for creator, groups in table.items()
        for group, by_vr in groups.items()
        for vr, numbers in by_vr.items()
        for number in numbers.split()
    }


def _fits(tag: int, pattern: str) -> bool:
    return all(wanted in ("x", digit) for wanted, digit in zip(pattern, dictionary.hexadecimal(tag), strict=True))


@lru_cache(maxsize=1)
def _rows() -> dict[int, ProfileRow]:
    return {int(tag, 16): _row(what) for what, tags in data_table("confidential")["rows"].items() for tag in tags.split()}


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, ProfileRow], ...]:
    return tuple((pattern, _row(what)) for pattern, what in data_table("confidential")["patterns"].items())


def _row(text: str) -> ProfileRow:
    code, *options = text.split()
    return ProfileRow(code, dict(option.split("=") for option in options))
