"""The table of a patient's, study's and series' attributes: value, and where it is from; a person may enter others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

NAME, VALUE, SOURCE = range(3)
YOURS = "--set"
NAME_WIDTH, SOURCE_WIDTH = 130, 88
"""Pixels; a person may drag them."""


class FieldsTable:
    """Fills a QTableWidget, and tells what was entered.

    Attributes
    ----------
    values : dict of str to str
        DICOM keyword → value that the person has entered.
    """

    def __init__(self, table: Any, on_values: Callable[[dict[str, str]], None]):
        self._table, self._on_values = table, on_values
        self.values: dict[str, str] = {}
        header = table.horizontalHeader()
        header.setDefaultAlignment(qt.Qt.AlignLeft | qt.Qt.AlignVCenter)
        for column, width in ((NAME, NAME_WIDTH), (SOURCE, SOURCE_WIDTH)):
            header.setSectionResizeMode(column, qt.QHeaderView.Interactive)
            header.resizeSection(column, width)
        header.setSectionResizeMode(VALUE, qt.QHeaderView.Stretch)
        rows = table.verticalHeader()
        rows.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        table.itemChanged.connect(self._on_item_changed)

    def show(self, fields: Sequence[Any]) -> None:
        """Show the attributes of a file, and above all those the values that the person has entered."""
        self._table.blockSignals(True)
        self._table.setRowCount(len(fields))
        for row, change in enumerate(fields):
            self._show_row(row, change)
        self._table.blockSignals(False)

    def _show_row(self, row: int, change: Any) -> None:
        from .Words import REQUIRED, field_words, source_words

        value = self.values.get(change.attribute, change.new)
        source = YOURS if change.attribute in self.values else change.source if value else ""
        missing = not value and change.attribute in REQUIRED
        name = field_words(change.attribute)
        texts = (("⚠ " if missing else "") + name, value, source_words(source))
        for column, text in enumerate(texts):
            item = qt.QTableWidgetItem(text)
            item.setToolTip(_tip(change.attribute, source, missing) if column != VALUE or not value else value)
            if column != VALUE:
                item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable)
            self._table.setItem(row, column, item)
        self._table.item(row, NAME).setData(qt.Qt.UserRole, change.attribute)
        if missing:
            font = self._table.item(row, NAME).font()
            font.setBold(True)
            self._table.item(row, NAME).setFont(font)

    def _on_item_changed(self, item: Any) -> None:
        if item.column() != VALUE:
            return
        keyword, text = self._table.item(item.row(), NAME).data(qt.Qt.UserRole), item.text().strip()
        if text:
            self.values[keyword] = text
        else:
            self.values.pop(keyword, None)
        self._on_values(dict(self.values))


def _tip(keyword: str, source: str, missing: bool) -> str:
    if missing:
        return _("{keyword}: nobody tells. An archive finds no image without it; enter it here.").format(keyword=keyword)
    return f"{keyword}: {source}" if source else keyword
