"""What each kind of object must hold: the attributes of its modules and their types (PS3.3 A, PS3.5 7.4).

The tables are data/iods.json and data/module_sections.json. Writers ask which attributes are of Type 1 and 2; the validation
walks them.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, NamedTuple

from .data_tables import data_table

# from strict to lax: where several modules of an IOD have an attribute, the strictest type counts
TYPES = ("1", "2", "1C", "2C", "3")


class Rule(NamedTuple):
    """One attribute of a module: its tag, its type (1, 1C, 2, 2C, 3), and the rules of the items of a sequence."""

    tag: int
    type: str
    items: tuple[Rule, ...]


class Module(NamedTuple):
    """One module of an IOD: its name, usage (M mandatory, C conditional, U user option), and its attributes."""

    name: str
    usage: str
    rules: tuple[Rule, ...]


class AttributeRule(NamedTuple):
    """One attribute of an IOD, wherever it is.

    Attributes
    ----------
    path : tuple of int
        Tags from the outermost sequence to the attribute.
    type : str
        1 must have a value, 2 must be present, 3 may be absent; 1C, 2C under a condition.
    module, usage : str
        The module that asks for it, and whether the IOD has that module always (M), under a condition (C) or at will (U).
    """

    path: tuple[int, ...]
    type: str
    module: str
    usage: str


def iod_of(sop_class_uid: str) -> str:
    """Return the name of the IOD of a SOP class (PS3.4 B.5), such as ``ct-image``; empty where it is not known."""
    return str(_table()["sop_classes"].get(sop_class_uid, ""))


@lru_cache(maxsize=32)
def modules_of(sop_class_uid: str) -> tuple[Module, ...]:
    """Return the modules of a SOP class with their attributes; empty where it is not known (PS3.3 A)."""
    table = _table()
    modules = []
    for row in table["iods"].get(iod_of(sop_class_uid), ()):
        usage, name = row.split()
        modules.append(Module(name, usage, _list(table["modules"][name])))
    return tuple(modules)


@lru_cache(maxsize=32)
def attributes_of(sop_class_uid: str) -> tuple[AttributeRule, ...]:
    """Return every attribute that an object of a SOP class may hold by its IOD, those in sequences too.

    Parameters
    ----------
    sop_class_uid : str
        Such as ``1.2.840.10008.5.1.4.1.1.2``.

    Returns
    -------
    tuple of AttributeRule
        In the order of the standard (PS3.3 A, C). An attribute occurs once for each module that contains it. Empty where the
        SOP class is not known.
    """
    return tuple(
        AttributeRule(path, type_, module.name, module.usage)
        for module in modules_of(sop_class_uid)
        for path, type_ in _flat(module.rules, ())
    )


def section_of(module: str) -> str:
    """Return the section of PS3.3 that defines a module, such as ``C.7.1.1`` of ``patient``; empty where it is not known."""
    return _sections().get(module, "")


@cache
def _sections() -> dict[str, str]:
    sections = data_table("module_sections")["sections"]
    return {module: section for section, modules in sections.items() for module in modules.split()}


@cache
def only_in_items() -> frozenset[int]:
    """Return the attributes that no module has in the data set itself: they occur in items of sequences only."""
    top: set[int] = set()
    below: set[int] = set()
    for number in _table()["modules"].values():
        for path, _ in _flat(_list(number), ()):
            (below if len(path) > 1 else top).add(path[-1])
    return frozenset(below - top)


def _flat(rules: tuple[Rule, ...], above: tuple[int, ...]) -> list[tuple[tuple[int, ...], str]]:
    result = []
    for rule in rules:
        path = (*above, rule.tag)
        result.append((path, rule.type))
        result += _flat(rule.items, path)
    return result


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return data_table("iods")


@cache
def _list(number: int) -> tuple[Rule, ...]:
    """Return one list of the table; equal ones are one object, as most macros are at many places."""
    rules = []
    for row in filter(None, _table()["lists"][number].split(",")):
        tag, type_, *inner = row.split()
        rules.append(Rule(int(tag, 16), type_, _list(int(inner[0])) if inner else ()))
    return tuple(rules)
