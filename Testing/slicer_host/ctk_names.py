"""Stand-ins for the names of ``ctk`` that our code uses."""

# ruff: noqa: N801, N815 - names are those of Slicer

from __future__ import annotations

import qt
from PySide6.QtCore import Property

from .dicom_database import ctkDICOMDatabase, ctkDICOMIndexer  # noqa: F401

HEADER_MARGIN, COLLAPSED_HEIGHT = 8, 4
"""Pixels around the text of a header, and what is left below it when collapsed."""


class ctkMessageBox(qt.QMessageBox):
    """A message box."""


class ctkCollapsibleButton(qt.QAbstractButton):
    """A header that shows and hides what is below it. As in CTK, its size hint is its minimum width."""

    contentsCollapsed = qt.Signal(bool)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._collapsed = False
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(qt.Qt.StrongFocus)
        self.setSizePolicy(qt.QSizePolicy.Minimum, qt.QSizePolicy.Preferred)
        self.setContentsMargins(0, self._header_height(), 0, 0)
        self.toggled.connect(lambda opened: self._collapse(not opened))

    def _collapse(self, collapsed):
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        self.setMaximumHeight(self._header_height() + COLLAPSED_HEIGHT if collapsed else 16777215)
        for child in self.children():
            if isinstance(child, qt.QWidget):
                self._show_child(child)
        self.updateGeometry()
        self.contentsCollapsed.emit(collapsed)

    def _show_child(self, child):
        hidden = child.isHidden() and child.testAttribute(qt.Qt.WA_WState_ExplicitShowHide)
        if self._collapsed:
            child.setProperty("visibilityToParent", not hidden)
            child.setVisible(False)
        else:
            child.setVisible(child.property("visibilityToParent") is not False)

    def _header_height(self):
        return self.fontMetrics().height() + HEADER_MARGIN

    def changeEvent(self, event):
        """Follow the font."""
        super().changeEvent(event)
        if event.type() == qt.QEvent.FontChange:
            self.setContentsMargins(0, self._header_height(), 0, 0)

    def minimumSizeHint(self):
        """Return what the contents require."""
        return self._size(self.layout().totalMinimumSize() if self.layout() is not None else qt.QSize())

    def sizeHint(self):
        """Return what the contents prefer."""
        return self._size(self.layout().totalSizeHint() if self.layout() is not None else qt.QSize())

    def _size(self, contents):
        header = qt.QSize(self.fontMetrics().horizontalAdvance(self.text) + 2 * HEADER_MARGIN, self._header_height())
        if self._collapsed:
            return header + qt.QSize(0, COLLAPSED_HEIGHT)
        return header.expandedTo(contents)

    def _get_collapsed(self):
        return self._collapsed

    def _set_collapsed(self, value):
        self.setChecked(not value)

    collapsed = Property(bool, _get_collapsed, _set_collapsed)

    def paintEvent(self, event):
        """Draw the header."""
        painter = qt.QPainter(self)
        option = qt.QStyleOptionButton()
        option.initFrom(self)
        option.rect = qt.QRect(0, 0, self.width, self._header_height())
        option.state |= qt.QStyle.State_Raised
        self.style().drawControl(qt.QStyle.CE_PushButtonBevel, option, painter, self)
        text = ("▸ " if self._collapsed else "▾ ") + self.text
        painter.drawText(option.rect.adjusted(8, 0, 0, 0), int(qt.Qt.AlignVCenter | qt.Qt.AlignLeft), text)
        painter.end()

    def hitButton(self, pos):
        """Return whether a point is in the header."""
        return pos.y() < self._header_height()


class ctkSearchBox(qt.QLineEdit):
    """An edit with the icon of a magnifying glass."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._shows_icon = False
        self.setPlaceholderText("Search...")

    def _set_shows_icon(self, show):
        self._shows_icon = show

    showSearchIcon = Property(bool, lambda self: self._shows_icon, _set_shows_icon)


class ctkPathLineEdit(qt.QWidget):
    """An edit for the path of a file or folder, with history and a button to browse."""

    Dirs = 1
    currentPathChanged = qt.Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._filters = 0
        self._setting_key = ""
        self._combo = qt.QComboBox(self)
        self._combo.setEditable(True)
        self._combo.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
        self._combo.setMinimumContentsLength(8)
        self._combo.setSizeAdjustPolicy(qt.QComboBox.AdjustToMinimumContentsLengthWithIcon)
        self._browse = qt.QToolButton(self)
        self._browse.setText("…")
        row = qt.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._combo)
        row.addWidget(self._browse)
        self._browse.clicked.connect(self.browse)
        self._combo.editTextChanged.connect(self.currentPathChanged)
        self.setFocusProxy(self._combo)

    def browse(self):
        """Let the person choose."""
        chosen = qt.QFileDialog.getExistingDirectory(self)
        if chosen:
            self._set_path(chosen)

    def addCurrentPathToHistory(self):
        """Remember the path."""
        if self._combo.findText(self._get_path()) < 0:
            self._combo.addItem(self._get_path())

    def _get_path(self):
        return self._combo.currentText

    def _set_path(self, value):
        self._combo.setEditText(value)

    def _get_filters(self):
        return self._filters

    def _set_filters(self, value):
        self._filters = value

    def _get_key(self):
        return self._setting_key

    def _set_key(self, value):
        self._setting_key = value

    currentPath = Property(str, _get_path, _set_path)
    filters = Property(int, _get_filters, _set_filters)
    settingKey = Property(str, _get_key, _set_key)
