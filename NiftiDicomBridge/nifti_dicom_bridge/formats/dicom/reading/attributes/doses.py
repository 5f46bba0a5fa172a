"""RT Dose objects (PS3.3 C.8.8.3): each of several frames is a whole dose, never a time of another one of its series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from .....model import metadata
from .....model.metadata import Elements
from .....standard.tags import Tag
from .frame_attributes import Frame
from .functional_groups import frame_count

_REQUIRED = (Tag.DOSE_UNITS, Tag.DOSE_GRID_SCALING)
"""Of RT Dose objects with pixels, and of no others; one may be missing."""
_BEAM = (
    Tag.REFERENCED_RT_PLAN_SEQUENCE, Tag.REFERENCED_FRACTION_GROUP_SEQUENCE, Tag.REFERENCED_BEAM_SEQUENCE,
)  # fmt: skip


class Dose(NamedTuple):
    """An RT Dose object.

    Attributes
    ----------
    uid : str
        SOPInstanceUID.
    words : str
        What it is the dose of, such as ``PLAN`` or ``BEAM2``.
    """

    uid: str
    words: str


def dose_of(frame: Frame) -> Dose | None:
    """Return the RT Dose object that a frame is of; None for objects of one frame, which are slices, and for others."""
    elements = frame.look.data_set
    if not any(tag in elements for tag in _REQUIRED) or frame_count(elements) < 2:
        return None
    return Dose(metadata.text(elements, Tag.SOP_INSTANCE_UID), _words(elements))


def named_doses(doses: Sequence[Dose | None]) -> dict[Dose | None, str | int | None]:
    """Return a name for each of several doses: what it is of where that is unique, else its number from 1."""
    distinct = list(dict.fromkeys(dose for dose in doses if dose is not None))
    counts = Counter(dose.words for dose in distinct)
    unique = {words for words, count in counts.items() if words and count == 1}
    return {None: None} | {dose: dose.words if dose.words in unique else n for n, dose in enumerate(distinct, 1)}


def _words(elements: Elements) -> str:
    """Return DoseSummationType with the numbers of its beams, and what distinguishes it from a physical dose in Gy."""
    summation = metadata.text(elements, Tag.DOSE_SUMMATION_TYPE)
    beams = _beams(elements, _BEAM) if summation.startswith("BEAM") else []
    usual = ("PHYSICAL", "GY")
    others = [metadata.text(elements, tag) for tag in (Tag.DOSE_TYPE, Tag.DOSE_UNITS)]
    return "-".join(filter(None, [summation + "+".join(beams), *(word for word in others if word not in usual)]))


def _beams(elements: Elements, path: Sequence[int]) -> list[str]:
    if not path:
        return [str(metadata.integer(elements, Tag.REFERENCED_BEAM_NUMBER))]
    items = metadata.items(elements, path[0])
    return [number for item in items for number in _beams(item.elements, path[1:])]
