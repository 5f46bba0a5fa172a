"""NIfTI files with our sidecar, and Zarr stores, dropped on Slicer or added by its dialogs: they keep their DICOM identity.

A sidecar that is dropped with its image, or alone, loads the image: Slicer's own reader would add the attributes of the patient
to the scene as a text.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _

from .Nodes.SourceFile import SIDECAR, SUFFIXES, has_record, image_of, is_store, stem_of

FILE_TYPE = "NiftiDicomBridgeFile"
SURE, POSSIBLE, NO = 0.9, 0.1, 0.0
"""Slicer's own reader returns 0.57 for a NIfTI file; a small value leaves ours among the choices."""
TOGETHER_S = 10.0
"""An image that follows its sidecar within this time was dropped with it, and is loaded once."""
_by_sidecar: dict[Path, tuple[float, list[str]]] = {}
"""When an image was loaded because of its sidecar, and the IDs of its nodes."""


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
        return [
            _("NIfTI with DICOM sidecar") + " (*.nii.gz *.nii)",
            _("DICOM sidecar of an image") + " (*.json)",
            _("Zarr") + " (*.zarr)",
        ]

    def canLoadFile(self, path: str) -> bool:
        """Return whether a file is a NIfTI file with our sidecar, such a sidecar, or a Zarr store."""
        return self.canLoadFileConfidence(path) >= SURE

    def canLoadFileConfidence(self, path: str) -> float:
        """Return how certain it is that a file is ours; asked for every file that is dropped, so it must be quick."""
        image = image_of(Path(path))
        if is_store(image):
            return SURE
        if not image.name.lower().endswith(SUFFIXES):
            return NO
        return SURE if has_record(image) else POSSIBLE

    def load(self, properties: dict[str, Any]) -> bool:
        """Load a file into the scene."""
        from .Panel.PanelMessages import message_in_panel

        try:
            name, shown = properties.get("name") or "", properties.get("show", True)
            self.parent.loadedNodes = _load_once(Path(properties["fileName"]), name, shown, self._warn)
        except Exception as error:  # Slicer shows it as the reason
            self.parent.userMessages().AddMessage(vtk.vtkCommand.ErrorEvent, message_in_panel(error))
            return False
        return True

    def _warn(self, text: str) -> None:
        self.parent.userMessages().AddMessage(vtk.vtkCommand.WarningEvent, text)


def _load_once(path: Path, name: str, shown: bool, warn: Callable[[str], None]) -> list[str]:
    """Load the image that a path represents and return the IDs of its nodes; once for an image and its sidecar."""
    from .Nodes.NodeKinds import nodes_loaded_from

    image, now = image_of(path).absolute(), time.monotonic()
    loaded, ids = _by_sidecar.pop(image, (0.0, []))
    nodes = [node_id for node_id in ids if slicer.mrmlScene.GetNodeByID(node_id) is not None]
    is_sidecar = path.suffix.lower() == SIDECAR
    if not nodes or is_sidecar or now - loaded > TOGETHER_S:
        if is_sidecar and (before := nodes_loaded_from(image)):
            return [node.GetID() for node in before]
        nodes = [node.GetID() for node in load_nifti(image, name, shown, warn)]
    if is_sidecar:
        _by_sidecar[image] = time.monotonic(), nodes
    return nodes


def load_nifti(path: Path, name: str = "", shown: bool = True, warn: Callable[[str], None] = logging.warning) -> list[Any]:
    """Load a NIfTI file or Zarr store with all that its sidecar contains, and return the new nodes.

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
    from .Host import Dependencies

    Dependencies.require()
    from nifti_dicom_bridge import read

    from .NewNodes.NodeFactory import add_nodes

    (volume,) = read(path, with_gradients=True)
    for text in volume.warnings:
        warn(f"{path.name}: {text}")
    return add_nodes(volume, name or stem_of(path) or path.stem, path.absolute(), shown)
