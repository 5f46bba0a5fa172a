"""Images of any format but DICOM and Zarr: which reader reads a file, and what else its header states."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from .. import labels
from ..errors import BridgeError, ImageReadError
from ..model.files.input_files import absent_content
from ..model.files.names import suffix_of
from ..model.volume import Volume
from . import nifti
from .nifti.extensions import extension_texts

_NRRD, _MGH = "nrrd", "mgh"
_FORMATS = {".nrrd": _NRRD, ".nhdr": _NRRD, ".mha": "metaimage", ".mhd": "metaimage", ".mgz": _MGH, ".mgh": _MGH}
"""Suffix → the package that reads it, imported when it is needed."""


def read_image(path: Path, allow_complex: bool = False, lazy: bool = False) -> Volume:
    """Return the volume of a file by its suffix, NIfTI by default; see `nifti.read_image`.

    Raises
    ------
    NiftiReadError, ImageReadError
        If it is damaged or does not state what is needed.
    GeometryError
        If its matrix does not map voxels to millimeters.
    """
    if not (name := _format_of(path)):
        return nifti.read_image(path, allow_complex, lazy)
    try:
        volume: Volume = import_module(f".{name}", __package__).read_image(path, lazy)
    except BridgeError as error:
        reason = absent_content(path)
        raise ImageReadError(f"{path}: {reason}.") if reason else error from None
    return volume


def label_texts(path: Path) -> list[str]:
    """Return the label tables in the header of an image, as `labels.read_label_text` reads them."""
    if not (name := _format_of(path)):
        return [text for text in extension_texts(path) if labels.is_label_table(text)]
    if name != _NRRD:
        return []
    from .nrrd import segments_text

    text = segments_text(path)
    return [text] if text else []


def header_keys(path: Path) -> dict[str, Any]:
    """Return what the header of an image states of its acquisition, as BIDS keys."""
    if not (name := _format_of(path)):
        return nifti.acquisition_keys(path)
    if name != _MGH:
        return {}
    from .mgh import acquisition_keys

    return acquisition_keys(path)


def _format_of(path: Path) -> str:
    """Return the package that reads a file by its last suffix without compression; empty for NIfTI."""
    suffix = suffix_of(path).lower().removesuffix(".gz")
    return _FORMATS.get(Path(suffix).suffix or suffix, "")
