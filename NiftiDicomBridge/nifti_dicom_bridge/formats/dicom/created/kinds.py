"""The kinds of object that are made from nothing, as a table."""

from __future__ import annotations

from dataclasses import dataclass

from ....options import Kind
from . import enhanced_pet
from . import modules as m
from .stored_pixels import PixelConstraints

_COMMON = (m.PATIENT, m.GENERAL_STUDY)
_ENHANCED = (
    m.ENHANCED_EQUIPMENT, *_COMMON, m.GENERAL_SERIES, m.PATIENT_POSITION, m.FRAME_OF_REFERENCE, m.ACQUISITION_CONTEXT,
    m.ENHANCED_IMAGE,
)  # fmt: skip


@dataclass(frozen=True)
class ObjectKind:
    """What an object of a kind is (PS3.3 A, PS3.4 B.5).

    Attributes
    ----------
    sop_class : str
        SOP Class UID; for color `color_class`.
    modality : str
        Modality; empty where it is that of the source, else ``OT``.
    image_type : tuple of str
        ImageType.
    modules : tuple of Module
        What is in it next to pixels and planes.
    rules : PixelConstraints
        What its pixels may be.
    multi_frame : bool
        All frames in one object.
    groups : bool
        It has functional groups.
    color_class : str
        SOP Class UID of color images; empty where the kind has none.
    small_class : str
        SOP Class UID of images of 8 bits, where they have one of their own.
    """

    sop_class: str
    modality: str
    image_type: tuple[str, ...]
    modules: tuple[m.Module, ...]
    rules: PixelConstraints
    multi_frame: bool = False
    groups: bool = False
    color_class: str = ""
    small_class: str = ""


_DERIVED = ("DERIVED", "SECONDARY")
_DERIVED_VOLUME = ("DERIVED", "PRIMARY", "VOLUME", "NONE")
_UID = "1.2.840.10008.5.1.4.1.1."

OBJECT_KINDS: dict[Kind, ObjectKind] = {
    Kind.CT: ObjectKind(
        _UID + "2", "CT", (*_DERIVED, "AXIAL"),
        (*_COMMON, m.GENERAL_SERIES, m.FRAME_OF_REFERENCE, m.GENERAL_EQUIPMENT, m.PATIENT_POSITION, m.CT_IMAGE),
        PixelConstraints(),
    ),
    Kind.MR: ObjectKind(
        _UID + "4", "MR", (*_DERIVED, "OTHER"),
        (*_COMMON, m.GENERAL_SERIES, m.FRAME_OF_REFERENCE, m.GENERAL_EQUIPMENT, m.PATIENT_POSITION, m.MR_IMAGE),
        PixelConstraints(),
    ),
    Kind.PET: ObjectKind(
        _UID + "128", "PT", ("DERIVED", "PRIMARY"),
        (*_COMMON, m.GENERAL_SERIES, m.FRAME_OF_REFERENCE, m.GENERAL_EQUIPMENT, m.PET_SERIES, m.PET_ISOTOPE,
         m.PATIENT_ORIENTATION, m.PET_IMAGE),
        PixelConstraints(zero_intercept=True, bits=(16,), by_slice=True),
    ),
    Kind.SC: ObjectKind(
        _UID + "7", "", (*_DERIVED, "OTHER"),
        (*_COMMON, m.GENERAL_SERIES, m.FRAME_OF_REFERENCE, m.GENERAL_EQUIPMENT, m.SC_EQUIPMENT),
        PixelConstraints(eight_bits=True), color_class=_UID + "7",
    ),
    Kind.SC_MULTI: ObjectKind(
        _UID + "7.3", "", (*_DERIVED, "OTHER"),
        (*_COMMON, m.GENERAL_SERIES, m.FRAME_OF_REFERENCE, m.GENERAL_EQUIPMENT, m.SC_EQUIPMENT, m.SC_MULTI_FRAME),
        PixelConstraints(eight_bits=True, signed=False, by_frame=False, bits=tuple(range(9, 17))), multi_frame=True,
        color_class=_UID + "7.4", small_class=_UID + "7.2",
    ),
    Kind.ENHANCED_CT: ObjectKind(
        _UID + "2.1", "CT", _DERIVED_VOLUME, _ENHANCED, PixelConstraints(bits=(12, 16)), multi_frame=True, groups=True,
    ),
    Kind.ENHANCED_MR: ObjectKind(
        _UID + "4.1", "MR", _DERIVED_VOLUME, (*_ENHANCED, m.ENHANCED_MR_IMAGE), PixelConstraints(bits=(12, 16)),
        multi_frame=True, groups=True,
    ),
    Kind.ENHANCED_PET: ObjectKind(
        _UID + "130", "PT", _DERIVED_VOLUME, (*_ENHANCED, enhanced_pet.ACQUISITION), PixelConstraints(bits=(16,)),
        multi_frame=True, groups=True,
    ),
}  # fmt: skip
OF_MODALITY = {"CT": (Kind.CT, Kind.ENHANCED_CT), "MR": (Kind.MR, Kind.ENHANCED_MR), "PT": (Kind.PET, Kind.ENHANCED_PET)}
"""Modality → its classic and its enhanced kind."""
_OTHERS = {
    _UID + "2.2": "CT", _UID + "4.4": "MR", _UID + "128.1": "PT", _UID + "66.4": "SEG", _UID + "66.7": "SEG", _UID + "20": "NM",
    _UID + "481.2": "RTDOSE", _UID + "481.3": "RTSTRUCT",
}  # fmt: skip


def modality_of(sop_class: str) -> str:
    """Return the only Modality that objects of a SOP class have (PS3.3 A); empty if they may have several."""
    of_kinds = {object_kind.sop_class: object_kind.modality for object_kind in OBJECT_KINDS.values()}
    return (of_kinds | _OTHERS).get(sop_class, "")
