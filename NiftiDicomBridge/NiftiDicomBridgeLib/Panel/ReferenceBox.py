"""The choice of a reference series: one of the scene, one of the DICOM database, or a folder with DICOM files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from .ImportRows import Row, common
from .Views import fill_box

SERIES, FOLDER, ASK_SERIES, ASK_FOLDER = "series:", "folder:", "ask-series", "ask-folder"


class ReferenceBox:
    """Fills a QComboBox. What is chosen is ``series:UID``, ``folder:PATH``, or empty.

    Parameters
    ----------
    box : QComboBox
        The widget.
    widget : NiftiDicomBridgeWidget
        The panel.
    on_choice : callable
        Called with what the user has chosen.
    """

    def __init__(self, box: Any, widget: Any, on_choice: Callable[[str], None]):
        self._box, self._widget, self._on_choice = box, widget, on_choice
        self._rows: list[Row] = []
        box.activated.connect(self._on_activated)

    def show(self, rows: Sequence[Row]) -> None:
        """Show the reference of some files, and offer what fits them."""
        self._rows = list(rows)
        self.refresh()

    def refresh(self) -> None:
        """Fill the list again; what is chosen stays, even if it does not exist any more."""
        chosen = common(row.reference for row in self._rows)
        entries = [("", _("None")), *self._series()]
        if chosen and chosen not in [key for key, _text in entries]:
            entries.append((chosen, self._text_of(chosen)))
        entries.append((ASK_SERIES, _("Series of the DICOM database…")))
        entries.append((ASK_FOLDER, _("Folder with DICOM files…")))
        fill_box(self._box, entries, None if chosen is None and self._rows else chosen or "")

    def _on_activated(self) -> None:
        key = self._box.itemData(self._box.currentIndex)
        if key == ASK_SERIES:
            uid = self._ask_series()
            key = SERIES + uid if uid else None
        elif key == ASK_FOLDER:
            folder = qt.QFileDialog.getExistingDirectory(self._widget.parent, _("Folder with the DICOM files of the reference"))
            key = FOLDER + folder if folder else None
        if key is not None and any(row.reference != key for row in self._rows):
            self._on_choice(key)
        self.refresh()

    def _ask_series(self) -> str:
        from .SeriesDialog import ask_series
        from .SeriesLists import reference_series

        tip = _("Choose a series in the same frame of reference as the image.")
        return ask_series(self._widget.parent, reference_series(self._widget.series()), _("Reference series"), tip)

    def _series(self) -> list[tuple[str, str]]:
        """Return (key, text): series in the frame of reference of the files first, then those of the scene, then others."""
        from ..Host import Database
        from ..Host.Hierarchy import dicom_nodes
        from .SeriesLists import MOST_IN_BOX, reference_series, text_of

        all_series = {series.uid: series for series in reference_series(self._widget.series())}
        near = self._in_frame_of_reference(list(all_series.values()))
        choices = {SERIES + uid: _("Same space: {name}").format(name=text_of(all_series[uid])) for uid in near}
        for name, uids in dicom_nodes():
            uid = Database.series_of_instances(uids)
            if uid and uid in all_series:
                choices.setdefault(SERIES + uid, _("Scene: {name}").format(name=name))
        if len(all_series) <= MOST_IN_BOX:
            for series in all_series.values():
                choices.setdefault(SERIES + series.uid, text_of(series))
        return list(choices.items())

    def _in_frame_of_reference(self, all_series: Sequence[Any]) -> list[str]:
        """Return the UIDs of the series of the same patient that share the frame of reference of all files."""
        from ..Host import Database

        wanted = common(row.proposal.frame_of_reference if row.proposal is not None else "" for row in self._rows)
        patient = common(row.value_of("PatientName") for row in self._rows) if wanted else ""
        same = [series.uid for series in all_series if patient and series.patient == patient]
        return [uid for uid in same if Database.frame_of_reference_of(uid) == wanted]

    def _text_of(self, key: str) -> str:
        from .SeriesLists import text_of

        if key.startswith(FOLDER):
            return _("Folder: {name}").format(name=key.removeprefix(FOLDER))
        known = {series.uid: series for series in self._widget.series()}
        series = known.get(key.removeprefix(SERIES))
        return text_of(series) if series is not None else _("Series that is not in the DICOM database")


def series_of(files: Sequence[Path]) -> str:
    """Return the choice of the series of some DICOM files."""
    from ..Host import Database

    return SERIES + Database.series_of_files(files[:1])[0]


def series_and_folder(key: str) -> tuple[str, str]:
    """Return the UID of a series and the folder that a choice represents; at most one of them is not empty."""
    if key.startswith(FOLDER):
        return "", key.removeprefix(FOLDER)
    return key.removeprefix(SERIES), ""
