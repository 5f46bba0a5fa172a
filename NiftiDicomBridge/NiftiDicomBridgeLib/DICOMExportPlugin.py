"""Our kinds in Slicer's own "Export to DICOM" dialog, and the loader of what Slicer's own loader gets wrong."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import slicer
from DICOMLib import DICOMLoadable, DICOMPlugin
from slicer.i18n import tr as _

KEY = "DICOMNiftiDicomBridgePlugin"
PREFERRED, POSSIBLE = 0.9, 0.4
"""Slicer's own export says 0.5: what an image is by itself comes before it, other kinds behind it."""
LOADS_BETTER = 0.95
ORIGINAL, LABELS, COLOURS, GREYS = "original", "labels", "colours", "greys"
# what a node holds → kinds, as the core calls them; the first one is preselected
KINDS = {
    ORIGINAL: ("auto", "enhanced", "legacy", "sc"),
    LABELS: ("seg",),
    COLOURS: ("sc", "sc-multiframe"),
    GREYS: ("auto", "ct", "mr", "pet", "pm", "enhanced-ct", "enhanced-mr", "enhanced-pet", "sc"),
}


class DICOMNiftiDicomBridgePluginClass(DICOMPlugin):
    """Made and asked by the modules DICOM and Data."""

    def __init__(self):
        super().__init__()
        self.loadType = "NIfTI-DICOM Bridge"
        self.tags = {
            "sopClassUID": "0008,0016",
            "numberOfFrames": "0028,0008",
            "position": "0020,0032",
            "orientation": "0020,0037",
            "imageType": "0008,0008",
            "seriesInstanceUID": "0020,000e",
            "seriesNumber": "0020,0011",
            "seriesDescription": "0008,103e",
        }
        self._ready: bool | None = None

    # --- import

    def examineFiles(self, files) -> list[Any]:
        """Return a loadable for files that Slicer's own loader does not put together rightly, none for the others."""
        if not self._is_ready():
            return []
        from .MultiFrames import why_ours

        why = why_ours(files, self.tags)
        if not why:
            return []
        loadable = DICOMLoadable()
        loadable.files = list(files)
        loadable.name = self.defaultSeriesNodeName(self._value(files[0], "seriesInstanceUID"))
        loadable.tooltip = why
        loadable.selected = True
        loadable.confidence = LOADS_BETTER
        return [loadable]

    def load(self, loadable) -> Any:
        """Load files into the scene and return the node that a person works with."""
        from nifti_dicom_bridge import read

        from .NewNodes import add_nodes

        nodes = [add_nodes(volume, loadable.name)[0] for volume in read([Path(name) for name in loadable.files])]
        return nodes[0] if nodes else None

    def _is_ready(self) -> bool:
        """Whether all packages are there; looked up once, for an import asks for every series."""
        if self._ready is None:
            from . import Dependencies

            self._ready = not Dependencies.missing()
        return self._ready

    def _value(self, path: str, tag: str) -> str:
        from . import Database

        return Database.value_of(path, self.tags[tag])

    # --- export

    def examineForExport(self, subjectHierarchyItemID) -> list[Any]:
        """Return what the node of an item can become."""
        from .Hierarchy import node_of_item
        from .NodeKinds import convertible_nodes, kind_of_values, was_dicom

        node = node_of_item(subjectHierarchyItemID)
        if node is None or node.GetID() not in {other.GetID() for other in convertible_nodes()}:
            return []
        kinds = KINDS[ORIGINAL if was_dicom(node) else kind_of_values(node)]
        return [self._exportable(node, subjectHierarchyItemID, kind, kind == kinds[0]) for kind in kinds]

    def export(self, exportables) -> str:
        """Write DICOM files into the folder of each exportable; returns why it failed, empty if it did not."""
        from . import Dependencies

        try:
            Dependencies.require()
            for exportable in exportables:
                self._export(exportable)
        except Exception as error:  # shown by the dialog
            return str(error)
        return ""

    def _exportable(self, node: Any, item: int, kind: str, preferred: bool) -> Any:
        exportable = slicer.qSlicerDICOMExportable()
        exportable.name = _names_of_kinds(node)[kind]
        exportable.tooltip = _(
            "A valid object, with every voxel and its place as it is in Slicer, and nothing guessed in silence."
        )
        exportable.subjectHierarchyItemID = item
        exportable.pluginClass = KEY
        exportable.confidence = PREFERRED if preferred else POSSIBLE
        exportable.setTag("SeriesDescription", node.GetName())
        exportable.setTag("SeriesNumber", "")
        return exportable

    def _export(self, exportable: Any) -> None:
        from nifti_dicom_bridge import BridgeError, ConversionOptions, Job, Kind, Target, convert

        from .Hierarchy import node_of_item
        from .Staged import stage

        node = node_of_item(exportable.subjectHierarchyItemID)
        folder = Path(tempfile.mkdtemp(prefix="NiftiDicomBridge-", dir=slicer.app.temporaryPath))
        try:
            staged = stage([node], folder / "nifti")
            options = ConversionOptions(
                target=Target.DICOM, kind=Kind(_kind_of(exportable, node)), set_values=_tags_of(exportable, node)
            )
            report = convert(Job(staged.images, folder / "dicom", staged.options(options, folder)))
            if not report.ok:
                raise BridgeError(" ".join(entry.error for entry in report.failures) or _("There was nothing to export."))
            target = Path(exportable.directory)
            target.mkdir(parents=True, exist_ok=True)
            for number, path in enumerate(report.outputs, start=1):
                shutil.move(path, target / f"NDB_{exportable.subjectHierarchyItemID}_{number:06}.dcm")
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _names_of_kinds(node: Any) -> dict[str, str]:
    """Return what each kind is called in the dialog."""
    from .Words import kind_words

    words = kind_words(_came_from_dicom(node))
    return {kind: _("NIfTI-DICOM Bridge: {kind}").format(kind=text) for kind, text in words.items()}


def _kind_of(exportable: Any, node: Any) -> str:
    """Return the kind that was chosen, by its name: the dialog makes a new plugin for every step."""
    return next(kind for kind, name in _names_of_kinds(node).items() if name == exportable.name)


def _came_from_dicom(node: Any) -> bool:
    from .NodeKinds import was_dicom

    return was_dicom(node)


def _tags_of(exportable: Any, node: Any) -> dict[str, str]:
    """Return what the person has entered in the dialog: the patient's, the study's and the series' values."""
    from .Hierarchy import OF_PATIENT, OF_STUDY, identity_of_node

    told = identity_of_node(node) if _came_from_dicom(node) else {}
    names = (*OF_PATIENT, *OF_STUDY, "SeriesNumber", "SeriesDescription")
    values = {name: exportable.tag(name) for name in names}
    return {name: str(value) for name, value in values.items() if value and str(value) != told.get(name)}
