"""NIfTI files with our sidecar, dropped on Slicer or added by its dialogs: they load with their DICOM identity."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import vtk
from slicer.i18n import tr as _

from .SourceFile import SUFFIXES, has_record, stem_of

FILE_TYPE = "NiftiDicomBridgeFile"
SURE, POSSIBLE, NO = 0.9, 0.1, 0.0
"""Slicer's own reader returns 0.57 for a NIfTI file; a small value leaves ours among the choices."""


class NiftiDicomBridgeFileReader:
    """Created by Slicer (qSlicerScriptedFileReader)."""

    def __init__(self, parent):
        self.parent = parent

    def description(self) -> str:
        """Return the name of the format in dialogs."""
        return _("NIfTI with DICOM sidecar")

    def fileType(self) -> str:
        """Return the name for ``slicer.util.loadNodeFromFile``."""
        return FILE_TYPE

    def extensions(self) -> list[str]:
        """Return the filters of file dialogs."""
        return [_("NIfTI with DICOM sidecar") + " (*.nii.gz *.nii)"]

    def canLoadFile(self, path: str) -> bool:
        """Return whether a file is a NIfTI file with our sidecar."""
        return self.canLoadFileConfidence(path) >= SURE

    def canLoadFileConfidence(self, path: str) -> float:
        """Return how certain it is that a file is ours; asked for every file that is dropped, so it must be quick."""
        if not path.lower().endswith(SUFFIXES):
            return NO
        return SURE if has_record(Path(path)) else POSSIBLE

    def load(self, properties: dict[str, Any]) -> bool:
        """Load a file into the scene."""
        from .PanelMessages import message_in_panel

        try:
            name, shown = properties.get("name") or "", properties.get("show", True)
            nodes = load_nifti(Path(properties["fileName"]), name, shown, self._warn)
        except Exception as error:  # Slicer shows it as the reason
            self.parent.userMessages().AddMessage(vtk.vtkCommand.ErrorEvent, message_in_panel(error))
            return False
        self.parent.loadedNodes = [node.GetID() for node in nodes]
        return True

    def _warn(self, text: str) -> None:
        self.parent.userMessages().AddMessage(vtk.vtkCommand.WarningEvent, text)


def load_nifti(path: Path, name: str = "", shown: bool = True, warn: Callable[[str], None] = logging.warning) -> list[Any]:
    """Load a NIfTI file with all that its sidecar contains, and return the new nodes.

    Parameters
    ----------
    path : pathlib.Path
        The image. Its JSON sidecar, ``.bval`` and ``.bvec``, or label table are read from the same folder.
    name : str
        For the node; the file name by default.
    shown : bool
        Show it in the slice views.
    warn : callable
        Receives what the user should know before trusting the image; the log by default.
    """
    from . import Dependencies

    Dependencies.require()
    from nifti_dicom_bridge import read

    from .NodeFactory import add_nodes

    (volume,) = read(path, with_gradients=True)
    for text in volume.warnings:
        warn(f"{path.name}: {text}")
    return add_nodes(volume, name or stem_of(path) or path.stem, path.absolute(), shown)
