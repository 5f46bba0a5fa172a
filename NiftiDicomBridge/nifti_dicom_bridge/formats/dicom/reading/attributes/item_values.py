"""Codes of items, with their meaning in its character set."""

from __future__ import annotations

from .....labels import Code
from .....model import metadata
from .....model.charset import CharacterSet
from .....model.metadata import Elements
from .....standard.tags import Tag


def code_of(item: Elements, charset: CharacterSet) -> Code | None:
    """Return the code of an item; None where it has none."""
    value, scheme = metadata.text(item, Tag.CODE_VALUE), metadata.text(item, Tag.CODING_SCHEME_DESIGNATOR)
    return Code(value, scheme, charset.text(item, Tag.CODE_MEANING)) if value and scheme else None
