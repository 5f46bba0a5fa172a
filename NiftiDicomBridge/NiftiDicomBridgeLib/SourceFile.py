"""Which NIfTI file with our sidecar a node was loaded from.

Imports nothing of Slicer and nothing of the core package: Slicer's file dialogs ask it for every file.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

ATTRIBUTE = "NiftiDicomBridge.Source"
"""Node attribute: path of the NIfTI file that our reader loaded the node from."""
SUFFIXES = (".nii.gz", ".nii")
MARK = b'"NiftiDicomBridge"'
SEARCHED_BYTES = 1 << 18
"""The record follows the BIDS keys of a sidecar."""


def source_of(node: Any) -> Path | None:
    """Return the NIfTI file with our sidecar that a node was loaded from or saved to.

    Parameters
    ----------
    node : vtkMRMLStorableNode
        A volume or a segmentation. Slicer's own reader may have reversed its slices and rescaled it to float32.

    Returns
    -------
    pathlib.Path or None
        The file that our reader recorded, else the file of the storage node. None if neither exists or has our sidecar.
    """
    recorded = node.GetAttribute(ATTRIBUTE)
    candidates = [Path(recorded)] if recorded else []
    storage = node.GetStorageNode() if hasattr(node, "GetStorageNode") else None
    stored = (storage.GetFullNameFromFileName() or "") if storage is not None else ""
    candidates += [Path(stored)] if stored else []
    return next((path for path in candidates if path.is_file() and has_record(path)), None)


def has_record(image: Path) -> bool:
    """Return whether the JSON sidecar next to a NIfTI file contains the record of its DICOM original."""
    sidecar = sidecar_of(image)
    if sidecar is None:
        return False
    try:
        changed = sidecar.stat()
    except OSError:
        return False
    return _contains_mark(sidecar, changed.st_mtime_ns, changed.st_size)


def sidecar_of(image: Path) -> Path | None:
    """Return the path of the JSON sidecar of an image; None if the file name is not that of a NIfTI file."""
    stem = stem_of(image)
    return image.with_name(stem + ".json") if stem else None


def stem_of(image: Path) -> str:
    """Return the file name without its NIfTI suffix; empty if it has none."""
    suffix = next((suffix for suffix in SUFFIXES if image.name.lower().endswith(suffix)), "")
    return image.name[: -len(suffix)] if suffix else ""


@lru_cache(maxsize=256)
def _contains_mark(sidecar: Path, modified: int, size: int) -> bool:
    """Search a sidecar; time and size are there to search again when it has changed."""
    try:
        with open(sidecar, "rb") as file:
            return MARK in file.read(SEARCHED_BYTES)
    except OSError:
        return False
