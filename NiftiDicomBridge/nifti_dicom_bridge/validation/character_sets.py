"""SpecificCharacterSet: terms that the standard defines, and how they may be combined (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

from ..model import metadata
from ..model.metadata import Elements
from ..standard.tags import Tag
from .findings import TagPath
from .subject import DataSetContext

# PS3.3 tables C.12-2 to C.12-5
_SINGLE_BYTE = (6, 13, 100, 101, 109, 110, 126, 127, 138, 144, 148, 166, 203)
_MULTI_BYTE = (58, 87, 149, 159)
WITHOUT_EXTENSIONS = frozenset(f"ISO_IR {number}" for number in _SINGLE_BYTE if number != 6)
ALONE = frozenset(["ISO_IR 192", "GB18030", "GBK"])
"""Terms of several bytes that cannot be combined with others."""
WITH_EXTENSIONS = frozenset(f"ISO 2022 IR {number}" for number in (*_SINGLE_BYTE, *_MULTI_BYTE))
KNOWN = WITHOUT_EXTENSIONS | ALONE | WITH_EXTENSIONS


def check_character_set(subject: DataSetContext, elements: Elements, above: TagPath) -> None:
    """Report character sets that the standard does not define, or does not allow together."""
    terms = metadata.texts(elements, Tag.SPECIFIC_CHARACTER_SET)
    path = (*above, Tag.SPECIFIC_CHARACTER_SET)
    unknown = [term for n, term in enumerate(terms) if term not in KNOWN and not (term == "" and n == 0)]
    if unknown:
        subject.error(
            "character set",
            path,
            f"{unknown[0]!r} is not a character set of the standard (PS3.3 C.12.1.1.2): text cannot be read reliably.",
            "Set a defined term, such as ISO_IR 100 for Latin 1 or ISO_IR 192 for UTF-8.",
        )
    elif len(terms) > 1 and (wrong := [term for term in terms if term and term not in WITH_EXTENSIONS]):
        subject.error(
            "character set",
            path,
            f"It has {len(terms)} values, and {wrong[0]!r} cannot be combined with others (PS3.3 C.12.1.1.2).",
            "Use the terms that begin with ISO 2022, or one term only.",
        )
