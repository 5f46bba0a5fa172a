"""Label files with a delimiter: BIDS ``_dseg.tsv``, 3D Slicer's CSV with terminology, class maps of segmentation tools."""

from __future__ import annotations

import csv
import io
from itertools import chain
from typing import Any

from ..model.safe_text import tsv_text
from . import checks
from .checks import Place
from .codes import bids_label
from .segment import RGB, Code, Segment

# what tools call the columns, in lower case
_NUMBER = ("index", "labelvalue", "label_value", "label id", "labelid", "id", "number", "value", "label_id", "label")
_NAME = ("name", "structure", "labelname", "label_name", "class", "class_name", "region", "label")
_ABBREVIATION, _MAPPING, _COLOR = "abbreviation", "mapping", ("color", "colour", "hex", "dicomrgbcolor", "rgb")
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
    *_NUMBER, *_NAME, _ABBREVIATION, _MAPPING, *_COLOR, *chain(*_RED_GREEN_BLUE), *chain(*_PROPERTIES.values()),
})  # fmt: skip
_BEGINNINGS = tuple(chain(*_CODES.values()))
_NOTHING = ("", "n/a")
_BEYOND = "\0beyond"
"""Key of what a line has beyond the columns of its table: no column is called so."""

Row = dict[str, str]


def has_header(text: str) -> bool:
    """Whether a text is a table with tabs, commas or semicolons whose columns are called like numbers and names."""
    try:
        return _rows(text)[1]
    except csv.Error:
        return False


def is_delimited(text: str) -> bool:
    """Whether a text is a table with tabs, commas or semicolons that begins with a number and a name."""
    try:
        rows, header, _ = _rows(text)
    except csv.Error:
        return False
    return bool(rows) and not header and len(rows[0][1]) >= 2 and rows[0][1]["0"].strip().isdigit()


def read_delimited(text: str, place: Place) -> list[Segment]:
    """Return the labels of a table (see `has_header`, `is_delimited`); its columns without a header: number, name, color.

    Raises
    ------
    LabelError
        If a line has no number or no name, or a value that cannot be used, or a column that is used occurs twice.
    """
    rows, _, names = _rows(text)
    used = [name for name in names if name in _USED or name.startswith(_BEGINNINGS)]
    repeated = next((name for name in used if used.count(name) > 1), "")
    if repeated:
        raise place.error(f"several columns are called {repeated!r}. Remove all but one.")
    return [_segment(row, place.at(f"line {n}")) for n, row in rows]


def _rows(text: str) -> tuple[list[tuple[int, Row]], bool, list[str]]:
    """Return (line, row) of every line with content, columns by name or place, whether there is a header, and the names."""
    lines = text.removeprefix("\ufeff").splitlines()
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    delimiter = next((mark for mark in "\t;," if mark in first), "\t")
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter, strict=True)
    numbered = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row) and not row[0].startswith("#")]
    if not numbered:
        return [], False, []
    names = [cell.strip().lower() for cell in numbered[0][1]]
    header = any(name in _NUMBER for name in names) and any(name in (*_NAME, _ABBREVIATION) for name in names)
    if not header:
        names = [str(n) for n in range(max(len(row) for _, row in numbered))]
    return [(n, _named(names, row)) for n, row in numbered[header:]], header, names


def _named(names: list[str], cells: list[str]) -> Row:
    """Return the cells of a line by the names of their columns; what is beyond the columns in one cell of its own."""
    beyond = ", ".join(cell.strip() for cell in cells[len(names) :] if cell.strip())
    return dict(zip(names, cells, strict=False)) | ({_BEYOND: beyond} if beyond else {})


def _segment(row: Row, here: Place) -> Segment:
    if _BEYOND in row:
        raise here.error(
            f"{row[_BEYOND]!r} is beyond the last column. Put names that contain a delimiter into quotation marks."
        )
    number = checks.number(_number_of(row, here), here)
    codes: dict[str, Any] = {field: _code(row, beginnings, here) for field, beginnings in _CODES.items()}
    kind = codes["type"]
    name = tsv_text(_name_of(row)) or (kind.meaning if kind else "") or _mapped(row, here)
    return Segment(number, checks.label(name, here), color=_color(row, here), **codes, **_properties(row, here))


def _properties(row: Row, here: Place) -> dict[str, Any]:
    """Return how a segment was made, and its tracking identifiers."""
    properties: dict[str, Any] = {}
    for field, columns in _PROPERTIES.items():
        text = next((row[column].strip() for column in columns if column in row), "")
        properties[field] = "" if text.lower() in _NOTHING else text
    kind = properties["algorithm_type"] = properties["algorithm_type"].upper()
    if kind not in _ALGORITHMS:
        raise here.error(f"the algorithm type is {kind!r}; AUTOMATIC, SEMIAUTOMATIC or MANUAL was expected. Correct it.")
    if not (properties["tracking_id"] and properties["tracking_uid"]):
        properties["tracking_id"] = properties["tracking_uid"] = ""
    return properties


def _number_of(row: Row, here: Place) -> str:
    for column in (*_NUMBER, "0"):
        if row.get(column, "").strip() and not (column == "label" and "name" not in row):
            return row[column]
    raise here.error(f"the label number is missing ({', '.join(f'{k}={v}' for k, v in row.items())[:80]}). Add it.")


def _name_of(row: Row) -> str:
    for column in (*_NAME, _ABBREVIATION, "1"):
        result = row.get(column, "").strip()
        if result.lower() not in _NOTHING:
            return result
    return ""


def _mapped(row: Row, here: Place) -> str:
    """Return the name of the standard BIDS label that a row maps to (BIDS, common image-derived labels)."""
    text = row.get(_MAPPING, "").strip()
    return "" if text.lower() in _NOTHING else bids_label(checks.number(text, here))


def _color(row: Row, here: Place) -> RGB | None:
    for columns in (*_RED_GREEN_BLUE, ("2", "3", "4")):
        if all(column in row for column in columns):
            return checks.color([row[column] for column in columns], here)
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
    return "" if text.lower() in _NOTHING else tsv_text(text)
