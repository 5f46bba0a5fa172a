"""A second module for Slicer, hidden, that adds the bridge to the plugins of Slicer's DICOM module."""

import slicer
from slicer.i18n import tr as _

from NiftiDicomBridgeLib.DICOMExportPlugin import KEY, further_plugins
from NiftiDicomBridgeLib.DICOMLoaderPlugin import DICOMNiftiDicomBridgePluginClass, register

__all__ = ["KEY", "DICOMNiftiDicomBridgePlugin", "DICOMNiftiDicomBridgePluginClass", "further_plugins"]


class DICOMNiftiDicomBridgePlugin:
    """Describes the module to Slicer."""

    def __init__(self, parent):
        parent.title = _("DICOM NIfTI-DICOM Bridge Plugin")
        parent.categories = ["Developer Tools.DICOM Plugins"]
        parent.contributors = ["NiftiDicomBridge contributors"]
        parent.helpText = _("Exports to DICOM by the NIfTI-DICOM Bridge, and loads what Slicer's own loaders cannot load.")
        parent.acknowledgementText = _("Built on pydicom and NumPy.")
        parent.hidden = True
        register()
        slicer.app.startupCompleted.connect(register)  # after the plugins of Slicer
