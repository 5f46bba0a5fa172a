"""Messages of the core name options of the command line; the panel shows the names of its own controls instead."""

from __future__ import annotations

import re

from slicer.i18n import tr as _

from .KindWords import kind_words

VALUES = (
    "new", "keep", "flat", "bids", "nifti", "dicom", "zarr", "preview", "numbered", "original", "tilt", "spacing", "shear",
    "axial", "coronal", "sagittal", "as-stored", "reference", "auto", "ct", "mr", "pet", "seg", "pm", "enhanced-ct",
    "enhanced-mr", "enhanced-pet", "legacy", "sc-multiframe", "sc", "classic", "enhanced",
)  # fmt: skip
"""Values of options in messages; any other word that follows an option belongs to the sentence."""
OPTION = re.compile(
    r"`?(--[a-z0-9][a-z0-9-]*)(?:[ =](\w+=[^\s,;]*[^\s,;.:)]|(?:" + "|".join(VALUES) + r")(?![\w-])|[A-Z]{2,}(?:\.\w+)?\b))?`?"
)


def in_panel(text: str) -> str:
    """Return a message with controls of the panel in place of options of the command line."""
    return OPTION.sub(lambda match: _control(match[1], match[2] or ""), text)


def control_words() -> dict[str, str]:
    """Return what the panel has in place of an option, and in place of an option with a value."""
    return {
        "--as": _("another kind"),
        "--database": _("“Add to the DICOM database”"),
        "--deidentify": _("“De-identify”"),
        "--layout": _("the format"),
        "--layout bids": _("the format “NIfTI, BIDS dataset”"),
        "--layout flat": _("the format “NIfTI”"),
        "--no-gzip": _("“Compress”"),
        "--output": _("the folder"),
        "--overwrite": _("“Replace existing files”"),
        "--reference": _("the reference"),
        "--register": _("“Add to the DICOM database”"),
        "--report": _("“Save”"),
        "--set": _("the table of attributes"),
        "--to": _("the format"),
        "--to dicom": _("“Convert to DICOM”"),
        "--to nifti": _("“Export to NIfTI”"),
        "--to preview": _("the format “Preview images”"),
        "--to zarr": _("the format “Zarr”"),
        "--uids": _("“Keep original UIDs”"),
    }


def _control(option: str, value: str) -> str:
    if option == "--as" and value in kind_words():
        return _("the kind “{kind}”").format(kind=kind_words()[value])
    if option == "--set" and value:
        return _("the value {value}").format(value=value)
    words = control_words()
    name = words.get(f"{option} {value}") or words.get(option)
    return name or _("the option “{name}” of the command line").format(name=f"{option[2:]} {value}".strip())
