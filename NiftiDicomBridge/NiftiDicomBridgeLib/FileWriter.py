"""The format "NIfTI + DICOM sidecar" of Slicer's Save dialog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _

from .FileReader import FILE_TYPE

SUFFIXES = (".bridge.nii.gz", ".nii.gz", ".nii")
"""Two writers cannot share a suffix in the Save dialog: the second one is never chosen."""
POSSIBLE, NO = 0.3, 0.0
"""Below the 0.5 of Slicer's own writers, which stay the default."""


class NiftiDicomBridgeFileWriter:
    """Made and asked by Slicer (qSlicerScriptedFileWriter)."""

    def __init__(self, parent):
        self.parent = parent

    def description(self) -> str:
        """Return what the format is called."""
        return _("NIfTI + DICOM sidecar")

    def fileType(self) -> str:
        """Return the name for ``slicer.app.coreIOManager().saveNodes``."""
        return FILE_TYPE

    def extensions(self, obj) -> list[str]:
        """Return the formats of the Save dialog."""
        return [_("NIfTI + DICOM sidecar") + f" ({SUFFIXES[0]})"]

    def canWriteObject(self, obj) -> bool:
        """Whether a node can be written."""
        return self.canWriteObjectConfidence(obj) > NO

    def canWriteObjectConfidence(self, obj) -> float:
        """Return how fit this format is for a node."""
        kinds = ("vtkMRMLScalarVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLSequenceNode")
        return POSSIBLE if any(obj.IsA(kind) for kind in kinds) else NO

    def write(self, properties: dict[str, Any]) -> bool:
        """Write a node; the person has agreed to replace files in the dialog."""
        try:
            report = write_node(slicer.mrmlScene.GetNodeByID(properties["nodeID"]), Path(properties["fileName"]))
        except Exception as error:  # whatever it was, Slicer shows it as the reason
            return self._failed(str(error))
        if not report.ok:
            return self._failed(" ".join(entry.error for entry in report.failures))
        for text in (text for entry in report.entries for text in entry.log.warnings):
            self.parent.userMessages().AddMessage(vtk.vtkCommand.WarningEvent, text)
        self.parent.writtenNodes = [properties["nodeID"]]
        return True

    def _failed(self, why: str) -> bool:
        self.parent.userMessages().AddMessage(vtk.vtkCommand.ErrorEvent, why)
        return False


def write_node(node: Any, path: Path) -> Any:
    """Write one node to a NIfTI file with its sidecar beside it, and return the report."""
    from . import Dependencies

    Dependencies.require()
    from nifti_dicom_bridge import ConversionOptions

    from .Tasks import ExportTask

    options = ConversionOptions(gzip=path.name.lower().endswith(".gz"), overwrite=True)
    suffix = ".nii.gz" if options.gzip else ".nii"
    task = ExportTask([node], path.parent, options, name=path.name[: -len(suffix)])
    return task.finish(task.work(lambda what, done, total: None))
