"""What de-identified metadata do not change: text and faces in the pixels, and pixels that only private attributes explain."""

from __future__ import annotations

from ..formats.dicom.reading.frames.philips_volumes import slices_of_volume
from ..model import metadata
from ..model.metadata import Elements, SeriesMetadata
from ..model.volume import Volume
from ..standard.sop_classes import SECONDARY_CAPTURE
from ..standard.tags import Tag

_WITH_TEXT = frozenset({"US", "IVUS", "XA", "RF", "ES", "GM", "SM", "XC", "OP", "OT", "SC", "ECG", "MG", "DOC"})
"""Modalities whose devices often write names and dates into the pixels: ultrasound, angiography, screens, scans."""
_WITH_FACES = frozenset({"MR", "CT", "PT"})
_NOT_HEADS = (
    "CHEST", "THORAX", "ABDOMEN", "PELVIS", "PROSTATE", "KNEE", "ANKLE", "FOOT", "HIP", "LIVER", "HEART", "BREAST", "WRIST",
    "HAND", "ELBOW", "SHOULDER", "LSPINE", "TSPINE", "EXTREMITY", "LEG", "ARM",
)  # fmt: skip
_THICKEST_FACE_MM, _SMALLEST_FACE_MM = 6.0, 80.0


def pixel_warnings(volume: Volume, private_kept: bool = False) -> list[str]:
    """Return sentences on the pixels of a volume that came from DICOM, before it was de-identified."""
    elements = volume.dicom.metadata.first.elements
    sentences = picture_warnings(volume.dicom.metadata)
    if may_show_a_face(volume):
        sentences.append(
            "a face may be recognized in a rendering of the image. Remove it with mri_synthstrip, pydeface or quickshear"
        )
    kind = "mosaics" if volume.dicom.is_mosaic else "volumes" if slices_of_volume(elements) > 1 else ""
    if kind and not private_kept:
        sentences.append(
            f"the DICOM has slices in {kind}, which only private attributes describe, and those were removed: it cannot be "
            'split into slices again. Use retain="safe-private" to keep what describes them'
        )
    if metadata.text(elements, Tag.RECOGNIZABLE_VISUAL_FEATURES).upper() == "YES" and not may_show_a_face(volume):
        sentences.append("RecognizableVisualFeatures (0028,0302) is YES: the patient may be recognized in the image")
    return sentences


def picture_warnings(series: SeriesMetadata) -> list[str]:
    """Return sentences on text in the pixels of a series."""
    elements = series.first.elements
    stated = metadata.text(elements, Tag.BURNED_IN_ANNOTATION).upper()
    if stated == "YES":
        return ["BurnedInAnnotation (0028,0301) is YES: the pixels contain names or dates, which were not removed"]
    kind = "a secondary capture" if _is_captured(elements) else _modality_with_text(elements)
    if not kind or (stated == "NO" and kind != "a secondary capture"):
        return []
    state = "NO, but this is" if stated == "NO" else "absent from"
    return [f"the pixels may contain names or dates: BurnedInAnnotation (0028,0301) is {state} {kind}. Look at the images"]


def may_show_a_face(volume: Volume) -> bool:
    """Whether a volume may show a face: a head, or an unstated body part, large enough and of thin slices."""
    if volume.source is None or volume.voxels.ndim != 4:
        return False
    elements = volume.dicom.metadata.first.elements
    if metadata.text(elements, Tag.RECOGNIZABLE_VISUAL_FEATURES).upper() == "NO":
        return False
    part = metadata.text(elements, Tag.BODY_PART_EXAMINED).upper().replace(" ", "")
    if metadata.text(elements, Tag.MODALITY) not in _WITH_FACES or any(other in part for other in _NOT_HEADS):
        return False
    steps = (volume.ijk_to_ras[:3, :3] ** 2).sum(axis=0) ** 0.5
    extent = [step * count for step, count in zip(steps, volume.shape_ijk, strict=True)]
    return bool(steps.max() <= _THICKEST_FACE_MM and min(extent) >= _SMALLEST_FACE_MM)


def _modality_with_text(elements: Elements) -> str:
    modality = metadata.text(elements, Tag.MODALITY)
    return f"an image of modality {modality}" if modality in _WITH_TEXT else ""


def _is_captured(elements: Elements) -> bool:
    """Whether pixels are of a screen, a film or a document; Philips leaves ConversionType empty in objects of scanners."""
    kind = metadata.text(elements, Tag.SOP_CLASS_UID)
    captured = kind == SECONDARY_CAPTURE or kind.startswith(SECONDARY_CAPTURE + ".")
    return captured or bool(metadata.text(elements, Tag.CONVERSION_TYPE))
