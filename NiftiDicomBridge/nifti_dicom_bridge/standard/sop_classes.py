"""UIDs of SOP classes (PS3.4 B.5, PS3.6 A)."""

from __future__ import annotations

VERIFICATION = "1.2.840.10008.1.1"
MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"
"""A DICOMDIR."""
CT, MR, PET = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.128"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
TILED = frozenset({"1.2.840.10008.5.1.4.1.1.77.1.6", "1.2.840.10008.5.1.4.1.1.77.1.9"})
"""Whole-slide microscopy, and tiled confocal microscopy."""
PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"
SEGMENTATION, LABEL_MAP_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"
LATER_SOP_CLASSES = {
    LABEL_MAP_SEGMENTATION: "Label Map Segmentation Storage",
    "1.2.840.10008.5.1.4.1.1.66.8": "Height Map Segmentation Storage",
}
"""Those of later editions than pydicom's table, by UID: their names."""
SEGMENTATIONS = frozenset({SEGMENTATION, LABEL_MAP_SEGMENTATION})
STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
SPATIAL_REGISTRATION = "1.2.840.10008.5.1.4.1.1.66.1"
NM = "1.2.840.10008.5.1.4.1.1.20"
OPHTHALMIC_PHOTOGRAPHY = frozenset(f"1.2.840.10008.5.1.4.1.1.77.1.5.{kind}" for kind in (1, 2))
"""Of 8 and of 16 bits."""
EN_FACE = "1.2.840.10008.5.1.4.1.1.77.1.5.7"
"""Of ophthalmic optical coherence tomography."""
