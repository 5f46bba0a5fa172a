"""Stand-in for Slicer's ``qt``: PySide6 under one name, presented as PythonQt presents Qt.

PythonQt shows a Qt property as an attribute, not as a method: ``edit.text`` is a string there, and ``edit.text()`` an error.
Code that is written for PySide6 would pass a test under PySide6 and fail in Slicer, so the classes are converted here.
"""

from __future__ import annotations

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtUiTools import QUiLoader as _QUiLoader

KEPT = {("QTimer", "singleShot")}
"""Properties that Slicer's own Python code shadows by a function again (``slicerqt.py``)."""


VIRTUAL = ("sizeHint", "minimumSizeHint")
"""Properties whose getters Python classes may override: PySide looks them up by name whenever Qt asks for them."""
_asked: set[str] = set()


def _present_properties(cls: type) -> None:
    meta = cls.staticMetaObject
    for index in range(meta.propertyOffset(), meta.propertyCount()):
        found = meta.property(index)
        if found.name() in VIRTUAL or (cls.__name__, found.name()) == ("QProgressBar", "text"):
            setattr(cls, found.name(), _virtual_attribute(found.name(), getattr(cls, found.name())))
        elif (cls.__name__, found.name()) not in KEPT:
            setattr(cls, found.name(), _attribute(found.name(), found.isWritable()))


def _attribute(name: str, writable: bool) -> property:
    def write(self, value) -> None:
        QtCore.QObject.setProperty(self, name, value)

    return property(lambda self: QtCore.QObject.property(self, name), write if writable else None)


def _virtual_attribute(name: str, method) -> property:
    def read(self):
        if name in _asked:  # PySide asks for an override while the property is read: there is none
            return method.__get__(self)
        _asked.add(name)
        try:
            return QtCore.QObject.property(self, name)
        finally:
            _asked.discard(name)

    return property(read)


for _module in (QtCore, QtGui, QtWidgets):
    for _name in dir(_module):
        _value = getattr(_module, _name)
        if not _name.startswith("_"):
            globals()[_name] = _value
        if isinstance(_value, type) and issubclass(_value, QtCore.QObject):
            _present_properties(_value)
QtCore.QObject.name = _attribute("objectName", True)
QtCore.QObject.className = lambda self: QtCore.QObject.metaObject(self).className()


class QFileDialog(QtWidgets.QFileDialog):
    """Static functions return the chosen files alone."""

    @staticmethod
    def getOpenFileNames(*args):
        """Return the chosen files."""
        return tuple(QtWidgets.QFileDialog.getOpenFileNames(*args)[0])

    @staticmethod
    def getSaveFileName(*args):
        """Return the chosen file."""
        return QtWidgets.QFileDialog.getSaveFileName(*args)[0]


class QUiLoader(_QUiLoader):
    """Knows the custom widgets that Slicer's Designer plugins bring."""

    def __init__(self):
        super().__init__()
        import ctk
        import slicer

        for widget in (ctk.ctkCollapsibleButton, ctk.ctkPathLineEdit, ctk.ctkSearchBox, slicer.qMRMLWidget):
            self.registerCustomWidget(widget)
