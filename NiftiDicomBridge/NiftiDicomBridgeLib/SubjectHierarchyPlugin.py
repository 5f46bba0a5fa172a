"""Two entries of the context menu of the Data module: export to NIfTI with sidecar, convert to DICOM."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _
from SubjectHierarchyPlugins import AbstractScriptedSubjectHierarchyPlugin

WEIGHT = 31
"""Place in the menu: directly below Slicer's own "Export to DICOM...", which has 30."""


class NiftiDicomBridgeSubjectHierarchyPlugin(AbstractScriptedSubjectHierarchyPlugin):
    """Created by Slicer; owns no item, adds its actions to those of others."""

    filePath = __file__

    def __init__(self, scriptedPlugin):
        scriptedPlugin.name = "NiftiDicomBridge"
        AbstractScriptedSubjectHierarchyPlugin.__init__(self, scriptedPlugin)
        self.niftiAction = self._action(_("Export to NIfTI with sidecar..."), self.onExportToNifti, scriptedPlugin, 0)
        self.dicomAction = self._action(_("Convert to DICOM (NIfTI-DICOM Bridge)..."), self.onExportToDicom, scriptedPlugin, 1)
        self._menus: list[Any] = []

    def canOwnSubjectHierarchyItem(self, itemID) -> float:
        """Return 0: items stay with their own plugins."""
        return 0.0

    def canAddNodeToSubjectHierarchy(self, node, parentItemID) -> float:
        """Return 0: nodes stay with their own plugins."""
        return 0.0

    def roleForPlugin(self) -> str:
        """Return that there is no role."""
        return "N/A"

    def helpText(self) -> str:
        """Return the text for the help of the Data module."""
        return _("Volumes, segmentations and sequences can be exported to NIfTI with a DICOM sidecar, and converted to DICOM.")

    def itemContextMenuActions(self) -> list[Any]:
        """Return the actions. Slicer asks for them each time before it opens a menu."""
        self._watch_menus()
        return [self.niftiAction, self.dicomAction]

    def showContextMenuActionsForItem(self, itemID) -> None:
        """Show the actions where there is something to export."""
        self._show(bool(nodes_at([itemID])))

    def onExportToNifti(self) -> None:
        """Ask for a folder, and let the panel export."""
        nodes = nodes_at(selected_items())
        folder = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), _("Export to NIfTI with sidecar"))
        if folder:
            panel().exportNodes(nodes, folder)

    def onExportToDicom(self) -> None:
        """Add the nodes to the panel's list of what shall become DICOM."""
        panel().offerNodes(nodes_at(selected_items()))

    def _action(self, text: str, slot: Any, parent: Any, number: int) -> Any:
        action = qt.QAction(text, parent)
        action.setVisible(False)
        place = slicer.qSlicerSubjectHierarchyAbstractPlugin
        place.setActionPosition(action, place.SectionDefault, WEIGHT + number)
        action.triggered.connect(slot)
        return action

    def _show(self, on: bool) -> None:
        for action in (self.niftiAction, self.dicomAction):
            action.setVisible(on)

    def _watch_menus(self) -> None:
        """Slicer shows no actions of plugins when several items are selected: do so when the menu opens."""
        action = self.niftiAction
        widgets = action.associatedWidgets() if hasattr(action, "associatedWidgets") else action.associatedObjects()  # Qt 5, 6
        for menu in widgets:
            if hasattr(menu, "aboutToShow") and menu not in self._menus:
                self._menus.append(menu)
                menu.aboutToShow.connect(self._on_menu)

    def _on_menu(self) -> None:
        items = selected_items()
        if len(items) > 1:
            self._show(bool(nodes_at(items)))


def selected_items() -> list[int]:
    """Return the selected items of the subject hierarchy."""
    import vtk

    ids = vtk.vtkIdList()
    slicer.qSlicerSubjectHierarchyPluginHandler.instance().currentItems(ids)
    return [ids.GetId(number) for number in range(ids.GetNumberOfIds())]


def nodes_at(items: Iterable[int]) -> list[Any]:
    """Return what can be exported of items of the subject hierarchy and below them, each node once."""
    from .Host.Hierarchy import nodes_below

    nodes_by_id = {node.GetID(): node for item in items for node in nodes_below(item)}
    return list(nodes_by_id.values())


def panel() -> Any:
    """Switch to the module and return its panel."""
    slicer.util.selectModule("NiftiDicomBridge")
    return slicer.modules.niftidicombridge.widgetRepresentation().self()
