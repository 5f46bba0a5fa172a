"""What tools call the number and the name of a label: columns of tables, keys of objects in JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .checks import Place

VALUES = (
    "key", "labelvalue", "labelid", "value", "voxelvalue", "pixelvalue", "intensity", "labelnumber", "segmentnumber",
)  # fmt: skip
"""Names that can mean nothing but the value of the voxels."""
INDEX = "index"
"""The value of the voxels in BIDS; elsewhere, it may count the rows."""
_IDS = (INDEX, "id", "idx", "number", "no", "roiid", "classid", "regionid", "structureid", "segmentid")
_EITHER = ("label", "class", "segment")
"""Numbers in some tables, names in others."""
NUMBERS = (*VALUES, *_IDS, *_EITHER)
NAMES = (
    "name", "structure", "labelname", "class", "classname", "region", "roi", "roiname", "segment", "segmentname",
    "segmentlabel", "regionname", "structurename", "label",
)  # fmt: skip
"""In the order in which they count."""
UNKNOWN = "n/a"
"""A value that is missing (BIDS, tabular files)."""


def plain(name: str) -> str:
    """Return the name of a column without what tools write it differently by: case, blanks, marks.

    Examples
    --------
    >>> plain("Label_Value"), plain("label id"), plain("LabelID")
    ('labelvalue', 'labelid', 'labelid')
    """
    return re.sub(r"[\s_-]+", "", name).lower()


def are_columns(names: Sequence[str], others: Iterable[str] = ()) -> bool:
    """Whether plain names of columns are those of a table of labels: one of numbers, and another one of names (or `others`)."""
    named = {name for name in names if name in NAMES or name in others}
    return any(named - {name} for name in names if name in NUMBERS)


def number_of(row: Mapping[str, Any], here: Place, known: Sequence[str] = VALUES) -> Any:
    """Return the number of a label; None if there is none.

    Parameters
    ----------
    row : mapping
        Plain name of a column → content.
    here : Place
        For the message.
    known : sequence of str
        The columns that contain the value of the voxels, whatever another column contains.

    Raises
    ------
    LabelError
        If two columns have different numbers, and either could be the value of the voxels.
    """
    filled = {name: row[name] for name in NUMBERS if str(row.get(name, "")).strip()}
    numbers = {name: value for name, value in filled.items() if is_whole(value)}
    numbers = {name: value for name, value in numbers.items() if name in known} or numbers
    if len({float(number) for number in numbers.values()}) > 1:
        (first, one), (second, other) = [*numbers.items()][:2]
        raise here.error(
            f"{first} is {one}, and {second} is {other}: either could be the value of the voxels. Remove one of the two, or "
            'call that of the voxels "value".'
        )
    others = (value for name, value in filled.items() if name not in _EITHER)
    return next(iter(numbers.values()), next(others, None))


def name_of(row: Mapping[str, Any], number: Any) -> str:
    """Return the name of a label; empty if there is none. What repeats its number is not a name."""
    texts = ((name, str(row.get(name) or "").strip()) for name in NAMES)
    known = (text for name, text in texts if not is_missing(text) and not (name in _EITHER and text == str(number).strip()))
    return next(known, "")


def is_missing(text: str) -> bool:
    """Whether a cell is empty, or states that there is no value (BIDS, tabular files)."""
    return text.strip().lower() in ("", UNKNOWN)


def is_whole(value: Any) -> bool:
    """Whether a value of JSON, or the text of a cell, is an integer."""
    text = str(value) if type(value) in (int, float, str) else ""
    return re.fullmatch(r"\s*[+-]?\d{1,12}(\.0*)?\s*", text) is not None


def is_number(text: str) -> bool:
    """Whether a text is a number, so that it is not the name of anything."""
    try:
        float(text)
    except ValueError:
        return False
    return True
