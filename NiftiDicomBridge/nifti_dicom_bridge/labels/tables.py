"""Label files with a delimiter: BIDS ``_dseg.tsv``, 3D Slicer's CSV with terminology, class maps of segmentation tools."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import Any

from ..model.files.plain_text import TextError
from ..model.files.safe_text import tsv_text
from ..model.files.text_tables import cells_within, check_unique, lines_of
from . import checks, columns
from .checks import Place
from .codes import bids_label
from .segment import RGB, Code, Segment, unnamed

_ABBREVIATIONS, _MAPPING, _COLOR = ("abbreviation", "roiabbr"), "mapping", ("color", "colour", "hex", "dicomrgbcolor", "rgb")
_RED_GREEN_BLUE = (("color_r", "color_g", "color_b"), ("r", "g", "b"), ("red", "green", "blue"))
# field of Segment → beginnings of the columns of its code: 3D Slicer's CSV, and the names of the DICOM attributes
_CODES = {
    "category": ("category", "segmentedpropertycategorycodesequence"),
    "type": ("type", "segmentedpropertytypecodesequence"),
    "modifier": ("typemodifier", "segmentedpropertytypemodifiercodesequence"),
    "region": ("region", "anatomicregionsequence"),
    "region_modifier": ("regionmodifier", "anatomicregionmodifiersequence"),
}
# field of Segment → columns, as the DICOM attributes are called
_PROPERTIES = {
    "algorithm_type": ("algorithmtype", "segmentalgorithmtype"),
    "algorithm_name": ("algorithmname", "segmentalgorithmname"),
    "tracking_id": ("trackingid",),
    "tracking_uid": ("trackinguid",),
}
_ALGORITHMS = ("", "AUTOMATIC", "SEMIAUTOMATIC", "MANUAL")
_PARTS = (("codevalue", "codingscheme", "codemeaning"), ("codevalue", "codingschemedesignator", "codemeaning"))
_USED = frozenset({
    *columns.NUMBERS, *columns.NAMES, *_ABBREVIATIONS, _MAPPING, *_COLOR, *chain(*_RED_GREEN_BLUE),
    *chain(*_PROPERTIES.values()),
})  # fmt: skip
_BEGINNINGS = tuple(chain(*_CODES.values()))

Row = dict[str, str]


def has_header(text: str) -> bool:
    """Whether a text is a table with tabs, commas or semicolons whose columns are called like numbers and names."""
    return _has_names(_first_cells(text))


def is_delimited(text: str) -> bool:
    """Whether a text is a table with tabs, commas or semicolons that begins with a number and a name."""
    cells = _first_cells(text)
    return len(cells) >= 2 and not _has_names(cells) and cells[0].strip().isdigit() and not columns.is_number(cells[1])


def read_delimited(text: str, place: Place) -> list[Segment]:
    """Return the labels of a table (see `has_header`, `is_delimited`); its columns without a header: number, name, color.

    Raises
    ------
    LabelError
        If a line has no number or no name, or a value that cannot be used, or the table is damaged (`TextError`).
    """
    try:
        rows = _rows(text)
    except TextError as error:
        raise place.error(f"{error}.") from None
    known = (*columns.VALUES, columns.INDEX) if _delimiter(text) == "\t" else columns.VALUES
    return [_segment(row, place.at(f"line {n}"), known) for n, row in rows]


def _rows(text: str) -> list[tuple[int, Row]]:
    """Return (line, row) of every line with content, columns by name or, without a header, by place."""
    lines = lines_of(_without_comments(text), _delimiter(text))
    names = [cell.strip().lower() for cell in lines[0][1]]
    header = _has_names(names)
    if not header:
        names = [str(n) for n in range(max(len(cells) for _, cells in lines))]
    check_unique(name for name in names if columns.plain(name) in _USED or name.startswith(_BEGINNINGS))
    rows = ((n, cells_within(n, cells, len(names))) for n, cells in lines[header:])
    return [(n, dict(zip(names, cells, strict=True))) for n, cells in rows]


def _without_comments(text: str) -> str:
    """Return a text in which lines of comments are empty, so that the numbers of the others stay."""
    return "\n".join("" if line.startswith("#") else line for line in re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")))


def _first_line(text: str) -> str:
    return next((line for line in _without_comments(text).split("\n") if line.strip()), "")


def _delimiter(text: str) -> str:
    first = _first_line(text)
    return next((mark for mark in "\t;," if mark in first), "\t")


def _first_cells(text: str) -> list[str]:
    """Return the cells of the first line with content; none where its quotation marks do not match."""
    try:
        lines = lines_of(_first_line(text), _delimiter(text))
    except TextError:
        return []
    return lines[0][1] if lines else []


def _has_names(cells: list[str]) -> bool:
    """Whether cells are names of columns: that of a number, and that of a name."""
    return columns.are_columns([columns.plain(cell) for cell in cells], _ABBREVIATIONS)


def _segment(row: Row, here: Place, known: Sequence[str]) -> Segment:
    plain = {columns.plain(name): cell for name, cell in row.items()}
    cell = columns.number_of(plain, here, known) or row.get("0", "")
    if not cell.strip():
        raise here.error(f"the label number is missing ({', '.join(f'{k}={v}' for k, v in row.items())[:80]}). Add it.")
    number = checks.number(cell, here)
    codes: dict[str, Any] = {field: _code(row, beginnings, here) for field, beginnings in _CODES.items()}
    kind = codes["type"]
    meaning = kind.meaning if kind else ""
    name = tsv_text(_name_of(plain, cell)) or meaning or _mapped(row, here) or _name_of_unnamed(plain, number, cell)
    return Segment(number, checks.label(name, here), color=_color(row, here), **codes, **_properties(row, here))


def _properties(row: Row, here: Place) -> dict[str, Any]:
    """Return how a segment was made, and its tracking identifiers."""
    properties: dict[str, Any] = {}
    for field, titles in _PROPERTIES.items():
        text = next((row[title].strip() for title in titles if title in row), "")
        properties[field] = "" if columns.is_missing(text) else text
    kind = properties["algorithm_type"] = properties["algorithm_type"].upper()
    if kind not in _ALGORITHMS:
        raise here.error(f"the algorithm type is {kind!r}; AUTOMATIC, SEMIAUTOMATIC or MANUAL was expected. Correct it.")
    if not (properties["tracking_id"] and properties["tracking_uid"]):
        properties["tracking_id"] = properties["tracking_uid"] = ""
    return properties


def _name_of(row: Row, number: str) -> str:
    """Return the name of a label, or its abbreviation; empty if there is none."""
    others = (row.get(column, "").strip() for column in (*_ABBREVIATIONS, "1"))
    return columns.name_of(row, number) or next((text for text in others if not columns.is_missing(text)), "")


def _name_of_unnamed(row: Row, number: int, cell: str) -> str:
    """Return a name for a label of which a table states that it has none, or repeats the number; empty if its cell is."""
    is_repeated = "name" not in row and row.get("label") == cell
    texts = (row.get(column, "").strip().lower() for column in (*columns.NAMES, *_ABBREVIATIONS))
    return unnamed(number) if is_repeated or columns.UNKNOWN in texts else ""


def _mapped(row: Row, here: Place) -> str:
    """Return the name of the standard BIDS label that a row maps to (BIDS, common image-derived labels)."""
    text = row.get(_MAPPING, "").strip()
    return "" if columns.is_missing(text) else bids_label(checks.number(text, here))


def _color(row: Row, here: Place) -> RGB | None:
    for parts in (*_RED_GREEN_BLUE, ("2", "3", "4")):
        if all(part in row for part in parts):
            return checks.color([row[part] for part in parts], here)
    text = next((row[column] for column in (*_COLOR, "2") if column in row), "")
    return checks.hex_color(text, here)


def _code(row: Row, beginnings: tuple[str, ...], here: Place) -> Code | None:
    for beginning, parts in zip(beginnings, _PARTS, strict=True):
        for joint in ("_", "."):
            value, scheme, meaning = (_code_cell(row, f"{beginning}{joint}{part}") for part in parts)
            if value and scheme:
                return Code(value, scheme, meaning or value)
            if value or scheme:
                raise here.error(f"the code {value or scheme!r} of {beginning} lacks its value or its scheme. Complete it.")
    return None


def _code_cell(row: Row, column: str) -> str:
    text = row.get(column, "").strip()
    return "" if columns.is_missing(text) else tsv_text(text)
