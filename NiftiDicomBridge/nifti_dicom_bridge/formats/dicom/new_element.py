"""Python values → elements: what the writers of new attributes share."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ...errors import PixelError
from ...model import metadata
from ...model.metadata import NUMBER_FORMATS, Element, Elements, Item
from ...standard.numbers import decimal_text
from ...standard.tags import Tag

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_LARGEST_OFFSET_H = 14
SH_LENGTH, LO_LENGTH = 16, 64
"""The most characters of short and long strings (PS3.5 6.2)."""


def text(vr: str, *values: str) -> Element:
    """Return a text element, padded to even length."""
    raw = "\\".join(values).encode("utf-8")
    return Element(vr, raw + (b"\0" if vr == "UI" else b" ") * (len(raw) % 2))


def decimals(values: Iterable[float]) -> Element:
    """Return a DS element; every number as exact as 16 characters allow."""
    return text("DS", *(decimal_text(float(value)) for value in values))


def integers(vr: str, *values: int) -> Element:
    """Return an element of binary integers, or of IS; raises `PixelError` if one has too many bits."""
    if vr == "IS":
        return text("IS", *map(str, values))
    try:
        return Element(vr, struct.pack(f"<{len(values)}{NUMBER_FORMATS[vr]}", *values))
    except struct.error:
        large = ", ".join(map(str, values))
        raise PixelError(f"{large}: too large for an attribute of VR {vr}. Write the image in parts.") from None


def floats(vr: str, *values: float) -> Element:
    """Return an element of FL or FD."""
    return Element(vr, struct.pack(f"<{len(values)}{NUMBER_FORMATS[vr]}", *values))


def tag(number: int) -> Element:
    """Return an element that names an attribute (VR AT)."""
    return Element("AT", struct.pack("<HH", number >> 16, number & 0xFFFF))


def sequence(*items: Elements) -> Element:
    """Return a sequence."""
    return Element("SQ", tuple(Item(item) for item in items))


def code(value: str, scheme: str, meaning: str) -> Elements:
    """Return a code sequence item (PS3.3 8.8); a value beyond 16 characters goes to LongCodeValue."""
    is_long = len(value) > SH_LENGTH
    return {
        **({Tag.LONG_CODE_VALUE: text("UC", value)} if is_long else {Tag.CODE_VALUE: text("SH", value)}),
        Tag.CODING_SCHEME_DESIGNATOR: text("SH", scheme),
        Tag.CODE_MEANING: text("LO", meaning[:LO_LENGTH]),
    }


def reference(sop_class: str, sop_instance: str) -> Elements:
    """Return a SOP instance reference (PS3.3 10.8)."""
    return {Tag.REFERENCED_SOP_CLASS_UID: text("UI", sop_class), Tag.REFERENCED_SOP_INSTANCE_UID: text("UI", sop_instance)}


def now(elements: Elements) -> tuple[Element, Element]:
    """Return the date and the time of now, as a data set with these elements specifies them."""
    moment = present_moment(metadata.text(elements, Tag.TIMEZONE_OFFSET_FROM_UTC))
    return text("DA", moment.strftime("%Y%m%d")), text("TM", moment.strftime("%H%M%S"))


def present_moment(offset: str = "") -> datetime:
    """Return the moment of now in the time zone of a data set.

    Parameters
    ----------
    offset : str
        TimezoneOffsetFromUTC, such as ``+0900``, which applies to all dates and times of a data set (PS3.3 C.12.1.1.8); empty
        for the time zone of this computer.
    """
    stated = re.fullmatch(r"([+-])(\d\d)([0-5]\d)", offset)
    if stated is None or int(stated[2]) > _LARGEST_OFFSET_H:
        return datetime.now()
    ahead = timedelta(hours=int(stated[2]), minutes=int(stated[3]))
    return datetime.now(timezone(-ahead if stated[1] == "-" else ahead))


def set_creation(data_set: Dataset, equipment: Iterable[Dataset]) -> None:
    """Date an object that was made now, and the items of ContributingEquipmentSequence on what made it."""
    moment = present_moment(str(data_set.get("TimezoneOffsetFromUTC") or ""))
    data_set.InstanceCreationDate, data_set.InstanceCreationTime = moment.strftime("%Y%m%d"), moment.strftime("%H%M%S")
    for item in equipment:
        item.ContributionDateTime = moment.strftime("%Y%m%d%H%M%S")
