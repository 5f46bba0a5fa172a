"""Icons of Slicer for patients, studies, folders and images."""

from __future__ import annotations

from typing import Any

import qt
import slicer

from .Views import is_dark

FILES = {
    "patient": ":Icons/Patient.png",
    "study": ":Icons/Study.png",
    "folder": ":Icons/Folder.png",
    "series": ":Icons/Volume.png",
    "segmentation": ":Icons/Segmentation.png",
}
"""Resources of Slicer; an icon is empty where they do not exist."""
BLACK = ("patient",)
"""Icons that are black, which are white in a dark style: they would not be visible."""


def icon(name: str) -> Any:
    """Return an icon by its name in `FILES`; an empty one for all other names."""
    if name not in FILES:
        return qt.QIcon()
    if name in BLACK and is_dark(slicer.app.palette()):
        image = qt.QPixmap(FILES[name]).toImage()
        image.invertPixels()
        return qt.QIcon(qt.QPixmap.fromImage(image))
    return qt.QIcon(FILES[name])


def icon_of_node(node_id: str) -> Any:
    """Return the icon that the Data module shows for a node."""
    from ..Host.Hierarchy import item_of_node

    item = item_of_node(slicer.mrmlScene.GetNodeByID(node_id))
    owner = slicer.qSlicerSubjectHierarchyPluginHandler.instance().getOwnerPluginForSubjectHierarchyItem(item) if item else None
    return owner.icon(item) if owner is not None else icon("series")
