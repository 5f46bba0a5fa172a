"""Stand-in for ``DICOMLib``: opens databases, imports folders, loads series as Slicer does.

The loaders are in `scalar_volumes`, `image_sequences` and `dcmqi_objects`: they read pixels and grids with the parts of
Slicer that the wheel has (vtkITK) or that Slicer starts (dcmqi), so that a test does not only mirror our own code.
"""

from __future__ import annotations

import os
import sys

import slicer

from .dicom_plugin import DICOMLoadable, DICOMPlugin

__all__ = ["DICOMLoadable", "DICOMPlugin"]
DICOMUtils = sys.modules[__name__]
# the last ones are always there in Slicer, and are made in the middle of loading here
NOT_REPORTED = ("vtkMRMLStorageNode", "vtkMRMLDisplayNode", "vtkMRMLSubjectHierarchyNode", "vtkMRMLColorNode",
                "vtkMRMLSelectionNode", "vtkMRMLInteractionNode")  # fmt: skip


def openDatabase(databaseDir):
    """Open the database of a folder, made when missing."""
    return slicer.dicomDatabase.openDatabase(os.path.join(databaseDir, "ctkDICOM.sql"))


def importDicom(dicomDataDir, dicomDatabase=None, copyFiles=False):
    """Put all files below a folder into a database; they are linked unless copied."""
    import ctk

    files = [os.path.join(folder, name) for folder, _, names in os.walk(dicomDataDir) for name in sorted(names)]
    ctk.ctkDICOMIndexer().addListOfFiles(dicomDatabase or slicer.dicomDatabase, files, copyFiles)
    return True


def seriesUIDsForFiles(files):
    """Return the Series Instance UIDs in files."""
    import pydicom

    return {str(pydicom.dcmread(path, stop_before_pixels=True, force=True).SeriesInstanceUID) for path in files}


def loadSeriesByUID(seriesUIDs, messages=None, progressCallback=None, enabledPluginClassNames=None):
    """Load series into the scene and return the ids of all nodes that were added: of volumes, sequences, transforms."""
    files = [slicer.dicomDatabase.filesForSeries(uid) for uid in seriesUIDs]
    plugins = [make() for make in (*_slicers_own_plugins(), *slicer.modules.dicomPlugins.values())]
    loadables = {plugin: plugin.examineForImport([list(names) for names in files if names]) for plugin in plugins}
    selectHighestConfidenceLoadables(loadables)
    return loadLoadables(loadables, messages)


def selectHighestConfidenceLoadables(loadablesByPlugin):
    """Select the loadables of the highest confidence of every series, all of them where several are equal."""
    by_series: dict[str, list] = {}
    for loadable in (loadable for found in loadablesByPlugin.values() for loadable in found):
        by_series.setdefault(slicer.dicomDatabase.fileValue(loadable.files[0], "0020,000e"), []).append(loadable)
    for loadables in by_series.values():
        highest = max(loadable.confidence for loadable in loadables)
        for loadable in loadables:
            loadable.selected = loadable.confidence == highest


def loadLoadables(loadablesByPlugin, messages=None, progressCallback=None):
    """Load what is selected and return the ids of the new nodes, without those of displays and storages."""
    before = set(_node_ids())
    for plugin, loadables in loadablesByPlugin.items():
        for loadable in loadables:
            if loadable.selected and not _loaded(plugin, loadable) and messages is not None:
                messages.append(f"Could not load: {loadable.name} as a {plugin.loadType}")
    return [node_id for node_id in _node_ids() if node_id not in before]


def _loaded(plugin, loadable) -> bool:
    """Load; like Slicer, log why a plugin fails and go on."""
    import logging
    import traceback

    try:
        return bool(plugin.load(loadable))
    except Exception:
        logging.error("DICOM plugin failed to load '%s' as a '%s'.\n%s", loadable.name, plugin.loadType, traceback.format_exc())
        return False


def _node_ids():
    nodes = slicer.mrmlScene.GetNodes()
    found = [nodes.GetItemAsObject(number) for number in range(nodes.GetNumberOfItems())]
    return [node.GetID() for node in found if not any(node.IsA(name) for name in NOT_REPORTED)]


def _slicers_own_plugins():
    """Return the classes of the plugins that are in every Slicer."""
    from .dcmqi_objects import ParametricMaps, Segmentations
    from .image_sequences import ImageSequences
    from .scalar_volumes import ScalarVolumes

    return ScalarVolumes, ImageSequences, Segmentations, ParametricMaps
