"""Tables of a BIDS data set that describe subjects, sessions and images (BIDS specification, "Tabular files")."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ..model.files.input_files import absent_content
from ..model.files.plain_text import TextError
from ..model.files.text_tables import check_unique, read_table
from ..model.processes.limits import SizeLimitError

NOT_AVAILABLE = frozenset({"", "n/a", "na", "nan", "none", "unknown"})
"""Cells without a value, in lower case; BIDS has only ``n/a``."""


def rows_of(file: Path, key: str, used: Collection[str], warnings: list[str]) -> list[dict[str, str]]:
    """Return the rows of a table by the names of its columns, in lower case; nothing is raised for a damaged one.

    Parameters
    ----------
    file : pathlib.Path
        The table; it exists.
    key : str
        The column that distinguishes rows.
    used : collection of str
        The columns that are used; each may occur once.
    warnings : list of str
        Gets a sentence on a table that cannot be used, which has no rows then.
    """
    try:
        table = read_table(file)
        names = [name.lower() for name in table.columns]
        if key not in names:
            raise TextError(f"it has no column {key}, or its columns are not separated by tabs")
        check_unique(name for name in names if name == key or name in used)
    except (OSError, TextError, SizeLimitError) as error:
        reason = absent_content(file) or getattr(error, "strerror", None) or error
        warnings.append(f"{file.name} was not used: {reason}")
        return []
    return [dict(zip(names, cells, strict=True)) for _, cells in table.rows]
