"""Tables in text: tables of BIDS (TSV), label files and tables of pseudonyms, all by the same rules.

BIDS specification, "Tabular files": UTF-8, tabs, unique names of columns, quotation marks as in RFC 4180.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..processes.limits import check_text
from .input_files import read_file
from .plain_text import TextError, decoded

_MARK = "\ufeff"
_END = "\x03"
"""A line of its own behind the text: it is part of a cell if a quotation mark is not closed."""


@dataclass(frozen=True)
class TextTable:
    """A table with names of columns.

    Attributes
    ----------
    columns : tuple of str
        The names in the first line, without blanks around them.
    rows : tuple of (int, tuple of str)
        Line number and cells of every other line that has content; as many cells as columns.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def named(self) -> list[dict[str, str]]:
        """Return the rows by the names of columns."""
        return [dict(zip(self.columns, cells, strict=True)) for _, cells in self.rows]


def read_table(path: Path, delimiter: str = "\t") -> TextTable:
    """Return a table from a file.

    Raises
    ------
    OSError
        If it cannot be read.
    TextError
        If it is empty, not text, has a quotation mark that is not closed, or a line has more cells than the first one.
    SizeLimitError
        If it is too large.
    """
    check_text(str(path), path.stat().st_size)
    lines = lines_of(decoded(read_file(path)), delimiter)
    if not lines:
        raise TextError("it is empty")
    columns = tuple(name.strip() for name in lines[0][1])
    return TextTable(columns, tuple((line, cells_within(line, cells, len(columns))) for line, cells in lines[1:]))


def lines_of(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Return line number and cells of every line that has content; raises `TextError` where a quotation mark is not closed."""
    reader = csv.reader(io.StringIO(f"{text.removeprefix(_MARK)}\n{_END}", newline=None), delimiter=delimiter)
    lines: list[tuple[int, list[str]]] = []
    before = 0
    try:
        for cells in reader:
            if any("\n" in cell and (delimiter in cell or _END in cell) for cell in cells):
                raise TextError(f"line {before + 1}: a quotation mark is not closed. Close or remove it")
            lines.append((before + 1, cells))
            before = reader.line_num
    except csv.Error as error:
        raise TextError(f"line {reader.line_num}: {error}. Correct it") from None
    return [(line, cells) for line, cells in lines[:-1] if any(cell.strip() for cell in cells)]


def cells_within(line: int, cells: list[str], columns: int) -> tuple[str, ...]:
    """Return as many cells as there are columns: empty ones at the end may be missing, and may be too many.

    Raises `TextError` if a cell with content is beyond the last column.
    """
    if any(cell.strip() for cell in cells[columns:]):
        raise TextError(
            f"line {line} has {len(cells)} cells, beyond the last of {columns} columns. Put text that contains a delimiter "
            "into quotation marks"
        )
    return (*cells[:columns], *[""] * (columns - len(cells)))


def check_unique(columns: Iterable[str]) -> None:
    """Raise `TextError` if a column that is used occurs twice, so that it is not known which one counts."""
    listed = list(columns)
    repeated = next((name for name in listed if listed.count(name) > 1), None)
    if repeated is not None:
        raise TextError(f"several columns are called {repeated!r}. Remove all but one")
