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

    SectionNode = 3

    @staticmethod
    def setActionPosition(action, section, weight=0):
        """Say where an action stands."""
        action.setProperty("section", section)
        action.setProperty("weight", weight)


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
        self._plugins, self._item = [], 0

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
        self._item = itemID

    def currentItem(self):
        """Return the item that was clicked."""
        return self._item


NAMES = (
    qSlicerSubjectHierarchyAbstractPlugin,
    qSlicerSubjectHierarchyScriptedPlugin,
    qSlicerSubjectHierarchyPluginHandler,
)
