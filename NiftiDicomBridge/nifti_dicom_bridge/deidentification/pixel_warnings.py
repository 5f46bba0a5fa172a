"""What de-identified metadata do not heal: words in the pixels, and pixels that only private attributes explain."""

from __future__ import annotations

from ..model import metadata
from ..model.metadata import Elements, SeriesMetadata
from ..model.volume import Volume
from ..standard.tags import Tag

_WRITTEN_UPON = frozenset({"US", "IVUS", "XA", "RF", "ES", "GM", "SM", "XC", "OP", "OT", "SC", "ECG", "MG", "DOC"})
"""Modalities whose devices write names and dates into the pixels: ultrasound, angiography, screens, scans."""
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def pixel_warnings(volume: Volume) -> list[str]:
    """Return sentences on the pixels of a volume that came from DICOM, before it was de-identified."""
    elements, sentences = volume.dicom.metadata.first.elements, []
    if _is_written_upon(elements):
        sentences.append("BurnedInAnnotation (0028,0301) is YES: names or dates stand in the pixels, which were not looked at")
    elif _may_be_written_upon(elements):
        sentences.append("names or dates may stand in the pixels, which were not looked at (BurnedInAnnotation is absent)")
    if volume.dicom.is_mosaic:
        sentences.append(
            "the slices lie in mosaics, which private attributes explain that were removed: keep the images as NIfTI"
        )
    return sentences


def picture_warnings(series: SeriesMetadata) -> list[str]:
    """Return sentences on what stands in pictures of a series, for whoever gives them away."""
    elements = series.first.elements
    if _is_written_upon(elements):
        return ["BurnedInAnnotation (0028,0301) is YES: names or dates stand in the pixels, and in these pictures"]
    if not _may_be_written_upon(elements):
        return []
    what = metadata.text(elements, Tag.MODALITY) or "a captured screen"
    return [f"names or dates may stand in the pixels (BurnedInAnnotation is absent, {what}): look at the pictures"]


def _is_written_upon(elements: Elements) -> bool:
    """Whether names or dates stand in the pixels (PS3.3 C.7.6.1.1.7)."""
    return metadata.text(elements, Tag.BURNED_IN_ANNOTATION).upper() == "YES"


def _may_be_written_upon(elements: Elements) -> bool:
    """Whether BurnedInAnnotation is absent from an image of a kind that often has words in its pixels."""
    if metadata.text(elements, Tag.BURNED_IN_ANNOTATION):
        return False
    return metadata.text(elements, Tag.MODALITY) in _WRITTEN_UPON or _is_captured(elements)


def _is_captured(elements: Elements) -> bool:
    kind = metadata.text(elements, Tag.SOP_CLASS_UID)
    return kind == _SECONDARY_CAPTURE or kind.startswith(_SECONDARY_CAPTURE + ".") or Tag.CONVERSION_TYPE in elements
