"""Icons of Slicer for patients, studies, folders and images."""

from __future__ import annotations

from typing import Any

import qt
import slicer

FILES = {
    "patient": ":Icons/Patient.png",
    "study": ":Icons/Study.png",
    "folder": ":Icons/Folder.png",
    "series": ":Icons/Volume.png",
    "segmentation": ":Icons/Segmentation.png",
}
"""Resources of Slicer; an icon is empty where they do not exist."""


def icon(name: str) -> Any:
    """Return an icon by its name in `FILES`; an empty one for all other names."""
    return qt.QIcon(FILES[name]) if name in FILES else qt.QIcon()


def icon_of_node(node_id: str) -> Any:
    """Return the icon that the Data module shows for a node."""
    from .Hierarchy import item_of_node

    item = item_of_node(slicer.mrmlScene.GetNodeByID(node_id))
    owner = slicer.qSlicerSubjectHierarchyPluginHandler.instance().getOwnerPluginForSubjectHierarchyItem(item) if item else None
    return owner.icon(item) if owner is not None else icon("series")
