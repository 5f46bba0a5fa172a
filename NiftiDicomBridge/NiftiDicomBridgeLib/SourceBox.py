"""The choice of a volume of the scene or a series of the DICOM database."""

from __future__ import annotations

from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

NODE, SERIES, ASK = "node:", "series:", "ask-series"
MOST_SERIES = 15
"""Longer lists are offered in a window with a search box."""


class SourceBox:
    """Fills a QComboBox. What is chosen is ``node:ID``, ``series:UID``, or empty.

    Parameters
    ----------
    box : QComboBox
        The widget.
    widget : NiftiDicomBridgeWidget
        The panel.
    """

    def __init__(self, box: Any, widget: Any):
        self._box, self._widget = box, widget
        self.chosen = ""
        box.activated.connect(self._on_activated)

    def refresh(self) -> None:
        """Fill the list again; what is chosen stays if it still exists."""
        entries = [*self._nodes(), *self._series()]
        keys = [key for key, _text in entries if key != ASK]
        if self.chosen not in keys:
            self.chosen = keys[0] if keys else ""
        self._box.blockSignals(True)
        self._box.clear()
        for number, (key, text) in enumerate(entries):
            self._box.addItem(text, key)
            self._box.setItemData(number, text, qt.Qt.ToolTipRole)
        self._box.setCurrentIndex(self._box.findData(self.chosen) if self.chosen else -1)
        self._box.blockSignals(False)

    @property
    def node(self) -> Any:
        """The volume that is chosen; None if it is a series."""
        return slicer.mrmlScene.GetNodeByID(self.chosen.removeprefix(NODE)) if self.chosen.startswith(NODE) else None

    @property
    def series(self) -> str:
        """The series that is chosen; empty if it is a volume."""
        return self.chosen.removeprefix(SERIES) if self.chosen.startswith(SERIES) else ""

    def _on_activated(self) -> None:
        key = self._box.itemData(self._box.currentIndex)
        if key == ASK:
            uid = self._ask()
            key = SERIES + uid if uid else self.chosen
        self.chosen = key
        self.refresh()
        self._widget.update_buttons()

    def _ask(self) -> str:
        from .SeriesDialog import ask_series

        tip = _("Choose the series that the command gets.")
        return ask_series(self._widget.parent, self._widget.series(), _("Series"), tip)

    @staticmethod
    def _nodes() -> list[tuple[str, str]]:
        from .NodeKinds import SEGMENTATION, convertible_nodes

        volumes = [node for node in convertible_nodes() if not node.IsA(SEGMENTATION)]
        return [(NODE + node.GetID(), _("Scene: {name}").format(name=node.GetName())) for node in volumes]

    def _series(self) -> list[tuple[str, str]]:
        """Return the series of the database, if they are few; else the one that is chosen."""
        known = self._widget.series()
        shown = known if len(known) <= MOST_SERIES else [one for one in known if SERIES + one.uid == self.chosen]
        entries = [(SERIES + one.uid, f"{one.patient}, {one.name} ({one.detail})") for one in shown]
        return entries if len(shown) == len(known) else [*entries, (ASK, _("Series of the DICOM database…"))]
