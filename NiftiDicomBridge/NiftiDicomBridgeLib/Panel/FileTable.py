"""The table of the files to convert: what was found with each, and what each becomes. Files can be dropped on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from .DropFilter import DropFilter
from .ImportRows import Row, Rows
from .Views import Appearance, fit_height, plain, set_columns, set_row_heights

IMAGE_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".mgz", ".mgh", ".mgh.gz")
"""Of NIfTI, NRRD, MetaImage and MGH."""
FILE, FOUND, BECOMES = range(3)
FEWEST, MOST = 3, 7


class FileTable:
    """Fills a QTableWidget.

    Parameters
    ----------
    table : QTableWidget
        The widget.
    on_files : callable
        Called with files and folders that are dropped.
    on_selection : callable
        Called after the selection has changed.
    on_delete : callable
        Called when the Delete key is pressed.
    """

    def __init__(
        self,
        table: Any,
        on_files: Callable[[Iterable[Path]], None],
        on_selection: Callable[[], None],
        on_delete: Callable[[], None],
    ):
        self._table, self._on_selection = table, on_selection
        self._header = table.horizontalHeader()
        self._count = 0
        self._appearance = Appearance(table, self._style)
        self._drop_filter = DropFilter(on_files, IMAGE_SUFFIXES)
        view = table.viewport()
        view.setAcceptDrops(True)
        view.installEventFilter(self._drop_filter)
        self._delete_shortcut = qt.QShortcut(qt.QKeySequence("Delete"), table)
        self._delete_shortcut.setContext(qt.Qt.WidgetShortcut)
        self._delete_shortcut.activated.connect(on_delete)
        table.itemSelectionChanged.connect(on_selection)
        self.fill(Rows(), lambda path: False)

    def _style(self) -> None:
        set_columns(self._table, self._header, FILE, {FOUND: 13, BECOMES: 14})
        set_row_heights(self._table)
        fit_height(self._table, self._header, self._count, FEWEST, MOST)

    def fill(self, rows: Rows, is_staged: Callable[[Path], bool]) -> None:
        """Show all files; none is selected."""
        self._table.blockSignals(True)
        self._count = len(rows)
        self._table.setRowCount(0)
        self._table.setRowCount(len(rows))
        for number, row in enumerate(rows.all):
            for column in (FILE, FOUND, BECOMES):
                self._table.setItem(number, column, qt.QTableWidgetItem())
            name = self._table.item(number, FILE)
            name.setText(row.name)
            tip = _("{name}, from the scene").format(name=row.name) if is_staged(row.path) else str(row.path)
            name.setToolTip(plain(tip))
        self._table.blockSignals(False)
        fit_height(self._table, self._header, self._count, FEWEST, MOST)
        self.show_proposals(rows)

    def show_proposals(self, rows: Rows, error: str = "") -> None:
        """Show what the files become, as far as that is known."""
        for number, row in enumerate(rows.all):
            short, companions, becomes, tip = _words_of(row)
            self._table.item(number, FOUND).setText(short)
            self._table.item(number, FOUND).setToolTip(companions)
            self._table.item(number, BECOMES).setText(becomes)
            self._table.item(number, BECOMES).setToolTip(plain(tip or error))

    def selected(self) -> list[int]:
        """Return the numbers of the selected rows."""
        return sorted({index.row() for index in self._table.selectedIndexes()})

    def select(self, numbers: Sequence[int]) -> None:
        """Select rows."""
        self._table.blockSignals(True)
        self._table.clearSelection()
        mode = self._table.selectionMode
        self._table.setSelectionMode(qt.QAbstractItemView.MultiSelection)
        for number in numbers:
            self._table.selectRow(number)
        self._table.setSelectionMode(mode)
        self._table.blockSignals(False)
        self._on_selection()


def _words_of(row: Row) -> tuple[str, str, str, str]:
    """Return what was found, short and in full, what the file becomes, and all that is known of it."""
    from . import DisplayTexts

    if row.proposal is None:
        return "", "", "", ""
    companion = row.proposal.companion.value if row.scene is None else "scene"
    mark = "⚠ " if row.invalid else ""
    becomes, known = DisplayTexts.becomes(row.proposal), DisplayTexts.proposal_text(row.proposal)
    return DisplayTexts.short_companion_texts()[companion], DisplayTexts.companion_texts()[companion], mark + becomes, known
