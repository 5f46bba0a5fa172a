"""Types, conditions, values and representation of every attribute, at every level of a data set (PS3.5 7.4, PS3.3)."""

from __future__ import annotations

from ..model import metadata
from ..model.charset import CharacterSet
from ..model.metadata import Elements
from ..standard import dictionary, iods
from ..standard.tags import Tag
from .character_sets import check_character_set
from .checklist import Requirements, present_modules, requirements_of
from .conditions import Condition, rows_for
from .findings import TagPath
from .geometry_fields import check_geometry
from .number_fields import check_numbers
from .representation import check_element, check_signs
from .subject import DataSetContext, first_overlay, is_empty
from .values import check_values
from .when import Scope


def check_attributes(subject: DataSetContext) -> None:
    """Check the whole data set."""
    elements = subject.elements
    checklist = None
    if subject.iod:
        known = {first_overlay(tag) for tag in elements}
        if subject.instance.pixels is not None:
            known.add(subject.instance.pixels.tag)
        checklist = requirements_of(subject.sop_class, present_modules(subject.sop_class, known))
    _check_level(subject, elements, checklist, (), CharacterSet())
    for tag in subject.instance.repeated:
        subject.error("repeated", (tag,), "It occurs more than once (PS3.5 7.1).", "Keep one of them.")


def _check_level(
    subject: DataSetContext, elements: Elements, checklist: Requirements | None, above: TagPath, charset: CharacterSet
) -> None:
    """Check a data set, or an item: what is missing, then what is there."""
    charset = charset.of(elements)
    if checklist is not None:
        _check_types(subject, elements, checklist, above)
        _check_conditions(subject, elements, checklist, above)
    check_signs(subject, elements, above)
    if not any(map(dictionary.is_private, above)):  # what a private sequence contains, the vendor specifies
        check_geometry(subject, elements, above)
    check_character_set(subject, elements, above)
    check_numbers(subject, elements, above)
    for tag, element in elements.items():
        path = (*above, tag)
        check_element(subject, tag, element, path, charset)
        if checklist is not None and first_overlay(tag) in checklist.types:
            check_values(subject, tag, element, path)
        if isinstance(element.value, tuple):
            inner = checklist.items.get(tag) if checklist is not None else None
            for item in element.value:
                _check_level(subject, item.elements, inner, path, charset)


# --- types ------------------------------------------------------------------------------------------------------------


def _check_types(subject: DataSetContext, elements: Elements, checklist: Requirements, above: TagPath) -> None:
    for tag, type_ in checklist.required:
        if tag in elements:
            if type_ == "1" and is_empty(elements, tag):
                _empty(subject, type_, (*above, tag), _module_of(subject, checklist, above, tag))
        elif tag not in dictionary.PIXEL_TAGS and not _is_single_frame(subject, tag):
            _missing(subject, type_, (*above, tag), _module_of(subject, checklist, above, tag))
    for tag in elements:
        if checklist.types.get(tag) == "1C" and is_empty(elements, tag):
            _empty(subject, "1C", (*above, tag), _module_of(subject, checklist, above, tag))


def _module_of(subject: DataSetContext, checklist: Requirements, above: TagPath, tag: int) -> str:
    """Return the module that has an attribute, or the sequence that it is in."""
    if not above or not subject.iod:
        return checklist.homes.get(tag, "")
    modules = (module for module in iods.modules_of(subject.sop_class) for rule in module.rules if rule.tag == above[0])
    return next((module.name for module in modules), "")


def _is_single_frame(subject: DataSetContext, tag: int) -> bool:
    """Whether an attribute specifies how frames differ, and there is one only (PS3.3 C.8.6.3: required of more than one
    frame).
    """
    return tag == Tag.FRAME_INCREMENT_POINTER and metadata.integer(subject.elements, Tag.NUMBER_OF_FRAMES) == 1


def _missing(subject: DataSetContext, type_: str, path: TagPath, module: str) -> None:
    required = "it is required, with a value" if type_[0] == "1" else "it is required, with a value or empty"
    subject.error(
        f"missing type {type_}",
        path,
        f"It is missing; {required} (Type {type_}{_home(module)}).",
        "Add it with its value." if type_[0] == "1" else "Add it, empty where the value is not known.",
    )


def _empty(subject: DataSetContext, type_: str, path: TagPath, module: str) -> None:
    subject.error(
        f"empty type {type_}",
        path,
        f"It has no value; it must have one (Type {type_}{_home(module)}).",
        "Add the value." if type_ == "1" else "Add the value, or leave the attribute out.",
    )


def _home(module: str) -> str:
    """Return the module that requires an attribute, and its section of PS3.3 where that is known."""
    section = iods.section_of(module)
    return (f", {module} module" if module else "") + (f", PS3.3 {section}" if section else "")


# --- conditions -------------------------------------------------------------------------------------------------------


def _check_conditions(subject: DataSetContext, elements: Elements, checklist: Requirements, above: TagPath) -> None:
    scope = Scope(elements, subject.elements)
    for section, tag, row in _rows(subject.iod, above[-1] if above else None, checklist):
        there = tag in elements
        if there and not row.is_excluded:
            continue
        met = row.when.test(scope)
        type_ = checklist.declared[tag]
        if met and not there and row.required:
            subject.error(
                f"missing type {type_}",
                (*above, tag),
                f"It is missing; it is required because {row.when.words} (Type {type_}, PS3.3 {section}).",
                "Add it.",
            )
        elif there and not met and row.is_excluded:
            subject.error(
                "condition",
                (*above, tag),
                f"It is present; it is only allowed if {row.when.words} (PS3.3 {section}).",
                "Leave it out, or correct what it depends on.",
            )


def _rows(iod: str, enclosing: int | None, checklist: Requirements) -> list[tuple[str, int, Condition]]:
    """Return the conditions whose attribute has a conditional type here; kept with the checklist."""
    key = (iod, enclosing)
    if key not in checklist.conditions:
        checklist.conditions[key] = [row for row in rows_for(iod, enclosing) if _counts(checklist, *row)]
    return checklist.conditions[key]


def _counts(checklist: Requirements, section: str, tag: int, row: Condition) -> bool:
    """Whether a condition has a value here; a row for an IOD does so even if the module is missing as a whole."""
    type_ = (checklist.declared if row.iods else checklist.types).get(tag)
    return type_ in (("1C", "2C") if row.required else iods.TYPES)
