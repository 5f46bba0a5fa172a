"""What the module does, for the panel, the console and scripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from .ParameterNode import NiftiDicomBridgeParameterNode

if TYPE_CHECKING:
    from nifti_dicom_bridge import ConversionOptions, ConversionReport

Progress = Callable[[str, int, int], None]


class NiftiDicomBridgeLogic(ScriptedLoadableModuleLogic):
    """Volumes in the scene → NIfTI with sidecar; NIfTI with sidecar → DICOM in Slicer's database.

    Examples
    --------
    In Slicer's Python console:

    >>> from NiftiDicomBridge import NiftiDicomBridgeLogic
    >>> logic = NiftiDicomBridgeLogic()
    >>> report = logic.exportVolumes(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"), "/tmp/nifti")
    >>> report = logic.importNifti(report.outputs)
    >>> nodeIDs = logic.loadSeries(logic.seriesUIDs(report))
    """

    def getParameterNode(self) -> NiftiDicomBridgeParameterNode:
        """Return the state of the panel in this scene."""
        return NiftiDicomBridgeParameterNode(super().getParameterNode())

    def exportVolumes(
        self,
        nodes: Sequence[Any],
        folder: str | Path,
        options: ConversionOptions | None = None,
        progress: Progress | None = None,
    ) -> ConversionReport:
        """Write volumes of the scene as NIfTI with JSON sidecar.

        A volume that Slicer loaded from DICOM gets its metadata from the original instances in Slicer's DICOM database; if it
        was not edited, it is written from them, stored values and all. Linear transforms are part of the geometry.

        Parameters
        ----------
        nodes : sequence of vtkMRMLScalarVolumeNode
            Scalar, label map and vector volumes. Files are called like the nodes.
        folder : str or pathlib.Path
            Where the files go; made when missing.
        options : ConversionOptions, optional
            `gzip` and `overwrite` matter here.
        progress : callable, optional
            Called as ``progress(what, done, total)``; raising `nifti_dicom_bridge.Cancelled` in it stops the export.

        Returns
        -------
        ConversionReport
            One entry per node. One node that fails does not stop the others.

        Raises
        ------
        nifti_dicom_bridge.BridgeError
            If nothing can be started at all: no node, no folder, a Python package missing.
        nifti_dicom_bridge.Cancelled
            If `progress` asked for it.
        """
        return _run(self.exportTask(nodes, folder, options), progress)

    def importNifti(
        self,
        paths: Sequence[str | Path],
        options: ConversionOptions | None = None,
        progress: Progress | None = None,
    ) -> ConversionReport:
        """Turn NIfTI files with our sidecars into DICOM and put that into Slicer's DICOM database.

        Every instance is verified to be in the database afterwards. An instance that is there already is never replaced: it
        stays when it is identical, and the image fails when it is not.

        Parameters
        ----------
        paths : sequence of str or pathlib.Path
            NIfTI files, or folders with such files.
        options : ConversionOptions, optional
            `uids` and `set_values` matter here.
        progress : callable, optional
            As for `exportVolumes`.

        Returns
        -------
        ConversionReport
            One entry per NIfTI file; its outputs are the files in the database.

        Raises
        ------
        nifti_dicom_bridge.BridgeError
            If nothing can be started at all: no database open, no file, a Python package missing.
        nifti_dicom_bridge.Cancelled
            If `progress` asked for it; the database is as it was then.
        """
        return _run(self.importTask(paths, options), progress)

    def loadSeries(self, seriesUIDs: Sequence[str]) -> list[str]:
        """Load series of the DICOM database into the scene and return the ids of the new nodes."""
        from . import Database

        return Database.load_series(seriesUIDs)

    def seriesUIDs(self, report: ConversionReport) -> list[str]:
        """Return the Series Instance UIDs that an import put into the database, or found there."""
        from . import Database

        return Database.series_of_files(report.outputs)

    def makeOptions(self, gzip: bool = True, keepUids: bool = False) -> ConversionOptions:
        """Return the choices that the panel offers as options of the core."""
        self._require_dependencies()
        from nifti_dicom_bridge import ConversionOptions, Uids

        return ConversionOptions(gzip=gzip, uids=Uids.KEEP if keepUids else Uids.NEW)

    def exportTask(self, nodes: Sequence[Any], folder: str | Path, options: ConversionOptions | None = None):
        """Return an export as a task whose long part may run in another thread (see `Tasks`)."""
        self._require_dependencies()
        from .Tasks import ExportTask

        return ExportTask(nodes, folder, options)

    def importTask(self, paths: Sequence[str | Path], options: ConversionOptions | None = None):
        """Return an import as a task whose long part may run in another thread (see `Tasks`)."""
        self._require_dependencies()
        from .Tasks import ImportTask

        return ImportTask(paths, options)

    def _require_dependencies(self) -> None:
        from . import Dependencies

        Dependencies.require()


def _run(task: Any, progress: Progress | None) -> ConversionReport:
    return task.finish(task.work(progress or (lambda what, done, total: None)))
