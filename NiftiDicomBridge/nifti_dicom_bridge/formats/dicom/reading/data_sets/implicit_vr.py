"""The VR of elements whose encoding does not have it (PS3.5 7.1.3, annex A.1)."""

from __future__ import annotations

from functools import lru_cache

from .....model.metadata import Elements
from .....standard.pydicom_tables import VR, entry_of, private_vr_of
from .....standard.tags import Tag


def implicit_vr(tag: int, elements: Elements) -> str:
    """Return the VR that the dictionaries give an element (PS3.5 6.2.2), UN where they know none.

    `elements` are those before it: they specify the private creator, and whether values are signed.
    """
    if tag & 0xFFFF == 0:
        return "UL"
    group = tag >> 16
    if group & 1:
        if 0x10 <= tag & 0xFFFF <= 0xFF:
            return "LO"
        creator = elements.get(group << 16 | (tag & 0xFF00) >> 8)
        name = creator.value.decode("latin-1").strip(" \0") if creator and isinstance(creator.value, bytes) else ""
        vr = _private_vr(tag, name)
    else:
        vr = _public_vr(tag)
    if " or " not in vr:
        return vr
    return _resolve(vr, elements)


@lru_cache(maxsize=8192)
def _public_vr(tag: int) -> str:
    entry = entry_of(tag)
    return "UN" if entry is None else entry[VR]


@lru_cache(maxsize=8192)
def _private_vr(tag: int, creator: str) -> str:
    return private_vr_of(tag, creator) or "UN"


def _resolve(vr: str, elements: Elements) -> str:
    if "OW" in vr:
        return "OW"
    representation = elements.get(Tag.PIXEL_REPRESENTATION)
    signed = representation is not None and representation.value == b"\x01\x00"
    return "SS" if signed else "US"
