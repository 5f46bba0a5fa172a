"""Nodes whose storage node refers to a NIfTI file with our sidecar, so that the scene can be opened again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import slicer

from .NodeKinds import DIFFUSION, VOLUME, refused_as, sequence_of
from .SourceFile import stem_of

STORAGE = "vtkMRMLVolumeArchetypeStorageNode"
NAME = "image"
TOLERANCE_MM = 1e-3
ROUNDING = 1e-6
"""Of values that Slicer's reader rescales in float32, relative to the largest."""


def is_storable(node: Any) -> bool:
    """Return whether a scene that stores a node as NIfTI with our sidecar gives the node back when it is opened.

    Segmentations, sequences and diffusion-weighted volumes have storage nodes that read other formats. A node under a
    transform is written where the transform puts it, and the scene would apply the transform again.
    """
    if node is None or not node.IsA(VOLUME) or node.IsA(DIFFUSION) or refused_as(node):
        return False
    return node.GetParentTransformNode() is None and sequence_of(node) is None


def save(node: Any, path: Path) -> Any:
    """Write a node and have its storage node refer to the file; see `FileWriter.write_node`."""
    from nifti_dicom_bridge import BridgeError, ConversionOptions

    from ..Tasks.ExportTasks import ExportTask

    if not is_storable(node):
        raise BridgeError(f"{node.GetName()} cannot be saved in this format. Choose another one, or export it to NIfTI.")
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.parent / f".NiftiDicomBridge-{uuid4().hex[:8]}"  # on Windows, files of tempfile are for their owner only
    scratch.mkdir()
    try:
        options = ConversionOptions(gzip=path.name.lower().endswith(".gz"), overwrite=True)
        task = ExportTask([node], scratch, options, name=NAME)
        report = task.finish(task.work(lambda what, done, total: None))
        if not report.ok:
            raise BridgeError(" ".join(entry.error for entry in report.failures).replace(str(scratch), str(path.parent)))
        _refer(node, next(file for file in report.outputs if stem_of(file)), path)
        images_last = sorted(report.outputs, key=lambda file: bool(stem_of(file)))  # an image is never without its sidecar
        report.entries[0].outputs = [_moved(file, path) for file in images_last][::-1]
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return report


def _refer(node: Any, written: Path, path: Path) -> None:
    """Verify a file by reading it with the storage node of a node, and have that refer to its final place.

    Reading also informs the storage node that its file is up to date.
    """
    storage = _storage_of(node)
    before = storage.GetFileName()
    storage.ResetFileNameList()
    storage.SetSingleFile(1)
    storage.SetFileName(written.as_posix())
    copy = slicer.mrmlScene.CreateNodeByClass(node.GetClassName())
    copy.UnRegister(None)
    same = bool(storage.ReadData(copy)) and _is_same(node, copy)
    storage.SetFileName(path.absolute().as_posix() if same else before or "")
    if not same:
        from nifti_dicom_bridge import OutputError

        storage.GetUserMessages().ClearMessages()
        raise OutputError(
            f"{node.GetName()} would not be the same after reopening the scene, because its DICOM original has other slice "
            "positions or values than the node. Save it as NRRD, or export it to NIfTI in the module NIfTI-DICOM Bridge."
        )


def _storage_of(node: Any) -> Any:
    """Return the storage node of a volume; a new one if it has none, or one that reads other formats."""
    storage = node.GetStorageNode()
    if storage is None or not storage.IsA(STORAGE):
        storage = slicer.mrmlScene.AddNewNodeByClass(STORAGE)
        node.SetAndObserveStorageNodeID(storage.GetID())
    return storage


def _is_same(node: Any, copy: Any) -> bool:
    """Return whether two volumes have the same values at the same places; rows and slices may run the other way.

    NIfTI files have their rows from the last to the first, and Slicer's reader makes grids right-handed.
    """
    from .NodeImages import grid_of

    a, b = slicer.util.arrayFromVolume(node), slicer.util.arrayFromVolume(copy)
    if a.shape != b.shape:
        return False
    to_copy = np.linalg.inv(grid_of(copy)) @ grid_of(node)
    steps = np.where(np.diag(to_copy)[:3] < 0, -1, 1)
    b = b[:: steps[2], :: steps[1], :: steps[0]]
    last = np.array(a.shape[2::-1]) - 1
    expected = np.diag([*steps, 1.0])
    expected[:3, 3] = np.where(steps < 0, last, 0)
    if not np.allclose(grid_of(copy) @ expected, grid_of(node), rtol=0, atol=TOLERANCE_MM):
        return False
    largest = max(float(np.abs(plane[np.isfinite(plane)].astype(float)).max(initial=0)) for plane in a)
    return all(np.allclose(x, y, rtol=0, atol=ROUNDING * largest, equal_nan=True) for x, y in zip(a, b, strict=True))


def _moved(file: Path, path: Path) -> Path:
    """Move a written file to its final place, under the name that the user chose."""
    target = path.with_name(stem_of(path) + file.name.removeprefix(NAME))
    os.replace(file, target)
    return target
