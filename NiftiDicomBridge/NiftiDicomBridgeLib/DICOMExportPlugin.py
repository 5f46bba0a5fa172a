"""Our kinds of objects in Slicer's own "Export to DICOM" dialog."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import slicer
from DICOMLib import DICOMPlugin
from slicer.i18n import tr as _

KEY = "DICOMNiftiDicomBridgePlugin"
FURTHER_KEY = "DICOMNiftiDicomBridge{name}Plugin"
SERIES_TAGS = ("SeriesDescription", "SeriesNumber")


class ExportPlugin(DICOMPlugin):
    """Offers the kind that suits a node best; created again by the dialog for every step.

    Attributes
    ----------
    key : str
        Its name in ``slicer.modules.dicomPlugins``.
    """

    key = KEY

    def __init__(self):
        super().__init__()
        self.loadType = "NIfTI-DICOM Bridge"

    def examineForExport(self, subjectHierarchyItemID) -> list[Any]:
        """Return one exportable for the node of an item; none if this kind does not make sense for it."""
        from .Host.Hierarchy import node_of_item
        from .Nodes.NodeFacts import facts_of
        from .Nodes.NodeKinds import convertible_nodes

        node = node_of_item(subjectHierarchyItemID)
        if node is None or node.GetID() not in {other.GetID() for other in convertible_nodes()}:
            return []
        facts = facts_of(node)
        choice = self.choice(facts)
        return [_exportable(node, subjectHierarchyItemID, self.key, *choice, facts.was_dicom)] if choice else []

    def choice(self, facts: Any) -> tuple[str, float] | None:
        """Return the kind for a node, and how certain it is that the user wants it."""
        from .ExportKinds import first_confidence, first_kind

        return first_kind(facts), first_confidence(facts)

    def export(self, exportables) -> str:
        """Write DICOM files into the folder of each exportable.

        Returns
        -------
        str
            Why it failed, then no file is left; empty otherwise.
        """
        from .Host import Dependencies
        from .Panel.PanelMessages import message_in_panel

        written: list[Path] = []
        warnings: dict[str, None] = {}
        try:
            Dependencies.require()
            for exportable in exportables:
                files, sentences = self._export(exportable)
                written += files
                warnings |= dict.fromkeys(sentences)
        except Exception as error:  # shown by the dialog
            for path in written:
                path.unlink(missing_ok=True)
            return message_in_panel(error)
        if warnings:
            _show_warnings(warnings)
        return ""

    def _export(self, exportable: Any) -> tuple[list[Path], list[str]]:
        """Return the files that were written for an exportable, and what the user has to know of them."""
        from .Host.Hierarchy import node_of_item
        from .Host.TemporaryFolders import new_folder
        from .Nodes.NodeFacts import facts_of

        node = node_of_item(exportable.subjectHierarchyItemID)
        choice = self.choice(facts_of(node))
        if choice is None:
            raise ValueError(_("{name} has changed since the dialog was opened. Open it again.").format(name=node.GetName()))
        folder = new_folder()
        try:
            files, warnings = _converted(node, choice[0], exportable, folder)
            prefix = f"NDB_{exportable.subjectHierarchyItemID}_{choice[0]}"
            return _moved(files, Path(exportable.directory), prefix), warnings
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def further_plugins() -> dict[str, type[ExportPlugin]]:
    """Return a plugin class for every further kind, by its key in ``slicer.modules.dicomPlugins``."""
    from .ExportKinds import FURTHER_KINDS

    return {FURTHER_KEY.format(name=further.name): _plugin_of(further) for further in FURTHER_KINDS}


def _plugin_of(further: Any) -> type[ExportPlugin]:
    def choice(self, facts: Any) -> tuple[str, float] | None:
        from .ExportKinds import further_confidence, further_kinds

        return (further.kind, further_confidence(further)) if further in further_kinds(facts) else None

    key = FURTHER_KEY.format(name=further.name)
    return type(key + "Class", (ExportPlugin,), {"key": key, "choice": choice, "__doc__": f"Offers {further.kind}."})


def _exportable(node: Any, item: int, key: str, kind: str, confidence: float, was_dicom: bool) -> Any:
    """Return what the dialog shows: a row of its list, and values in its tag editor."""
    from .Host.Hierarchy import series_value
    from .Panel.KindNames import kind_names

    exportable = slicer.qSlicerDICOMExportable()
    exportable.name = _("{kind} – NIfTI-DICOM Bridge").format(kind=kind_names(was_dicom)[kind])  # the list is narrow
    exportable.tooltip = _("Keeps every voxel value and position. The values in the table below are written to the files.")
    exportable.subjectHierarchyItemID = item
    exportable.pluginClass = key
    exportable.confidence = confidence
    for name in SERIES_TAGS:
        default = "" if was_dicom or name != "SeriesDescription" else node.GetName()
        exportable.setTag(name, series_value(node, name) or default)
    return exportable


def _show_warnings(warnings: Iterable[str]) -> None:
    """Show in a message box what the dialog has no place for; without a main window, it is only in the log."""
    import qt

    from .Panel.Views import plain

    qt.QApplication.setOverrideCursor(qt.QCursor(qt.Qt.ArrowCursor))  # the dialog shows that it is busy
    try:
        slicer.util.warningDisplay(plain("\n\n".join(warnings)), windowTitle=_("Export to DICOM"))
    finally:
        qt.QApplication.restoreOverrideCursor()


def _converted(node: Any, kind: str, exportable: Any, folder: Path) -> tuple[list[Path], list[str]]:
    """Convert a node in a temporary folder and return the DICOM files and warnings."""
    from nifti_dicom_bridge import BridgeError, ConversionOptions, Job, Kind, Target, convert

    from .Panel.DisplayTexts import without_reference
    from .Panel.PanelMessages import in_panel
    from .Tasks.TemporaryNifti import stage

    staged = stage([node], folder / "nifti")
    origin = staged.origins.get(staged.images[0])
    values = _edited_values(exportable, staged.images[0], origin.files[:1] if origin is not None else [])
    options = ConversionOptions(target=Target.DICOM, kind=Kind(kind), set_values=values)
    report = convert(Job(staged.images, folder / "dicom", staged.options(options, folder)))
    if not report.ok:
        raise BridgeError(" ".join(entry.error for entry in report.failures) or _("There was nothing to export."))
    staged.warn(report)
    warnings = [sentence for entry in report.entries for sentence in without_reference(entry.log.warnings)]
    return list(report.outputs), [in_panel(sentence) for sentence in warnings]


def _edited_values(exportable: Any, image: Path, reference: Sequence[Path]) -> dict[str, str]:
    """Return the values of the tag editor that are not those of the original, nor those of a file of its reference series.

    The dialog stores what the user has typed in the subject hierarchy before it exports: only the original specifies. Values of
    a reference may be such as the standard forbids, which no one has typed; so may those of the study in the subject hierarchy,
    which the sidecar of the image has if there is neither.
    """
    from nifti_dicom_bridge import identity_of, read, value_problem

    from .Host import Database
    from .Host.EncodedTexts import readable
    from .Host.Hierarchy import IDENTITY_IN_SIDECARS, OF_PATIENT, OF_STUDY, is_placeholder

    original = identity_of(read(image)[0])
    values = {name: readable(str(exportable.tag(name) or "")) for name in (*OF_PATIENT, *OF_STUDY, *SERIES_TAGS)}
    typed = {name: value for name, value in values.items() if value and not is_placeholder(name, value)}
    if not original and not reference:
        in_sidecar = {name: value for name, value in typed.items() if name in IDENTITY_IN_SIDECARS}
        typed = {name: value for name, value in typed.items() if name not in in_sidecar or not value_problem(name, value)}
    known = {name: readable(Database.value_of_keyword(path, name)) for path in reference for name in typed}
    return {name: value for name, value in typed.items() if value not in (original.get(name), known.get(name))}


def _moved(files: Sequence[Path], folder: Path, prefix: str) -> list[Path]:
    """Move files into a folder, without subfolders, which the dialog would leave behind in its temporary folder."""
    folder.mkdir(parents=True, exist_ok=True)
    moved: list[Path] = []
    try:
        for number, path in enumerate(files, start=1):
            moved.append(Path(shutil.move(path, folder / f"{prefix}_{number:06}.dcm")))
    except OSError:
        for path in moved:
            path.unlink(missing_ok=True)
        raise
    return moved
