"""Checks of values by the tables of enumerated values and defined terms."""

from __future__ import annotations

from functools import lru_cache

from ..model import metadata
from ..model.metadata import NUMBER_FORMATS, Element, Elements
from ..standard.tags import Tag
from .findings import Severity, TagPath
from .subject import DataSetContext, first_overlay, tag_of
from .value_tables import IMAGE_TYPE_VALUES, TABLES, Values


def check_image_type(subject: DataSetContext) -> None:
    """Report an ImageType with fewer values than the IOD requires, or with empty ones among them."""
    wanted = IMAGE_TYPE_VALUES.get(subject.iod, 0)
    texts = metadata.texts(subject.elements, Tag.IMAGE_TYPE)
    if texts and (len(texts) < wanted or not all(texts[:wanted])):
        subject.error(
            "value",
            (Tag.IMAGE_TYPE,),
            f"It is {'/'.join(texts)}; this IOD requires {wanted} values (PS3.3 C.7.6.1.1.2).",
            "Add what is missing, such as AXIAL for CT.",
        )


def check_values(subject: DataSetContext, tag: int, element: Element, path: TagPath) -> None:
    """Report an attribute that specifies what it may not specify."""
    rows = _rows(subject.iod, len(path) == 1).get(first_overlay(tag))
    if not rows or not isinstance(element.value, bytes) or not element.value:
        return
    values = _stated_values(tag, element)
    for section, row in rows:
        chosen = values if row.number == 0 else values[row.number - 1 : row.number]
        wrong = [value for value in chosen if value and value not in row.values]
        if wrong:
            enumerated = row.severity is Severity.ERROR
            which = f"Value {row.number}" if row.number else "It"
            kind = "it must be one of" if enumerated else "the defined terms are"
            subject.say(
                row.severity,
                "value" if enumerated else "term",
                path,
                f"{which} is {wrong[0]!r}; {kind} {', '.join(row.values)} (PS3.3 {section}).",
                "Correct it." if enumerated else "Other terms are allowed, but readers may not support this one.",
            )
            return


@lru_cache(maxsize=256)
def _rows(iod: str, top: bool) -> dict[int, list[tuple[str, Values]]]:
    """Return the rows that count for an IOD; none where it is not known."""
    result: dict[int, list[tuple[str, Values]]] = {}
    for section, rows in TABLES.items() if iod else ():
        for row in rows:
            if not row.iods or (top and iod in row.iods):
                if not top:  # one frame is of one kind
                    row = row._replace(values=tuple(value for value in row.values if value != "MIXED"))
                result.setdefault(tag_of(row.keyword), []).append((section, row))
    return result


def _stated_values(tag: int, element: Element) -> list[str]:
    elements: Elements = {tag: element}
    if element.vr in NUMBER_FORMATS or element.vr in ("DS", "IS"):
        return [f"{number:.10g}" for number in metadata.numbers(elements, tag)]
    return metadata.texts(elements, tag)
