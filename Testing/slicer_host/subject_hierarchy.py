"""Stand-ins for the subject hierarchy's plugins: an item for every new node, and actions on right click."""

# ruff: noqa: N801 - names are those of Slicer

from __future__ import annotations

import importlib.util
import os
import sys

import qt


def watch(scene):
    """Give every node of the scene that a person sees an item, as the plugins of Slicer do."""
    import slicer
    import vtk

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def on_node_added(caller, event, node):
        shown = ("vtkMRMLVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLModelNode", "vtkMRMLTransformNode")
        if any(node.IsA(name) for name in shown) and not node.GetHideFromEditors():
            hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
            if not hierarchy.GetItemByDataNode(node):
                hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)

    scene.AddObserver(scene.NodeAddedEvent, on_node_added)


class qSlicerSubjectHierarchyAbstractPlugin(qt.QObject):
    """A plugin; its actions have places in the menu."""

    SectionDefault = 0

    @staticmethod
    def setActionPosition(action, section, weight=0):
        """Set the place of an action in menus."""
        action.setProperty("section", section + weight * 0.01)

    def icon(self, itemID):
        """Return the icon of an item: there are no resources of Slicer here, so it is one of the style."""
        return slicer_icon("series")


class qSlicerSubjectHierarchyScriptedPlugin(qSlicerSubjectHierarchyAbstractPlugin):
    """A plugin written in Python."""

    def setPythonSource(self, pythonSource):
        """Make the class of a file; it is called like the file."""
        name = os.path.splitext(os.path.basename(pythonSource))[0]
        module = sys.modules.get(name)
        if module is None:
            spec = importlib.util.spec_from_file_location(name, pythonSource)
            module = sys.modules[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        wanted = name if name.endswith("SubjectHierarchyPlugin") else name + "SubjectHierarchyPlugin"
        self._python = getattr(module, wanted)(self)
        qSlicerSubjectHierarchyPluginHandler.instance().registerPlugin(self)
        return True

    def self(self):
        """Return the Python side."""
        return self._python


class qSlicerSubjectHierarchyPluginHandler(qt.QObject):
    """Knows all plugins, and the item that was clicked."""

    _instance = None

    def __init__(self):
        super().__init__()
        self._plugins, self._items, self._owner = [], [], qSlicerSubjectHierarchyAbstractPlugin()

    @staticmethod
    def instance():
        """Return the one handler."""
        cls = qSlicerSubjectHierarchyPluginHandler
        cls._instance = cls._instance or cls()
        return cls._instance

    def registerPlugin(self, pluginToRegister):
        """Take a plugin."""
        self._plugins.append(pluginToRegister)
        return True

    def pluginByName(self, name):
        """Return the plugin of a name."""
        return next((plugin for plugin in self._plugins if plugin.name == name), None)

    def setCurrentItem(self, itemID):
        """Take the item that was clicked."""
        self._items = [itemID]

    def setCurrentItems(self, items):
        """Take the items that are selected."""
        self._items = list(items)

    def currentItem(self):
        """Return the item that was clicked; 0 where there are several."""
        return self._items[0] if len(self._items) == 1 else 0

    def currentItems(self, selectedItems):
        """Fill a vtkIdList with the items that are selected."""
        for item in self._items:
            selectedItems.InsertNextId(item)

    def getOwnerPluginForSubjectHierarchyItem(self, itemID):
        """Return the plugin that owns an item."""
        return self._owner


def slicer_icon(name):
    """Return the placeholder of an icon of Slicer."""
    kinds = {"patient": qt.QStyle.SP_DirHomeIcon, "study": qt.QStyle.SP_FileDialogContentsView, "folder": qt.QStyle.SP_DirIcon}
    return qt.QApplication.style().standardIcon(kinds.get(name, qt.QStyle.SP_FileIcon))


NAMES = (
    qSlicerSubjectHierarchyAbstractPlugin,
    qSlicerSubjectHierarchyScriptedPlugin,
    qSlicerSubjectHierarchyPluginHandler,
)
