"""Private attributes that do not identify anyone (PS3.15 E.3.10), as far as their values have the right form."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..model import metadata
from ..model.metadata import Element, Elements
from ..standard.confidentiality_profile import safe_private_vrs
from ..standard.siemens_csa import csa_bytes, csa_values
from .descriptors import without_names
from .rules import PrivateKey
from .values import in_form

_CSA = ("SIEMENS CSA HEADER", 0x0029, 0x10)
CSA_NUMBERS = {
    "NumberOfImagesInMosaic": "US", "SliceNormalVector": "FD", "MosaicRefAcqTimes": "FD", "B_value": "IS", "B_matrix": "FD",
    "DiffusionGradientDirection": "FD", "BandwidthPerPixelPhaseEncode": "FD", "PhaseEncodingDirectionPositive": "IS",
    "EchoLinePosition": "IS", "EchoColumnPosition": "IS", "ImaRelTablePosition": "IS", "SliceMeasurementDuration": "DS",
    "ProtocolSliceNumber": "IS", "EchoTrainLength": "IS", "RealDwellTime": "IS", "TimeAfterStart": "DS",
}  # fmt: skip
"""Values of the CSA image header that are kept: numbers."""
_TEXTS = frozenset({"SH", "LO"})
_NUMBERS = frozenset({"DS", "IS", "US", "SS", "UL", "SL", "FL", "FD"})
_FORM = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ._:*-+")
LONGEST_NAME = 64


def kept_private(elements: Elements, names: Collection[str] | None, more: frozenset[PrivateKey] = frozenset()) -> Elements:
    """Return the private attributes of a data set that are kept, with their creators; safe values have the form of their VR.

    The items of sequences are those of the data set: what is kept of them is another question.

    Parameters
    ----------
    elements : dict of int to Element
        A data set or an item.
    names : collection of str or None
        Keep those that PS3.15 E.3.10 lists as safe, unless they contain one of these names of people; None: keep none of them.
    more : frozenset of PrivateKey
        Others that the user keeps, whatever their values.
    """
    kept: Elements = {}
    for tag, element in elements.items():
        if not (tag >> 16) & 1 or tag & 0xFFFF < 0x1000:
            continue
        creator_tag = tag >> 16 << 16 | (tag >> 8 & 0xFF)
        creator = metadata.text(elements, creator_tag).upper()
        is_wanted = (tag >> 16, creator, tag & 0xFF) in more
        new = element if is_wanted else None if names is None else _safe(creator, tag, element, names)
        if new is not None and creator:
            kept[creator_tag] = _padded_creator(elements[creator_tag])
            kept[tag] = new
    return kept


def _padded_creator(element: Element) -> Element:
    assert isinstance(element.value, bytes)
    return element._replace(value=in_form("LO", element.value))


def _safe(creator: str, tag: int, element: Element, names: Collection[str]) -> Element | None:
    vr = safe_private_vrs().get((creator, tag >> 16, tag & 0xFF))
    if not isinstance(element.value, bytes):
        return element if vr == "SQ" else None
    if (creator, tag >> 16, tag & 0xFF) == _CSA:
        header = _numbers_of_csa(csa_values(element.value))
        return element._replace(value=header) if header else None
    if vr in (None, "SQ") or not (element.vr in ("UN", vr) or {element.vr, vr} <= _NUMBERS or {element.vr, vr} <= _TEXTS):
        return None
    form = str(vr) if element.vr == "UN" else element.vr
    value = in_form(form, element.value)
    if form in _TEXTS | {"CS"} and not _is_word(form, value.decode("latin-1"), names):
        return None
    return element._replace(value=value) if value.strip(b" \0\\") or form not in ("DS", "IS", "CS") else None


def _is_word(vr: str, value: str, names: Collection[str]) -> bool:
    """Whether a text looks like the name of a sequence or a ratio, as do all code strings, and contains no name of a person."""
    text = value.strip(metadata.SPACE_AND_NULL)
    has_form = vr == "CS" or (len(text) <= LONGEST_NAME and set(text) <= _FORM and " " not in text)
    return has_form and without_names(text, names) == text


def _numbers_of_csa(header: Mapping[str, list[object]]) -> bytes:
    numbers = {
        name: (vr, [str(value) for value in header[name] if isinstance(value, (int, float))])
        for name, vr in CSA_NUMBERS.items()
        if header.get(name)
    }
    return csa_bytes(numbers) if numbers else b""
