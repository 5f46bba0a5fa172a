"""Images of any format but DICOM and Zarr: which reader reads a file, and what else its header states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..labels import is_label_table
from ..model.names import suffix_of
from ..model.volume import Volume
from . import metaimage, mgh, nifti, nrrd
from .nifti.extensions import extension_texts

_READERS = {
    ".nrrd": nrrd.read_image, ".nhdr": nrrd.read_image, ".mha": metaimage.read_image, ".mhd": metaimage.read_image,
    ".mgz": mgh.read_image, ".mgh": mgh.read_image,
}  # fmt: skip
_NRRD, _MGH = (".nrrd", ".nhdr"), (".mgz", ".mgh")


def read_image(path: Path, allow_complex: bool = False, lazy: bool = False) -> Volume:
    """Return the volume of a file by its suffix, NIfTI by default; see `nifti.read_image`.

    Raises
    ------
    NiftiReadError, ImageReadError
        If it is damaged or does not state what is needed.
    GeometryError
        If its matrix does not map voxels to millimeters.
    """
    reader = _READERS.get(_format_of(path))
    return reader(path) if reader is not None else nifti.read_image(path, allow_complex, lazy)


def label_texts(path: Path) -> list[str]:
    """Return the label tables in the header of an image, as `labels.read_label_text` reads them."""
    if _format_of(path) in _NRRD:
        text = nrrd.segments_text(path)
        return [text] if text else []
    return [] if _format_of(path) in _READERS else [text for text in extension_texts(path) if is_label_table(text)]


def header_keys(path: Path) -> dict[str, Any]:
    """Return what the header of an image states of its acquisition, as BIDS keys."""
    return mgh.acquisition_keys(path) if _format_of(path) in _MGH else {}


def _format_of(path: Path) -> str:
    """Return the last suffix without compression, in lower case."""
    return Path(suffix_of(path).lower().removesuffix(".gz")).suffix or suffix_of(path).lower().removesuffix(".gz")
