"""The table of the attributes of patient, study and series: value and source; the user may enter other values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from .ImportRows import Row, common
from .Views import Appearance, fit_height, is_editing, plain, set_columns, set_row_heights

NAME, VALUE, SOURCE = range(3)
KEYWORD = qt.Qt.UserRole
MAIN = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyDescription", "SeriesDescription")
"""Shown in any case; the others below *More*, unless they need attention."""
FEWEST, MOST = 3, 9
EDITED, SCENE = "set_values=", "scene"


class FieldsTable:
    """Fills a QTableWidget with the attributes of the selected files, and checks what is entered.

    Parameters
    ----------
    table : QTableWidget
        The table.
    note : QLabel
        Shows why a value is not valid.
    on_values : callable
        Called with the rows whose values have changed.
    """

    def __init__(self, table: Any, note: Any, on_values: Callable[[Sequence[Row]], None]):
        self._table, self._note, self._on_values = table, note, on_values
        self._rows: list[Row] = []
        self._keywords: list[str] = []
        self._attention: set[str] = set()
        self._all = False
        self._header = table.horizontalHeader()
        self._appearance = Appearance(table, self._style)
        table.itemChanged.connect(self._on_item_changed)
        self.show([])

    def _style(self) -> None:
        set_columns(self._table, self._header, VALUE, {NAME: 22, SOURCE: 12})
        set_row_heights(self._table)
        self._fill()

    def show(self, rows: Sequence[Row], selected_anew: bool = True) -> None:
        """Show the attributes of some files.

        The order of the attributes stays the same until other files are selected, and a value that is being edited is left
        alone.
        """
        if not selected_anew and is_editing(self._table):
            return
        keywords = _keywords(rows)
        if selected_anew or set(keywords) != set(self._keywords):
            self._attention = {keyword for keyword in keywords if _needs_attention(rows, keyword)}
            self._keywords = sorted(keywords, key=self._rank)
        self._rows = list(rows)
        self._fill()

    def show_all(self, on: bool) -> None:
        """Show all attributes, or only the main ones and those that need attention."""
        self._all = on
        self._fill()

    @property
    def selected(self) -> str:
        """The keyword of the selected attribute; empty without a selection."""
        number = self._table.currentRow()
        return self._keywords[number] if 0 <= number < len(self._keywords) else ""

    def can_reset(self, keyword: str = "") -> bool:
        """Whether an attribute, or any of them, has a value that the user has entered."""
        entered = {key for row in self._rows for key in (*row.values, *row.invalid)}
        return keyword in entered if keyword else bool(entered)

    def reset(self, keyword: str = "") -> None:
        """Restore the previous value of an attribute, or of all."""
        for row in self._rows:
            for entered in (row.values, row.invalid):
                for key in [keyword] if keyword else list(entered):
                    entered.pop(key, None)
        self._fill()
        self._on_values(self._rows)

    def has_more(self) -> bool:
        """Whether some attributes are hidden without *More*."""
        return any(not self._is_main(keyword) for keyword in self._keywords)

    # --- filling

    def _rank(self, keyword: str) -> tuple[bool, bool]:
        return keyword not in self._attention, keyword not in MAIN

    def _is_main(self, keyword: str) -> bool:
        return keyword in MAIN or keyword in self._attention

    def _fill(self) -> None:
        self._table.blockSignals(True)
        self._table.setRowCount(len(self._keywords))
        for number, keyword in enumerate(self._keywords):
            self._fill_row(number, keyword)
            self._table.setRowHidden(number, not self._all and not self._is_main(keyword))
        self._table.blockSignals(False)
        shown = sum(1 for keyword in self._keywords if self._all or self._is_main(keyword))
        fit_height(self._table, self._header, shown, FEWEST, MOST)
        self._show_note()

    def _fill_row(self, number: int, keyword: str) -> None:
        from .DisplayTexts import field_text, field_tip

        invalid = common(row.invalid.get(keyword, "") for row in self._rows) or ""
        value, source = self._value_and_source(keyword)
        attention = bool(invalid) or _needs_attention(self._rows, keyword)
        texts = (("⚠ " if attention else "") + field_text(keyword), invalid or value, source)
        for column, text in enumerate(texts):
            item = self._table.item(number, column)
            if item is None:
                item = qt.QTableWidgetItem()
                self._table.setItem(number, column, item)
            item.setText(text)
            item.setToolTip(plain(field_tip(keyword, value, source)))
            if column != VALUE:
                item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable)
            font = item.font()
            font.setItalic(column == VALUE and value == different() and not invalid)
            item.setFont(font)
        self._table.item(number, NAME).setData(KEYWORD, keyword)

    def _value_and_source(self, keyword: str) -> tuple[str, str]:
        from .DisplayTexts import source_text

        value = common(row.value_of(keyword) for row in self._rows)
        source = common(_source_of(row, keyword) for row in self._rows)
        return (different() if value is None else value), (source_text(source) if source is not None else "")

    # --- entering

    def _on_item_changed(self, item: Any) -> None:
        if item.column() != VALUE or not self._rows:
            return
        keyword, text = self._keywords[item.row()], item.text().strip()
        if text == different() or text == common(_shown(row, keyword) for row in self._rows):
            self._fill()
            return
        valid = not _problem(keyword, text)
        for row in self._rows:
            row.invalid.pop(keyword, None)
            if valid:
                row.values[keyword] = text
            else:
                row.invalid[keyword] = text
        self._fill()
        self._on_values(self._rows)

    def _show_note(self) -> None:
        from .ImportRows import patients

        entered = {key: text for row in self._rows for key, text in row.invalid.items()}
        lines = [_problem(keyword, text) for keyword, text in entered.items()]
        if len(patients(self._rows)) > 1:
            lines.append(_("The selected files belong to different patients. A value entered here applies to all of them."))
        self._note.setText("\n".join(f"⚠ {line}" for line in lines))
        self._note.setVisible(bool(lines))


def different() -> str:
    """Return what is shown where the selected files have different values."""
    return _("(different)")


def _keywords(rows: Sequence[Row]) -> list[str]:
    keywords: dict[str, None] = {}
    for row in rows:
        proposed = row.proposal.values if row.proposal is not None else ()
        keywords.update(dict.fromkeys([value.attribute for value in proposed] + [*row.values, *row.invalid]))
    return list(keywords)


def _needs_attention(rows: Sequence[Row], keyword: str) -> bool:
    from .DisplayTexts import REQUIRED

    return any(keyword in row.invalid or (keyword in REQUIRED and not row.value_of(keyword)) for row in rows)


def _source_of(row: Row, keyword: str) -> str:
    if keyword in row.invalid or keyword in row.values:
        return EDITED
    if row.has_own_reference and keyword in row.scene.values:
        return SCENE
    proposed = row.proposal.values if row.proposal is not None else ()
    source = next((str(value.source) for value in proposed if value.attribute == keyword and value.new), "")
    return SCENE if row.scene is not None and source == str(row.path.with_suffix(".json")) else source


def _shown(row: Row, keyword: str) -> str:
    return row.invalid.get(keyword) or row.value_of(keyword)


def _problem(keyword: str, text: str) -> str:
    """Return why a text is not a valid value; empty if it is."""
    from nifti_dicom_bridge import value_problem

    from .DisplayTexts import invalid_value

    reason = value_problem(keyword, text)
    return invalid_value(keyword, text, reason) if reason else ""
