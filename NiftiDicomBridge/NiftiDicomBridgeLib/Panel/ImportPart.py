"""The section *Convert to DICOM*: files, their settings, and where the DICOM files go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ctk
from slicer.i18n import tr as _

from .Feedback import Feedback
from .FileList import FileList
from .ImportObstacles import obstacle
from .ImportRows import AUTOMATIC, Row
from .OverwriteQuestion import ask_to_replace, existing_outputs
from .ProposalUpdates import ProposalUpdates
from .ReferenceBox import series_and_folder
from .SettingsView import SettingsView
from .Views import plain, typed_folder


class ImportPart:
    """Shows the files and their settings, and starts the conversion."""

    def __init__(self, widget: Any):
        self._widget, self.ui = widget, widget.ui
        self.feedback = Feedback(self.ui.importFeedback, widget.cancel, widget.open_link)
        self.files = FileList(widget, self.feedback, self._show_settings, self._on_change)
        self.rows = self.files.rows
        self.proposing = ProposalUpdates(self.rows, self._proposal_task, self._on_proposals)
        self.settings = SettingsView(widget, self.rows, self.files.selected, self._on_change)
        self._looked_at = ""
        self._finish_widgets()
        self._show_settings()

    def _finish_widgets(self) -> None:
        """Set what a .ui file cannot hold."""
        ui = self.ui
        ui.dicomFolderEdit.filters = ctk.ctkPathLineEdit.Dirs
        ui.dicomFolderEdit.settingKey = "NiftiDicomBridge/DicomFolder"
        ui.databaseCheckBox.toggled.connect(lambda on: self.update_buttons())
        ui.dicomFolderEdit.currentPathChanged.connect(self._on_folder_changed)
        ui.sameSpaceDicomCheckBox.toggled.connect(lambda on: self.look_again())
        ui.dicomOptionsEdit.textChanged.connect(lambda text: self.update_buttons())
        ui.dicomOptionsEdit.editingFinished.connect(self._on_options_entered)
        ui.importButton.clicked.connect(self.onImportButton)

    def stop(self) -> None:
        """The panel is closed: nothing may call back."""
        self.proposing.stop()
        self.feedback.stop()
        self.files.staged.remove()

    # --- state

    def show(self, parameters: Any) -> None:
        """Show the state that a scene has."""
        self.ui.dicomFolderEdit.currentPath = parameters.dicomFolder
        self.rows.restore(parameters.niftiFiles, parameters.fileChoices)
        for row in self.rows.all:
            row.kind = row.kind if self.settings.is_kind(row.kind) else AUTOMATIC
        self.files.show([0] if len(self.rows) else [])

    def refresh(self) -> None:
        """Fill the list of references again."""
        self.settings.reference.refresh()

    def _remember(self) -> None:
        kept = [path for path in self.rows.paths() if path not in self.files.staged]
        self._widget.remember("niftiFiles", kept)
        self._widget.remember("fileChoices", self.rows.to_text(lambda path: path in kept))

    # --- what the files become

    def look_again(self) -> None:
        """Look up again what all files become."""
        self.proposing.start(self.rows.all)

    def _proposal_task(self, rows: Sequence[Row]) -> Any:
        from ..Host import Dependencies

        Dependencies.require_all()
        from ..Tasks.ImportTasks import ProposeTask

        paths = [row.path for row in rows]
        return ProposeTask(paths, self._options(), own={row.path: self._own(row) for row in rows})

    def _on_proposals(self, error: str) -> None:
        self.files.table.show_proposals(self.rows, error)
        self._show_settings(error, selected_anew=False)

    def _show_settings(self, error: str = "", selected_anew: bool = True) -> None:
        self.settings.show(error, selected_anew)
        self.update_buttons()

    def _on_change(self, rows: Sequence[Row]) -> None:
        """Files were added or removed, or their settings were changed."""
        self._remember()
        if rows:
            self.proposing.start(rows)
        self.update_buttons()

    def _on_options_entered(self) -> None:
        from .OtherOptions import problem_of

        text = str(self.ui.dicomOptionsEdit.text)
        if text != self._looked_at and not problem_of(text):
            self._looked_at = text
            self.look_again()

    # --- where to

    def _on_folder_changed(self, path: str) -> None:
        self._widget.remember("dicomFolder", path)
        self.update_buttons()

    def _folder(self) -> str:
        return typed_folder(self.ui.dicomFolderEdit)

    def update_buttons(self) -> None:
        """Enable what can be done, and show why the rest cannot."""
        ui, count, busy = self.ui, len(self.rows), self._widget.busy
        hint, remedy, on_remedy = obstacle(self._widget, self.rows, self._folder(), self.feedback)
        ui.importButton.setEnabled(not hint)
        ui.importButton.setText(_("&Convert {count} files").format(count=count) if count > 1 else _("&Convert"))
        ui.importButton.setToolTip(plain(hint) or _("Convert all files of the list to DICOM."))
        ui.addButton.setEnabled(not busy)
        ui.removeButton.setEnabled(bool(self.files.selected()))
        ui.loadCheckBox.setEnabled(ui.databaseCheckBox.isChecked())
        ui.overwriteDicomCheckBox.setVisible(bool(self._folder()))
        self.settings.update_buttons()
        self.feedback.show_hint("" if self._widget.busy_with(self.feedback) else hint, remedy, on_remedy)

    # --- work

    def _options(self) -> Any:
        from .OtherOptions import other_options

        ui, has_reference = self.ui, any(row.reference or row.has_own_reference for row in self.rows.all)
        return self._widget.logic.makeOptions(
            keepUids=ui.keepUidsCheckBox.isChecked(),
            same_space=has_reference and ui.sameSpaceDicomCheckBox.isChecked(),
            **other_options(str(ui.dicomOptionsEdit.text)),
        )

    def _own(self, row: Row) -> Any:
        """Return the choices for one file as its task takes them."""
        from ..LogicTasks import files_of_reference
        from ..Tasks.ImportTasks import FileSettings

        series, folder = series_and_folder(row.reference)
        own = row.scene if row.has_own_reference else None
        files = (own.images if own is not None else ()) or (Path(folder) if folder else files_of_reference(series))
        return FileSettings(row.chosen_kind, row.all_values, files, own is not None and own.has_no_position)

    def onImportButton(self) -> None:
        """Convert all files."""
        self.start(self.rows.all, self.ui.overwriteDicomCheckBox.isChecked())

    def start(self, rows: Sequence[Row], overwrite: bool = False) -> None:
        """Start the conversion of some files in the background."""
        with self._widget.showing_problems(self.feedback):
            self._widget.start(self._task(rows, overwrite), self._after, self.feedback)

    def _task(self, rows: Sequence[Row], overwrite: bool) -> Any:
        options = self._options()
        from ..Tasks.ImportTasks import Destination, ImportTask

        where = Destination(self.ui.databaseCheckBox.isChecked(), Path(self._folder()) if self._folder() else None)
        own = {row.path: self._own(row) for row in rows}
        return ImportTask([row.path for row in rows], replace(options, overwrite=overwrite), where, own)

    def _after(self, report: Any) -> None:
        from ..Tasks.TemporaryNifti import warn
        from .DisplayTexts import note_references

        rows = [row for row in self.rows.all if row.scene is not None]
        own = [row.scene.path for row in rows if row.scene.needs_reference]
        warn(report, {row.path: row.scene_warnings for row in rows}, own)
        note_references(report)
        if self._folder():
            self.ui.dicomFolderEdit.addCurrentPathToHistory()
        wanted = self.ui.databaseCheckBox.isChecked() and self.ui.loadCheckBox.isChecked()
        note = self._widget.load_results(self._widget.logic.seriesUIDs(report)) if wanted else ""
        self._widget.show_report(report, self.feedback, is_dicom=True, note=note)
        existing = existing_outputs(report)
        if existing and not self._widget.cancelled and ask_to_replace(existing, self._folder()):
            inputs = {path for entry in existing for path in entry.inputs}
            self._widget.then(lambda: self.start([row for row in self.rows.all if row.path in inputs], True))
