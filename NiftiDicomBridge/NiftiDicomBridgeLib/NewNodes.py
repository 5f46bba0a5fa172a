"""Volumes → MRML nodes, shown as Slicer's own DICOM loader shows them: real values, slices right-handed, window, units."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import slicer

from nifti_dicom_bridge import BridgeError, Volume, identity_of

from .Hierarchy import place
from .Matching import reversed_grid, slice_uids
from .NodeKinds import DIFFUSION, LABEL_MAP, SEQUENCE, SOURCE, VOLUME
from .Nodes import Label
from .Segments import read_label_table, table_beside

VECTOR, SEQUENCE_BROWSER = "vtkMRMLVectorVolumeNode", "vtkMRMLSequenceBrowserNode"
# DICOM modality → quantity and units as Slicer's loader sets them (value, scheme, meaning)
MEANINGS = {
    "CT": (("112031", "DCM", "Attenuation Coefficient"), ("[hnsf'U]", "UCUM", "Hounsfield unit")),
    "MR": (("110852", "DCM", "MR signal intensity"), ("1", "UCUM", "no units")),
}
# VTK has no such type: the next one that holds all its values
SHOWN_AS = {"bool": "uint8", "float16": "float32"}


@dataclass
class Shown:
    """A volume as a node shall hold it.

    Attributes
    ----------
    voxels : numpy.ndarray, shape (times, slices, rows, columns) or (…, components)
        Real values.
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        mm, right-handed.
    uids : numpy.ndarray of str, shape (times, slices), or None
        SOP Instance UIDs.
    identity : dict of str to str
        Attributes of patient, study and series.
    is_label_map : bool
        Whether the numbers are labels.
    """

    voxels: np.ndarray
    ijk_to_ras: np.ndarray
    uids: np.ndarray | None = None
    identity: dict[str, str] = field(default_factory=dict)
    is_label_map: bool = False


def shown(volume: Volume) -> Shown:
    """Return a volume as a node shall hold it. Touches no scene: may be called in another thread."""
    voxels, grid = real_values(volume), volume.ijk_to_ras
    uids = slice_uids(volume) if volume.metadata is not None else None
    if np.linalg.det(grid[:3, :3]) < 0:
        grid, voxels = reversed_grid(grid, voxels.shape[1]), voxels[:, ::-1]
        uids = uids[:, ::-1] if uids is not None else None
    identity = identity_of(volume)
    labels = volume.intent == "label" or identity.get("Modality") == "SEG"
    fractional = identity_of(volume, ["SegmentationType"]).get("SegmentationType") == "FRACTIONAL"
    is_label_map = labels and not fractional and voxels.ndim == 4 and voxels.dtype.kind in "iu"
    return Shown(np.ascontiguousarray(voxels), grid, uids, identity, is_label_map)


def add_nodes(volume: Volume, name: str, source: Path | None = None, ready: Shown | None = None) -> list[Any]:
    """Add a volume to the scene and return the nodes that a person works with.

    Parameters
    ----------
    volume : Volume
        What was read.
    name : str
        For the node.
    source : pathlib.Path, optional
        The NIfTI file that it was read from; remembered on the node if our sidecar is beside it.
    ready : Shown, optional
        What `shown` returned for it.

    Returns
    -------
    list of vtkMRMLNode
        The volume; for several times the volume that shows the sequence, then the sequence.
    """
    made = ready or shown(volume)
    if volume.times > 1 and volume.gradients is None:
        nodes = _add_sequence(volume, made, name, source)
    else:
        nodes = [_add_volume(volume, made, name)]
    for node in nodes:
        _remember(node, made, source)
    if made.is_label_map and source is not None and table_beside(source).is_file():
        _name_labels(nodes[0], read_label_table(table_beside(source).read_text("utf-8")))
    place(nodes[0], made.identity)
    return nodes


def real_values(volume: Volume) -> np.ndarray:
    """Return what the voxels mean, in the smallest type that holds it and that VTK knows.

    Raises
    ------
    BridgeError
        If VTK has no type that holds the values.
    """
    if volume.rescale.is_identity:
        return _known_to_vtk(volume.voxels)
    real = volume.real_values()
    if np.isfinite(real).all() and np.array_equal(real, np.rint(real)) and real.size and np.abs(real).max() < 2**31:
        return real.astype(np.int16 if np.abs(real).max() < 2**15 else np.int32)
    single = real.astype(np.float32)
    return single if np.array_equal(single, real, equal_nan=True) else real


def _known_to_vtk(voxels: np.ndarray) -> np.ndarray:
    voxels = voxels.astype(voxels.dtype.newbyteorder("="), copy=False)
    name = voxels.dtype.name
    if name in SHOWN_AS:
        return voxels.astype(SHOWN_AS[name])
    if voxels.dtype.kind in "iu" and voxels.dtype.itemsize == 8:
        for dtype in (np.int32, np.uint32):
            if voxels.size == 0 or (voxels.min() >= np.iinfo(dtype).min and voxels.max() <= np.iinfo(dtype).max):
                return voxels.astype(dtype)
    if name not in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"):
        raise BridgeError(f"Slicer cannot show voxels of the type {name}. Convert the file with another tool first.")
    return voxels


def _add_volume(volume: Volume, made: Shown, name: str) -> Any:
    if volume.gradients is not None and volume.times > 1:
        return _add_diffusion(volume, made, name)
    colour = made.voxels.ndim == 5
    kind = VECTOR if colour else LABEL_MAP if made.is_label_map else VOLUME
    node = slicer.util.addVolumeFromArray(made.voxels[0], made.ijk_to_ras, name, kind)
    if colour:
        node.SetVoxelVectorType(slicer.vtkMRMLVolumeNode.VoxelVectorTypeColorRGB)
    _dress(node, made)
    return node


def _add_diffusion(volume: Volume, made: Shown, name: str) -> Any:
    node = slicer.util.addVolumeFromArray(np.moveaxis(made.voxels, 0, -1).copy(), made.ijk_to_ras, name, DIFFUSION)
    node.SetNumberOfGradients(len(volume.gradients))
    for number, row in enumerate(volume.gradients.tolist()):
        node.SetBValue(number, row[0])
        node.SetDiffusionGradient(number, row[1:])
    return node


def _add_sequence(volume: Volume, made: Shown, name: str, source: Path | None) -> list[Any]:
    scene = slicer.mrmlScene
    sequence = scene.AddNewNodeByClass(SEQUENCE, name)
    sequence.SetIndexName("time" if volume.time_step_s else "frame")
    sequence.SetIndexUnit("s" if volume.time_step_s else "")
    sequence.SetIndexType(slicer.vtkMRMLSequenceNode.NumericIndex)
    kind = VECTOR if made.voxels.ndim == 5 else VOLUME
    for number, voxels in enumerate(made.voxels):
        frame = scene.CreateNodeByClass(kind)
        frame.UnRegister(None)
        frame.SetName(name)
        slicer.util.updateVolumeFromArray(frame, voxels)
        frame.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(made.ijk_to_ras))
        _remember(
            frame, Shown(made.voxels, made.ijk_to_ras, None if made.uids is None else made.uids[number : number + 1]), source
        )
        _set_units(frame, made)
        sequence.SetDataNodeAtValue(frame, f"{number * (volume.time_step_s or 1):g}")
    browser = scene.AddNewNodeByClass(SEQUENCE_BROWSER, f"{name} browser")
    browser.AddSynchronizedSequenceNode(sequence)
    proxy = browser.GetProxyNode(sequence)
    _dress(proxy, made)
    return [proxy, sequence]


def _remember(node: Any, made: Shown, source: Path | None) -> None:
    if made.uids is not None and node.IsA(VOLUME):
        uids = made.uids.reshape(-1).tolist()
        alone = len(set(uids)) == 1
        node.SetAttribute("DICOM.instanceUIDs", " ".join(uids[:1] if alone else uids))
    if source is not None and made.uids is not None:
        node.SetAttribute(SOURCE, str(source))


def _name_labels(node: Any, labels: list[Label]) -> None:
    """Give a label map a colour table of its own."""
    if not labels or node.GetDisplayNode() is None:
        return
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", f"{node.GetName()} labels")
    table.SetTypeToUser()
    table.SetNumberOfColors(max(label.number for label in labels) + 1)
    table.SetColor(0, "background", 0.0, 0.0, 0.0, 0.0)
    for label in labels:
        table.SetColor(label.number, label.name, *(part / 255 for part in label.colour), 1.0)
    node.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())


def _dress(node: Any, made: Shown) -> None:
    """Give a volume its units, and the window of its first instance."""
    _set_units(node, made)
    node.CreateDefaultDisplayNodes()
    window = _first_number(made.identity.get("WindowWidth", "")), _first_number(made.identity.get("WindowCenter", ""))
    display = node.GetScalarVolumeDisplayNode()
    if display is not None and None not in window and not node.IsA(LABEL_MAP) and made.voxels.ndim == 4:
        display.SetAutoWindowLevel(False)
        display.SetWindowLevel(*window)


def _set_units(node: Any, made: Shown) -> None:
    for setter, code in zip(
        (node.SetVoxelValueQuantity, node.SetVoxelValueUnits), MEANINGS.get(made.identity.get("Modality", ""), ()), strict=False
    ):
        entry = slicer.vtkCodedEntry()
        entry.SetValueSchemeMeaning(*code)
        setter(entry)


def _first_number(text: str) -> float | None:
    try:
        return float(text.split("\\")[0])
    except ValueError:
        return None
