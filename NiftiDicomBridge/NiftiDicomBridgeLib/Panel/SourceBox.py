"""The choice of a volume of the scene or a series of the DICOM database."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from .Views import fill_box

NODE, SERIES, ASK = "node:", "series:", "ask-series"


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
        self.chosen, self.has_images = "", False
        self._by_user = False
        box.activated.connect(self._on_activated)

    def refresh(self) -> None:
        """Fill the list again; what is chosen stays if it still exists.

        The first entry is chosen until the user chooses one. No other image takes the place of that.
        """
        entries = [*self._nodes(), *self._series()]
        keys = [key for key, _text in entries if key != ASK]
        if self.chosen not in keys:
            self.chosen = keys[0] if keys and not self._by_user else ""
        self.has_images = bool(entries)
        fill_box(self._box, entries, self.chosen)

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
        self.chosen, self._by_user = key, bool(key)
        self.refresh()
        self._widget.update_buttons()

    def _ask(self) -> str:
        from .SeriesDialog import ask_series

        tip = _("Choose the series that the command gets.")
        return ask_series(self._widget.parent, self._widget.series(), _("Series"), tip)

    @staticmethod
    def _nodes() -> list[tuple[str, str]]:
        from ..Nodes.NodeKinds import SEGMENTATION, convertible_nodes

        volumes = [node for node in convertible_nodes() if not node.IsA(SEGMENTATION)]
        return [(NODE + node.GetID(), _("Scene: {name}").format(name=node.GetName())) for node in volumes]

    def _series(self) -> list[tuple[str, str]]:
        """Return the series of the database, if they are few; else the one that is chosen."""
        from .SeriesLists import MOST_IN_BOX, text_of

        known = self._widget.series()
        shown = known if len(known) <= MOST_IN_BOX else [one for one in known if SERIES + one.uid == self.chosen]
        entries = [(SERIES + one.uid, text_of(one)) for one in shown]
        return entries if len(shown) == len(known) else [*entries, (ASK, _("Series of the DICOM database…"))]
