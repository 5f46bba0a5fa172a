"""Names that BIDS has: datatypes, suffixes, entities and their order, and the keys that each must have.

The table is ``data/bids_names.json``, made from the schema of the BIDS specification.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..standard.data_tables import data_table


@dataclass(frozen=True)
class Name:
    """What BIDS specifies for one suffix: the entities that it must and may have, next to subject and session."""

    datatype: str
    suffix: str
    required: tuple[str, ...]
    optional: tuple[str, ...]

    def allows(self, entity: str) -> bool:
        """Whether a file of this suffix may have an entity."""
        return entity in self.required or entity in self.optional


@cache
def _table() -> dict[str, Any]:
    return data_table("bids_names")


@cache
def names() -> dict[tuple[str, str], Name]:
    """Return all names by (datatype, suffix)."""
    return {
        (row["datatype"], suffix): Name(row["datatype"], suffix, tuple(row["required"]), tuple(row["optional"]))
        for row in _table()["Names"]
        for suffix in row["suffixes"]
    }


def bids_version() -> str:
    """Return the version of the specification that the table is of."""
    return str(_table()["BIDSVersion"])


def entities() -> list[str]:
    """Return all entities but subject and session, in the order of file names."""
    return list(_table()["Order"])


def file_name(labels: Sequence[str], labels_by_entity: Mapping[str, str], suffix: str) -> str:
    """Return the name of a file without extension: ``sub-01_ses-1_task-rest_bold``; `labels` come first."""
    return "_".join([*labels, *(f"{key}-{labels_by_entity[key]}" for key in entities() if key in labels_by_entity), suffix])


def dimension_problem(suffix: str, volumes: int) -> str:
    """Return why a suffix does not go with a number of volumes; empty where it does."""
    wanted = _table()["Volumes"].get(suffix)
    if wanted == "several" and volumes < 2:
        return f"BIDS takes {suffix} with several volumes only, and there is one"
    if wanted == "one" and volumes > 1:
        return f"BIDS takes {suffix} with one volume only, and there are {volumes}"
    return ""


def missing_keys(datatype: str, suffix: str, keys: Mapping[str, Any]) -> list[str]:
    """Return the keys that BIDS requires of such an image and that are not there.

    Of keys that may represent each other, as in ``RepetitionTime|VolumeTiming``, one is enough.
    """
    wanted = [
        key
        for row in _table()["Required"]
        if row["datatype"] == datatype and suffix in row["suffixes"] and _applies(row, keys)
        for key in row["keys"]
    ]
    return [key for key in wanted if not any(part in keys for part in key.split("|"))]


def _applies(row: dict[str, Any], keys: Mapping[str, Any]) -> bool:
    when = all(_one_of(keys.get(key), values) for key, values in row.get("when", {}).items())
    return when and not any(_one_of(keys.get(key), values) for key, values in row.get("unless", {}).items())


def _one_of(value: Any, values: list[Any]) -> bool:
    return any(part in values for part in (value if isinstance(value, list) else [value]))


def may_be_not_available(key: str) -> bool:
    """Whether BIDS allows ``"n/a"`` for a key that it requires."""
    return key in _table()["NotAvailable"]
