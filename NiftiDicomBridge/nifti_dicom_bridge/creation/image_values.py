"""Attributes that follow from the values of an image: complex component, units of CT."""

from __future__ import annotations

import re

from ..bids.inheritance import entities_of
from ..formats.dicom import new_element
from ..formats.dicom.created.attributes import Attributes
from ..formats.dicom.created.kinds import OBJECT_KINDS
from ..model.lazy_voxels import bounds_of
from ..model.metadata import Elements, Log
from ..model.volume import Volume
from ..options import Kind
from ..standard.tags import Tag
from .image_with_sidecar import ImageWithSidecar

_COMPONENTS = {
    "R": "REAL", "REAL": "REAL", "I": "IMAGINARY", "IMAG": "IMAGINARY", "IMAGINARY": "IMAGINARY", "P": "PHASE",
    "PHASE": "PHASE", "M": "MAGNITUDE", "MAG": "MAGNITUDE", "MAGNITUDE": "MAGNITUDE",
}  # fmt: skip
_HU_WORDS = frozenset({"hu", "hounsfield", "hounsfield units", "[hnsf'u]"})
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


def offer_ct_units(attributes: Attributes, described: ImageWithSidecar, kind: Kind, image: Volume, log: Log) -> None:
    """Decide RescaleType of CT: HU if the sidecar states it or the values are plausible, else unspecified."""
    if kind not in (Kind.CT, Kind.ENHANCED_CT) or attributes.text(Tag.RESCALE_TYPE):
        return
    stated = re.sub(r"\s+", " ", str(described.top.get("Units", ""))).strip().lower() in _HU_WORDS
    low, high = (float(bound) * image.rescale.slope + image.rescale.intercept for bound in bounds_of(image.voxels))
    low, high = min(low, high), max(low, high)
    if stated or (_LOWEST <= low <= _AIR and high <= _HIGHEST):
        attributes.offer({Tag.RESCALE_TYPE: new_element.text("LO", "HU")}, described.where if stated else "values of the image")
        return
    unit = "HU" if kind is Kind.ENHANCED_CT else "US"  # PS3.3 C.8.15.3.10: HU is the only value
    attributes.offer({Tag.RESCALE_TYPE: new_element.text("LO", unit)}, "values of the image")
    set_it = 'unspecified. Use set_values={"RescaleType": "HU"} if they are'
    remedy = "which is all that Enhanced CT can state" if unit == "HU" else set_it
    log.warnings.append(f"values from {low:g} to {high:g} do not look like Hounsfield units: RescaleType is {unit}, {remedy}")
