"""What the basic profile does to an attribute: its action code (PS3.15 table E.1-1), made definite by the kind of object."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from ..model.metadata import Element
from ..standard import dictionary
from ..standard.confidentiality_profile import action_code
from ..standard.iods import TYPES, attributes_of
from ..standard.tags import Tag

Path = tuple[int, ...]
"""Tags from the outermost sequence to the attribute."""


class Action(Enum):
    """What happens to an attribute; the values are the codes of PS3.15 table E.1-1a."""

    KEEP = "K"
    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    UID = "U"


_BY_CODE = {action.value: action for action in Action} | {"U*": Action.UID}
_OF_TYPE_2 = ("Z", "D", "U*", "X")
_OF_TYPE_3 = ("X", "Z", "D", "U*")
_OF_TYPE_1 = ("D", "U*", "Z", "X")
_PREFERRED = {"1": _OF_TYPE_1, "1C": _OF_TYPE_1, "2": _OF_TYPE_2, "2C": _OF_TYPE_2, "3": _OF_TYPE_3, "": _OF_TYPE_1}
_GRAPHICS = (0x50, 0x60)
"""High bytes of the groups of curves and overlays."""
_TIMES_AND_NAMES = frozenset({"PN", "DA", "DT", "TM"})
# UIDs of kinds and tables, not of objects (PS3.3): they tell nobody
_OF_KINDS = frozenset({
    Tag.REFERENCED_SOP_CLASS_UID_IN_FILE, Tag.REFERENCED_TRANSFER_SYNTAX_UID_IN_FILE, Tag.RELATED_GENERAL_SOP_CLASS_UID,
    Tag.SOP_CLASS_UID, Tag.SOP_CLASSES_IN_STUDY, Tag.CODING_SCHEME_UID, Tag.CONTEXT_UID, Tag.MAPPING_RESOURCE_UID,
    Tag.REFERENCED_SOP_CLASS_UID, Tag.SOP_CLASSES_SUPPORTED,
    Tag.ORIGINAL_SPECIALIZED_SOP_CLASS_UID,
})  # fmt: skip


def action_of(path: Path, element: Element, sop_class: str) -> Action:
    """Return what the basic profile does to an attribute.

    Parameters
    ----------
    path : tuple of int
        Tags from the outermost sequence to the attribute.
    element : Element
        The attribute.
    sop_class : str
        SOPClassUID: where the profile gives a choice, it is "remove" for what is of Type 3 there, "empty" for Type 2, and a
        dummy for Type 1; for what the tables do not know, the one that leaves the object valid.
    """
    code = _code_of(path[-1], element)
    if code == Action.KEEP.value:
        return Action.KEEP
    type_ = _type_of(path, sop_class)
    wanted = set(code.split("/"))
    action = _BY_CODE[next(one for one in (*_PREFERRED[type_], "U") if one in wanted)]
    if action is Action.EMPTY and type_ in ("1", "1C") and isinstance(element.value, bytes):
        return Action.DUMMY  # which Z allows, too
    return action


def _code_of(tag: int, element: Element) -> str:
    """Return the code of the table; as tables grow, names, dates, times and UIDs that it does not list are treated alike."""
    group = tag >> 16
    if dictionary.is_private(tag) or tag & 0xFFFF == 0 or group >> 8 in _GRAPHICS:
        return "X"
    code = action_code(tag)
    if code:
        return code
    if element.vr == "UN":
        return "X"
    if element.vr == "UI":
        return "K" if tag in _OF_KINDS else "U"
    return "X/Z/D" if element.vr in _TIMES_AND_NAMES else "K"


def _type_of(path: Path, sop_class: str) -> str:
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
