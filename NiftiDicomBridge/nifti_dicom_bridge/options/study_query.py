"""What a search in an archive asks for: keys of a query at the level of studies (PS3.4 C.6.2.1.2, PS3.18 10.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from fnmatch import fnmatchcase

from ..errors import OptionError
from .addresses import UID

MOST_STUDIES = 200
"""Studies that a search lists unless something else is asked for."""
_DATES = re.compile(r"(\d{8})?(-)?(\d{8})?")
_MODALITY = re.compile(r"[A-Z0-9_ ]{1,16}")
_SEPARATORS = re.compile(r"[\s,^]+")
"""Between the parts of a name, in DICOM and as people write it."""


@dataclass(frozen=True)
class StudyQuery:
    """What studies have in common; an empty value matches all. All others must match.

    Attributes
    ----------
    patient, accession : str
        Patient ID and accession number; ``*`` matches any characters, ``?`` a single one.
    name, description : str
        Parts of the name of a patient and of the description of a study, in the order in which they occur there.
    date : str
        A date as YYYYMMDD, or a range: ``20260101-20260131``, ``20260101-``, ``-20260131``.
    modality : str
        Of at least one series, such as ``MR``.
    study : str
        Study Instance UID.
    """

    patient: str = ""
    name: str = ""
    date: str = ""
    modality: str = ""
    accession: str = ""
    description: str = ""
    study: str = ""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, str):
                raise OptionError(f"{field.name} is {value!r}; a text was expected.")
            value = value.strip()
            object.__setattr__(self, field.name, value.upper() if field.name == "modality" else value)
            if "\\" in value:
                raise OptionError(f"{value!r} contains a backslash, which separates several values in DICOM. Leave it out.")
        if self.modality and not _MODALITY.fullmatch(self.modality):
            raise OptionError(f"{self.modality!r} is not a modality: letters and digits, such as MR or CT.")
        if self.study:
            check_uid(self.study)
        first, last = self._dates()
        if first and last and first > last:
            raise OptionError(f"The range of dates {self.date} ends before it begins. Exchange the two dates.")

    def keys(self) -> dict[str, str]:
        """Return the attributes that an archive shall match, keyword → value.

        The description is not one of them: archives need not match it, and "head" would not find "Head" (PS3.4 C.2.2.2).
        """
        keys = {
            "PatientID": self.patient,
            "PatientName": _SEPARATORS.sub("*", _pattern(self.name)),
            "StudyDate": self.date,
            "ModalitiesInStudy": self.modality,
            "AccessionNumber": self.accession,
            "StudyInstanceUID": self.study,
        }
        return {keyword: value for keyword, value in keys.items() if value}

    def matches(self, row: Mapping[str, str]) -> bool:
        """Whether an answer matches what archives need not compare, and answer as if it had not been asked for."""
        modalities, date, description = (row.get(key, "") for key in ("ModalitiesInStudy", "StudyDate", "StudyDescription"))
        first, last = self._dates()
        wrong_modality = self.modality and modalities and self.modality not in modalities.upper().split("\\")
        wrong_date = date.isdigit() and not (first or date) <= date <= (last or date)
        wrong_description = self.description and not matches_pattern(description, _pattern(self.description))
        return not (wrong_modality or wrong_date or wrong_description)

    def _dates(self) -> tuple[str, str]:
        """Return the first and the last date; empty where the range is open."""
        match = _DATES.fullmatch(self.date)
        if match is None or (self.date and not (match[1] or match[3])) or (match[1] and match[3] and not match[2]):
            raise OptionError(f"{self.date!r} is not a date: YYYYMMDD, or a range as 20260101-20260131.")
        for text in filter(None, (match[1], match[3])):
            try:
                datetime.strptime(text, "%Y%m%d")
            except ValueError as error:
                raise OptionError(f"{text!r} is not a date: YYYYMMDD.") from error
        return match[1] or "", match[3] or ("" if match[2] else match[1] or "")


def check_uid(text: object) -> None:
    """Raise `OptionError` unless a text is a UID, which selects one study: an empty one, and patterns, would select others."""
    if not isinstance(text, str) or not UID.fullmatch(text):
        raise OptionError(f"{text!r} is not a UID: digits and dots, at most 64 characters.")


def matches_pattern(text: str, pattern: str) -> bool:
    """Whether a text matches a pattern of ``*`` and ``?``; the case of letters does not count."""
    return fnmatchcase(text.casefold(), pattern.casefold().replace("[", "[[]"))


def _pattern(part: str) -> str:
    """Return a pattern for texts that contain a part; as it is if it contains a pattern."""
    return part if not part or "*" in part or "?" in part else f"*{part}*"
