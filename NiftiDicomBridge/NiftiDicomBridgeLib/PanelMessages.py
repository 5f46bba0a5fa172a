"""Messages of the core name options; the panel shows the names of its own controls instead."""

from __future__ import annotations

import re

from slicer.i18n import tr as _

from .KindNames import kind_names

_IN_PYTHON = re.compile(r"\b([a-z_]+)=(?:\"([^\"]*)\"|(True|False)\b)")
_OTHER_FLAG = re.compile(r"(?<![\w-])--([a-z0-9][a-z0-9-]*)")


def in_panel(text: str) -> str:
    """Return a text with controls of the panel in place of options of the command line or of Python."""
    from nifti_dicom_bridge import ConversionOptions, in_words

    def control(match: re.Match) -> str:
        is_option = match[1] in ConversionOptions.__dataclass_fields__
        return panel_text(match[1], match[2] or match[3] or "") if is_option else match[0]

    renamed = _IN_PYTHON.sub(control, in_words(text, panel_text))
    return _OTHER_FLAG.sub(lambda flag: _of_command_line(flag[1]), renamed)


def message_in_panel(error: BaseException) -> str:
    """Return the message of an error with controls of the panel in place of options."""
    from nifti_dicom_bridge import message_of

    return in_panel(message_of(error, panel_text))


def panel_text(option: str, value: str = "") -> str:
    """Return what the panel has in place of an option of `ConversionOptions`, and in place of an option with a value."""
    if option == "kind" and value in kind_names():
        return _("the kind “{kind}”").format(kind=kind_names()[value])
    if option == "set_values" and value:
        return _("the value {value}").format(value=value)
    words = control_names()
    name = words.get(f"{option}={value}") or words.get(option)
    return name or _of_command_line(f"{option.removeprefix('preview.').replace('_', '-')} {value}")


def control_names() -> dict[str, str]:
    """Return the control of the panel for each option, or option with a value, that has one."""
    return {
        "deidentify": _("“De-identify”"),
        "gzip": _("“Compress”"),
        "kind": _("the kind"),
        "kind=KIND": _("another kind"),
        "layout": _("the format"),
        "layout=bids": _("the format “NIfTI, BIDS dataset”"),
        "layout=flat": _("the format “NIfTI”"),
        "overwrite": _("“Replace existing files”"),
        "reference": _("the reference"),
        "set_values": _("the table of attributes"),
        "target": _("the format"),
        "target=dicom": _("“Convert to DICOM”"),
        "target=nifti": _("“Export to NIfTI”"),
        "target=preview": _("the format “Preview images”"),
        "target=zarr": _("the format “Zarr”"),
        "uids": _("“Keep original UIDs”"),
    }


def _of_command_line(name: str) -> str:
    words = {"register": _("“Add to the DICOM database”"), "database": _("“Add to the DICOM database”"), "report": _("“Save”")}
    return words.get(name) or _("the option “{name}” of the command line").format(name=name.strip())
