"""Attributes in the headers of DICOM files, for what Slicer's DICOM database does not store. Asks no database.

Slicer's database and its loaders also take files without preamble and file meta information (PS3.10 7.1).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

UNREADABLE = (OSError, AttributeError, IndexError, LookupError, TypeError, ValueError)
"""Raised where a file cannot be read, is not DICOM, or has no such values."""


def header_of(path: str | Path, *keywords: str) -> Any:
    """Return a data set with some attributes of a DICOM file.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    *keywords : str
        Which attributes are read; all but the pixel data if none is named.
    """
    import pydicom

    return pydicom.dcmread(path, specific_tags=list(keywords) or None, stop_before_pixels=True, force=True)


def data_set_of(path: str | Path) -> Any:
    """Return the data set of a DICOM file, with its pixel data."""
    import pydicom

    return pydicom.dcmread(path, force=True)
