"""What de-identified metadata do not heal: words in the pixels, and pixels that only private attributes explain."""

from __future__ import annotations

from ..model import metadata
from ..model.volume import Volume
from ..standard import tags

_BURNED_IN_ANNOTATION, _CONVERSION_TYPE = 0x00280301, 0x00080064
_WRITTEN_UPON = frozenset({"US", "IVUS", "XA", "RF", "ES", "GM", "SM", "XC", "OP", "OT", "SC", "ECG", "MG", "DOC"})
"""Modalities whose devices write names and dates into the pixels: ultrasound, angiography, screens, scans."""
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def pixel_warnings(volume: Volume) -> list[str]:
    """Return sentences on the pixels of a volume that came from DICOM, before it was de-identified."""
    assert volume.metadata is not None
    elements, found = volume.metadata.first.elements, []
    said = metadata.text(elements, _BURNED_IN_ANNOTATION).upper()
    if said == "YES":
        found.append("BurnedInAnnotation (0028,0301) is YES: names or dates stand in the pixels, which were not looked at")
    elif not said and (metadata.text(elements, tags.MODALITY) in _WRITTEN_UPON or _is_captured(elements)):
        found.append("names or dates may stand in the pixels, which were not looked at (BurnedInAnnotation is absent)")
    if volume.pixel_record is not None and volume.pixel_record.across:
        found.append("the slices lie in mosaics, which private attributes explain that were removed: keep the images as NIfTI")
    return found


def _is_captured(elements: metadata.Elements) -> bool:
    kind = metadata.text(elements, tags.SOP_CLASS_UID)
    return kind == _SECONDARY_CAPTURE or kind.startswith(_SECONDARY_CAPTURE + ".") or _CONVERSION_TYPE in elements
