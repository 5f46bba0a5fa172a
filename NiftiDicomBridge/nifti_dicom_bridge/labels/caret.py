"""The label table that Connectome Workbench, and TotalSegmentator with it, puts into the header extension of a NIfTI image."""

from __future__ import annotations

from xml.etree import ElementTree

from . import checks
from .checks import Place
from .segment import RGB, Segment

_COLORS = ("Red", "Green", "Blue")


def is_caret(text: str) -> bool:
    """Whether a text is XML with a label table."""
    return text.lstrip("\ufeff \t\r\n").startswith("<") and "<LabelTable" in text


def read_caret(text: str, place: Place) -> list[Segment]:
    """Return the labels of a ``LabelTable`` (``CaretExtension``; colors go from 0 to 1).

    Raises
    ------
    LabelError
        If the XML is damaged, defines entities, or holds a value that cannot be used.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise place.error("XML with definitions of its own is not read. Save the labels in another form.")
    try:
        root = ElementTree.fromstring(text.strip("\ufeff \t\r\n\0"))
    except ElementTree.ParseError as error:
        raise place.error(f"damaged XML ({error}). Repair it, or create it again.") from None
    return [_segment(label, place.at(f"label {n}")) for n, label in enumerate(root.iter("Label"), 1)]


def _segment(label: ElementTree.Element, here: Place) -> Segment:
    number = checks.number(label.get("Key", ""), here)
    parts = [label.get(name, "") for name in _COLORS]
    return Segment(number, checks.label(label.text or "", here), color=_color(parts, here))


def _color(parts: list[str], here: Place) -> RGB | None:
    """Return a color whose parts go from 0 to 1, written with a decimal point or without."""
    if not any(parts):
        return None
    return checks.color([f"{float(part):.6f}" if _is_number(part) else part for part in parts], here)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
