"""Messages of the core name options; the panel shows the names of its own controls instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from .KindNames import kind_names
from .PanelRemedies import panel_remedies

if TYPE_CHECKING:
    from nifti_dicom_bridge import ConversionReport


def in_panel(text: str) -> str:
    """Return a text of the core, which names options as in Python, with controls of the panel in their place."""
    from nifti_dicom_bridge import in_words

    return in_words(text, panel_text, panel_remedies())


def message_in_panel(error: BaseException) -> str:
    """Return the message of an error with controls of the panel in place of options."""
    from nifti_dicom_bridge import message_of

    from ..Host.TemporaryFolders import without_temporary

    return without_temporary(message_of(error, panel_text, panel_remedies()))


def report_in_panel(report: ConversionReport) -> ConversionReport:
    """Return a report with controls of the panel in place of options."""
    return report.in_words(panel_text, panel_remedies())


def panel_text(option: str, value: str = "") -> str:
    """Return the control of the panel for an option of `ConversionOptions`, alone or with a value.

    Options without a control are entered in “Other options”, or in the Python console (`NiftiDicomBridgeLogic.makeOptions`).
    """
    if option == "kind" and value in kind_names():
        return _("the kind “{kind}”").format(kind=kind_names()[value])
    if option == "set_values" and value:
        return _("the value {value}").format(value=value)
    words = control_names()
    name = words.get(f"{option}={value}") or words.get(option)
    if name:
        return name
    option = option.removeprefix("preview.")
    if value:
        return _("the option “{name}” with “{value}”").format(name=option, value=value)
    return _("the option “{name}”").format(name=option)


def control_names() -> dict[str, str]:
    """Return the control of the panel for each option, or option with a value, that has one."""
    return {
        "clean": _("the list next to “De-identify”"),
        "deidentify": _("“De-identify”"),
        "gzip": _("“Compress”"),
        "kind": _("the kind"),
        "kind=KIND": _("another kind"),
        "layout": _("the format"),
        "layout=bids": _("the format “NIfTI, BIDS dataset”"),
        "layout=flat": _("the format “NIfTI”"),
        "overwrite": _("“Replace existing files”"),
        "reference": _("the reference"),
        "retain": _("the list next to “De-identify”"),
        "same_space": _("“All in one space”"),
        "set_values": _("the table of attributes"),
        "target": _("the format"),
        "target=dicom": _("“Convert to DICOM”"),
        "target=nifti": _("“Export to NIfTI”"),
        "target=preview": _("the format “Preview images”"),
        "target=zarr": _("the format “Zarr”"),
        "uids": _("“Keep original UIDs”"),
    }
