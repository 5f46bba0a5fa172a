"""The choice of a reference series: one of the scene, one of the DICOM database, or a folder of DICOM."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

SERIES, FOLDER, ASK = "series:", "folder:", "ask"


class ReferenceBox:
    """Fills a QComboBox. What is chosen is ``series:UID``, ``folder:PATH``, or empty."""

    def __init__(self, box: Any, widget: Any, on_change: Callable[[str], None]):
        self._box, self._widget, self._on_change = box, widget, on_change
        self.chosen = ""
        box.activated.connect(self._on_activated)

    def choose(self, chosen: str) -> None:
        """Choose without telling anybody."""
        self.chosen = chosen
        self.refresh()

    def choose_series_of(self, files: Sequence[Path]) -> None:
        """Choose the series of some files of the database."""
        from . import Database

        self._take(SERIES + Database.series_of_files(files[:1])[0])

    def series_and_folder(self) -> tuple[str, str]:
        """Return the UID of the series, and the folder; at most one of them is not empty."""
        if self.chosen.startswith(FOLDER):
            return "", self.chosen.removeprefix(FOLDER)
        return self.chosen.removeprefix(SERIES), ""

    def refresh(self) -> None:
        """List what there is; what is chosen stays, even if it is gone: then it is said when it is needed."""
        entries = [("", _("None")), *_entries(self._widget.series())]
        if self.chosen and self.chosen not in [key for key, _text in entries]:
            gone = _("Folder: {name}").format(name=self.chosen.removeprefix(FOLDER))
            entries.append((self.chosen, gone if self.chosen.startswith(FOLDER) else _("A series that is not here")))
        entries.append((ASK, _("Folder of DICOM…")))
        self._box.blockSignals(True)
        self._box.clear()
        for number, (key, text) in enumerate(entries):
            self._box.addItem(text, key)
            self._box.setItemData(number, text, qt.Qt.ToolTipRole)
        self._box.setCurrentIndex(max(self._box.findData(self.chosen), 0))
        self._box.blockSignals(False)

    def _on_activated(self) -> None:
        key = self._box.itemData(self._box.currentIndex)
        if key == ASK:
            folder = qt.QFileDialog.getExistingDirectory(self._widget.parent, _("Folder of the reference series"))
            key = FOLDER + folder if folder else self.chosen
        self._take(key)

    def _take(self, key: str) -> None:
        changed, self.chosen = key != self.chosen, key
        self.refresh()
        if changed:
            self._on_change(key)


def _entries(all_series: Iterable[Any]) -> list[tuple[str, str]]:
    """Return (key, text) of the series of the scene, then of the other ones of the database."""
    from . import Database
    from .Hierarchy import dicom_nodes

    found: dict[str, str] = {}
    for name, uids in dicom_nodes():
        uid = Database.series_of_instances(uids)
        if uid:
            found.setdefault(SERIES + uid, _("Scene: {name}").format(name=name))
    for series in all_series:
        found.setdefault(SERIES + series.uid, f"{series.patient}, {series.name} ({series.detail})")
    return list(found.items())
