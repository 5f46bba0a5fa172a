"""What happens to an attribute: PS3.15 table E.1-1 with its options, made definite by the kind of object."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from ..options import Clean, Retain
from ..standard import dictionary
from ..standard.confidentiality_profile import ProfileRow, row_of
from ..standard.iods import TYPES, attributes_of
from ..standard.tags import Tag
from . import kept_attributes
from .policy import Policy

Path = tuple[int, ...]
"""Tags from the outermost sequence to the attribute."""


class Action(Enum):
    """What happens to an attribute; the values are the codes of PS3.15 table E.1-1a, and two of our own."""

    KEEP = "K"
    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    UID = "U"
    CLEAN = "C"
    SHIFT = "shift"
    """A date that is moved by the days of the patient: C in the column of modified dates."""


_BY_CODE = {action.value: action for action in Action} | {"U*": Action.UID}
_OF_TYPE_2 = ("Z", "D", "U*", "X")
_OF_TYPE_3 = ("X", "Z", "D", "U*")
_OF_TYPE_1 = ("D", "U*", "Z", "X")
_PREFERRED = {"1": _OF_TYPE_1, "1C": _OF_TYPE_1, "2": _OF_TYPE_2, "2C": _OF_TYPE_2, "3": _OF_TYPE_3, "": _OF_TYPE_1}
_BY_RULE = {"keep": Action.KEEP, "remove": Action.REMOVE, "empty": Action.EMPTY}
_GRAPHICS = (0x50, 0x60)
"""High bytes of the groups of curves and overlays."""
_DATES = frozenset({"DA", "DT", "TM"})
_TEXTS = frozenset({"LO", "LT", "SH", "ST", "UC", "UT"})
_PERSONS_AND_PLACES = frozenset({"PN", "AE", "UR"})
_BYTES = frozenset({"OB", "OD", "OF", "OL", "OV", "OW"})
_CLEANABLE = _TEXTS | {"SQ"}
_ANY = "X/Z/D"


@lru_cache(maxsize=1 << 16)
def action_of(path: Path, vr: str, sop_class: str, policy: Policy) -> Action:
    """Return what happens to an attribute.

    Parameters
    ----------
    path : tuple of int
        Tags from the outermost sequence to the attribute.
    vr : str
        Its VR.
    sop_class : str
        SOPClassUID: where the profile gives a choice, it is "remove" for what is of Type 3 there, "empty" for Type 2, and a
        dummy for Type 1; for what the tables do not know, the one that leaves the object valid.
    policy : Policy
        Options of the profile, and a person's rules, which win.
    """
    tag = path[-1]
    if tag in policy.rules.actions:
        return _BY_RULE[policy.rules.actions[tag]]
    if dictionary.is_private(tag) or tag & 0xFFFF == 0 or tag >> 24 in _GRAPHICS:
        return Action.REMOVE
    row = row_of(tag)
    if row is not None:
        return _of_row(row, path, vr, sop_class, policy)
    if not dictionary.is_known(tag) or not dictionary.allows_vr(tag, vr):
        return Action.REMOVE
    return _of_unlisted(path, vr, sop_class, policy)


def basic_action(path: Path, sop_class: str) -> Action:
    """Return what the basic profile does to an attribute, whatever the options: for what nothing is left of when cleaned."""
    row = row_of(path[-1])
    return _definite(row.code if row else _ANY, path, sop_class)


def _of_row(row: ProfileRow, path: Path, vr: str, sop_class: str, policy: Policy) -> Action:
    codes = {option: row.options.get(option.value) for option in policy.options}
    if "K" in codes.values() or (Retain.UIDS in policy.options and _is_value_of_content(path)):
        return Action.KEEP
    if codes.get(Retain.MODIFIED_DATES) and vr in _DATES:
        return Action.SHIFT
    if "C" in codes.values() and vr in _CLEANABLE:
        return Action.CLEAN
    return _definite(row.code, path, sop_class)


def _is_value_of_content(path: Path) -> bool:
    """Whether a UID is the value of a content item, which table E.3.4-1 keeps for every concept with "Retain UIDs"."""
    return path[-1] == Tag.UID and len(path) > 1


def _of_unlisted(path: Path, vr: str, sop_class: str, policy: Policy) -> Action:
    """Return what happens to an attribute that the table does not list: as tables grow, kinds of values are treated alike."""
    tag = path[-1]
    if vr == "UI":
        of_kind = tag in kept_attributes.UIDS_OF_KINDS or tag in kept_attributes.UIDS_OF_TABLES
        return Action.KEEP if of_kind or Retain.UIDS in policy.options else Action.UID
    if vr in _DATES and Retain.FULL_DATES in policy.options:
        return Action.KEEP
    if vr in _DATES and Retain.MODIFIED_DATES in policy.options:
        return Action.SHIFT
    if vr in _TEXTS or tag in kept_attributes.LABELS:
        return Action.KEEP if tag in kept_attributes.TEXTS else Action.CLEAN
    lost = vr in _DATES or vr in _PERSONS_AND_PLACES or (vr in _BYTES and tag not in kept_attributes.BYTES)
    return _definite(_ANY, path, sop_class) if lost else Action.REMOVE if vr == "UN" else Action.KEEP


def _definite(code: str, path: Path, sop_class: str) -> Action:
    wanted = set(code.split("/"))
    return _BY_CODE[next(one for one in (*_PREFERRED[type_of(path, sop_class)], "U") if one in wanted)]


def type_of(path: Path, sop_class: str) -> str:
    """Return the type of an attribute in the kind of object (PS3.5 7.4); empty where the tables do not know it."""
    by_path, by_tag = _types(sop_class)
    return by_path.get(path) or by_tag.get(path[-1], "") if len(path) > 1 else by_path.get(path, "3" if by_path else "")


@lru_cache(maxsize=32)
def _types(sop_class: str) -> tuple[dict[Path, str], dict[int, str]]:
    """Return the strictest type of every attribute of an IOD, by its place and, for other places, by its tag."""
    by_path: dict[Path, str] = {}
    by_tag: dict[int, str] = {}
    for rule in attributes_of(sop_class):
        by_path[rule.path] = _stricter(rule.type, by_path.get(rule.path))
        by_tag[rule.path[-1]] = _stricter(rule.type, by_tag.get(rule.path[-1]))
    return by_path, by_tag


def _stricter(one: str, other: str | None) -> str:
    return one if other is None else min(one, other, key=TYPES.index)


def keeps_graphics(policy: Policy) -> bool:
    """Whether graphics are cleaned in place of being removed."""
    return Clean.GRAPHICS in policy.options
