"""Zarr stores that are dropped on Slicer's window: they are folders, for which Slicer asks no file reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from .FileReader import FILE_TYPE
from .Nodes.SourceFile import is_store

DIALOG_TYPE = "NiftiDicomBridgeStore"


class NiftiDicomBridgeFileDialog:
    """Created by Slicer (qSlicerScriptedFileDialog), which offers it when a Zarr store is dropped."""

    def __init__(self, parent):
        self.parent = parent
        parent.fileType = DIALOG_TYPE
        parent.description = _("Load Zarr images")
        parent.action = slicer.qSlicerFileDialog.Read
        self._stores: list[Path] = []

    def isMimeDataAccepted(self) -> None:
        """Accept what contains a Zarr store."""
        self.parent.acceptMimeData(bool(stores_in(self.parent.mimeData())))

    def dropEvent(self) -> None:
        """Remember the stores that were dropped; Slicer calls `execDialog` then."""
        self._stores = stores_in(self.parent.mimeData())
        self.parent.dropEvent().acceptProposedAction()

    def execDialog(self) -> bool:
        """Load the stores; offers to install the packages that this needs."""
        from .Host import Dependencies

        stores, self._stores = self._stores, []
        problem = Dependencies.offer("zarr")
        if problem:
            slicer.util.errorDisplay(problem, windowTitle=_("Zarr"))
            return False
        messages = slicer.vtkMRMLMessageCollection()
        manager = slicer.app.coreIOManager()
        done = [manager.loadNodes(FILE_TYPE, {"fileName": store.as_posix()}, None, messages) for store in stores]
        text = messages.GetAllMessagesAsString()
        if text:
            (slicer.util.warningDisplay if all(done) else slicer.util.errorDisplay)(text, windowTitle=_("Zarr"))
        return all(done)


def stores_in(mime: Any) -> list[Path]:
    """Return the Zarr stores among what is dropped."""
    paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    return [path for path in paths if is_store(path)]
