"""What the module does, as tasks: the panel runs their long part in another thread (see `Tasks`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from nifti_dicom_bridge import ArchiveSettings, ConversionOptions, ConversionReport

Options: TypeAlias = "ConversionOptions | Mapping[str, Any] | None"
"""Options of a conversion, or their names and values as `makeOptions` takes them."""


class LogicTasks:
    """Makes the tasks of the logic: each has ``work(progress)``, for any thread, and ``finish(done)``, for the main thread."""

    def makeOptions(self, **choices: Any) -> ConversionOptions:
        """Return options of a conversion, for every method that takes ``options``.

        Parameters
        ----------
        **choices
            Any field of `nifti_dicom_bridge.ConversionOptions` by name, with enumerations as text: ``kind="enhanced-mr"``,
            ``plane="axial"``, ``set_values={"PatientName": "Doe^Jo"}``, ``reference="/data/ct"``, ``resample="tilt"``… Names of
            the panel work too: ``keepUids=True``, ``values={…}``, ``layout="zarr"``.

        Raises
        ------
        nifti_dicom_bridge.OptionError
            If an option does not exist, or cannot have the value.

        Examples
        --------
        >>> options = logic.makeOptions(kind="mr", set_values={"SeriesDescription": "Smoothed"})
        >>> report = logic.volumesToDicom([node], options)
        """
        self._require_dependencies()
        from .Tasks.OptionParsing import options_of

        return options_of(choices)

    def exportTask(self, nodes, folder: str | Path, options: Options = None, harden: bool = False):
        """Return an export of nodes as a task."""
        self._require_dependencies()
        from nifti_dicom_bridge import Target

        from .Tasks.ExportTasks import ExportTask

        options = self._options(options)
        if options is not None and options.target in (Target.ZARR, Target.PREVIEW):
            from .Tasks.OtherFormatTask import OtherFormatTask

            return OtherFormatTask(nodes, folder, options, harden)
        return ExportTask(nodes, folder, options, harden)

    def seriesTask(self, seriesUIDs: Sequence[str], folder: str | Path, options: Options = None):
        """Return an export of series of the database as a task."""
        self._require_dependencies()
        from .Tasks.SeriesTask import SeriesTask

        return SeriesTask(seriesUIDs, folder, self._options(options))

    def stageTask(self, nodes, folder: str | Path, by_origin: bool = True, reference: str | None = ""):
        """Return the writing of nodes as temporary NIfTI files as a task; see `TemporaryNifti.StageTask`."""
        self._require_dependencies()
        from .Tasks.TemporaryNifti import StageTask

        return StageTask(nodes, Path(folder), by_origin, reference)

    def importTask(
        self,
        paths: Sequence[str | Path],
        options: Options = None,
        database: bool = True,
        folder: str | Path | None = None,
        reference: str = "",
    ):
        """Return an import as a task."""
        self._require_dependencies()
        from .Tasks.ImportTasks import Destination, ImportTask

        where = Destination(database, Path(folder) if folder else None, files_of_reference(reference))
        return ImportTask(paths, self._options(options), where)

    def findTask(self, paths: Sequence[str | Path], suffixes: tuple[str, ...]):
        """Return the search for files below folders as a task."""
        from .Tasks.ImportTasks import FindTask

        return FindTask([Path(path) for path in paths], suffixes)

    def proposeTask(self, paths: Sequence[str | Path], options: Options = None, reference: str = ""):
        """Return a look at what NIfTI files would become as a task."""
        self._require_dependencies()
        from nifti_dicom_bridge import ConversionOptions

        from .Tasks.ImportTasks import ProposeTask

        chosen = self._options(options) or ConversionOptions()
        return ProposeTask([Path(path) for path in paths], chosen, files_of_reference(reference))

    def applyTask(self, command: str, node: Any = None, series: str = "", **options: Any):
        """Return a command for a volume or a series as a task."""
        self._require_dependencies()
        from .Tasks.ApplyTask import ApplyTask

        return ApplyTask(command, node, series, **options)

    def sendTask(self, paths: Sequence[str | Path], address: str, settings: ArchiveSettings | None = None):
        """Return the sending of DICOM files as a task."""
        self._require_dependencies()
        from .Tasks.SendTask import SendTask

        return SendTask(paths, address, settings)

    def searchTask(self, address: str, query: Mapping[str, str], settings: ArchiveSettings | None = None):
        """Return the search for studies of an archive as a task."""
        self._require_dependencies()
        from .Tasks.FetchTask import SearchTask

        return SearchTask(address, query, settings)

    def listSeriesTask(self, address: str, study: str, settings: ArchiveSettings | None = None):
        """Return the listing of the series of a study of an archive as a task."""
        self._require_dependencies()
        from .Tasks.FetchTask import ListSeriesTask

        return ListSeriesTask(address, study, settings)

    def fetchTask(self, address: str, selections: Sequence[Mapping[str, Any]], settings: ArchiveSettings | None = None):
        """Return the fetching of series of an archive into the database as a task."""
        self._require_dependencies()
        from .Tasks.FetchTask import FetchTask

        return FetchTask(address, selections, settings)

    def validateTask(self, paths: Sequence[str | Path]):
        """Return a check of DICOM files against the standard as a task."""
        self._require_dependencies()
        from .Tasks.CheckTasks import ValidateTask

        return ValidateTask([Path(path) for path in paths])

    def reportTask(self, report: ConversionReport, path: str | Path):
        """Return the writing of a report, as a page or as JSON, as a task."""
        from .Tasks.CheckTasks import ReportTask

        return ReportTask(report, Path(path))

    def _options(self, options: Options) -> ConversionOptions | None:
        return self.makeOptions(**options) if isinstance(options, Mapping) else options

    def _require_dependencies(self) -> None:
        from .Host import Dependencies

        Dependencies.require()


def files_of_reference(series: str) -> tuple[Path, ...]:
    """Return the files of a reference series; raises where the database has none."""
    if not series:
        return ()
    from nifti_dicom_bridge import OptionError

    from .Host import Database

    files = tuple(Database.files_of_series(series))
    if not files:
        raise OptionError(f"The reference series {series} is not in Slicer's DICOM database. Choose another one.")
    return files
