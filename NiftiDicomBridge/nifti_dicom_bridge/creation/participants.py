"""The subject of an image in a BIDS data set: PatientID by ``sub-``, age, sex and weight by ``participants.tsv``.

What ``sub-<label>_sessions.tsv`` specifies for a session takes precedence. BIDS specification, "Participants file" and
"Sessions file".
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from ..bids.inheritance import entities_of, raw_root_of, root_of
from ..bids.raw_images import roots_of_subject
from ..errors import SidecarError
from ..formats.dicom import new_element
from ..model.ages import OLDEST, years_of
from ..model.files.json_files import RepeatedKeyError, read_json
from ..model.metadata import Element, Elements
from ..model.processes.limits import SizeLimitError
from ..standard.tags import Tag
from .bids_tables import NOT_AVAILABLE, rows_of

_FILE = "participants.tsv"
_SUBJECT, _SESSION = "participant_id", "session_id"
_SEXES = {"m": "M", "male": "M", "f": "F", "female": "F", "o": "O", "other": "O"}
_KILOGRAMS = {"kg": 1.0, "g": 1e-3, "lb": 0.45359237, "lbs": 0.45359237, "pound": 0.45359237, "pounds": 0.45359237}
_METERS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254, "inch": 0.0254, "inches": 0.0254}
_AGE_UNITS = {
    "": "Y", "y": "Y", "yr": "Y", "year": "Y", "mo": "M", "month": "M", "w": "W", "week": "W", "d": "D", "day": "D",
}  # fmt: skip
_LONGER = {"M": "Y", "D": "M"}
_LIKELY_KG, _LIKELY_M = (0.2, 400.0), (0.2, 2.6)


def subject_of(path: Path) -> Elements:
    """Return PatientID by the ``sub-`` entity of a file name; empty if it has none."""
    label = _label(path)
    return {Tag.PATIENT_ID: new_element.text("LO", label)} if label else {}


def doubts_of_label(path: Path, subjects: dict[str, Path]) -> list[str]:
    """Return that the label of a subject occurs in another data set, too: it may be of another person there.

    Parameters
    ----------
    path : pathlib.Path
        The image.
    subjects : dict
        Label → the data set of its first image; receives that of this one.
    """
    root, label = root_of(path), _label(path)
    if root is None or not label:
        return []
    root = raw_root_of(root)
    first = subjects.setdefault(label, root)
    if first == root:
        return []
    words = f"sub-{label} is in {first} and {root}: both have the PatientID (0010,0020) {label!r}"
    return [f'{words}. If they are two people, convert the data sets on their own, with set_values={{"PatientID": "VALUE"}}']


def participant_of(path: Path, sentences: list[str]) -> tuple[Elements, str]:
    """Return what ``participants.tsv`` and the table of sessions contain of the subject of an image, and the path of the file.

    Derivatives without such tables have those of their raw data set. Values that an attribute cannot hold are left out, with a
    sentence.
    """
    root, label = root_of(path), _label(path)
    if root is None or not label:
        return {}, ""
    sentences += _contradictions(path)
    others = [raw for raw in roots_of_subject(path) if raw != root]
    elements, used = _of_data_set(root, label, _label(path, "ses"), sentences)
    while others and not used:
        elements, used = _of_data_set(others.pop(0), label, _label(path, "ses"), sentences)
    return elements, used


def _of_data_set(root: Path, label: str, session: str, sentences: list[str]) -> tuple[Elements, str]:
    """Return what the tables of a data set contain of a subject, and the path of the table."""
    sessions = root / f"sub-{label}" / f"sub-{label}_sessions.tsv"
    tables = [(root / _FILE, _SUBJECT, f"sub-{label}")]
    tables += [(sessions, _SESSION, f"ses-{session}")] if session else []
    elements: Elements = {}
    used = ""
    for file, key, name in tables:
        if file.is_file() or file.is_symlink():  # a broken one is reported
            attributes = _elements(file, _row(file, key, name, sentences), name, sentences)
            used = str(file) if attributes or not used else used
            elements |= attributes
    return elements, used


def _contradictions(path: Path) -> list[str]:
    """Return where folders and the name of a file specify different subjects or sessions."""
    sentences = []
    for entity in ("sub", "ses"):
        label = _label(path, entity)
        folders = [folder for folder in path.parent.parts if re.fullmatch(rf"{entity}-[A-Za-z0-9+]+", folder)]
        if label and folders and folders[-1] != f"{entity}-{label}":
            sentences.append(f"{path.name} is in the folder {folders[-1]}: {entity}-{label}, of its name, was used")
    return sentences


def _elements(file: Path, row: dict[str, str], label: str, sentences: list[str]) -> Elements:
    """Return the attributes that a row specifies."""
    columns = _columns(file.with_suffix(".json"))
    elements: Elements = {}
    for name, (tag, convert) in _COLUMNS.items():
        value = row.get(name, "").strip()
        if value.lower() in NOT_AVAILABLE:
            continue
        if name == "age" and "+" in value:
            sentences.append(
                f"{file.name}: age {value!r} of {label} is a lower limit, which PatientAge (0010,1010) cannot be: left out"
            )
            continue
        element = convert(value, columns.get(name, {}))
        if element is None:
            sentences.append(f"{file.name}: {name} {value!r} of {label} was left out: its unit or value is not known")
        else:
            elements[tag] = element
            if name == "age" and _is_capped(element):
                sentences.append(
                    f"{file.name}: age {value!r} of {label} may be a higher one, as BIDS writes {OLDEST} for all of them"
                )
    return elements


def _label(path: Path, entity: str = "sub") -> str:
    return entities_of(path.name.split(".")[0])[0].get(entity, "")


def _row(file: Path, key: str, label: str, sentences: list[str]) -> dict[str, str]:
    """Return the row of a subject or session by the names of the columns, in lower case; why there is none is a sentence.

    Of several rows, what is the same in all of them.
    """
    rows = rows_of(file, key, _USED, sentences)
    prefix = label[: label.index("-") + 1]
    own = [row for row in rows if prefix + row[key].strip().removeprefix(prefix) == label]
    if rows and not own and key == _SUBJECT:
        sentences.append(f"{file.name} has no row of {label}: age, sex and weight stay empty")
    different = {name for row in own for name, value in row.items() if value != own[0][name]}
    if different & _USED:
        listed = ", ".join(sorted(different & _USED))
        sentences.append(f"{file.name} has several rows of {label} that differ: {listed} left out")
    return _with_units({name: value for name, value in own[0].items() if name not in different}) if own else {}


def _with_units(row: dict[str, str]) -> dict[str, str]:
    """Return a row whose columns have the names of BIDS: ``age_years`` is ``age``, with the unit in the value."""
    columns = dict(row)
    for name, value in row.items():
        match = re.fullmatch(r"(age|weight|height)[\s_(]+(?:in[\s_]+)?([a-z]+)\)?", name)
        if match and match[1] not in row and value.strip().lower() not in NOT_AVAILABLE:
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
    described = f"{column.get('LongName', '')} {column.get('Description', '')}".lower()
    if not word and re.search(r"\b(?:months?|weeks?|days?)\b", described):
        return None
    unit = _AGE_UNITS.get(word.removesuffix("s"), "")
    number = _number(digits)
    if number is None or not unit or not 0 <= number < 1000:
        return None
    for shorter, factor in (("M", 12.0), ("D", 365.25 / 12)):
        if unit == _LONGER[shorter] and number < 2 and number != int(number):
            unit, number = shorter, number * factor
    if unit == "W" and number != int(number):
        unit, number = "D", number * 7
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
    return _measure(text, column, _METERS, default, _LIKELY_M)


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
    return value if math.isfinite(value) else None


_COLUMNS = {
    "age": (Tag.PATIENT_AGE, _age),
    "gender": (Tag.PATIENT_SEX, _sex),
    "sex": (Tag.PATIENT_SEX, _sex),
    "weight": (Tag.PATIENT_WEIGHT, _weight),
    "height": (Tag.PATIENT_SIZE, _height),
}
"""Column → attribute, and what converts its value; of two columns for one attribute, the last one counts."""
_USED = frozenset({_SUBJECT, _SESSION, *_COLUMNS})
