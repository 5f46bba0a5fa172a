"""NIfTI files with our sidecar, dropped on Slicer or added by its dialogs: they load with their DICOM identity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import vtk
from slicer.i18n import tr as _

FILE_TYPE = "NiftiDicomBridgeFile"
SUFFIXES = (".nii.gz", ".nii")
SURE, POSSIBLE, NO = 0.9, 0.1, 0.0
"""Slicer's own reader says 0.57 for a NIfTI file; a small value leaves ours among the choices."""
MARK = b'"NiftiDicomBridge"'
LOOKED_AT = 1 << 18
"""Bytes of a sidecar that are searched for the mark: it stands behind the BIDS keys."""


class NiftiDicomBridgeFileReader:
    """Made and asked by Slicer (qSlicerScriptedFileReader)."""

    def __init__(self, parent):
        self.parent = parent

    def description(self) -> str:
        """Return what the file is called in dialogs."""
        return _("NIfTI with DICOM sidecar")

    def fileType(self) -> str:
        """Return the name for ``slicer.util.loadNodeFromFile``."""
        return FILE_TYPE

    def extensions(self) -> list[str]:
        """Return the filters of file dialogs."""
        return [_("NIfTI with DICOM sidecar") + " (*.nii.gz *.nii)"]

    def canLoadFile(self, path: str) -> bool:
        """Whether a file is a NIfTI with our sidecar."""
        return self.canLoadFileConfidence(path) >= SURE

    def canLoadFileConfidence(self, path: str) -> float:
        """Return how sure it is that a file is ours; asked for every file that is dropped, so it must be quick."""
        suffix = next((s for s in SUFFIXES if path.lower().endswith(s)), None)
        if suffix is None:
            return NO
        try:
            with open(path[: -len(suffix)] + ".json", "rb") as file:
                return SURE if MARK in file.read(LOOKED_AT) else POSSIBLE
        except OSError:
            return POSSIBLE

    def load(self, properties: dict[str, Any]) -> bool:
        """Load a file into the scene."""
        try:
            nodes = load_nifti(Path(properties["fileName"]), properties.get("name") or "")
        except Exception as error:  # whatever it was, Slicer shows it as the reason
            self.parent.userMessages().AddMessage(vtk.vtkCommand.ErrorEvent, str(error))
            return False
        self.parent.loadedNodes = [node.GetID() for node in nodes]
        return True


def load_nifti(path: Path, name: str = "") -> list[Any]:
    """Load a NIfTI file with all that its sidecar tells, and return the new nodes."""
    from . import Dependencies

    Dependencies.require()
    from nifti_dicom_bridge import read

    from .NewNodes import add_nodes

    (volume,) = read(path)
    suffix = next((s for s in SUFFIXES if path.name.lower().endswith(s)), "")
    return add_nodes(volume, name or path.name[: len(path.name) - len(suffix)], path.absolute())
