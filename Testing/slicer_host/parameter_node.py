"""Stand-in for ``slicer.parameterNodeWrapper``: typed attributes kept in a parameter node, and bound to widgets.

Kept as text: bool, str, Path, list[Path], dict[str, str]. Bound: bool ↔ QCheckBox, str ↔ QLineEdit.
"""

from __future__ import annotations

import json
import typing
from pathlib import Path

import qt

SlicerParameterNamePropertyName = "SlicerParameterName"
BOUND = ((qt.QCheckBox, "setChecked", "toggled", bool), (qt.QLineEdit, "setText", "textChanged", str))
"""Class of widget, how it is set, its signal, and the type of its value."""


def parameterNodeWrapper(classtype=None):
    """Turn a class of typed attributes into a wrapper of a parameter node."""
    types = typing.get_type_hints(classtype)
    defaults = {name: getattr(classtype, name, kind()) for name, kind in types.items()}

    def init(self, parameterNode, prefix=None):
        self.parameterNode, self._connections = parameterNode, {}
        for name, default in defaults.items():
            if not parameterNode.GetParameter(name):
                setattr(self, name, default)

    classtype.__init__ = init
    classtype.connectGui, classtype.disconnectGui = _connect, _disconnect
    for name, kind in types.items():
        setattr(classtype, name, _typed_attribute(name, kind))
    return classtype


def _typed_attribute(name: str, kind: type) -> property:
    def read(self):
        value = json.loads(self.parameterNode.GetParameter(name))
        return [Path(one) for one in value] if typing.get_origin(kind) is list else kind(value)

    def write(self, value):
        plain = [str(one) for one in value] if isinstance(value, list) else str(value) if isinstance(value, Path) else value
        self.parameterNode.SetParameter(name, json.dumps(plain))

    return property(read, write)


def _connect(self, gui) -> int:
    tag, bound = len(self._connections), []
    for kind, setter, signal, value in BOUND:
        for widget in gui.findChildren(kind):
            name = widget.property(SlicerParameterNamePropertyName)
            if name:
                getattr(widget, setter)(getattr(self, name))
                bound.append((getattr(widget, signal), lambda new, name=name, value=value: setattr(self, name, value(new))))
                bound[-1][0].connect(bound[-1][1])
    self._connections[tag] = bound
    return tag


def _disconnect(self, tag) -> None:
    for signal, slot in self._connections.pop(tag, []):
        signal.disconnect(slot)
