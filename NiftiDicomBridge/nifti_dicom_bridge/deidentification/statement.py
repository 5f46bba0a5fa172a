"""The attributes that state that and how an object was de-identified (PS3.15 E.1.1 step 6, PS3.3 C.7.1.1 and C.12.1)."""

from __future__ import annotations

from ..formats.dicom import new_element
from ..formats.dicom.new_file import IMPLEMENTATION_CLASS, IMPLEMENTATION_VERSION
from ..model import metadata
from ..model.metadata import Element, Elements, Item
from ..options import Retain
from ..standard.editions import EDITION_OF
from ..standard.tags import Tag
from .policy import CODES, Policy
from .values import in_form, padded

METHOD = f"PS3.15 {EDITION_OF['PS3.15']} E.2 Basic Application Level Confidentiality Profile"
_BASIC_PROFILE = ("113100", "Basic Application Confidentiality Profile")
_LONGEST_LO = 64


def statement(policy: Policy, original: Elements, cleaned: Elements) -> Elements:
    """Return the attributes that state what was done: earlier methods stay, ours follow.

    Parameters
    ----------
    policy : Policy
        What was done.
    original, cleaned : dict of int to Element
        The data set before and after.
    """
    codes = [_BASIC_PROFILE, *(code for option, code in CODES.items() if option in policy.options)]
    return {
        Tag.PATIENT_IDENTITY_REMOVED: Element("CS", b"YES "),
        Tag.DEIDENTIFICATION_METHOD: _methods(original),
        Tag.DEIDENTIFICATION_METHOD_CODE_SEQUENCE: _codes(cleaned, codes),
        Tag.LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED: new_element.text("CS", _dates(policy, original)),
    }


def _methods(original: Elements) -> Element:
    stated = original.get(Tag.DEIDENTIFICATION_METHOD)
    earlier = in_form("LO", stated.value).split(b"\\") if stated is not None and isinstance(stated.value, bytes) else []
    kept = [value.strip() for value in earlier if value.strip() and len(value.strip()) <= _LONGEST_LO]
    ours = METHOD[:_LONGEST_LO].encode("ascii")
    return Element("LO", padded(b"\\".join([*(value for value in kept if value != ours), ours]), "LO"))


def _codes(cleaned: Elements, codes: list[tuple[str, str]]) -> Element:
    ours = {value for value, _ in codes}
    earlier = [
        item
        for item in metadata.items(cleaned, Tag.DEIDENTIFICATION_METHOD_CODE_SEQUENCE)
        if metadata.text(item.elements, Tag.CODE_VALUE) not in ours
    ]
    return Element("SQ", (*earlier, *(Item(new_element.code(value, "DCM", meaning)) for value, meaning in codes)))


def _dates(policy: Policy, original: Elements) -> str:
    """Return what happened to dates; dates that an earlier method removed or modified are not complete again."""
    earlier = metadata.text(original, Tag.LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED)
    if Retain.FULL_DATES in policy.options:
        return earlier if earlier in ("MODIFIED", "REMOVED") else "UNMODIFIED"
    if Retain.MODIFIED_DATES in policy.options:
        return "REMOVED" if earlier == "REMOVED" else "MODIFIED"
    return "REMOVED"


def file_meta_of_ours() -> Elements:
    """Return the file meta information that names this program in place of the one that wrote the file."""
    return {
        Tag.IMPLEMENTATION_CLASS_UID: new_element.text("UI", IMPLEMENTATION_CLASS),
        Tag.IMPLEMENTATION_VERSION_NAME: new_element.text("SH", IMPLEMENTATION_VERSION),
    }
