"""A window to choose a series of the DICOM database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ctk
import qt
from slicer.i18n import tr as _

from .ImageTree import ImageTree
from .SeriesLists import branches_of
from .Views import ok_and_cancel

WIDTH, HEIGHT = 520, 420


def ask_series(parent: Any, series: Sequence[Any], title: str, tip: str) -> str:
    """Return the Series Instance UID of the series that the user chooses; empty if none.

    Parameters
    ----------
    parent : QWidget
        The widget that the window belongs to.
    series : sequence of Database.Series
        What is offered.
    title, tip : str
        Of the window, and what to choose.
    """
    dialog = qt.QDialog(parent)
    dialog.setWindowTitle(title)
    dialog.resize(WIDTH, HEIGHT)
    search, tree = ctk.ctkSearchBox(), qt.QTreeWidget()
    search.showSearchIcon = True
    search.setToolTip(_("Show only rows that contain these words."))
    tree.setToolTip(tip)
    tree.setColumnCount(2)
    tree.setHeaderLabels([_("Name"), _("Size")])
    buttons, accept = ok_and_cancel(dialog)
    rows = qt.QVBoxLayout(dialog)
    for widget in (search, tree, buttons):
        rows.addWidget(widget)
    images = ImageTree(tree, search)
    images.fill(branches_of(series), set())
    tree.setMinimumHeight(0)
    tree.setMaximumHeight(HEIGHT * 10)
    accept.setEnabled(False)
    tree.itemSelectionChanged.connect(lambda: accept.setEnabled(bool(images.current())))
    tree.itemDoubleClicked.connect(lambda item, column: dialog.accept() if images.current() else None)
    chosen = images.current() if dialog.exec() == qt.QDialog.Accepted else ""
    dialog.deleteLater()
    return chosen
