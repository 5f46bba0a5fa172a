"""Attributes in the headers of DICOM files, for what Slicer's DICOM database does not store. Asks no database.

Slicer's database and its loaders also take files without preamble and file meta information (PS3.10 7.1).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

UNREADABLE = (OSError, AttributeError, IndexError, LookupError, TypeError, ValueError)
"""Raised where a file cannot be read, is not DICOM, or has no such values."""
FUNCTIONAL_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")


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


def transfer_syntax_of(path: str | Path) -> str:
    """Return TransferSyntaxUID (0002,0010) of a file, which the database does not store; empty if it cannot be read."""
    from pydicom.errors import InvalidDicomError
    from pydicom.filereader import read_file_meta_info

    try:
        return str(read_file_meta_info(path).get("TransferSyntaxUID", ""))
    except (OSError, InvalidDicomError):
        return ""


def frame_places(path: str | Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return position and orientation of the frames of a multi-frame object, LPS, mm; empty if the file cannot be read."""
    try:
        ds = header_of(path, *FUNCTIONAL_GROUPS)
        shared = ds.SharedFunctionalGroupsSequence[0]
        places = []
        for frame in ds.PerFrameFunctionalGroupsSequence:
            plane = frame if "PlaneOrientationSequence" in frame else shared
            position = frame.PlanePositionSequence[0].ImagePositionPatient
            orientation = plane.PlaneOrientationSequence[0].ImageOrientationPatient
            places.append((np.array(position, dtype=float), np.array(orientation, dtype=float)))
    except UNREADABLE:
        return []
    return places


def has_frame_positions(path: str | Path) -> bool:
    """Whether the functional groups of an object specify positions of frames; not if it has none, or cannot be read."""
    try:
        ds = header_of(path, *FUNCTIONAL_GROUPS)
        return any("PlanePositionSequence" in item for name in FUNCTIONAL_GROUPS for item in ds.get(name) or [])
    except UNREADABLE:
        return False
