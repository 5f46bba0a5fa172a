"""What a person should know before giving pictures away."""

from __future__ import annotations

from ..model import metadata
from ..model.metadata import SeriesMetadata
from ..standard import tags

_BURNED_IN_ANNOTATION, _CONVERSION_TYPE = 0x00280301, 0x00080064
_WRITTEN_UPON = frozenset({"US", "IVUS", "XA", "RF", "ES", "GM", "SM", "XC", "OP", "OT", "SC", "ECG", "MG", "DOC"})
"""Modalities whose devices write names and dates into the pixels: ultrasound, angiography, screens, scans."""
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def burned_in(series: SeriesMetadata) -> str:
    """Return a sentence where names may stand in the pixels (PS3.3 C.7.6.1.1.7); empty where not."""
    elements = series.first.elements
    said = metadata.text(elements, _BURNED_IN_ANNOTATION).upper()
    if said == "YES":
        return "BurnedInAnnotation (0028,0301) is YES: names or dates stand in the pixels, and in these pictures"
    modality = metadata.text(elements, tags.MODALITY)
    kind = metadata.text(elements, tags.SOP_CLASS_UID)
    captured = (
        kind == _SECONDARY_CAPTURE or kind.startswith(_SECONDARY_CAPTURE + ".") or metadata.text(elements, _CONVERSION_TYPE)
    )
    if said or not (captured or modality in _WRITTEN_UPON):
        return ""
    what = modality or "a captured screen"
    return f"names or dates may stand in the pixels (BurnedInAnnotation is absent, {what}): look at the pictures"
