"""The table that specifies the BIDS name of an image: the built-in one, and before it the rows of a person's file.

It has the form of dcm2bids' configuration file: ``descriptions`` with ``datatype``, ``suffix``, ``criteria``,
``custom_entities`` and ``sidecar_changes``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import OptionError
from ..model.files.option_files import read_option_file
from ..standard.data_tables import data_table
from . import naming_rules
from .criteria import Patterns, criteria

TOP_KEYS = (
    "descriptions",
    "search_method",
    "case_sensitive",
    "subjects",
    "sessions",
    "tasks",
    "dataset_description",
    "participants",
)
BUILT_IN_KEYS = (*TOP_KEYS, "Source", "first", "additions")
ROW_KEYS = (
    "id", "criteria", "datatype", "suffix", "custom_entities", "sidecar_changes", "aslcontext", "ignore", "sourcedata", "note",
)  # fmt: skip
ASL_WORDS = ("control", "label", "m0scan", "deltam", "cbf", "noRF", "n/a")
METHODS = {"fnmatch": False, "re": True}
COLUMN = re.compile(r"[A-Za-z][0-9A-Za-z_]*")
LABEL = re.compile(r"[0-9A-Za-z]+")


@dataclass(frozen=True)
class Row:
    """One row: what an image must be, and what it is called then.

    Attributes
    ----------
    name : str
        What the row is called in reports: its id, or its place.
    holds : callable
        The criteria, as a test of what is known of an image.
    datatype, suffix : str
        Of the file; empty where the row names none.
    entities : dict
        Entity → label.
    changes : dict
        Keys to set in the sidecar; None takes a key away.
    aslcontext : tuple of str
        What the volumes of an ASL series are, repeated as often as needed.
    ignore : bool
        Whether to leave the image out.
    sourcedata : str
        Why the image is not raw data in BIDS; empty where it is.
    note : str
        What to report to the user when the row was used.
    """

    name: str
    holds: Callable[[Mapping[str, Any]], bool]
    datatype: str = ""
    suffix: str = ""
    entities: dict[str, str] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    aslcontext: tuple[str, ...] = ()
    ignore: bool = False
    sourcedata: str = ""
    note: str = ""


@dataclass(frozen=True)
class Labels:
    """Patterns and the labels that they represent, in order."""

    rows: tuple[tuple[re.Pattern[str], str], ...] = ()

    def of(self, *texts: str) -> str | None:
        """Return the label of the first pattern that matches one of the texts; None where none does."""
        return next((label for pattern, label in self.rows if any(text and pattern.match(text) for text in texts)), None)


@dataclass(frozen=True)
class BidsMap:
    """A whole table.

    Attributes
    ----------
    descriptions : tuple of Row
        The rows; the first that holds counts.
    subjects, sessions, tasks : Labels
        Labels that a person gives: by PatientID or PatientName; by date, StudyDescription, StudyID, AccessionNumber or
        StudyInstanceUID; by SeriesDescription or ProtocolName.
    dataset_description : dict
        Keys for ``dataset_description.json``.
    first, additions : tuple of Row
        Of the built-in table: rows that count before names in ReproIn form, and rows that only add entities.
    participants : tuple of (pattern, columns)
        Columns of ``participants.tsv`` for persons.
    subject, session, task, run, derivative : str
        What the options choose for all images; empty where they do not.
    keys : dict
        Keys of sidecars for all images (``""``), a datatype, or ``datatype/suffix``.
    """

    descriptions: tuple[Row, ...] = ()
    subjects: Labels = Labels()
    sessions: Labels = Labels()
    tasks: Labels = Labels()
    dataset_description: dict[str, Any] = field(default_factory=dict)
    first: tuple[Row, ...] = ()
    additions: tuple[Row, ...] = ()
    participants: tuple[tuple[re.Pattern[str], dict[str, str]], ...] = ()
    subject: str = ""
    session: str = ""
    task: str = ""
    run: str = ""
    derivative: str = ""
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)

    def participant(self, *texts: str) -> dict[str, str]:
        """Return the columns for a person, by PatientID or PatientName; later rows go before earlier ones."""
        columns: dict[str, str] = {}
        for pattern, row in self.participants:
            if any(text and pattern.match(text) for text in texts):
                columns |= row
        return columns


@cache
def built_in() -> BidsMap:
    """Return the built-in table, ``data/bids_map.json``."""
    content = data_table("bids_map")
    return _parsed(content, "built-in map", BUILT_IN_KEYS)


def read_map(path: Path | None) -> BidsMap:
    """Return the table of a person's file; an empty one where there is no file.

    Raises
    ------
    OptionError
        If the file cannot be read, is neither JSON nor TOML, has unknown keys, values of a wrong type, patterns that are none,
        or names that BIDS does not have.
    """
    if path is None:
        return BidsMap()
    return _parsed(read_option_file(path, "bids_map"), f'bids_map="{path}"', TOP_KEYS)


def _parsed(value: Any, where: str, allowed: tuple[str, ...]) -> BidsMap:
    _object(value, allowed, where)
    method, case = value.get("search_method", "fnmatch"), value.get("case_sensitive", True)
    if method not in METHODS:
        raise OptionError(f"{where}: search_method is {method!r}; fnmatch or re was expected.")
    if not isinstance(case, bool):
        raise OptionError(f"{where}: case_sensitive is {case!r}; true or false was expected.")
    patterns = Patterns(METHODS[method], case)
    description = value.get("dataset_description", {})
    if not isinstance(description, dict):
        raise OptionError(f"{where}: dataset_description must be an object.")
    return BidsMap(
        descriptions=_rows(value.get("descriptions", []), patterns, f"{where}: descriptions"),
        subjects=_labels(value.get("subjects", {}), patterns, f"{where}: subjects"),
        sessions=_labels(value.get("sessions", {}), patterns, f"{where}: sessions", empty=True),
        tasks=_labels(value.get("tasks", {}), patterns, f"{where}: tasks"),
        dataset_description=description,
        first=_rows(value.get("first", []), patterns, f"{where}: first"),
        additions=_rows(value.get("additions", []), patterns, f"{where}: additions"),
        participants=_participants(value.get("participants", {}), patterns, f"{where}: participants"),
    )


def _object(value: Any, allowed: tuple[str, ...], where: str) -> None:
    if not isinstance(value, dict):
        raise OptionError(f"{where}: an object was expected, found a {type(value).__name__}.")
    unknown = [key for key in value if key not in allowed]
    if unknown:
        raise OptionError(f"{where}: unknown key {unknown[0]!r}. Known are {', '.join(allowed)}.")


def _labels(value: Any, patterns: Patterns, where: str, empty: bool = False) -> Labels:
    if not isinstance(value, dict):
        raise OptionError(f"{where}: an object with patterns and labels was expected, found a {type(value).__name__}.")
    for pattern, label in value.items():
        if not isinstance(label, str) or not (LABEL.fullmatch(label) or (empty and not label)):
            raise OptionError(f"{where}/{pattern}: {label!r} is not a valid label; only letters and digits are allowed.")
    return Labels(tuple((patterns.compiled(pattern, where), label) for pattern, label in value.items()))


def _participants(value: Any, patterns: Patterns, where: str) -> tuple[tuple[re.Pattern[str], dict[str, str]], ...]:
    if not isinstance(value, dict) or not all(isinstance(row, dict) for row in value.values()):
        raise OptionError(f'{where}: an object with patterns and columns was expected, such as {{"P*": {{"group": "a"}}}}.')
    for pattern, row in value.items():
        wrong = [name for name, cell in row.items() if not COLUMN.fullmatch(name) or not isinstance(cell, (str, int, float))]
        if wrong:
            raise OptionError(f"{where}/{pattern}: {wrong[0]!r} is not a column name with text or a number.")
        if "participant_id" in row:
            raise OptionError(f'{where}/{pattern}: participant_id is sub-LABEL always. Give "subjects" for another label.')
    rows = (
        (patterns.compiled(pattern, where), {name: str(cell) for name, cell in row.items()}) for pattern, row in value.items()
    )
    return tuple(rows)


# --- rows -------------------------------------------------------------------------------------------------------------


def _rows(value: Any, patterns: Patterns, where: str) -> tuple[Row, ...]:
    if not isinstance(value, list):
        raise OptionError(f"{where}: a list was expected, found a {type(value).__name__}.")
    return tuple(_row(row, patterns, f"{where}[{n}]") for n, row in enumerate(value))


def _row(value: Any, patterns: Patterns, where: str) -> Row:
    _object(value, ROW_KEYS, where)
    name = str(value.get("id", where))
    if "criteria" not in value:
        raise OptionError(f'{where}: "criteria" is missing.')
    row = Row(
        name=name,
        holds=criteria(value["criteria"], patterns, f"{where}/criteria"),
        datatype=_text(value, "datatype", where),
        suffix=_text(value, "suffix", where).removeprefix("_"),
        entities=_entities(value.get("custom_entities", []), f"{where}/custom_entities"),
        changes=_changes(value, where),
        aslcontext=_aslcontext(value, where),
        ignore=_flag(value, where),
        sourcedata=_reason(value, where),
        note=_text(value, "note", where),
    )
    _check_name(row, where)
    return row


def _text(row: dict[str, Any], key: str, where: str) -> str:
    value = row.get(key, "")
    if not isinstance(value, str):
        raise OptionError(f"{where}/{key}: text was expected, found {value!r}.")
    return value


def _flag(row: dict[str, Any], where: str) -> bool:
    value = row.get("ignore", False)
    if not isinstance(value, bool):
        raise OptionError(f"{where}/ignore: true or false was expected, found {value!r}.")
    return value


def _reason(row: dict[str, Any], where: str) -> str:
    value = row.get("sourcedata", "")
    if not isinstance(value, (str, bool)):
        raise OptionError(f"{where}/sourcedata: true, false or a reason was expected, found {value!r}.")
    return "specified by the map" if value is True else value or ""


def _changes(row: dict[str, Any], where: str) -> dict[str, Any]:
    value = row.get("sidecar_changes", {})
    if not isinstance(value, dict):
        raise OptionError(f"{where}/sidecar_changes: an object was expected, found a {type(value).__name__}.")
    return value


def _aslcontext(row: dict[str, Any], where: str) -> tuple[str, ...]:
    value = row.get("aslcontext", [])
    if not isinstance(value, list) or not all(word in ASL_WORDS for word in value):
        raise OptionError(f"{where}/aslcontext: a list of {', '.join(ASL_WORDS)} was expected, found {value!r}.")
    return tuple(value)


def _entities(value: Any, where: str) -> dict[str, str]:
    """Return entities of ``"task-rest_acq-fast"``, or of a list of such parts."""
    parts = [part for text in (value if isinstance(value, list) else [value]) for part in str(text).split("_") if part]
    entities = {}
    for part in parts:
        key, dash, label = part.partition("-")
        if not dash or not LABEL.fullmatch(label):
            raise OptionError(
                f"{where}: {part!r} is not a valid entity. Expected KEY-LABEL with letters and digits, such as task-rest."
            )
        if key not in naming_rules.entities():
            known = ", ".join(naming_rules.entities())
            raise OptionError(f"{where}: BIDS has no entity {key!r} here. Known are {known}.")
        entities[key] = label
    return entities


def _check_name(row: Row, where: str) -> None:
    if bool(row.datatype) != bool(row.suffix):
        raise OptionError(f"{where}: datatype and suffix belong together; one of them is missing.")
    if not row.datatype:
        return
    name = naming_rules.names().get((row.datatype, row.suffix))
    if name is None:
        suffixes = sorted(suffix for datatype, suffix in naming_rules.names() if datatype == row.datatype)
        known = f"{row.datatype} has {', '.join(suffixes)}" if suffixes else "datatypes are anat, func, dwi, fmap, perf, pet"
        raise OptionError(f"{where}: BIDS has no {row.datatype}/{row.suffix}: {known}.")
    forbidden = [entity for entity in row.entities if not name.allows(entity)]
    if forbidden:
        raise OptionError(f"{where}: {row.datatype}/{row.suffix} has no entity {forbidden[0]!r} in BIDS.")
