"""The section *Convert to DICOM*: files, their settings, and where the DICOM files go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ctk
import qt
from slicer.i18n import tr as _

from .Feedback import Feedback
from .FieldsTable import FieldsTable
from .FileTable import NIFTI_SUFFIXES, FileTable
from .ImportRows import AUTOMATIC, Row, Rows, common, patients
from .OverwriteQuestion import ask_to_replace, existing_outputs
from .ProposalUpdates import ProposalUpdates
from .ReferenceBox import ReferenceBox, series_and_folder, series_of
from .SceneImages import SceneImages

WITH_PACKAGES = ("legacy", "rtstruct")
"""Kinds that are features of Python packages of their own, too."""
SETTINGS = ("kindLabel", "kindComboBox", "referenceLabel", "referenceComboBox", "fieldsTable", "moreButton", "resetButton",
            "resetAllButton")  # fmt: skip
"""Hidden while there are no files."""


class ImportPart:
    """Shows the files and their settings, and starts the conversion."""

    def __init__(self, widget: Any):
        self._widget, self.ui = widget, widget.ui
        self.rows = Rows()
        self.feedback = Feedback(self.ui.importFeedback, widget.cancel, widget.open_link)
        self.staged = SceneImages(widget)
        self.proposing = ProposalUpdates(self.rows, self._proposal_task, self._on_proposals)
        self.fields = FieldsTable(self.ui.fieldsTable, self.ui.fieldsNoteLabel, self._on_values_changed)
        self.reference = ReferenceBox(self.ui.referenceComboBox, widget, self._on_reference_chosen)
        self.files = FileTable(self.ui.filesTable, self.add_files, self._on_selection_changed, self._remove_files)
        self._finish_widgets()
        self._connect_widgets()
        self._show_settings()

    def _finish_widgets(self) -> None:
        """Set what a .ui file cannot hold."""
        from .KindNames import kind_names

        self.ui.dicomFolderEdit.filters = ctk.ctkPathLineEdit.Dirs
        self.ui.dicomFolderEdit.settingKey = "NiftiDicomBridge/DicomFolder"
        for kind, words in kind_names().items():
            self.ui.kindComboBox.addItem(words, kind)

    def _connect_widgets(self) -> None:
        ui = self.ui
        ui.addButton.clicked.connect(self._choose_files)
        ui.removeButton.clicked.connect(self._remove_files)
        ui.kindComboBox.activated.connect(self._on_kind_chosen)
        ui.fieldsTable.itemSelectionChanged.connect(self._update_field_buttons)
        ui.moreButton.toggled.connect(self._on_more_toggled)
        ui.resetButton.clicked.connect(lambda: self.fields.reset(self.fields.selected))
        ui.resetAllButton.clicked.connect(lambda: self.fields.reset())
        ui.databaseCheckBox.toggled.connect(lambda on: self.update_buttons())
        ui.dicomFolderEdit.currentPathChanged.connect(self._on_folder_changed)
        ui.importButton.clicked.connect(self.onImportButton)

    def stop(self) -> None:
        """The panel is closed: nothing may call back."""
        self.proposing.stop()
        self.feedback.stop()
        self.staged.remove()

    # --- state

    def show(self, parameters: Any) -> None:
        """Show the state that a scene has."""
        self.ui.dicomFolderEdit.currentPath = parameters.dicomFolder
        self.rows.restore(parameters.niftiFiles, parameters.fileChoices)
        for row in self.rows.all:
            row.kind = row.kind if self.ui.kindComboBox.findData(row.kind) >= 0 else AUTOMATIC
        self._show_files([0] if len(self.rows) else [])

    def refresh(self) -> None:
        """Fill the list of references again."""
        self.reference.refresh()

    def _remember(self) -> None:
        kept = [path for path in self.rows.paths() if path not in self.staged]
        self._widget.remember("niftiFiles", kept)
        self._widget.remember("fileChoices", self.rows.to_text(lambda path: path in kept))

    # --- files

    def add_files(self, paths: Iterable[Path]) -> None:
        """Add files, and those in folders, to the list."""
        paths = list(paths)
        if not any(path.is_dir() for path in paths):
            self._add(paths)
        elif not self._widget.busy:
            with self._widget.showing_problems(self.feedback):
                self._widget.start(self._widget.logic.findTask(paths, NIFTI_SUFFIXES), self._add_found, self.feedback)

    def add_nodes(self, nodes: Sequence[Any]) -> None:
        """Add images of the scene to the list, as they are now."""
        with self._widget.showing_problems(self.feedback):
            self._widget.start(self.staged.task(nodes), self._add_staged, self.feedback)

    def _add_found(self, paths: Sequence[Path]) -> None:
        before = len(self.rows)
        self._add(paths)
        added = len(self.rows) - before
        text = _("NIfTI files added: {count}").format(count=added) if paths else _("The folder contains no NIfTI files.")
        self.feedback.show_result(text, problem=not paths)

    def _add_staged(self, staged: Any) -> None:
        new = self._add(staged.images)
        if staged.reference:
            reference = series_of(staged.reference)
            self._change(new, lambda row: setattr(row, "reference", reference))
            self.reference.refresh()
        self.feedback.show_result(_("Images added from the scene: {count}").format(count=len(staged.images)))

    def _add(self, paths: Iterable[Path]) -> list[Row]:
        """Add files, select the first new one, and return the new rows."""
        new = self.rows.add(paths)
        self._show_files(new[:1] or self.files.selected())
        self._remember()
        self.proposing.start(self.rows.outdated())
        return self.rows.at(new)

    def _choose_files(self) -> None:
        pattern = " ".join("*" + suffix for suffix in NIFTI_SUFFIXES)
        chosen = qt.QFileDialog.getOpenFileNames(self._widget.parent, _("NIfTI files"), "", f"NIfTI ({pattern})")
        self.add_files(Path(name) for name in chosen)

    def _remove_files(self) -> None:
        selected = self.files.selected()
        self.rows.remove(selected)
        self._show_files([min(selected[0], len(self.rows) - 1)] if selected and len(self.rows) else [])
        self._remember()

    def _show_files(self, selected: Sequence[int]) -> None:
        self.files.fill(self.rows, lambda path: path in self.staged)
        self.files.select(selected)

    def _selected(self) -> list[Row]:
        return self.rows.at(self.files.selected())

    # --- what the files become

    def look_again(self) -> None:
        """Look up again what all files become."""
        self.proposing.start(self.rows.all)

    def _proposal_task(self, rows: Sequence[Row]) -> Any:
        from . import Dependencies

        Dependencies.require_all()
        from .ImportTasks import ProposeTask

        paths = [row.path for row in rows]
        return ProposeTask(paths, self._options(), own={row.path: self._own(row) for row in rows})

    def _on_proposals(self, error: str) -> None:
        self.files.show_proposals(self.rows, error)
        self._show_settings(error, selected_anew=False)

    # --- settings of the selected files

    def _on_selection_changed(self) -> None:
        self._show_settings()

    def _show_settings(self, error: str = "", selected_anew: bool = True) -> None:
        """Show kind, reference, attributes and notes of the selected files."""
        rows = self._selected()
        for control in (self.ui.kindComboBox, self.ui.referenceComboBox, self.ui.fieldsTable):
            control.setEnabled(bool(rows))
        for name in SETTINGS:
            getattr(self.ui, name).setVisible(bool(len(self.rows)))
        kind = common(row.kind for row in rows)
        self.ui.kindComboBox.setCurrentIndex(-1 if kind is None else self.ui.kindComboBox.findData(kind))
        self.reference.show(rows)
        self.fields.show(rows, selected_anew)
        self._show_notes(rows, error)
        self.update_buttons()

    def _show_notes(self, rows: Sequence[Row], error: str) -> None:
        from .DisplayTexts import proposal_note

        notes = [error] if error else []
        known = [row for row in rows if row.proposal is not None]
        notes += dict.fromkeys(proposal_note(row.proposal, row.path.name if len(rows) > 1 else "") for row in known)
        patient_names = patients(self.rows.all)
        if len(patient_names) > 1:
            names = ", ".join(patient_names)
            notes.append(
                "⚠ " + _("The list contains images of {count} patients: {names}.").format(count=len(patient_names), names=names)
            )
        _set_text(self.ui.fileNoteLabel, "\n".join(note for note in notes if note))
        count = len(self.rows)
        if not count:
            words = ""
        elif not rows:
            words = _("Select files to change their settings.")
        elif len(rows) == 1:
            words = _("Settings of {name}:").format(name=rows[0].path.name)
        else:
            words = _("Settings of the {count} selected files:").format(count=len(rows))
        _set_text(self.ui.settingsLabel, words)

    def _on_kind_chosen(self) -> None:
        kind = self.ui.kindComboBox.itemData(self.ui.kindComboBox.currentIndex)
        self._change([row for row in self._selected() if row.kind != kind], lambda row: setattr(row, "kind", kind))

    def _on_reference_chosen(self, key: str) -> None:
        self._change(self._selected(), lambda row: setattr(row, "reference", key))

    def _on_values_changed(self, rows: Sequence[Row]) -> None:
        self._change(rows, lambda row: None)

    def _change(self, rows: Sequence[Row], change: Any) -> None:
        for row in rows:
            change(row)
        self._remember()
        self.proposing.start(rows)
        self.update_buttons()

    def _on_more_toggled(self, on: bool) -> None:
        self.fields.show_all(on)
        self.ui.moreButton.setText(_("&Less") if on else _("&More"))

    def _update_field_buttons(self) -> None:
        ui, selected = self.ui, self.fields.selected
        ui.moreButton.setEnabled(self.fields.has_more())
        ui.resetButton.setEnabled(bool(selected) and self.fields.can_reset(selected))
        ui.resetAllButton.setEnabled(self.fields.can_reset())

    # --- where to

    def _on_folder_changed(self, path: str) -> None:
        self._widget.remember("dicomFolder", path)
        self.update_buttons()

    def _folder(self) -> str:
        return str(self.ui.dicomFolderEdit.currentPath).strip()

    def update_buttons(self) -> None:
        """Enable what can be done, and show why the rest cannot."""
        ui, count, busy = self.ui, len(self.rows), self._widget.busy
        hint, remedy, on_remedy = self._obstacle()
        ui.importButton.setEnabled(not hint)
        ui.importButton.setText(_("&Convert {count} files").format(count=count) if count > 1 else _("&Convert"))
        ui.importButton.setToolTip(hint or _("Convert all files of the list to DICOM."))
        ui.addButton.setEnabled(not busy)
        ui.removeButton.setEnabled(bool(self.files.selected()))
        ui.loadCheckBox.setEnabled(ui.databaseCheckBox.isChecked())
        ui.overwriteDicomCheckBox.setVisible(bool(self._folder()))
        self._update_field_buttons()
        self.feedback.show_hint("" if self._widget.busy_with(self.feedback) else hint, remedy, on_remedy)

    def _obstacle(self) -> tuple[str, str, Any]:
        """Return why nothing can be converted, and the text and action of a button that helps."""
        from .DisplayTexts import field_text

        invalid = self.rows.invalid()
        if self._widget.busy:
            return _("Wait until the running conversion has ended, or cancel it."), "", None
        if not len(self.rows):
            return _("Add at least one NIfTI file."), "", None
        if invalid:
            row, keyword = invalid[0]
            text = _("Correct or reset “{name}” of {file}.").format(name=field_text(keyword), file=row.path.name)
            return text, "", None
        for feature in sorted({row.kind for row in self.rows.all}.intersection(WITH_PACKAGES)):
            missing, remedy, on_remedy = self._widget.missing_package(feature, self.feedback)
            if missing:
                return missing, remedy, on_remedy
        if not self.ui.databaseCheckBox.isChecked():
            return ("" if self._folder() else _("Choose the DICOM database or a folder.")), "", None
        if not self._widget.database_open():
            return (_("No DICOM database is open."), *self._widget.database_remedy(self.feedback))
        return "", "", None

    # --- work

    def _options(self) -> Any:
        return self._widget.logic.makeOptions(keepUids=self.ui.keepUidsCheckBox.isChecked())

    def _own(self, row: Row) -> Any:
        """Return the choices for one file as its task takes them."""
        from .ImportTasks import FileSettings
        from .Logic import _files_of

        series, folder = series_and_folder(row.reference)
        return FileSettings(row.kind, dict(row.values), Path(folder) if folder else _files_of(series))

    def onImportButton(self) -> None:
        """Convert all files."""
        self.start(self.rows.all, self.ui.overwriteDicomCheckBox.isChecked())

    def start(self, rows: Sequence[Row], overwrite: bool = False) -> None:
        """Start the conversion of some files in the background."""
        with self._widget.showing_problems(self.feedback):
            self._widget.start(self._task(rows, overwrite), self._after, self.feedback)

    def _task(self, rows: Sequence[Row], overwrite: bool) -> Any:
        options = self._options()
        from .ImportTasks import Destination, ImportTask

        where = Destination(self.ui.databaseCheckBox.isChecked(), Path(self._folder()) if self._folder() else None)
        own = {row.path: self._own(row) for row in rows}
        return ImportTask([row.path for row in rows], replace(options, overwrite=overwrite), where, own)

    def _after(self, report: Any) -> None:
        if self._folder():
            self.ui.dicomFolderEdit.addCurrentPathToHistory()
        if self.ui.databaseCheckBox.isChecked() and self.ui.loadCheckBox.isChecked():
            self._load(self._widget.logic.seriesUIDs(report))
        self._widget.show_report(report, self.feedback, is_dicom=True)
        existing = existing_outputs(report)
        if existing and not self._widget.cancelled and ask_to_replace(existing, self._folder()):
            inputs = {path for entry in existing for path in entry.inputs}
            self._widget.then(lambda: self.start([row for row in self.rows.all if row.path in inputs], True))

    def _load(self, series: Sequence[str]) -> None:
        for number, uid in enumerate(series):
            if self._widget.keep_going(_("Loading"), number, len(series)):
                self._widget.logic.loadSeries([uid])


def _set_text(label: Any, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))
