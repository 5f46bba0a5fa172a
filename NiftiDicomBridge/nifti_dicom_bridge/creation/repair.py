"""What an object may not specify is repaired or taken out of its attributes, by the rules that `validate` checks with."""

from __future__ import annotations

from ..formats.dicom import new_element
from ..model.charset import UTF_8, CharacterSet
from ..model.metadata import Element, Elements, Encoding, Instance, Item
from ..standard import dictionary
from ..standard.iods import modules_of
from ..standard.tags import Tag
from ..validation.attributes import check_attributes
from ..validation.findings import FindingCollector, Severity, TagPath
from ..validation.representation import check_element
from ..validation.subject import DataSetContext
from ..validation.values import check_values
from .value_repairs import ELEMENT_REPAIRS, stripped

_UNICODE = CharacterSet((UTF_8,))
ROUNDS = 6
"""Taking one attribute out may make another wrong; more often than this never."""
Sentences = dict[str, None]
"""Sentences, each once, in the order in which they came."""


class _Errors(FindingCollector):
    """Keeps the paths of errors."""

    def __init__(self) -> None:
        super().__init__()
        self.located: list[tuple[str, TagPath, str]] = []

    def add(self, series: str, severity: Severity, rule: str, file: str, path: TagPath, message: str, advice: str) -> None:
        """Keep an error."""
        if severity is Severity.ERROR:
            self.located.append((rule, path, message))


def drop_invalid_attributes(elements: Elements, others: Elements, sop_class: str, sentences: Sentences) -> Elements:
    """Return the attributes of a source that an object of a SOP class may have.

    Parameters
    ----------
    elements : Elements
        What the source specifies.
    others : Elements
        What the object has next to that; judged with it, never taken out.
    sop_class : str
        SOP Class UID of the object.
    sentences : dict of str to None
        Receives what was repaired and what was taken out.
    """
    repaired = {tag: _repaired(tag, element, sentences) for tag, element in elements.items()}
    for _ in range(ROUNDS):
        errors = _errors_of({**others, **repaired, Tag.SOP_CLASS_UID: new_element.text("UI", sop_class)})
        wrong: dict[TagPath, str] = {}
        for error in errors:
            where, reason = _path_to_remove(*error, repaired, sop_class)
            wrong.setdefault(where, reason)
        wrong.pop((), None)
        if not wrong:
            break
        for path, message in wrong.items():
            sentences[f"{dictionary.describe_path(path)} was left out: {message}"] = None
            repaired = _without(repaired, path)
    return repaired


def repair_values(elements: Elements, sentences: Sentences, charset: CharacterSet = _UNICODE) -> Elements:
    """Return the attributes whose values are what their VR allows (PS3.5 6.2), after repairs; others are named."""
    valid = {}
    for tag, element in elements.items():
        repaired = _repaired(tag, element, sentences)
        collector = _Errors()
        check_element(_subject({}, collector), tag, repaired, (tag,), charset)
        if collector.located:
            sentences[f"{dictionary.describe(tag)} was left out: {collector.located[0][2]}"] = None
        else:
            valid[tag] = repaired
    return valid


def drop_undefined_terms(elements: Elements, sop_class: str, sentences: list[str]) -> Elements:
    """Return the attributes whose words are among those that an object of a SOP class may have; others are named."""
    kept = {}
    for tag, element in elements.items():
        problem = word_problem(tag, element, sop_class)
        if problem:
            sentences.append(f"{dictionary.describe(tag)} was left out: {problem}")
        else:
            kept[tag] = element
    return kept


def word_problem(tag: int, element: Element, sop_class: str) -> str:
    """Return why a word is not among those that an object of a SOP class may have; empty if it is."""
    collector = _Errors()
    check_values(_subject({Tag.SOP_CLASS_UID: new_element.text("UI", sop_class)}, collector), tag, element, (tag,))
    return collector.located[0][2] if collector.located else ""


def _subject(elements: Elements, collector: FindingCollector) -> DataSetContext:
    return DataSetContext(Instance(elements, {}, None, Encoding(), None), collector)


def _errors_of(elements: Elements) -> list[tuple[str, TagPath, str]]:
    collector = _Errors()
    check_attributes(_subject({Tag.SPECIFIC_CHARACTER_SET: new_element.text("CS", "ISO_IR 192"), **elements}, collector))
    return collector.located


def _path_to_remove(rule: str, path: TagPath, message: str, elements: Elements, sop_class: str) -> tuple[TagPath, str]:
    """Return the path of what has to go because of an error; an empty one where nothing of the source is to blame."""
    if rule.startswith("missing"):
        if len(path) > 1:
            return (path[:-1], f"{dictionary.describe(path[-1])} is missing in it") if path[0] in elements else ((), "")
        return _half_module(path[0], elements, sop_class)
    return (path, message) if path[0] in elements else ((), "")


def _half_module(tag: int, elements: Elements, sop_class: str) -> tuple[TagPath, str]:
    """Return an attribute of an optional module that lacks another one it must have."""
    modules = modules_of(sop_class)
    always = {rule.tag for module in modules if module.usage == "M" for rule in module.rules}
    for module in modules:
        rules = {rule.tag for rule in module.rules}
        if module.usage != "M" and tag in rules and tag not in always:
            for other in sorted((rules - always) & elements.keys()):
                return (other,), f"its module {module.name} also requires {dictionary.describe(tag)}, which is missing"
    return (), ""


def _without(elements: Elements, path: TagPath) -> Elements:
    """Return elements without one, in all items on its way; a sequence that loses its last element goes with it."""
    remaining = dict(elements)
    element = remaining.get(path[0])
    if element is None:
        return remaining
    if len(path) == 1 or not isinstance(element.value, tuple):
        del remaining[path[0]]
        return remaining
    kept = tuple(Item(_without(item.elements, path[1:])) for item in element.value)
    kept = tuple(item for item in kept if item.elements)
    if kept:
        remaining[path[0]] = Element("SQ", kept)
    else:
        del remaining[path[0]]
    return remaining


# --- repairs ----------------------------------------------------------------------------------------------------------


_WORDS = {
    Tag.IN_PLANE_PHASE_ENCODING_DIRECTION: {"COLUMN": "COL"},  # of Enhanced MR → of MR (PS3.3 C.8.3.1)
    Tag.PATIENT_SEX: {"MALE": "M", "FEMALE": "F", "OTHER": "O"},
}
"""Tag → words that others write for those of the standard."""


def _repaired(tag: int, element: Element, sentences: Sentences) -> Element:
    """Return an element whose value is written as its VR requires, items of sequences too."""
    if isinstance(element.value, tuple):
        items = (
            {inner: _repaired(inner, value, sentences) for inner, value in item.elements.items()} for item in element.value
        )
        return Element("SQ", tuple(Item(item) for item in items))
    if element.vr not in ELEMENT_REPAIRS or not element.value:
        return element
    before = element.value.decode("utf-8", "replace")
    after = before.rstrip(" ")
    for repair in ELEMENT_REPAIRS[element.vr]:
        after = repair(after)
    after = _WORDS.get(tag, {}).get(after, after)
    if after == before.rstrip(" ") or (element.vr not in ("SH", "LO") and _is_wrong(tag, element.vr, after)):
        return element
    if after.replace("\\", "") and after != stripped(before):
        sentences[f"{dictionary.describe(tag)} was {before.strip()!r} and is {after!r} now"] = None
    return new_element.text(element.vr, after)


def _is_wrong(tag: int, vr: str, text: str) -> bool:
    collector = _Errors()
    check_element(_subject({}, collector), tag, new_element.text(vr, text), (tag,), CharacterSet())
    return bool(collector.located)
