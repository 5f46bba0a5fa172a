"""The kinds of DICOM objects in the words of the panel."""

from __future__ import annotations

from slicer.i18n import tr as _


def kind_names(was_dicom: bool = False) -> dict[str, str]:
    """Return what each kind of DICOM object is called, in the order of the panel."""
    return {
        "auto": _("Original or derived series") if was_dicom else _("Automatic"),
        "ct": _("CT"),
        "mr": _("MR"),
        "pet": _("PET"),
        "seg": _("Segmentation"),
        "pm": _("Parametric map"),
        "rtstruct": _("RT structure set"),
        "enhanced-ct": _("Enhanced CT"),
        "enhanced-mr": _("Enhanced MR"),
        "enhanced-pet": _("Enhanced PET"),
        "legacy": _("Legacy Converted Enhanced"),
        "sc": _("Secondary capture"),
        "sc-multiframe": _("Multi-frame secondary capture"),
        "classic": _("Classic of its modality"),
        "enhanced": _("Enhanced of its modality"),
    }
