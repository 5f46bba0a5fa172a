"""The module file: the classes that Slicer looks up by name."""

import sys

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

from NiftiDicomBridgeLib import Samples
from NiftiDicomBridgeLib.FileDialog import NiftiDicomBridgeFileDialog
from NiftiDicomBridgeLib.FileReader import NiftiDicomBridgeFileReader
from NiftiDicomBridgeLib.FileWriter import NiftiDicomBridgeFileWriter
from NiftiDicomBridgeLib.Logic import NiftiDicomBridgeLogic
from NiftiDicomBridgeLib.SelfTest import NiftiDicomBridgeTest
from NiftiDicomBridgeLib.SubjectHierarchyPlugin import NiftiDicomBridgeSubjectHierarchyPlugin
from NiftiDicomBridgeLib.Widget import NiftiDicomBridgeWidget as _Widget

__all__ = [
    "NiftiDicomBridge",
    "NiftiDicomBridgeFileDialog",
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
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Informatics")]
        self.parent.dependencies = ["DICOM"]
        self.parent.contributors = ["NiftiDicomBridge contributors"]
        self.parent.helpText = _(
            "Converts DICOM to NIfTI with a JSON sidecar, and NIfTI back to the original DICOM with every voxel and attribute. "
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
    """The panel, with a *Reload* that covers all files of the extension."""

    def onReload(self):
        """Load all code of the extension again, which Slicer does for this file only, and fill the lists of the new panel."""
        for name in list(sys.modules):
            if name.split(".")[0] in ("NiftiDicomBridgeLib", "nifti_dicom_bridge"):
                del sys.modules[name]
        old = self._panel
        super().onReload()
        old.deleteLater()  # Slicer only hides it
        from NiftiDicomBridgeLib.DICOMLoaderPlugin import register

        register()
        slicer.modules.NiftiDicomBridgeWidget.enter()
