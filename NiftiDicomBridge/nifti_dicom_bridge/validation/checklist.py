"""The rules of an IOD, made ready for one data set: which attributes must be there, and the lists of its sequences."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ..standard import dictionary, iods
from ..standard.iods import TYPES, Module, Rule
from ..standard.tags import Tag

# whose macros depend on the kind of content item: the table cannot specify which of its attributes are wanted
UNDECIDED = frozenset({"sr-document-content"})
FUNCTIONAL_GROUPS = frozenset({Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE})


@dataclass(eq=False)
class Requirements:
    """What one level of a data set must hold.

    Attributes
    ----------
    types : dict of int to str
        The type of every attribute that the IOD knows here; 3 for those of modules that are not there.
    homes : dict of int to str
        The module that asks for it, empty inside of sequences.
    items : dict of int to Requirements
        What the items of its sequences must hold.
    declared : dict of int to str
        The same, with the types that they would have if their modules were there.
    conditions : dict
        The rows of `conditions` that count here, by IOD and enclosing sequence; filled when first asked for.
    required : tuple of (int, str)
        Tags that must be there, with Type 1 or 2.
    """

    types: dict[int, str] = field(default_factory=dict)
    homes: dict[int, str] = field(default_factory=dict)
    items: dict[int, Requirements] = field(default_factory=dict)
    declared: dict[int, str] = field(default_factory=dict)
    conditions: dict[tuple[str, int | None], list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.declared = self.declared or self.types
        self.required = tuple((tag, type_) for tag, type_ in self.types.items() if type_ in ("1", "2"))


@dataclass(frozen=True, eq=False)
class Plan:
    """The modules of an IOD: those that are always there, and for the others how to specify that they are.

    Attributes
    ----------
    always : tuple of Module
        Mandatory modules.
    others : tuple of (Module, frozenset of int)
        Conditional and optional ones, each with attributes that no mandatory module has: where one of them is, the module is.
    """

    always: tuple[Module, ...]
    others: tuple[tuple[Module, frozenset[int]], ...]


@lru_cache(maxsize=64)
def plan_of(sop_class_uid: str) -> Plan:
    """Return the modules of a SOP class (PS3.3 A.1.3)."""
    modules = iods.modules_of(sop_class_uid)
    always = tuple(module for module in modules if module.usage == "M")
    common = {rule.tag for module in always for rule in module.rules}
    return Plan(always, tuple((module, _indicator_attributes(module, common)) for module in modules if module.usage != "M"))


def _indicator_attributes(module: Module, common: set[int]) -> frozenset[int]:
    """Return the attributes that specify that a module is there: those of Type 1 and 2; where it has none, all.

    The three kinds of pixel data specify their modules apart.
    """
    own = {rule.tag for rule in module.rules} - common
    demanded = own & {rule.tag for rule in module.rules if rule.type in ("1", "2")}
    return frozenset(dictionary.PIXEL_TAGS & own or demanded or own)


@lru_cache(maxsize=256)
def requirements_of(sop_class_uid: str, present: frozenset[str]) -> Requirements:
    """Return the rules of the top level, for a data set in which these conditional and optional modules are present."""
    plan = plan_of(sop_class_uid)
    types: dict[int, str] = {}
    homes: dict[int, str] = {}
    for module in (*plan.always, *(module for module, _ in plan.others if module.name in present)):
        for rule in module.rules:
            type_ = "3" if module.name in UNDECIDED else rule.type
            if rule.tag not in types or TYPES.index(type_) < TYPES.index(types[rule.tag]):
                types[rule.tag], homes[rule.tag] = type_, module.name
    declared = dict(types)
    for module, _ in plan.others:  # absent ones: nothing is demanded, but what is there has its rules
        for rule in module.rules:
            types.setdefault(rule.tag, "3")
            declared.setdefault(rule.tag, rule.type)
    lists: dict[int, list[tuple[Rule, ...]]] = {}
    for module in (*plan.always, *(module for module, _ in plan.others)):
        for rule in module.rules if module.name not in UNDECIDED else ():
            if rule.items and not any(rule.items is other for other in lists.get(rule.tag, [])):
                lists.setdefault(rule.tag, []).append(rule.items)
    items = {tag: _items(tag, tuple(rules)) for tag, rules in lists.items()}
    return Requirements(types, homes, items, declared)


def present_modules(sop_class_uid: str, known: set[int]) -> frozenset[str]:
    """Return the names of the conditional and optional modules that a data set with these tags has."""
    return frozenset(module.name for module, own in plan_of(sop_class_uid).others if not own.isdisjoint(known))


_LISTS: dict[tuple[int, ...], tuple[tuple[tuple[Rule, ...], ...], Requirements]] = {}


def _items(tag: int, lists: tuple[tuple[Rule, ...], ...]) -> Requirements:
    """Return the rules of the items of a sequence; the laxest where modules disagree.

    Equal macros are one object in the table, so identity distinguishes them.
    """
    key = (tag if tag in FUNCTIONAL_GROUPS else 0, *map(id, lists))
    if key not in _LISTS:
        _LISTS[key] = (lists, _merged(tag, lists))
    return _LISTS[key][1]


def _merged(tag: int, lists: tuple[tuple[Rule, ...], ...]) -> Requirements:
    types: dict[int, str] = {}
    inner: dict[int, list[tuple[Rule, ...]]] = {}
    for rules in lists:
        for rule in rules:
            before = types.get(rule.tag, rule.type)
            types[rule.tag] = max(before, rule.type, key=TYPES.index)
            if rule.items and not any(rule.items is other for other in inner.get(rule.tag, [])):
                inner.setdefault(rule.tag, []).append(rule.items)
    if len(lists) > 1:  # what only one of them demands is not demanded
        everywhere = set.intersection(*({rule.tag for rule in rules} for rules in lists))
        types = {key: type_ if key in everywhere else "3" for key, type_ in types.items()}
    if tag in FUNCTIONAL_GROUPS:  # which groups must be there, and where, is checked by functional_groups
        types = {key: "1C" if type_ == "1" else "3" for key, type_ in types.items()}
    return Requirements(types, {}, {key: _items(key, tuple(alternatives)) for key, alternatives in inner.items()})
