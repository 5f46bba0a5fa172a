"""Pseudonyms of patients: from a table that a person keeps, or computed from the key."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import BridgeError, OptionError
from ..options.key_files import KEYED

COLUMNS = ("PatientID", "Pseudonym")
LONGEST = 64


@dataclass(frozen=True, eq=False)
class Pseudonyms:
    """Pseudonyms by PatientID; `table` is None where they are computed from the key."""

    table: Mapping[str, str] | None = None

    def of(self, patient_id: str) -> str:
        """Return the pseudonym of a patient; raises `BridgeError` if the table has none."""
        assert self.table is not None
        pseudonym = self.table.get(patient_id.strip())
        if pseudonym is None:
            raise BridgeError("The patient is not in the table of pseudonyms=. Add a row for the PatientID.")
        return pseudonym


def read_pseudonyms(path: Path | None) -> Pseudonyms | None:
    """Return the pseudonyms in a CSV file with the columns PatientID and Pseudonym.

    Raises
    ------
    OptionError
        If the file cannot be read, has other columns, or gives a pseudonym to two patients.
    """
    if path is None:
        return None
    if path == KEYED:
        return Pseudonyms()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeError, csv.Error) as error:
        raise OptionError(f'pseudonyms="{path}": cannot be read ({getattr(error, "strerror", None) or error}).') from None
    head = tuple(cell.strip() for cell in rows[0]) if rows else ()
    if not set(COLUMNS) <= set(head):
        raise OptionError(f'pseudonyms="{path}": the first line must name the columns {" and ".join(COLUMNS)}.')
    for name in COLUMNS:
        if head.count(name) > 1:
            raise OptionError(f'pseudonyms="{path}": there are {head.count(name)} columns {name}. Remove all but one.')
    return Pseudonyms(_checked(rows[1:], (head.index(COLUMNS[0]), head.index(COLUMNS[1])), path))


def _checked(rows: list[list[str]], columns: tuple[int, int], path: Path) -> dict[str, str]:
    """Return patient → pseudonym; line numbers, not names, go into messages."""
    pseudonyms: dict[str, str] = {}
    owners: dict[str, str] = {}
    for number, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        patient, pseudonym = (row[n].strip() if n < len(row) else "" for n in columns)
        if not (pseudonym.isascii() and pseudonym.isprintable() and 0 < len(pseudonym) <= LONGEST and "\\" not in pseudonym):
            raise OptionError(f'pseudonyms="{path}": the pseudonym in line {number} must have 1 to {LONGEST} ASCII characters.')
        if pseudonyms.setdefault(patient, pseudonym) != pseudonym or owners.setdefault(pseudonym.lower(), patient) != patient:
            raise OptionError(f'pseudonyms="{path}": line {number} contradicts an earlier one. One patient, one pseudonym.')
    return pseudonyms
