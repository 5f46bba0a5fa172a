"""How new nodes look, and that they are seen at once: window, color table, units, slice views, sequence toolbar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import slicer

from nifti_dicom_bridge import Volume, identity_of

from ..Nodes.NodeImages import Label
from ..Nodes.NodeKinds import LABEL_MAP, SEGMENTATION, VOLUME

# DICOM modality → quantity and units as Slicer's loader sets them (value, scheme, meaning)
QUANTITIES = {
    "CT": (("112031", "DCM", "Attenuation Coefficient"), ("[hnsf'U]", "UCUM", "Hounsfield unit")),
    "MR": (("110852", "DCM", "MR signal intensity"), ("1", "UCUM", "no units")),
    "RTDOSE": (("128488", "DCM", "Absorbed Dose"), ("Gy", "UCUM", "Gray")),
}


def apply_display(node: Any, volume: Volume) -> None:
    """Give a volume node units, window and color table as Slicer's DICOM loader does."""
    identity = identity_of(volume)
    set_units(node, volume)
    display = node.GetScalarVolumeDisplayNode() if node.IsA(VOLUME) and not node.IsA(LABEL_MAP) else None
    if display is None or volume.voxels.ndim != 4:
        return
    presets = _windows(identity.get("WindowWidth", ""), identity.get("WindowCenter", ""))
    for width, center in presets:
        display.AddWindowLevelPreset(width, center)
    if presets:
        display.SetWindowLevelFromPreset(0)
    if identity.get("Modality") == "PT" and hasattr(slicer.modules, "colors"):
        heat = slicer.vtkMRMLPETProceduralColorNode.PETheat
        display.SetAndObserveColorNodeID(slicer.modules.colors.logic().GetPETColorNodeID(heat))


def set_units(node: Any, volume: Volume) -> None:
    """Set quantity and units of a volume node where its modality determines them."""
    codes = QUANTITIES.get(identity_of(volume, ("Modality",)).get("Modality", ""), ())
    for setter, code in zip((node.SetVoxelValueQuantity, node.SetVoxelValueUnits), codes, strict=False):
        entry = slicer.vtkCodedEntry()
        entry.SetValueSchemeMeaning(*code)
        setter(entry)


def name_labels(node: Any, labels: Sequence[Label]) -> None:
    """Give a label map a color table of its own."""
    if not labels or node.GetDisplayNode() is None:
        return
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", f"{node.GetName()} labels")
    table.SetTypeToUser()
    table.SetNumberOfColors(max(label.number for label in labels) + 1)
    table.SetColor(0, "background", 0.0, 0.0, 0.0, 0.0)
    for label in labels:
        table.SetColor(label.number, label.name, *(part / 255 for part in label.color), 1.0)
    node.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())


def show(node: Any, browser: Any = None) -> None:
    """Show a new node in the slice views, and the browser of a sequence in its toolbar.

    Parameters
    ----------
    node : vtkMRMLNode
        A volume, a label map (shown as label layer) or a segmentation.
    browser : vtkMRMLSequenceBrowserNode, optional
        Of the sequence that the volume shows.
    """
    logic = slicer.app.applicationLogic()
    selection = logic.GetSelectionNode()
    if node.IsA(SEGMENTATION):
        _center(node, selection)
    elif node.IsA(LABEL_MAP):
        selection.SetActiveLabelVolumeID(node.GetID())
        logic.PropagateLabelVolumeSelection()
    else:
        selection.SetActiveVolumeID(node.GetID())
        logic.PropagateVolumeSelection()
    if browser is not None and slicer.util.mainWindow() is not None:
        slicer.modules.sequences.setToolBarActiveBrowserNode(browser)
        slicer.modules.sequences.showSequenceBrowser(browser)


def _center(node: Any, selection: Any) -> None:
    """Move the slices to a segmentation where no volume determines what they show."""
    if selection.GetActiveVolumeID():
        return
    bounds = [0.0] * 6
    node.GetRASBounds(bounds)
    if bounds[0] <= bounds[1]:
        center = [(bounds[axis] + bounds[axis + 1]) / 2 for axis in (0, 2, 4)]
        slicer.vtkMRMLSliceNode.JumpAllSlices(slicer.mrmlScene, *center, slicer.vtkMRMLSliceNode.CenteredJumpSlice)


def _windows(widths: str, centers: str) -> list[tuple[float, float]]:
    """Return width and center of every window that the file names; none where they are not numbers, or do not pair."""
    try:
        pairs = zip(widths.split("\\"), centers.split("\\"), strict=True)
        return [(float(width), float(center)) for width, center in pairs]
    except ValueError:
        return []
