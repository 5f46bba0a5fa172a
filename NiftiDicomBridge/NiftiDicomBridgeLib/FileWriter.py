"""The format "NIfTI + DICOM sidecar" of Slicer's Save dialog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _

from .FileReader import FILE_TYPE
from .Nodes.SourceFile import SUFFIXES, stem_of

EXTENSION = ".bridge.nii.gz"
"""Two writers cannot share an extension in the Save dialog: the second one can never be selected."""
POSSIBLE, NO = 0.3, 0.0
"""Below the 0.5 of Slicer's own writers, which stay the default."""


class NiftiDicomBridgeFileWriter:
    """Created by Slicer (qSlicerScriptedFileWriter)."""

    def __init__(self, parent):
        self.parent = parent

    def description(self) -> str:
        """Return the name of the format."""
        return _("NIfTI + DICOM sidecar")

    def fileType(self) -> str:
        """Return the name for ``slicer.app.coreIOManager().saveNodes``."""
        return FILE_TYPE

    def extensions(self, obj) -> list[str]:
        """Return the formats of the Save dialog."""
        return [_("NIfTI + DICOM sidecar") + f" ({EXTENSION})"]

    def canWriteObject(self, obj) -> bool:
        """Return whether the format can hold a node."""
        return self.canWriteObjectConfidence(obj) > NO

    def canWriteObjectConfidence(self, obj) -> float:
        """Return how suitable the format is for a node; 0 if the scene could not be opened again with it."""
        from .Nodes.SavedNode import is_storable

        return POSSIBLE if is_storable(obj) else NO

    def write(self, properties: dict[str, Any]) -> bool:
        """Write a node; the user has agreed to replace files in the dialog."""
        from .Panel.PanelMessages import message_in_panel

        node = slicer.mrmlScene.GetNodeByID(properties["nodeID"])
        try:
            report = write_node(node, Path(properties["fileName"]))
        except Exception as error:  # Slicer shows it as the reason
            self._report(node, vtk.vtkCommand.ErrorEvent, message_in_panel(error))
            return False
        for text in (text for entry in report.entries for text in entry.log.warnings):
            self._report(node, vtk.vtkCommand.WarningEvent, text)
        self.parent.writtenNodes = [properties["nodeID"]]
        return True

    def _report(self, node: Any, event: int, text: str) -> None:
        """Add a message where scripts look for it, and at the storage node, whose messages the Save dialog shows."""
        self.parent.userMessages().AddMessage(event, text)
        storage = node.GetStorageNode() if node is not None and node.IsA("vtkMRMLStorableNode") else None
        if storage is not None:
            storage.GetUserMessages().AddMessage(event, text)


def write_node(node: Any, path: Path) -> Any:
    """Write a node to a NIfTI file with its sidecar, and make that the file of its storage node.

    Parameters
    ----------
    node : vtkMRMLVolumeNode
        A volume that `SavedNode.is_storable` accepts.
    path : pathlib.Path
        The file, as the user named it.

    Returns
    -------
    ConversionReport
        With one entry; its outputs are the files that were written.

    Raises
    ------
    BridgeError
        If the node cannot be written, or would not come back as it is when the scene is opened again. Existing files are kept.
    """
    from .Host import Dependencies

    Dependencies.require()
    from nifti_dicom_bridge import OptionError

    from .Nodes.SavedNode import save

    if not stem_of(path):
        raise OptionError(f"{path.name}: the name of a NIfTI file ends in {' or '.join(SUFFIXES)}. Change the file name.")
    return save(node, path)
