"""Pseudonyms of patients: from a table that a person keeps, or computed from the key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import BridgeError, OptionError
from ..model.files.plain_text import TextError
from ..model.files.text_tables import TextTable, check_unique, read_table
from ..model.processes.limits import SizeLimitError
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
        table = read_table(path, ",")
        check_unique(name for name in table.columns if name in COLUMNS)
    except (OSError, TextError, SizeLimitError) as error:
        raise OptionError(f'pseudonyms="{path}": cannot be read ({getattr(error, "strerror", None) or error}).') from None
    if not set(COLUMNS) <= set(table.columns):
        raise OptionError(f'pseudonyms="{path}": the first line must name the columns {" and ".join(COLUMNS)}.')
    return Pseudonyms(_checked(table, path))


def _checked(table: TextTable, path: Path) -> dict[str, str]:
    """Return patient → pseudonym; line numbers, not names, go into messages."""
    pseudonyms: dict[str, str] = {}
    owners: dict[str, str] = {}
    places = [table.columns.index(name) for name in COLUMNS]
    for number, row in table.rows:
        patient, pseudonym = (row[n].strip() for n in places)
        if not (pseudonym.isascii() and pseudonym.isprintable() and 0 < len(pseudonym) <= LONGEST and "\\" not in pseudonym):
            raise OptionError(
                f'pseudonyms="{path}": the pseudonym in line {number} must have 1 to {LONGEST} ASCII characters, and no '
                "backslash."
            )
        if pseudonyms.setdefault(patient, pseudonym) != pseudonym or owners.setdefault(pseudonym.lower(), patient) != patient:
            raise OptionError(f'pseudonyms="{path}": line {number} contradicts an earlier one. One patient, one pseudonym.')
    return pseudonyms
