"""Why the files of the section *Convert to DICOM* cannot be converted now, and what helps."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from .Feedback import Feedback
from .ImportRows import Rows

WITH_PACKAGES = ("legacy", "rtstruct")
"""Kinds that are features of Python packages of their own, too."""


def obstacle(widget: Any, rows: Rows, folder: str, feedback: Feedback) -> tuple[str, str, Any]:
    """Return why nothing can be converted, and text and action of a button that helps; empty where nothing is in the way.

    Parameters
    ----------
    widget : NiftiDicomBridgeWidget
        The panel.
    rows : Rows
        The files.
    folder : str
        The folder to write to; may be empty.
    feedback : Feedback
        Shows how the action of the button ended.
    """
    hint, remedy, on_remedy = widget.obstacle(feedback)
    if hint:
        return hint, remedy, on_remedy
    if not len(rows):
        return _("Add at least one image file."), "", None
    text = _invalid_value(rows) or _misplaced(rows)
    if text:
        return text, "", None
    for feature in sorted({row.kind for row in rows.all}.intersection(WITH_PACKAGES)):
        missing, remedy, on_remedy = widget.missing_package(feature, feedback)
        if missing:
            return missing, remedy, on_remedy
    from .OtherOptions import problem_of

    if text := problem_of(str(widget.ui.dicomOptionsEdit.text)):
        return text, "", None
    if not widget.ui.databaseCheckBox.isChecked():
        return ("" if folder else _("Choose the DICOM database or a folder.")), "", None
    hint, remedy, on_remedy = widget.obstacle(feedback, database=True)
    return hint, remedy, on_remedy


def _misplaced(rows: Rows) -> str:
    for row in rows.all:
        if row.is_misplaced and row.scene.has_no_position:
            return _(
                "{file} was made on an image without a position: choose the series of that image as its reference."
            ).format(file=row.name)
        if row.is_misplaced:
            return _(
                "{file} is under the acquisition transform of its series: choose that series as its reference, or harden the "
                "transform and add the image again."
            ).format(file=row.name)
    return ""


def _invalid_value(rows: Rows) -> str:
    from .DisplayTexts import field_text

    for row, keyword in rows.invalid()[:1]:
        return _("Correct or reset “{name}” of {file}.").format(name=field_text(keyword), file=row.name)
    return ""
