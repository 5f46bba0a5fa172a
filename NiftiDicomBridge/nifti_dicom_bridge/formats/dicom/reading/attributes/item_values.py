"""Texts and codes of items, in their character set."""

from __future__ import annotations

from .....labels import Code
from .....model import metadata
from .....model.charset import CharacterSet
from .....model.metadata import Elements
from .....standard.tags import Tag


def code_of(item: Elements, charset: CharacterSet) -> Code | None:
    """Return the code of an item; None where it has none."""
    value, scheme = metadata.text(item, Tag.CODE_VALUE), metadata.text(item, Tag.CODING_SCHEME_DESIGNATOR)
    return Code(value, scheme, text_of(item, Tag.CODE_MEANING, charset)) if value and scheme else None


def text_of(item: Elements, tag: int, charset: CharacterSet) -> str:
    """Return a text of an item, as people read it; as Latin-1 where it is not valid in its character set."""
    element = item.get(tag)
    if element is None or not isinstance(element.value, bytes):
        return ""
    try:
        return charset.of(item).shown(element.value, element.vr).strip(metadata.SPACE_AND_NULL)
    except (UnicodeError, LookupError):
        return metadata.text(item, tag)
