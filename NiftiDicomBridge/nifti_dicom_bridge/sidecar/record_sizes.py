"""The sizes that a record claims, checked before memory is taken for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import SidecarError

MOST_EQUAL_ITEMS = 1 << 20
"""Data sets in a table of which none differs from the others."""


def check_counts(record: Mapping[str, Any], where: str) -> None:
    """Refuse a record whose tables claim other numbers of files than it has names."""
    names = record["Files"]["Names"]
    if not isinstance(names, list):
        raise SidecarError(f"{where}: Files/Names of the record must be a list.")
    for name in ("Instances", "FileMeta"):
        if record[name]["Count"] != len(names):
            raise SidecarError(
                f"{where}: {name} of the record describes {record[name]['Count']!r} files, Files/Names has {len(names)}. Use "
                "the sidecar as it was written."
            )


def check_table(count: int, varying: Mapping[str, Any], where: str) -> None:
    """Refuse a table whose columns do not have as many entries as it claims data sets."""
    if not varying and count > MOST_EQUAL_ITEMS:
        raise SidecarError(f"{where}: a table of {count} equal data sets; {MOST_EQUAL_ITEMS} are possible.")
    for name, column in varying.items():
        entries = length_of(column)
        if entries is not None and entries != count:
            raise SidecarError(f"{where}/Varying/{name}: {count} entries were expected, the column has {entries}.")


def length_of(column: Any) -> int | None:
    """Return the number of entries of a column; None if it is not a column."""
    if not isinstance(column, Mapping):
        return None
    if isinstance(column.get("Items"), Mapping):
        count = column["Items"].get("Count")
        return count if isinstance(count, int) else None
    entries = column.get("Values", column.get("Index"))
    return len(entries) if isinstance(entries, list) else None
