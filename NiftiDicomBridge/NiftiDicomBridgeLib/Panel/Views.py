"""Sizes of lists and tables, one open section at a time, scrolling, labels, and boxes to choose from.

Slicer makes the module panel as wide as its contents require. The size hint of a list or table must therefore not depend on
its own width, and its height is set from its number of rows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import qt

ROW_MARGIN = 6
"""Pixels above and below the text of a row, together."""
MOST_OF_WIDTH = 0.6
"""What the other columns take of a view at most: large fonts leave little space in a narrow panel."""
DARK = 128
"""Lightness below which Slicer's style is a dark one."""
MEASURED = "measured"
"""Property of a label: the width, font and text that its minimum height is for."""
LAID_OUT_MS = 50
"""The heights of wrapped texts are known when they were shown once."""


def row_height(view: Any) -> int:
    """Return the height of a row with one line of text."""
    return int(view.fontMetrics().height()) + ROW_MARGIN


def fit_height(view: Any, header: Any, rows: int, least: int, most: int) -> None:
    """Make a view as high as its rows, within limits.

    Parameters
    ----------
    view : QTreeWidget or QTableWidget
        The view.
    header : QHeaderView
        Its horizontal header.
    rows : int
        The number of rows that are visible.
    least, most : int
        Limits of the number of rows to show; a scroll bar appears above them.
    """
    shown = min(max(rows, least), most)
    header.setFixedHeight(row_height(view))
    view.setFixedHeight((1 + shown) * row_height(view) + 2 * view.frameWidth)


def set_columns(view: Any, header: Any, stretched: int, characters: Mapping[int, int]) -> None:
    """Let one column take the space that is left; the others have the width of some characters, or less, and can be dragged."""
    header.setStretchLastSection(False)
    header.setDefaultAlignment(qt.Qt.AlignLeft | qt.Qt.AlignVCenter)
    header.setMinimumSectionSize(row_height(view))
    widths = {n: count * int(view.fontMetrics().averageCharWidth()) + ROW_MARGIN for n, count in characters.items()}
    scale = min(1.0, MOST_OF_WIDTH * int(view.viewport().property("width")) / sum(widths.values()))
    for column, width in widths.items():
        header.setSectionResizeMode(column, qt.QHeaderView.Interactive)
        header.resizeSection(column, int(scale * width))
    header.setSectionResizeMode(stretched, qt.QHeaderView.Stretch)


def set_row_heights(table: Any) -> None:
    """Give all rows of a table the height of one line of text."""
    rows = table.verticalHeader()
    rows.setMinimumSectionSize(row_height(table))
    rows.setDefaultSectionSize(row_height(table))
    rows.setSectionResizeMode(qt.QHeaderView.Fixed)


def is_editing(table: Any) -> bool:
    """Whether a cell of a table is being edited."""
    return bool(table.state() == qt.QAbstractItemView.EditingState)


def is_dark(palette: Any) -> bool:
    """Whether colors are those of a dark style."""
    return bool(palette.color(qt.QPalette.Base).lightness() < DARK)


def show_boxes(view: Any) -> None:
    """Make check boxes of a list visible: in Slicer's dark style, those that are not checked are as dark as the list."""
    view.viewport().setBackgroundRole(qt.QPalette.Window if is_dark(view.palette) else qt.QPalette.Base)


class Accordion:
    """Collapsible sections of which at most one is open.

    Parameters
    ----------
    sections : sequence of ctkCollapsibleButton
        The first of them is open at the beginning.
    on_open : callable
        Called with the section that was opened.
    """

    def __init__(self, sections: Sequence[Any], on_open: Callable[[Any], None]):
        self._sections, self._on_open = list(sections), on_open
        self._opened: Any = None
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(LAID_OUT_MS)
        self._timer.timeout.connect(lambda: scroll_up_to(self._opened))
        for section in self._sections[1:]:
            section.collapsed = True
        for section in self._sections:
            section.contentsCollapsed.connect(lambda collapsed, section=section: self._on_collapsed(section, collapsed))

    def open(self, section: Any) -> None:
        """Open a section and close the others."""
        section.collapsed = False

    def _on_collapsed(self, section: Any, collapsed: bool) -> None:
        if collapsed:
            return
        for other in self._sections:
            if other is not section:
                other.collapsed = True
        self._opened = section
        self._timer.start()
        self._on_open(section)

    def stop(self) -> None:
        """The panel is closed: no timer may call back."""
        self._timer.stop()


def scroll_to(widget: Any) -> None:
    """Scroll the panel so that a widget is visible; nothing where there is no scroll area."""
    area = _scroll_area_of(widget)
    if area is not None:
        area.ensureWidgetVisible(widget, 0, ROW_MARGIN)


def scroll_up_to(widget: Any) -> None:
    """Scroll the panel back where the top of a widget is above what is visible."""
    area = _scroll_area_of(widget)
    if area is not None:
        bar, top = area.verticalScrollBar(), widget.mapTo(area.widget(), qt.QPoint(0, 0)).y()
        bar.setValue(min(bar.property("value"), top))


def _scroll_area_of(widget: Any) -> Any:
    above = widget.parentWidget()
    while above is not None and not hasattr(above, "ensureWidgetVisible"):
        above = above.parentWidget()
    return above


def set_text(label: Any, text: str) -> None:
    """Show a text; the label takes no space without one."""
    label.setText(text)
    label.setVisible(bool(text))


class Appearance(qt.QObject):
    """Styles a view now, and again when its width or the font or the colors of Slicer change.

    Parameters
    ----------
    view : QAbstractItemView
        The view.
    style : callable
        Called without arguments, some time after the change.
    """

    def __init__(self, view: Any, style: Callable[[], None]):
        qt.QObject.__init__(self)
        self._timer, self._width = qt.QTimer(), 0
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(style)
        style()
        self._view = view
        view.installEventFilter(self)

    def stop(self) -> None:
        """The view is deleted: nothing may style it any more."""
        self._timer.stop()
        self._view.removeEventFilter(self)

    def eventFilter(self, view, event):
        """Called by Qt before the view handles an event."""
        before, self._width = self._width, view.property("width")
        if event.type() in (qt.QEvent.FontChange, qt.QEvent.PaletteChange) or self._width != before:
            self._timer.start(0)
        return False


class TextHeights(qt.QObject):
    """Gives labels the height of their wrapped text as their minimum height; `add` a label.

    Slicer makes the panel as high as its minimum size hint, which counts a wrapped text with too few lines: the widgets above
    and below a long message would overlap.
    """

    def add(self, *labels: Any) -> None:
        """Watch labels whose texts are wrapped."""
        for label in labels:
            label.installEventFilter(self)

    def eventFilter(self, label, event):
        """Called by Qt before the label handles an event; every new text is painted."""
        if event.type() in (qt.QEvent.Resize, qt.QEvent.Show, qt.QEvent.Paint):
            width, text = label.property("width"), label.property("text")
            measured = f"{width} {label.fontMetrics().height()} {text}"
            if label.property(MEASURED) != measured:
                label.setProperty(MEASURED, measured)
                label.setMinimumHeight(0)  # it is part of what Qt returns
                label.setMinimumHeight(max(label.heightForWidth(width), 0) if text else 0)
        return False


def plain(text: str) -> str:
    """Return a text for a tool tip or message box, which show HTML where a file name or DICOM value looks like it."""
    return f"<qt>{escape(text, quote=False)}</qt>".replace("\n", "<br>") if "<" in text or "&" in text else text


def typed_folder(edit: Any) -> str:
    """Return the folder in a ctkPathLineEdit as an absolute path, ``~`` being the home folder; empty where there is none."""
    text = str(edit.currentPath).strip()
    return str(Path(os.path.expanduser(text)).absolute()) if text else ""


def fill_box(box: Any, entries: Sequence[tuple[str, str]], chosen: str | None) -> None:
    """Offer (key, text) in a QComboBox, without a signal; texts that are cut off are shown as tool tips.

    Parameters
    ----------
    box : QComboBox
        The widget.
    entries : sequence of tuple
        Key and text of each choice.
    chosen : str or None
        The key that is shown; nothing is if there is no such entry.
    """
    box.blockSignals(True)
    box.clear()
    for number, (key, text) in enumerate(entries):
        box.addItem(text, key)
        box.setItemData(number, plain(text), qt.Qt.ToolTipRole)
    box.setCurrentIndex(-1 if chosen is None else box.findData(chosen))
    box.blockSignals(False)


def ok_and_cancel(dialog: Any) -> tuple[Any, Any]:
    """Return the row of buttons of a window, *OK* and *Cancel*, and *OK*.

    They are added one by one: in Slicer's Python, the constructor takes a set of buttons for an orientation, and has none.
    """
    buttons = qt.QDialogButtonBox()
    accept = buttons.addButton(qt.QDialogButtonBox.Ok)
    buttons.addButton(qt.QDialogButtonBox.Cancel)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    return buttons, accept
