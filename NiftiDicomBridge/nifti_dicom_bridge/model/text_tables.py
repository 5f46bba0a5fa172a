"""Tables in text: tables of BIDS (TSV), label files and tables of pseudonyms, all by the same rules.

BIDS specification, "Tabular files": UTF-8, tabs, unique names of columns, quotation marks as in RFC 4180.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .input_files import read_file
from .limits import check_text

_MARKS_OF_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MARK = "\ufeff"
_END = "\x03"
"""A line of its own behind the text: it is part of a cell if a quotation mark is not closed."""


class TableError(ValueError):
    """A table is damaged or ambiguous; the message contains places and names of columns, never content of cells."""


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
    TableError
        If it is empty, not text, has a quotation mark that is not closed, or a line has more cells than the first one.
    SizeLimitError
        If it is too large.
    """
    check_text(str(path), path.stat().st_size)
    lines = lines_of(decoded(read_file(path)), delimiter)
    if not lines:
        raise TableError("it is empty")
    columns = tuple(name.strip() for name in lines[0][1])
    return TextTable(columns, tuple((line, cells_within(line, cells, len(columns))) for line, cells in lines[1:]))


def decoded(raw: bytes) -> str:
    """Return text in UTF-8, or in UTF-16 with a byte order mark, as spreadsheets write it; raises `TableError` for others."""
    is_utf16 = raw.startswith(_MARKS_OF_UTF16)
    if b"\0" in raw and not is_utf16:
        raise TableError("it is not a text file")
    try:
        return raw.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TableError(
            f"line {line} contains the byte 0x{raw[error.start]:02X}, which is not UTF-8. Save it as UTF-8"
        ) from None


def lines_of(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Return line number and cells of every line that has content; raises `TableError` where a quotation mark is not closed."""
    reader = csv.reader(io.StringIO(f"{text.removeprefix(_MARK)}\n{_END}", newline=None), delimiter=delimiter)
    lines: list[tuple[int, list[str]]] = []
    before = 0
    try:
        for cells in reader:
            if any("\n" in cell and (delimiter in cell or _END in cell) for cell in cells):
                raise TableError(f"line {before + 1}: a quotation mark is not closed. Close or remove it")
            lines.append((before + 1, cells))
            before = reader.line_num
    except csv.Error as error:
        raise TableError(f"line {reader.line_num}: {error}. Correct it") from None
    return [(line, cells) for line, cells in lines[:-1] if any(cell.strip() for cell in cells)]


def cells_within(line: int, cells: list[str], columns: int) -> tuple[str, ...]:
    """Return as many cells as there are columns: empty ones at the end may be missing, and may be too many.

    Raises `TableError` if a cell with content is beyond the last column.
    """
    if any(cell.strip() for cell in cells[columns:]):
        raise TableError(
            f"line {line} has {len(cells)} cells, beyond the last of {columns} columns. Put text that contains a delimiter "
            "into quotation marks"
        )
    return (*cells[:columns], *[""] * (columns - len(cells)))


def check_unique(columns: Iterable[str]) -> None:
    """Raise `TableError` if a column that is used occurs twice, so that it is not known which one counts."""
    listed = list(columns)
    repeated = next((name for name in listed if listed.count(name) > 1), None)
    if repeated is not None:
        raise TableError(f"several columns are called {repeated!r}. Remove all but one")
