"""The part "To DICOM" of the panel: files, what each will become, where its values are from, and where it goes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from .Background import Background
from .DropFilter import DropFilter
from .FieldsTable import FieldsTable
from .ReferenceBox import ReferenceBox

NIFTI_SUFFIXES = (".nii", ".nii.gz")
FILE, BESIDE, BECOMES = range(3)
LOOK_MS = 150
"""Choices are often changed in a row: the files are looked at when they have settled."""


class ImportPart:
    """Shows, asks, and hands over to the logic."""

    def __init__(self, widget: Any):
        self._widget, self.ui = widget, widget.ui
        self._proposals: dict[Path, Any] = {}
        self._staged: Path | None = None
        self._outdated = False
        self.fields = FieldsTable(self.ui.fieldsTable, self._on_values_changed)
        self.reference = ReferenceBox(self.ui.referenceComboBox, widget, self._on_reference_changed)
        self._looking = Background(lambda what, done, total: None, self._on_looked)
        self._look_timer = qt.QTimer()
        self._look_timer.setSingleShot(True)
        self._look_timer.setInterval(LOOK_MS)
        self._look_timer.timeout.connect(self._look)
        self._finish_widgets()
        self._connect_widgets()

    def _finish_widgets(self) -> None:
        """Set what a .ui file cannot hold."""
        from .Words import kind_words

        self.ui.dicomFolderEdit.filters = ctk.ctkPathLineEdit.Dirs
        self.ui.dicomFolderEdit.settingKey = "NiftiDicomBridge/DicomFolder"
        for kind, words in kind_words().items():
            self.ui.kindComboBox.addItem(words, kind)
        header = self.ui.filesTable.horizontalHeader()
        header.setSectionResizeMode(FILE, qt.QHeaderView.Stretch)
        header.setSectionResizeMode(BESIDE, qt.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(BECOMES, qt.QHeaderView.ResizeToContents)
        header.setDefaultAlignment(qt.Qt.AlignLeft | qt.Qt.AlignVCenter)
        rows = self.ui.filesTable.verticalHeader()
        rows.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        self._drop_filter = DropFilter(self.add_files, NIFTI_SUFFIXES)
        view = self.ui.filesTable.viewport()
        view.setAcceptDrops(True)
        view.installEventFilter(self._drop_filter)
        self._delete_shortcut = qt.QShortcut(qt.QKeySequence("Delete"), self.ui.filesTable)
        self._delete_shortcut.setContext(qt.Qt.WidgetShortcut)

    def _connect_widgets(self) -> None:
        self.ui.addButton.clicked.connect(self._choose_files)
        self.ui.removeButton.clicked.connect(self._remove_files)
        self._delete_shortcut.activated.connect(self._remove_files)
        self.ui.filesTable.itemSelectionChanged.connect(self._on_selection_changed)
        self.ui.kindComboBox.currentIndexChanged.connect(self._on_kind_changed)
        self.ui.databaseCheckBox.toggled.connect(self._on_database_toggled)
        self.ui.dicomFolderEdit.currentPathChanged.connect(self._on_folder_changed)
        self.ui.importButton.clicked.connect(self.onImportButton)

    def stop(self) -> None:
        """Nothing may call back any more."""
        self._look_timer.stop()
        self._looking.stop()
        if self._staged is not None:
            shutil.rmtree(self._staged, ignore_errors=True)

    # --- state

    def show(self, parameters: Any) -> None:
        """Show the state that a scene has."""
        place = self.ui.kindComboBox.findData(parameters.kind)
        self.ui.kindComboBox.setCurrentIndex(max(place, 0))
        self.ui.dicomFolderEdit.currentPath = parameters.dicomFolder
        self.reference.choose(parameters.reference)
        self.fields.values = dict(parameters.values)
        self._show_files(parameters.niftiFiles)

    def refresh_references(self) -> None:
        """List the series that can be a reference anew."""
        self.reference.refresh()

    # --- files

    def add_files(self, paths: Iterable[Path]) -> None:
        """Put files, and those below folders, on the list; those that are there stay."""
        paths = list(paths)
        if not any(path.is_dir() for path in paths):
            self._set_files([*self.files(), *paths])
            return
        with slicer.util.tryWithErrorDisplay(_("The folder could not be searched.")):
            task = self._widget.logic.findTask(paths, NIFTI_SUFFIXES)
            self._widget.start(task, lambda found: self._set_files([*self.files(), *found]))

    def add_nodes(self, nodes: Sequence[Any]) -> None:
        """Put nodes on the list, as they are now."""
        with slicer.util.tryWithErrorDisplay(_("The volumes could not be prepared."), waitCursor=True):
            if self._staged is None:
                self._staged = Path(tempfile.mkdtemp(prefix="NiftiDicomBridge-nodes-", dir=slicer.app.temporaryPath))
            task = self._widget.logic.stageTask(nodes, tempfile.mkdtemp(dir=self._staged))
            self._widget.start(task, lambda report, task=task: self._add_staged(task.staged(report)))

    def _add_staged(self, staged: Any) -> None:
        self.add_files(staged.images)
        if staged.reference and not self.reference.chosen:
            self.reference.choose_series_of(staged.reference)

    def files(self) -> list[Path]:
        """Return the files on the list."""
        return [Path(self._item(row).data(qt.Qt.UserRole)) for row in range(self.ui.filesTable.rowCount)]

    def _choose_files(self) -> None:
        pattern = " ".join("*" + suffix for suffix in NIFTI_SUFFIXES)
        chosen = qt.QFileDialog.getOpenFileNames(self._widget.parent, _("NIfTI files"), "", f"NIfTI ({pattern})")
        self.add_files(Path(name) for name in chosen)

    def _remove_files(self) -> None:
        chosen = {index.row() for index in self.ui.filesTable.selectedIndexes()}
        self._set_files(path for row, path in enumerate(self.files()) if row not in chosen)

    def _set_files(self, paths: Iterable[Path]) -> None:
        files = list(dict.fromkeys(paths))
        self._show_files(files)
        self._widget.remember("niftiFiles", [path for path in files if not self._is_staged(path)])
        self.look_again()
        self.update_buttons()

    def _is_staged(self, path: Path) -> bool:
        return self._staged is not None and self._staged in path.parents

    def _item(self, row: int) -> Any:
        return self.ui.filesTable.item(row, FILE)

    def _show_files(self, paths: Sequence[Path]) -> None:
        table = self.ui.filesTable
        table.blockSignals(True)
        table.setRowCount(len(paths))
        for row, path in enumerate(paths):
            for column, text in enumerate((path.name, "", "")):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(_("{name}, from the scene").format(name=path.name) if self._is_staged(path) else str(path))
                table.setItem(row, column, item)
            self._item(row).setData(qt.Qt.UserRole, str(path))
        table.blockSignals(False)
        self._show_proposals()

    # --- what the files would become

    def look_again(self) -> None:
        """Look at the files when the choices have settled."""
        self._look_timer.start()

    @property
    def looking(self) -> bool:
        """Whether the files are still looked at."""
        return self._looking.busy or bool(self._look_timer.active)

    def _look(self) -> None:
        if self._looking.busy:
            self._outdated = True
            self._looking.cancel()
            return
        self._outdated = False
        files = self.files()
        if not files or _packages_missing():
            self._proposals = {}
            self._show_proposals()
            return
        try:
            options, series = self._options()
            self._looking.start(self._widget.logic.proposeTask(files, options, series))
        except Exception as error:  # said where the file is, and by the button when it is pressed
            self._proposals = {}
            self._show_proposals(str(error))

    def _on_looked(self, task: Any, result: Any, error: BaseException | None) -> None:
        if self._outdated:
            self._look()
            return
        self._proposals = {proposal.path: proposal for proposal in result or []}
        self._show_proposals("" if result is not None or error is None else str(error))

    def _show_proposals(self, error: str = "") -> None:
        from . import Words

        for row, path in enumerate(self.files()):
            proposal = self._proposals.get(path)
            self.ui.filesTable.item(row, BESIDE).setText(Words.beside_words()[proposal.beside.value] if proposal else "")
            self.ui.filesTable.item(row, BECOMES).setText(Words.becomes(proposal) if proposal else "")
            self.ui.filesTable.item(row, BECOMES).setToolTip(Words.proposal_text(proposal) if proposal else error)
        self._on_selection_changed(error)

    def _on_selection_changed(self, error: str = "") -> None:
        """Show the values and the notes of the file that is selected, of the first one without a selection."""
        from .Words import proposal_note

        proposal = self._selected_proposal()
        note = error or (proposal_note(proposal) if proposal is not None else "")
        self.ui.fileNoteLabel.setText(note)
        self.ui.fileNoteLabel.setVisible(bool(note))
        self.fields.show(proposal.values if proposal is not None else [])
        self.update_buttons()

    def _selected_proposal(self) -> Any:
        files = self.files()
        row = self.ui.filesTable.currentRow()
        path = files[row] if 0 <= row < len(files) else files[0] if files else None
        return self._proposals.get(path)

    # --- choices

    def _options(self) -> tuple[Any, str]:
        """Return the options of the core, and the UID of the reference series."""
        series, folder = self.reference.series_and_folder()
        options = self._widget.logic.makeOptions(
            keepUids=self.ui.keepUidsCheckBox.isChecked(),
            kind=self.ui.kindComboBox.itemData(self.ui.kindComboBox.currentIndex),
            values=self.fields.values,
            reference=folder,
        )
        return options, series

    def _on_kind_changed(self, index: int) -> None:
        self._widget.remember("kind", self.ui.kindComboBox.itemData(index))
        self.look_again()

    def _on_reference_changed(self, chosen: str) -> None:
        self._widget.remember("reference", chosen)
        self.look_again()

    def _on_values_changed(self, values: dict[str, str]) -> None:
        self._widget.remember("values", values)
        self.look_again()

    def _on_database_toggled(self, on: bool) -> None:
        self.ui.loadCheckBox.setEnabled(on)
        self.update_buttons()

    def _on_folder_changed(self, path: str) -> None:
        self._widget.remember("dicomFolder", path)
        self.update_buttons()

    def _folder(self) -> str:
        return str(self.ui.dicomFolderEdit.currentPath).strip()

    def update_buttons(self) -> None:
        """Enable what can be done, and let the others say why not."""
        count = self.ui.filesTable.rowCount
        somewhere = self.ui.databaseCheckBox.isChecked() or self._folder()
        why_not = (
            _("Add a NIfTI file first.")
            if not count
            else ""
            if somewhere
            else _("Choose the DICOM database or a folder first.")
        )
        self.ui.importButton.setEnabled(not why_not)
        self.ui.importButton.setText(_("Con&vert {count} files").format(count=count) if count > 1 else _("Con&vert"))
        self.ui.importButton.setToolTip(why_not or _("Turn the files into DICOM."))
        self.ui.removeButton.setEnabled(bool(self.ui.filesTable.selectedIndexes()))
        self.ui.loadCheckBox.setEnabled(self.ui.databaseCheckBox.isChecked())

    # --- work

    def onImportButton(self) -> None:
        """Turn the files into DICOM."""
        with slicer.util.tryWithErrorDisplay(_("Conversion failed."), waitCursor=True):
            options, series = self._options()
            database = self.ui.databaseCheckBox.isChecked()
            task = self._widget.logic.importTask(self.files(), options, database, self._folder(), series)
            self._widget.start(task, self._after)

    def _after(self, report: Any) -> None:
        self._widget.checking.show_report(report)
        if self._folder():
            self.ui.dicomFolderEdit.addCurrentPathToHistory()
        if self.ui.databaseCheckBox.isChecked() and self.ui.loadCheckBox.isChecked():
            series = self._widget.logic.seriesUIDs(report)
            if series:
                self._widget.logic.loadSeries(series)


def _packages_missing() -> bool:
    from . import Dependencies

    return bool(Dependencies.missing())
