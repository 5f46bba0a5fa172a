"""Names of manufacturers, as dcm2niix and BIDS tools spell them."""

from __future__ import annotations

from string import ascii_uppercase

from ..model import metadata
from ..model.metadata import Elements

# fmt: off
# what Manufacturer (0008,0070) begins with, whatever the case → short name
MANUFACTURERS = (
    ("SIEMENS", "Siemens"),
    ("CPS", "Siemens"),  # CTI PET Systems, a venture of Siemens
    ("GE", "GE"),
    ("GEMS", "GE"),
    ("GENERAL ELECTRIC", "GE"),
    ("PHILIPS", "Philips"),
    ("TOSHIBA", "Toshiba"),
    ("CANON", "Canon"),
    ("UIH", "UIH"),
    ("UNITED IMAGING", "UIH"),
    ("HITACHI", "Hitachi"),
    ("MEDISO", "Mediso"),
    ("BRUKER", "Bruker"),
    ("MR SOLUTIONS", "MRSolutions"),
    ("MRSOLUTIONS", "MRSolutions"),
    ("HYPERFINE", "Hyperfine"),
    ("LEICA", "Leica"),
)
# whose private block specifies the manufacturer where the attribute was taken away: tag of the creator, what it begins
# with, name
CREATORS = (
    (0x20010010, "PHILIPS", "Philips"),
    (0x00290010, "SIEMENS", "Siemens"),
    (0x00190010, "GEMS", "GE"),
)
# fmt: on
_LETTERS = frozenset(ascii_uppercase)


def manufacturer_of(text: str, elements: Elements) -> str:
    """Return the short name of a manufacturer; the name as it is where it has none, empty if unknown.

    Parameters
    ----------
    text : str
        Manufacturer (0008,0070).
    elements : dict
        The data set, for its private blocks.
    """
    upper = text.upper()
    for start, name in MANUFACTURERS:
        if upper.startswith(start) and upper[len(start) : len(start) + 1] not in _LETTERS:
            return name
    if text:
        return text
    for tag, start, name in CREATORS:
        if tag in elements and metadata.text(elements, tag).upper().startswith(start):
            return name
    return ""
