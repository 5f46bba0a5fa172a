"""Whether two data sets of one PatientID can be of one person, by what they state."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import NamedTuple

UNKNOWN_DATES = frozenset({"00000000", "00010101", "18000101", "19000101"})
"""Dates that systems write for unknown ones."""
NEW_YEAR = "0101"
"""Day of birth dates of which only the year is known, or was left by de-identification."""
UNKNOWN_NAMES = frozenset({
    "anon", "anonymous", "anonymized", "anonymised", "deidentified", "removed", "unknown", "none", "noname", "test", "xxx",
})  # fmt: skip
"""Words of what takes the place of a name."""
SEXES = frozenset("MF")
"""Values of PatientSex (0010,0040) that exclude each other; O (other) is also written for unknown."""
_VISIT = re.compile(r"(?<=\d)(?:v|visit|ses|tp)\d{1,2}$")
"""Visit at the end of a pseudonym, as in P01V2."""
_DAY = re.compile(r"(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
"""Month and day; some systems write 0000 where only the year is known."""
_NOT_ASCII = re.compile(r"[^\x00-\x7f]|\?")
SIMILAR = 0.8
"""Part of the letters that spellings of one name have in common at least."""


class Person(NamedTuple):
    """What a data set states of a person in addition to PatientID; empty where it states nothing."""

    name: str = ""
    birth_date: str = ""
    sex: str = ""
    issuer: str = ""


UNKNOWN_PERSON = Person()
"""Of whom nothing is stated."""
KEYWORDS = Person("PatientName", "PatientBirthDate", "PatientSex", "IssuerOfPatientID")
"""Keyword of each attribute of a person."""


def person(name: str = "", birth_date: str = "", sex: str = "", issuer: str = "", patient_id: str = "") -> Person:
    """Return a person by attributes as they are written: of a name the alphabetic form, a date with or without hyphens.

    A name that is the PatientID is not a name, and neither is one that means unknown; the same holds for dates.

    Examples
    --------
    >>> person("Doe^Jane=山田^太郎", "1980-02-01", "female", "Clinic ")
    Person(name='doe jane', birth_date='19800201', sex='F', issuer='clinic')
    """
    words = normal_text(name.split("=")[0])
    if words == normal_text(patient_id) or _is_unknown(_words(words)):
        words = ""
    date = birth_date.replace("-", "").strip()
    return Person(words, "" if date in UNKNOWN_DATES else date, sex.strip()[:1].upper(), normal_text(issuer))


def normal_text(text: str) -> str:
    """Return text without what systems write in different ways: case, blanks, empty components."""
    return " ".join(text.casefold().replace("^", " ").split())


def merged(first: Person, other: Person) -> Person:
    """Return what two data sets of one person state; where both state something, the first counts."""
    return Person(*(mine or theirs for mine, theirs in zip(first, other, strict=True)))


def differing(people: Iterable[Person]) -> list[str]:
    """Return the keywords of the attributes of which several values are stated."""
    values = zip(*people, strict=True)
    return [keyword for keyword, stated in zip(KEYWORDS, values, strict=False) if len(set(filter(None, stated))) > 1]


def contradicting(one: Person, other: Person) -> list[str]:
    """Return the keywords of the attributes that cannot be of one person; empty if all can.

    Another birth date or another sex cannot. Another spelling of a name can, and so can another name where the birth date is
    the same; another issuer of the PatientID cannot where the names differ.

    Examples
    --------
    >>> jane = person("Doe^Jane", "19800201", "F")
    >>> contradicting(jane, person("Roe^Richard", "19800201", "M"))
    ['PatientSex']
    >>> contradicting(jane, person("JANE DOE^^"))
    []
    """
    keywords = []
    alike = not (one.name and other.name) or one.name == other.name or _are_alike(one.name, other.name)
    if not alike and not _is_confirmed(one.birth_date, other.birth_date):
        keywords.append(KEYWORDS.name)
    if _are_two_dates(one.birth_date, other.birth_date):
        keywords.append(KEYWORDS.birth_date)
    if {one.sex, other.sex} == SEXES:
        keywords.append(KEYWORDS.sex)
    if not alike and one.issuer and other.issuer and one.issuer != other.issuer:
        keywords.append(KEYWORDS.issuer)
    return keywords


def may_be_same_person(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Return whether two data sets can be of one person, by what they state.

    Another PatientID, birth date or sex is another person. Another spelling of a name is not, and what is empty or means
    unknown is ignored.

    Parameters
    ----------
    one, other : mapping of str to str
        Keyword → value: ``PatientID``, ``PatientName``, ``PatientBirthDate``, ``PatientSex``, ``IssuerOfPatientID``. Other keys
        are ignored.

    Returns
    -------
    bool
        Whether nothing excludes it.

    Examples
    --------
    >>> from nifti_dicom_bridge import may_be_same_person
    >>> jane = {"PatientID": "7", "PatientName": "Doe^Jane", "PatientSex": "F"}
    >>> may_be_same_person(jane, {"PatientID": "7", "PatientName": "DOE, JANE"})
    True
    >>> may_be_same_person(jane, {"PatientID": "7", "PatientName": "Doe^John", "PatientSex": "M"})
    False
    """
    return not excluding(one, other)


def excluding(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return the keywords of what excludes that two data sets are of one person, as in `may_be_same_person`.

    Examples
    --------
    >>> excluding({"PatientID": "7", "PatientSex": "F"}, {"PatientID": "8", "PatientSex": "M"})
    ['PatientID', 'PatientSex']
    """
    numbers = {normal_text(values.get("PatientID", "")) for values in (one, other)} - {""}
    people = [person(*(values.get(keyword, "") for keyword in (*KEYWORDS, "PatientID"))) for values in (one, other)]
    return [*(["PatientID"] if len(numbers) > 1 else []), *contradicting(*people)]


class People:
    """The people of each PatientID, numbered from 1 in the order in which they occur."""

    def __init__(self) -> None:
        self._people: dict[str, list[Person]] = {}

    def number_of(self, patient_id: str, one: Person) -> int:
        """Return the number of a person among those of a PatientID; a new number if it contradicts all of them."""
        known = self._people.setdefault(patient_id, [])
        for n, other in enumerate(known):
            if other == one:
                return n + 1
            if not contradicting(other, one):
                known[n] = merged(other, one)
                return n + 1
        known.append(one)
        return len(known)


def _is_unknown(words: list[str]) -> bool:
    joined = "".join(words)  # de-identified, No^Name
    return not UNKNOWN_NAMES.isdisjoint([*words, joined]) or set(joined) == {"x"}


def _is_date(text: str) -> bool:
    return len(text) == 8 and text.isdecimal() and "18" <= text[:2] <= "21"


def _are_two_dates(one: str, other: str) -> bool:
    """Whether birth dates exclude each other: another year, or another day of one year where both state a day."""
    if not (_is_date(one) and _is_date(other)) or one == other:
        return False
    return one[:4] != other[:4] or (_has_day(one) and _has_day(other))


def _has_day(date: str) -> bool:
    return date[4:] != NEW_YEAR and _DAY.fullmatch(date[4:]) is not None


def _is_confirmed(one: str, other: str) -> bool:
    """Whether two birth dates are the same day, and not one that is written where only the year is known."""
    return _is_date(one) and one == other and _has_day(one)


def _are_alike(one: str, other: str) -> bool:
    """Whether two names may be spellings of one: other order, accents, punctuation, missing or shortened parts, letters."""
    mine, theirs = _words(one), _words(other)
    if not mine or not theirs or _is_latin(mine) != _is_latin(theirs):  # scripts cannot be compared
        return True
    if _begins_with("".join(mine), "".join(theirs)) or _are_damaged(one, other):
        return True
    numbered = [{word for word in words if re.search(r"\d", word)} for words in (mine, theirs)]
    if all(numbered):  # pseudonyms: one letter makes another person, but not another visit
        people = [{_VISIT.sub("", word) for word in words} for words in numbered]
        return bool(people[0] & people[1])
    few, many = sorted((mine, theirs), key=len)
    if all(any(word.startswith(part) or part.startswith(word) for word in many) for part in few):
        return True
    from difflib import SequenceMatcher  # few names need it

    return SequenceMatcher(None, " ".join(sorted(mine)), " ".join(sorted(theirs)), autojunk=False).ratio() >= SIMILAR


def _are_damaged(one: str, other: str) -> bool:
    """Whether two names are the same but for letters beyond ASCII, which a wrong character set replaces: Müller, MÃ¼ller."""
    rest = [_NOT_ASCII.sub("", name) for name in (one, other)]
    return rest[0] == rest[1] != one and rest[1] != other and len(rest[0]) > 2


def _begins_with(one: str, other: str) -> bool:
    """Whether one of two texts continues the other: P01 and P01 visit 2, but not P1 and P12."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and not re.match(r"\d", long[len(short) :]) and len(short) > 2


def _words(name: str) -> list[str]:
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return re.findall(r"[^\W_]+", plain)


def _is_latin(words: list[str]) -> bool:
    return any(letter.isascii() for word in words for letter in word)
