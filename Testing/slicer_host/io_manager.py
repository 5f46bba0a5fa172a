"""Stand-ins for Slicer's file readers and writers, the dialogs' questions to them, and what DICOM export hands over."""

# ruff: noqa: N801, N815 - names are those of Slicer

from __future__ import annotations

import qt
from PySide6.QtCore import Property


class qSlicerScriptedFileReader(qt.QObject):
    """The C++ side of a reader."""

    def __init__(self, parent=None):
        import slicer

        super().__init__(parent)
        self._nodes, self._messages = (), slicer.vtkMRMLMessageCollection()

    def userMessages(self):
        """Return the collection of messages for the person."""
        return self._messages

    loadedNodes = Property("QVariantList", lambda self: self._nodes, lambda self, value: setattr(self, "_nodes", tuple(value)))


class qSlicerScriptedFileWriter(qt.QObject):
    """The C++ side of a writer."""

    def __init__(self, parent=None):
        import slicer

        super().__init__(parent)
        self._nodes, self._messages = (), slicer.vtkMRMLMessageCollection()

    def userMessages(self):
        """Return the collection of messages for the person."""
        return self._messages

    writtenNodes = Property("QVariantList", lambda self: self._nodes, lambda self, value: setattr(self, "_nodes", tuple(value)))


class qSlicerDICOMExportable(qt.QObject):
    """One choice of the dialog "Export to DICOM"."""

    def __init__(self):
        super().__init__()
        self._values, self._tags = {"confidence": 0.5}, {}

    def setTag(self, tagName, tagValue):
        """Set what the tag editor shows."""
        self._tags[str(tagName)] = str(tagValue)

    def tag(self, tagName):
        """Return what the person left in the tag editor; empty where it is absent."""
        return self._tags.get(tagName, "")


def _attribute(name, kind):
    return property(
        lambda self: self._values.get(name, kind()), lambda self, value: self._values.__setitem__(name, kind(value))
    )


for _name in ("name", "tooltip", "pluginClass", "directory"):
    setattr(qSlicerDICOMExportable, _name, _attribute(_name, str))
qSlicerDICOMExportable.confidence = _attribute("confidence", float)
qSlicerDICOMExportable.subjectHierarchyItemID = _attribute("subjectHierarchyItemID", int)


class IOManager:
    """Stand-in for ``slicer.app.coreIOManager()``: asks the readers and writers of scripted modules. Slicer's own ones are
    there with the confidence that they have for NIfTI, and do nothing.
    """

    SLICERS_READER, SLICERS_WRITER = 0.57, 0.5

    def __init__(self):
        self._readers, self._writers = [], []

    def register(self, source, name):
        """Take the reader and the writer of a module; no method of Slicer's manager, which does it in C++."""
        if hasattr(source, name + "FileReader"):
            self._readers.append((getattr(source, name + "FileReader"), qSlicerScriptedFileReader()))
        if hasattr(source, name + "FileWriter"):
            self._writers.append((getattr(source, name + "FileWriter"), qSlicerScriptedFileWriter()))

    def fileType(self, filePath):
        """Return the type of the reader that is surest of a file."""
        found = [
            (reader(parent).canLoadFileConfidence(filePath), reader(parent).fileType()) for reader, parent in self._readers
        ]
        assert all(type(confidence) is float for confidence, _ in found)
        found += [(self.SLICERS_READER, "VolumeFile")] if filePath.endswith((".nii", ".nii.gz")) else []
        return max(found)[1] if found else "NoFile"

    def fileWriterExtensions(self, obj):
        """Return the formats that the Save dialog offers for a node."""
        own = [
            e for writer, parent in self._writers if writer(parent).canWriteObject(obj) for e in writer(parent).extensions(obj)
        ]
        return ("NIfTI (.nii.gz)", *own)

    def loadNodes(self, fileType, parameters, loadedNodes=None, userMessages=None):
        """Load by the reader of a type; messages go to the collection."""
        import slicer

        if fileType == "SceneFile":
            slicer.mrmlScene.SetURL(parameters["fileName"])
            return bool(slicer.mrmlScene.Connect())
        for reader, parent in self._readers:
            if reader(parent).fileType() == fileType:
                parent.userMessages().ClearMessages()
                done = reader(parent).load(dict(parameters))
                if userMessages is not None:
                    userMessages.AddMessages(parent.userMessages())
                for node_id in parent.loadedNodes if done and loadedNodes is not None else ():
                    loadedNodes.AddItem(slicer.mrmlScene.GetNodeByID(node_id))
                return done
        return False

    def saveNodes(self, fileType, parameters, userMessages=None):
        """Write by the writer of a type; messages go to the collection. A scene is written without the data of its nodes."""
        if fileType == "SceneFile":
            return _save_scene(parameters["fileName"])
        for writer, parent in self._writers:
            if writer(parent).fileType() == fileType:
                parent.userMessages().ClearMessages()
                done = writer(parent).write(dict(parameters))
                if userMessages is not None:
                    userMessages.AddMessages(parent.userMessages())
                return done
        return False


def _save_scene(path):
    import os

    import slicer

    slicer.mrmlScene.SetURL(path)
    slicer.mrmlScene.SetRootDirectory(os.path.dirname(path))
    return bool(slicer.mrmlScene.Commit(path))


NAMES = (qSlicerScriptedFileReader, qSlicerScriptedFileWriter, qSlicerDICOMExportable)
