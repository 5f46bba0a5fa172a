"""The settings of the selected files of the section *Convert to DICOM*: kind, reference, attributes, and notes on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from slicer.i18n import tr as _

from .FieldsTable import FieldsTable
from .ImportRows import Row, Rows, common, patients
from .ReferenceBox import ReferenceBox, series_and_folder
from .Views import TextHeights, set_text

CONTROLS = ("kindLabel", "kindComboBox", "referenceLabel", "referenceComboBox", "fieldsTable", "moreButton", "resetButton",
            "resetAllButton")  # fmt: skip
"""Hidden while there are no files."""
LONGEST_NAME = 32
MOST_NAMES = 3
"""Patients and files that are named; the others are counted."""


class SettingsView:
    """Shows the settings of the selected files, and changes them.

    Parameters
    ----------
    widget : NiftiDicomBridgeWidget
        The panel.
    rows : Rows
        All files.
    selected : callable
        Returns the rows of the selected files.
    on_change : callable
        Called with the rows whose settings have changed.
    """

    def __init__(self, widget: Any, rows: Rows, selected: Callable[[], list[Row]], on_change: Callable[[Sequence[Row]], None]):
        self._ui, self._rows, self._selected, self._on_change = widget.ui, rows, selected, on_change
        self.fields = FieldsTable(self._ui.fieldsTable, self._ui.fieldsNoteLabel, on_change)
        self.reference = ReferenceBox(self._ui.referenceComboBox, widget, self._on_reference_chosen)
        self._finish_widgets()

    def _finish_widgets(self) -> None:
        from .KindNames import kind_names

        ui, fields = self._ui, self.fields
        self._heights = TextHeights()
        self._heights.add(ui.filesLabel, ui.fileNoteLabel, ui.settingsLabel, ui.fieldsNoteLabel)
        for kind, words in kind_names().items():
            ui.kindComboBox.addItem(words, kind)
        ui.kindComboBox.activated.connect(self._on_kind_chosen)
        ui.fieldsTable.itemSelectionChanged.connect(self.update_buttons)
        ui.moreButton.toggled.connect(self._on_more_toggled)
        ui.resetButton.clicked.connect(lambda: fields.reset(fields.selected))
        ui.resetAllButton.clicked.connect(lambda: fields.reset())

    def is_kind(self, kind: str) -> bool:
        """Whether a kind of object can be chosen."""
        return self._ui.kindComboBox.findData(kind) >= 0

    def show(self, error: str = "", selected_anew: bool = True) -> None:
        """Show kind, reference, attributes and notes of the selected files."""
        rows, ui = self._selected(), self._ui
        for control in (ui.kindComboBox, ui.referenceComboBox, ui.fieldsTable):
            control.setEnabled(bool(rows))
        for name in CONTROLS:
            getattr(ui, name).setVisible(bool(len(self._rows)))
        kind = common(row.kind for row in rows)
        ui.kindComboBox.setCurrentIndex(-1 if kind is None else ui.kindComboBox.findData(kind))
        self.reference.show(rows)
        self.fields.show(rows, selected_anew)
        set_text(ui.fileNoteLabel, "\n".join(note for note in self._notes(rows, error) if note))
        set_text(ui.settingsLabel, self._title(rows))

    def update_buttons(self) -> None:
        """Enable the buttons below the attributes that can do something."""
        ui, selected = self._ui, self.fields.selected
        ui.moreButton.setEnabled(self.fields.has_more())
        ui.resetButton.setEnabled(bool(selected) and self.fields.can_reset(selected))
        ui.resetAllButton.setEnabled(self.fields.can_reset())

    def _notes(self, rows: Sequence[Row], error: str) -> list[str]:
        notes = [error, *_problems(rows)]
        notes += dict.fromkeys("⚠ " + warning for warning in map(_moved_reference, rows) if warning)
        names = patients(self._rows.all)
        if len(names) > 1:
            text = _("The list contains images of {count} patients: {names}.")
            notes.append("⚠ " + text.format(count=len(names), names=_some(names)))
        return notes

    def _title(self, rows: Sequence[Row]) -> str:
        if not len(self._rows):
            return ""
        if not rows:
            return _("Select files to change their settings.")
        if len(rows) == 1:
            return _("Settings of {name}:").format(name=rows[0].name)
        return _("Settings of the {count} selected files:").format(count=len(rows))

    def _on_kind_chosen(self) -> None:
        kind = self._ui.kindComboBox.itemData(self._ui.kindComboBox.currentIndex)
        rows = [row for row in self._selected() if row.kind != kind]
        for row in rows:
            row.kind = kind
        self._on_change(rows)

    def _on_reference_chosen(self, key: str) -> None:
        rows = self._selected()
        for row in rows:
            row.refer_to(key)
        self._on_change(rows)

    def _on_more_toggled(self, on: bool) -> None:
        self.fields.show_all(on)
        self._ui.moreButton.setText(_("&Less") if on else _("&More"))


def _problems(rows: Sequence[Row]) -> list[str]:
    """Return what is known of the files before they are converted; once for all files that it is true of."""
    from .DisplayTexts import proposal_problems

    names_of: dict[str, list[str]] = {}
    for row in rows:
        for text in proposal_problems(_proposal_of(row)) if row.proposal is not None else ():
            names_of.setdefault(text, []).append(_short(row.name))
    return [f"⚠ {_some(names)}: {text}" if len(rows) > 1 else f"⚠ {text}" for text, names in names_of.items()]


def _some(names: Sequence[str]) -> str:
    """Return the first of some names, and how many there are besides."""
    rest = len(names) - MOST_NAMES
    shown = ", ".join(names[:MOST_NAMES] if rest > 1 else names)
    return _("{names} and {count} others").format(names=shown, count=rest) if rest > 1 else shown


def _short(name: str) -> str:
    """Return a name that fits on a line of the panel; the middle of a long one is left out."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME // 2]}…{name[-LONGEST_NAME // 2 + 1 :]}"


def _proposal_of(row: Row) -> Any:
    """Return what a file will become; what is on the slices of its own series is not moved to them."""
    if row.scene is None:
        return row.proposal
    from dataclasses import replace

    from ..Tasks.TemporaryNifti import in_scene, without_moved_slices

    warnings = row.proposal.warnings
    warnings = without_moved_slices(warnings) if row.scene.needs_reference else warnings
    return replace(row.proposal, warnings=warnings, error=in_scene(row.proposal.error, row.path))


def _moved_reference(row: Row) -> str:
    """Return a warning where an image of the scene gets another reference, whose volume is under a transform."""
    series, _folder = series_and_folder(row.reference)
    if row.scene is None or row.has_own_reference or not series:
        return ""
    from ..Originals.SpaceOfReference import reference_is_moved

    return reference_is_moved(series)
