"""Stand-ins for the names of ``ctk`` that our code uses."""

# ruff: noqa: N801, N815 - names are those of Slicer

from __future__ import annotations

import qt
from PySide6.QtCore import Property

from .dicom_database import ctkDICOMDatabase, ctkDICOMIndexer  # noqa: F401

HEADER = 26


class ctkMessageBox(qt.QMessageBox):
    """A message box."""


class ctkCollapsibleButton(qt.QAbstractButton):
    """A header that shows and hides what lies below it."""

    contentsCollapsed = qt.Signal(bool)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._collapsed = False
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(qt.Qt.StrongFocus)
        self.setSizePolicy(qt.QSizePolicy.Preferred, qt.QSizePolicy.Preferred)
        self.setContentsMargins(0, HEADER, 0, 0)
        self.toggled.connect(self._open)

    def _open(self, opened):
        self._set_collapsed(not opened)

    def _get_collapsed(self):
        return self._collapsed

    def _set_collapsed(self, value):
        self._collapsed = bool(value)
        self.setChecked(not value)
        self.setMaximumHeight(HEADER if value else 16777215)
        self.contentsCollapsed.emit(self._collapsed)

    collapsed = Property(bool, _get_collapsed, _set_collapsed)

    def paintEvent(self, event):
        """Draw the header."""
        painter = qt.QPainter(self)
        option = qt.QStyleOptionButton()
        option.initFrom(self)
        option.rect = qt.QRect(0, 0, self.width, HEADER)
        option.text = ("▸ " if self._collapsed else "▾ ") + self.text
        self.style().drawControl(qt.QStyle.CE_PushButton, option, painter, self)
        painter.end()

    def hitButton(self, pos):
        """Return whether a point lies in the header."""
        return pos.y() < HEADER


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
