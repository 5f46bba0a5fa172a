"""Front door of the module: what Slicer looks up by name, and nothing else."""

import sys

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

from NiftiDicomBridgeLib import Samples
from NiftiDicomBridgeLib.FileReader import NiftiDicomBridgeFileReader
from NiftiDicomBridgeLib.FileWriter import NiftiDicomBridgeFileWriter
from NiftiDicomBridgeLib.Logic import NiftiDicomBridgeLogic
from NiftiDicomBridgeLib.SelfTest import NiftiDicomBridgeTest
from NiftiDicomBridgeLib.SubjectHierarchyPlugin import NiftiDicomBridgeSubjectHierarchyPlugin
from NiftiDicomBridgeLib.Widget import NiftiDicomBridgeWidget as _Widget

__all__ = [
    "NiftiDicomBridge",
    "NiftiDicomBridgeFileReader",
    "NiftiDicomBridgeFileWriter",
    "NiftiDicomBridgeLogic",
    "NiftiDicomBridgeSubjectHierarchyPlugin",
    "NiftiDicomBridgeTest",
    "NiftiDicomBridgeWidget",
]


class NiftiDicomBridge(ScriptedLoadableModule):
    """Describes the module to Slicer."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("NIfTI-DICOM Bridge")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "DICOM")]
        self.parent.dependencies = ["DICOM"]
        self.parent.contributors = ["NiftiDicomBridge contributors"]
        self.parent.helpText = _(
            "Converts DICOM to NIfTI with a JSON sidecar, and NIfTI back to the very same DICOM: every voxel, every attribute. "
            'See the <a href="https://github.com/NiftiDicomBridge/SlicerNiftiDicomBridge">documentation</a>.'
        )
        self.parent.acknowledgementText = _("Built on pydicom and highdicom.")
        slicer.app.startupCompleted.connect(Samples.register)

    def setup(self):
        """Called by Slicer when the module is loaded: adds the actions of the Data module."""
        plugin = slicer.qSlicerSubjectHierarchyScriptedPlugin(None)
        # This file and not that of the class, which Slicer would import a second time under another name.
        plugin.setPythonSource(__file__)


class NiftiDicomBridgeWidget(_Widget):
    """The panel, able to load its own code again."""

    def onReload(self):
        """Load all code of the extension again: Slicer itself would execute this file alone."""
        for name in list(sys.modules):
            if name.split(".")[0] in ("NiftiDicomBridgeLib", "nifti_dicom_bridge"):
                del sys.modules[name]
        super().onReload()
