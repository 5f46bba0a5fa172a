"""Which NIfTI file or Zarr store with our sidecar a node was loaded from.

Imports nothing of Slicer and nothing of the core package: Slicer's file dialogs ask it for every file.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

ATTRIBUTE = "NiftiDicomBridge.Source"
"""Node attribute: path of the NIfTI file or Zarr store that our reader loaded the node from."""
SUFFIXES = (".nii.gz", ".nii")
STORE, ROOT_OF_STORE = ".zarr", "zarr.json"
"""Suffix of the folder that is a Zarr store, and the file in it that Slicer's dialog lists when such a folder is added."""
SIDECAR = ".json"
MARK = b'"NiftiDicomBridge"'
SEARCHED_BYTES = 1 << 18
"""The record follows the BIDS keys of a sidecar."""


def source_of(node: Any) -> Path | None:
    """Return the NIfTI file or Zarr store with our sidecar that a node was loaded from or saved to.

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
    return next((path for path in candidates if path.exists() and has_record(path)), None)


def has_record(image: Path) -> bool:
    """Return whether the JSON sidecar next to a NIfTI file, or a Zarr store itself, has the record of its DICOM original."""
    sidecar = image / ROOT_OF_STORE if is_store(image) else sidecar_of(image)
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
    return image.with_name(stem + SIDECAR) if stem else None


def image_of(path: Path) -> Path:
    """Return the image that a path represents: a store for the file in its root, an image for its sidecar, else itself."""
    if path.name == ROOT_OF_STORE and is_store(path.parent):
        return path.parent
    if path.suffix.lower() == SIDECAR:
        images = [path.with_name(path.stem + suffix) for suffix in (*SUFFIXES, STORE)]
        return next((image for image in images if image.exists() and has_record(image)), path)
    return path


def is_store(path: Path) -> bool:
    """Return whether a folder is a Zarr store by its name."""
    return path.suffix.lower() == STORE and path.is_dir()


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
