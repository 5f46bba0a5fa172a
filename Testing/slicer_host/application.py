"""Stand-ins for ``slicer.app``, ``slicer.modules`` and the widgets of Slicer that are not plain Qt."""

# ruff: noqa: N801, N815 - names are those of Slicer

from __future__ import annotations

import logging
import os
import sys
import types

import ctk
import qt

from . import io_manager, subject_hierarchy
from .io_manager import IOManager


class qMRMLWidget(qt.QWidget):
    """A widget that knows the scene."""

    mrmlSceneChanged = qt.Signal(object)

    def setMRMLScene(self, scene):
        """Take a scene."""
        self._scene = scene
        self.mrmlSceneChanged.emit(scene)

    def mrmlScene(self):
        """Return the scene."""
        return self._scene


class ErrorLog:
    """The log of the application: warnings of Python, in a file with the lines of Slicer's."""

    def __init__(self, path):
        self.filePath = path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
        handler.setFormatter(
            logging.Formatter("[%(levelname)s][Python] %(asctime)s [Python] (%(pathname)s:%(lineno)d) - %(message)s")
        )
        logging.getLogger().addHandler(handler)


class Application(qt.QApplication):
    """Stand-in for ``slicer.app``."""

    startupCompleted = qt.Signal()

    def __init__(self, home: str, testing: bool):
        super().__init__(["SlicerHost"])
        self.setApplicationName("Slicer")
        self.setOrganizationName("slicer-host")
        qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
        qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, home)
        self.temporaryPath = home
        self._io, self._logics, self._application_logic = IOManager(), [], None
        self._log = ErrorLog(os.path.join(home, "Slicer.log"))
        self._options = types.SimpleNamespace(testingEnabled=testing, runPythonAndExit=testing)

    def testingEnabled(self):
        """Return whether message boxes are suppressed."""
        return self._options.testingEnabled

    def startupEnvironment(self):
        """Return the environment of before the start; this host sets no variables itself."""
        return qt.QProcessEnvironment.systemEnvironment()

    def commandOptions(self):
        """Return the options of the command line."""
        return self._options

    def errorLogModel(self):
        """Return the log of the application."""
        return self._log

    def layoutManager(self):
        """Return None: there are no views here."""

    def applicationLogic(self):
        """Return what selects the volumes that the slice views show."""
        import slicer

        if self._application_logic is None:
            self._application_logic = slicer.vtkMRMLApplicationLogic()
            self._application_logic.SetMRMLScene(slicer.mrmlScene)
        if self._application_logic.GetSelectionNode() is None:
            selection = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSelectionNode")
            self._application_logic.SetSelectionNode(selection)
        return self._application_logic

    def coreIOManager(self):
        """Return what reads and writes files."""
        return self._io


class MainWindow(qt.QMainWindow):
    """The main window, with a module selector."""

    def moduleSelector(self):
        """Return what switches modules."""
        return self

    def selectModule(self, name):
        """Open the panel of a module."""
        import slicer

        getattr(slicer.modules, name.lower()).widgetRepresentation().enter()


class SequencesModule:
    """Stand-in for ``slicer.modules.sequences``: keeps which browser its toolbar shows."""

    def __init__(self):
        self.shown_browser = None

    def setToolBarActiveBrowserNode(self, browserNode):
        """Take the browser of the toolbar."""
        self.shown_browser = browserNode

    def showSequenceBrowser(self, browserNode):
        """Show the toolbar."""
        self.shown_browser = browserNode
        return True


class ScriptedModule:
    """Stand-in for what ``slicer.modules.<name>`` is."""

    def __init__(self, source):
        self._source, self.name, self.path = source, source.__name__, source.__file__
        self._representation = self.instance = None

    @property
    def title(self):
        """Name in the list of modules."""
        return self.instance.parent.title

    def widgetRepresentation(self):
        """Return the panel, made when it is asked for the first time."""
        if self._representation is None:
            self._representation = _Panel(self.name)
            self._representation.reload()
        return self._representation

    @property
    def categories(self):
        """Return where the module is in the menu of modules."""
        return tuple(self.instance.parent.categories)

    def createNewWidgetRepresentation(self):
        """Return a panel of its own."""
        panel = _Panel(self.name)
        panel.reload()
        return panel


class _Panel(qMRMLWidget):
    """The C++ side of a panel: calls setup, enter and exit of the Python side."""

    def __init__(self, module: str):
        super().__init__()
        self._module, self.isEntered = module, False
        self.setLayout(qt.QVBoxLayout())

    def reload(self):
        """Make the Python side again, from the module as it is now in sys.modules."""
        import slicer

        self._python = getattr(sys.modules[self._module], self._module + "Widget")(self)
        setattr(slicer.modules, self._module + "Widget", self._python)
        self._python.setup()

    def self(self):
        """Return the Python side."""
        return self._python

    def enter(self):
        """The person selects the module."""
        self.isEntered = True
        self._python.enter()

    def exit(self):
        """The person leaves the module."""
        self.isEntered = False
        self._python.exit()


def fill(slicer, home: str, main_window: bool, testing: bool) -> None:
    """Give the module ``slicer`` what the application gives it."""
    import vtk

    vtk.vtkObject.GlobalWarningDisplayOff()
    slicer.app = Application(home, testing)
    slicer.mrmlScene = slicer.vtkMRMLScene()
    subject_hierarchy.watch(slicer.mrmlScene)
    for logic in (slicer.vtkSlicerSegmentationsModuleLogic(), slicer.vtkSlicerSequencesLogic()):
        logic.SetMRMLScene(slicer.mrmlScene)
        slicer.app._logics.append(logic)
    slicer.app.mrmlScene = lambda: slicer.mrmlScene
    slicer.modules = types.SimpleNamespace(dicomPlugins={}, sequences=SequencesModule())
    slicer.selfTests = {}
    slicer.qMRMLWidget = qMRMLWidget
    for cls in (*subject_hierarchy.NAMES, *io_manager.NAMES):
        setattr(slicer, cls.__name__, cls)
    slicer.dicomDatabaseDirectorySettingsKey = "DatabaseDirectory_0.8.1"
    slicer.dicomDatabase = ctk.ctkDICOMDatabase()
    folder = qt.QSettings().value(slicer.dicomDatabaseDirectorySettingsKey) or ""
    if os.path.isfile(os.path.join(folder, "ctkDICOM.sql")):
        slicer.dicomDatabase.openDatabase(os.path.join(folder, "ctkDICOM.sql"))
    if main_window:
        slicer.app.main_window = MainWindow()
        slicer.app.main_window.setObjectName("qSlicerMainWindow")
    logging.captureWarnings(True)
