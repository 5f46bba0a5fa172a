"""Attributes that follow from the values of an image: complex component, units."""

from __future__ import annotations

from ..bids.inheritance import entities_of
from ..errors import OptionError
from ..formats.dicom import edits, new_element
from ..formats.dicom.created.attributes import Attributes
from ..formats.dicom.created.kinds import OBJECT_KINDS
from ..formats.dicom.created.label_evidence import real_bounds
from ..formats.dicom.derived.units import ACTIVITY, UNITLESS, can_be_activity, note_of_activity
from ..model.metadata import Elements, Log
from ..model.volume import Volume
from ..options import Kind
from ..standard.tags import Tag
from .image_with_sidecar import ImageWithSidecar
from .placed_image import Placed

_COMPONENTS = {
    "R": "REAL", "REAL": "REAL", "I": "IMAGINARY", "IMAG": "IMAGINARY", "IMAGINARY": "IMAGINARY", "P": "PHASE",
    "PHASE": "PHASE", "M": "MAGNITUDE", "MAG": "MAGNITUDE", "MAGNITUDE": "MAGNITUDE",
}  # fmt: skip
_HU_WORDS = frozenset({"hu", "hounsfield", "hounsfield units", "[hnsf'u]"})
_NO_UNITS = frozenset({"", "1", "a.u.", "arbitrary", "arbitrary units", "au", "n/a", "none", "unitless"})
# values of CT in HU: air is near -1000, padding may be lower, metal is below the limit of 16 bits
_LOWEST, _AIR, _HIGHEST = -10000.0, -500.0, 32767.0


def component(described: ImageWithSidecar, kind: Kind) -> Elements:
    """Return ComplexImageComponent (PS3.3 C.8.13.3.1.2) by ImageType of the sidecar or the name (``part-``, ``phasediff``).

    Classic objects have no such attribute: there, a further value of ImageType (C.8.3.1.1.1) is the letter that scanners write.
    """
    if kind not in (Kind.MR, Kind.ENHANCED_MR):
        return {}
    listed = described.top.get("ImageType", [])
    words = [str(word).upper() for word in listed[2:]] if isinstance(listed, list) else []
    entities, suffix = entities_of(described.name)
    part = entities.get("part", "").upper() or suffix.rstrip("0123456789").removesuffix("diff").upper()
    term = next((_COMPONENTS[word] for word in (part, *words) if word in _COMPONENTS), "")
    if kind is Kind.ENHANCED_MR:
        return {Tag.COMPLEX_IMAGE_COMPONENT: new_element.text("CS", term)} if term else {}
    if term in ("", "MAGNITUDE") or listed:
        return {}
    return {Tag.IMAGE_TYPE: new_element.text("CS", "\\".join([*OBJECT_KINDS[kind].image_type, term[0]]))}


def offer_units(attributes: Attributes, described: ImageWithSidecar, kind: Kind, place: Placed, log: Log) -> None:
    """Decide RescaleType of CT and MR, and Units of PET that are those of its reference."""
    units, image = described.units, place.image
    if kind is Kind.PET:
        _replace_activity(attributes, place, log)
    elif attributes.text(Tag.RESCALE_TYPE):
        return
    elif kind in (Kind.CT, Kind.MR) and units.lower() not in _HU_WORDS | _NO_UNITS and _can_be_held(units, log):
        attributes.offer({Tag.RESCALE_TYPE: new_element.text("LO", units)}, described.where)
    elif kind in (Kind.CT, Kind.ENHANCED_CT):
        _offer_ct_units(attributes, described.where if units.lower() in _HU_WORDS else "", kind, image, log)


def _can_be_held(units: str, log: Log) -> bool:
    """Whether RescaleType can hold units; a warning if not."""
    try:
        edits.checked_values(Tag.RESCALE_TYPE, [units])
    except OptionError as error:
        log.warnings.append(f'"Units" was left out, as its attribute cannot hold it: {error}')
        return False
    return True


def _replace_activity(attributes: Attributes, place: Placed, log: Log) -> None:
    """Replace Units of the reference that are Bq/mL, where the values can hardly be, as those of SUV."""
    source = attributes.sources.get(Tag.UNITS, "")
    if attributes.text(Tag.UNITS) != ACTIVITY or not source.startswith("reference"):
        return
    low, high = real_bounds(place.image)
    if place.reference is None or can_be_activity(high, place.reference.instances):
        return
    attributes.elements[Tag.UNITS], attributes.sources[Tag.UNITS] = new_element.text("CS", UNITLESS), "values of the image"
    shown = f"values from {low:g} to {high:g} do not look like Bq/mL, the Units of the reference"
    log.warnings.insert(0, f"{shown}: {note_of_activity()}")


def _offer_ct_units(attributes: Attributes, stated_by: str, kind: Kind, image: Volume, log: Log) -> None:
    """Decide RescaleType of CT: HU if a sidecar states it or the values are plausible, else unspecified."""
    low, high = real_bounds(image)
    if stated_by or (_LOWEST <= low <= _AIR and high <= _HIGHEST):
        attributes.offer({Tag.RESCALE_TYPE: new_element.text("LO", "HU")}, stated_by or "values of the image")
        return
    unit = "HU" if kind is Kind.ENHANCED_CT else "US"  # PS3.3 C.8.15.3.10: HU is the only value
    attributes.offer({Tag.RESCALE_TYPE: new_element.text("LO", unit)}, "values of the image")
    set_it = 'unspecified. Use set_values={"RescaleType": "HU"} if they are'
    remedy = "which is all that Enhanced CT can state" if unit == "HU" else set_it
    shown = f"values from {low:g} to {high:g}"
    log.warnings.insert(0, f"{shown} do not look like Hounsfield units: RescaleType is {unit}, {remedy}")
