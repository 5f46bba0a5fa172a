"""What the module does, for the panel, the console and scripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from .LogicTasks import LogicTasks, Options
from .ParameterNode import NiftiDicomBridgeParameterNode

if TYPE_CHECKING:
    from nifti_dicom_bridge import ConversionReport, Proposal

Progress = Callable[[str, int, int], None]


class NiftiDicomBridgeLogic(LogicTasks, ScriptedLoadableModuleLogic):
    """Nodes of the scene or series of the database → NIfTI with sidecar; NIfTI or nodes → DICOM.

    Each method runs a task of `LogicTasks` to its end.

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

    # --- to NIfTI

    def exportVolumes(
        self,
        nodes: Sequence[Any],
        folder: str | Path,
        options: Options = None,
        progress: Progress | None = None,
        harden: bool = False,
    ) -> ConversionReport:
        """Write nodes of the scene as NIfTI with JSON sidecar.

        A volume that Slicer loaded from DICOM gets its metadata from the original instances in Slicer's DICOM database; if it
        was not edited, it is written from them, stored values and all. Linear transforms are part of the geometry.

        Parameters
        ----------
        nodes : sequence of vtkMRMLNode
            Scalar, label map, vector and diffusion-weighted volumes, segmentations, sequences of volumes. Files are called
            like the nodes. The volume that shows a sequence represents the whole sequence.
        folder : str or pathlib.Path
            Where the files go; made when missing.
        options : ConversionOptions or mapping, optional
            `gzip`, `overwrite`, `layout` and `bids_map` matter here, and `target` for Zarr stores and pictures.
        progress : callable, optional
            Called as ``progress(what, done, total)``; raising `nifti_dicom_bridge.Cancelled` in it stops the export.
        harden : bool
            Resample what is under a nonlinear transform, instead of refusing it.

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
        return _run(self.exportTask(nodes, folder, options, harden), progress)

    def exportSeries(
        self,
        seriesUIDs: Sequence[str],
        folder: str | Path,
        options: Options = None,
        progress: Progress | None = None,
    ) -> ConversionReport:
        """Write series of Slicer's DICOM database as NIfTI with JSON sidecar, without loading them; as `exportVolumes`."""
        return _run(self.seriesTask(seriesUIDs, folder, options), progress)

    # --- to DICOM

    def importNifti(
        self,
        paths: Sequence[str | Path],
        options: Options = None,
        progress: Progress | None = None,
        database: bool = True,
        folder: str | Path | None = None,
        reference: str = "",
    ) -> ConversionReport:
        """Turn NIfTI files into DICOM: into Slicer's DICOM database, a folder, or both.

        With our sidecar next to it, a file gives its original back, or a derived series where it was edited; without one, new
        objects are made (see `propose`). Every instance is verified to be in the database afterwards. An instance that is there
        already is never replaced: it stays when it is identical, and the image fails when it is not.

        Parameters
        ----------
        paths : sequence of str or pathlib.Path
            NIfTI files, or folders with such files.
        options : ConversionOptions, optional
            `uids`, `kind`, `plane`, `set_values`, `metadata`, `reference`… matter here.
        progress : callable, optional
            As for `exportVolumes`.
        database : bool
            Put the instances into Slicer's DICOM database.
        folder : str or pathlib.Path, optional
            Where the files go as well.
        reference : str
            Series Instance UID of a series of the database in whose space the images are: gives patient, study, frame of
            reference and equipment.

        Returns
        -------
        ConversionReport
            One entry per NIfTI file; its outputs are the files in the folder, without one those in the database.

        Raises
        ------
        nifti_dicom_bridge.BridgeError
            If nothing can be started at all: no database open, no file, a Python package missing.
        nifti_dicom_bridge.Cancelled
            If `progress` asked for it; the database is as it was then.
        """
        return _run(self.importTask(paths, options, database, folder, reference), progress)

    def volumesToDicom(self, nodes: Sequence[Any], options: Options = None, **where: Any) -> ConversionReport:
        """Turn nodes of the scene into DICOM: `exportVolumes` and `importNifti` in one.

        The series that a node was derived from is its reference: the volume that a segmentation was drawn on, a volume that the
        node refers to, or one in the same study that has the very same grid.

        Parameters
        ----------
        nodes : sequence of vtkMRMLNode
            As for `exportVolumes`.
        options : ConversionOptions, optional
            As for `importNifti`; its `reference` is used instead of those that are found.
        **where
            ``progress``, ``database``, ``folder`` and ``reference``, as for `importNifti`.

        Returns
        -------
        ConversionReport
            As for `importNifti`; a node that cannot be converted is one entry and does not stop the others.
        """
        self._require_dependencies()
        from nifti_dicom_bridge import ConversionOptions, ConversionReport

        from .Host.TemporaryFolders import temporary_folder
        from .Originals.SpaceOfReference import reference_is_moved
        from .Tasks.TemporaryNifti import stage

        with temporary_folder() as folder:
            given = self._options(options) or ConversionOptions()
            by_origin = not where.get("reference") and given.reference is None
            reference = where.get("reference", "")
            staged = stage(nodes, folder / "nifti", partly=True, by_origin=by_origin, reference=reference)
            if not staged.images:
                return ConversionReport(staged.failures)
            chosen = given if reference else staged.options(given, folder)
            report = self.importNifti(staged.images, chosen, **where)
            staged.warn(report)
            warning = reference_is_moved(reference)
            if warning:
                for entry in report.entries:
                    entry.log.warnings.append(warning)
            report.entries = staged.failures + report.entries
            return report

    def propose(self, inputs: Sequence[Any], options: Options = None, reference: str = "") -> list[Proposal]:
        """Return what nodes or NIfTI files would become, and where each value would come from; nothing is written.

        Parameters
        ----------
        inputs : sequence of vtkMRMLNode, str or pathlib.Path
            Nodes of the scene, NIfTI files, or folders with such files.
        options : ConversionOptions, optional
            As for `importNifti`.
        reference : str
            Series Instance UID of the reference series; by default that which a node was derived from.

        Returns
        -------
        list of Proposal
            In the order of the inputs; those of nodes have the name of the node as path. One that fails has an error.
        """
        self._require_dependencies()
        from .Tasks.NodeProposals import propose_nodes

        is_one = isinstance(inputs, (str, Path)) or hasattr(inputs, "GetClassName")  # the letters of a path are not paths
        inputs = [inputs] if is_one else inputs
        nodes = [one for one in inputs if one is None or hasattr(one, "GetClassName")]
        paths = [one for one in inputs if one is not None and not hasattr(one, "GetClassName")]
        options = self._options(options)
        of_nodes = propose_nodes(self, nodes, options, reference) if nodes else []
        return of_nodes + (_run(self.proposeTask(paths, options, reference), None) if paths else [])

    # --- other tools

    def applyCommand(
        self, command: str, node: Any = None, series: str = "", progress: Progress | None = None, **options: Any
    ) -> ConversionReport:
        """Run a command on a loaded volume or a series of the database; what it makes becomes DICOM in the database.

        Parameters
        ----------
        command : str
            Its arguments, with ``{input}`` and ``{output}``, as for `nifti_dicom_bridge.apply`. ``PythonSlicer`` as the first
            word is Slicer's own Python; all other programs run without Slicer's own environment variables.
        node : vtkMRMLNode, optional
            A volume, used as it is now. If it is not an unedited image of the database, it becomes DICOM itself.
        series : str
            Series Instance UID, if there is no node.
        progress : callable, optional
            As for `exportVolumes`; raising `nifti_dicom_bridge.Cancelled` in it ends the command.
        **options
            As for `nifti_dicom_bridge.apply`, such as ``kind="seg"``.

        Returns
        -------
        ConversionReport
            One entry for each image that was made; `appliedSeries` returns their series.
        """
        return _run(self.applyTask(command, node, series, **options), progress)

    # --- to the scene

    def loadSeries(self, seriesUIDs: Sequence[str]) -> list[str]:
        """Load series of the DICOM database into the scene and return the ids of the new nodes."""
        from .Host import Database

        return Database.load_series(seriesUIDs)

    def loadNifti(self, path: str | Path) -> list[Any]:
        """Load a NIfTI file with all that its sidecar specifies, and return the new nodes."""
        from .FileReader import load_nifti

        return load_nifti(Path(path))

    def seriesUIDs(self, report: ConversionReport) -> list[str]:
        """Return the Series Instance UIDs that an import wrote, or found in the database."""
        from .Host import Database

        return Database.series_of_files(report.outputs)

    def appliedSeries(self, report: ConversionReport) -> list[str]:
        """Return the Series Instance UIDs of what a command made, without that of the volume that it got."""
        from .Host import Database
        from .Tasks.ApplyTask import CONVERTED

        made = [entry for entry in report.entries if CONVERTED not in entry.log.notes]
        return Database.series_of_files([path for entry in made for path in entry.outputs])


def _run(task: Any, progress: Progress | None) -> Any:
    return task.finish(task.work(progress or (lambda what, done, total: None)))
