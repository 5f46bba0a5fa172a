"""Two actions on right click in the Data module: export to NIfTI with sidecar, export to DICOM."""

from __future__ import annotations

from typing import Any

import qt
import slicer
from slicer.i18n import tr as _
from SubjectHierarchyPlugins import AbstractScriptedSubjectHierarchyPlugin

WEIGHT = 60
"""Place in the menu: below Slicer's own entries for a node."""


class NiftiDicomBridgeSubjectHierarchyPlugin(AbstractScriptedSubjectHierarchyPlugin):
    """Made by Slicer; owns no item, adds its actions to those of others."""

    filePath = __file__

    def __init__(self, scriptedPlugin):
        scriptedPlugin.name = "NiftiDicomBridge"
        AbstractScriptedSubjectHierarchyPlugin.__init__(self, scriptedPlugin)
        self.niftiAction = self._action(_("Export to NIfTI + sidecar…"), self.onExportToNifti, scriptedPlugin, 0)
        self.dicomAction = self._action(_("Export to DICOM by NIfTI-DICOM Bridge…"), self.onExportToDicom, scriptedPlugin, 1)

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
        """Return what is told in the help of the module Data."""
        return _("Volumes, segmentations and sequences can be exported to NIfTI with a DICOM sidecar, and to DICOM.")

    def itemContextMenuActions(self) -> list[Any]:
        """Return the actions."""
        return [self.niftiAction, self.dicomAction]

    def showContextMenuActionsForItem(self, itemID) -> None:
        """Show the actions where there is something to export."""
        fitting = bool(nodes_at(itemID))
        for action in self.itemContextMenuActions():
            action.setVisible(fitting)

    def onExportToNifti(self) -> None:
        """Ask for a folder, and let the panel export."""
        folder = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), _("Export to NIfTI + sidecar"))
        if folder:
            panel().exportNodes(self._chosen(), folder)

    def onExportToDicom(self) -> None:
        """Put the nodes on the panel's list of what shall become DICOM."""
        panel().offerNodes(self._chosen())

    def _chosen(self) -> list[Any]:
        return nodes_at(slicer.qSlicerSubjectHierarchyPluginHandler.instance().currentItem())

    def _action(self, text: str, slot: Any, parent: Any, number: int) -> Any:
        action = qt.QAction(text, parent)
        action.setVisible(False)
        place = slicer.qSlicerSubjectHierarchyAbstractPlugin
        place.setActionPosition(action, place.SectionNode, WEIGHT + number)
        action.triggered.connect(slot)
        return action


def nodes_at(item: int) -> list[Any]:
    """Return what can be exported of an item of the subject hierarchy and below it."""
    from .Hierarchy import nodes_below

    return nodes_below(item)


def panel() -> Any:
    """Switch to the module and return its panel."""
    slicer.util.selectModule("NiftiDicomBridge")
    return slicer.modules.niftidicombridge.widgetRepresentation().self()
