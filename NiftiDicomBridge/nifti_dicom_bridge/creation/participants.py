"""The subject of an image in a BIDS data set: PatientID by ``sub-``, age, sex and weight by ``participants.tsv``.

BIDS specification, "Participants file".
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ..bids.inheritance import entities_of, root_of
from ..errors import SidecarError
from ..formats.dicom import new_element
from ..model.ages import OLDEST, years_of
from ..model.input_files import read_file
from ..model.json_files import RepeatedKeyError, read_json
from ..model.limits import SizeLimitError
from ..model.metadata import Element, Elements
from ..standard.tags import Tag

_FILE = "participants.tsv"
_NOT_AVAILABLE = frozenset({"", "n/a", "na", "nan", "none", "unknown"})
_SEXES = {"m": "M", "male": "M", "f": "F", "female": "F", "o": "O", "other": "O"}
_KILOGRAMS = {"kg": 1.0, "g": 1e-3, "lb": 0.45359237, "lbs": 0.45359237, "pound": 0.45359237, "pounds": 0.45359237}
_METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254, "inch": 0.0254, "inches": 0.0254}
_AGE_UNITS = {
    "": "Y", "y": "Y", "yr": "Y", "year": "Y", "mo": "M", "month": "M", "w": "W", "week": "W", "d": "D", "day": "D",
}  # fmt: skip
_LIKELY_KG, _LIKELY_M = (0.2, 400.0), (0.2, 2.6)


def subject_of(path: Path) -> Elements:
    """Return PatientID by the ``sub-`` entity of a file name; empty if it has none."""
    label = _label(path)
    return {Tag.PATIENT_ID: new_element.text("LO", label)} if label else {}


def participant_of(path: Path, sentences: list[str]) -> tuple[Elements, str]:
    """Return what ``participants.tsv`` contains of the subject of an image, and the path of that file.

    Values that an attribute cannot hold are left out, with a sentence.
    """
    root, label = root_of(path), _label(path)
    file = None if root is None else root / _FILE
    if file is None or not label or not file.is_file():
        return {}, ""
    row = _row(file, label, sentences)
    columns = _columns(root / "participants.json") if root is not None else {}
    elements: Elements = {}
    for name, (tag, convert) in _COLUMNS.items():
        value = row.get(name, "").strip()
        if value.lower() in _NOT_AVAILABLE:
            continue
        if name == "age" and "+" in value:
            sentences.append(
                f"{file.name}: age {value!r} of sub-{label} is a lower limit, which PatientAge (0010,1010) cannot be: left out"
            )
            continue
        element = convert(value, columns.get(name, {}))
        if element is None:
            sentences.append(f"{file.name}: {name} {value!r} of sub-{label} was left out: its unit or value is not known")
        else:
            elements[tag] = element
            if name == "age" and _is_capped(element):
                sentences.append(
                    f"{file.name}: age {value!r} of sub-{label} may be a higher one, as BIDS writes {OLDEST} for all of them"
                )
    return elements, str(file)


def _label(path: Path) -> str:
    return entities_of(path.name.split(".")[0])[0].get("sub", "")


def _row(file: Path, label: str, sentences: list[str]) -> dict[str, str]:
    """Return the row of a subject by the names of the columns, in lower case; why there is none is a sentence."""
    try:
        lines = io.StringIO(read_file(file).decode("utf-8-sig"), newline="")
        names, *cells = csv.reader(lines, delimiter="\t")
    except (OSError, ValueError, csv.Error):
        names, cells = [], []
    names = [name.strip().lower() for name in names]
    rows = [dict(zip_longest(names, row[: len(names)], fillvalue="")) for row in cells if row]
    repeated = sorted(name for name, count in Counter(names).items() if count > 1 and name in _USED)
    named = [row for row in rows if "participant_id" in row]
    own = [row for row in named if row["participant_id"].strip().removeprefix("sub-") == label]
    if not named:
        sentences.append(f"{file.name} was not used: a table with tabs, in UTF-8, with a column participant_id was expected")
    elif repeated:
        sentences.append(f"{file.name} was not used: it has several columns {repeated[0]!r}. Remove all but one")
        return {}
    elif not own:
        sentences.append(f"{file.name} has no row of sub-{label}: age, sex and weight stay empty")
    elif any(row != own[0] for row in own):
        sentences.append(f"{file.name} has several rows of sub-{label}: the first was used")
    return _with_units(own[0]) if own else {}


def _with_units(row: dict[str, str]) -> dict[str, str]:
    """Return a row whose columns have the names of BIDS: ``age_years`` is ``age``, with the unit in the value."""
    columns = dict(row)
    for name, value in row.items():
        match = re.fullmatch(r"(age|weight|height)[\s_(]+(?:in[\s_]+)?([a-z]+)\)?", name)
        if match and match[1] not in row and value.strip().lower() not in _NOT_AVAILABLE:
            columns[match[1]] = f"{value.strip()} {match[2]}"
    return columns


def _split(text: str, column: dict[str, Any]) -> tuple[str, str]:
    """Return the number and the unit of a value: its own unit, as in ``80 kg``, before that of its column."""
    match = re.fullmatch(r"([-+]?[\d.,]+\+?)\s*([A-Za-z]+)", text.strip())
    return (match[1], match[2].lower()) if match else (text, _unit(column))


def _columns(file: Path) -> dict[str, Any]:
    """Return the description of the columns, by their names in lower case; raises `SidecarError` where a key is repeated."""
    try:
        columns = read_json(file)
    except RepeatedKeyError as error:
        raise SidecarError(f"{file}: {error}.") from None
    except (OSError, ValueError, SizeLimitError):
        return {}
    pairs = columns.items() if isinstance(columns, dict) else ()
    return {key.lower(): value for key, value in pairs if isinstance(value, dict)}


def _age(text: str, column: dict[str, Any]) -> Any:
    digits, word = _split(text, column)
    unit = _AGE_UNITS.get(word.removesuffix("s"), "")
    number = _number(digits)
    if number is None or not unit or not 0 <= number < 1000:
        return None
    if unit == "Y" and number < 2 and number != int(number):
        unit, number = "M", number * 12
    return new_element.text("AS", f"{int(number):03d}{unit}")


def _is_capped(age: Element) -> bool:
    return isinstance(age.value, bytes) and years_of(age.value.decode("ascii").strip()) == OLDEST


def _sex(text: str, column: dict[str, Any]) -> Any:
    levels = column.get("Levels")
    word = levels.get(text, text) if isinstance(levels, dict) else text
    word = word.get("Description", text) if isinstance(word, dict) else word
    letter = _SEXES.get(str(word).strip().lower())
    return new_element.text("CS", letter) if letter else None


def _weight(text: str, column: dict[str, Any]) -> Any:
    return _measure(text, column, _KILOGRAMS, 1.0, _LIKELY_KG)


def _height(text: str, column: dict[str, Any]) -> Any:
    number = _number(_split(text, column)[0])
    default = 0.01 if number is not None and number > _LIKELY_M[1] else 1.0  # BIDS recommends cm
    return _measure(text, column, _METRES, default, _LIKELY_M)


def _measure(text: str, column: dict[str, Any], units: dict[str, float], default: float, likely: tuple[float, float]) -> Any:
    digits, unit = _split(text, column)
    number = _number(digits)
    factor = units.get(unit) if unit else default
    if number is None or factor is None or not likely[0] <= number * factor <= likely[1]:
        return None
    return new_element.decimals([float(f"{number * factor:.8g}")])


def _unit(column: dict[str, Any]) -> str:
    return str(column.get("Units", "")).strip().lower()


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if value == value and abs(value) != float("inf") else None


_COLUMNS = {
    "age": (Tag.PATIENT_AGE, _age),
    "gender": (Tag.PATIENT_SEX, _sex),
    "sex": (Tag.PATIENT_SEX, _sex),
    "weight": (Tag.PATIENT_WEIGHT, _weight),
    "height": (Tag.PATIENT_SIZE, _height),
}
"""Column → attribute, and what converts its value; of two columns for one attribute, the last one counts."""
_USED = frozenset({"participant_id", *_COLUMNS})
