"""Names of files: the stem of an image, the files next to it, safe names, and names that differ.

Suffixes are recognized in any case: ``CT.NII.GZ`` is a compressed image, and ``CT.json`` or ``CT.JSON`` next to it is its
sidecar.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

NIFTI_SUFFIXES = (".nii.gz", ".nii")
"""Of images that are written."""
READABLE_SUFFIXES = (*NIFTI_SUFFIXES, ".hdr", ".img")
"""Of images that are read."""
ZARR_SUFFIX = ".zarr"
IMAGE_SUFFIXES = (*READABLE_SUFFIXES, ZARR_SUFFIX)
LONGEST = 80
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
"""Windows reserves these names, with any suffix."""


def suffix_of(path: Path | str, suffixes: Iterable[str] = IMAGE_SUFFIXES) -> str:
    """Return the suffix of an image as it is in the name; empty if it has none of `suffixes`.

    Examples
    --------
    >>> suffix_of("CT.NII.GZ"), suffix_of("notes.txt")
    ('.NII.GZ', '')
    """
    name = Path(path).name
    length = next((len(suffix) for suffix in suffixes if name.lower().endswith(suffix)), 0)
    return name[len(name) - length :]


def stem_of(path: Path | str) -> str:
    """Return the name of an image without its suffix; without the last suffix for other files.

    Examples
    --------
    >>> from nifti_dicom_bridge import stem_of
    >>> stem_of("scans/CT.1.nii.gz"), stem_of("CT.NII"), stem_of("CT.zarr"), stem_of("labels.tsv")
    ('CT.1', 'CT', 'CT', 'labels')
    """
    return Path(path).name.removesuffix(suffix_of(path)) if suffix_of(path) else Path(path).stem


def is_nifti(path: Path | str) -> bool:
    """Whether a file has the suffix of a NIfTI image in one file.

    Examples
    --------
    >>> from nifti_dicom_bridge import is_nifti
    >>> is_nifti("CT.NII"), is_nifti("CT.nii.gz"), is_nifti("CT.json")
    (True, True, False)
    """
    return bool(suffix_of(path, NIFTI_SUFFIXES))


def is_compressed(path: Path | str) -> bool:
    """Whether a file has the suffix of gzip."""
    return Path(path).name.lower().endswith(".gz")


def companion(image: Path, ending: str) -> Path:
    """Return the file next to an image that has its stem and another ending, in lower or upper case.

    Parameters
    ----------
    image : pathlib.Path
        ``NAME.nii.gz``, ``NAME.zarr``…
    ending : str
        What follows the stem, such as ``.json``.

    Returns
    -------
    pathlib.Path
        The file that exists; with the ending as given if none does.
    """
    path = image.with_name(stem_of(image) + ending)
    upper = image.with_name(stem_of(image) + ending.upper())
    return upper if upper.exists() and not path.exists() else path


def safe_name(text: str, any_script: bool = False, default: str = "series") -> str:
    """Return a file name without suffix that is valid on all file systems.

    Parameters
    ----------
    text : str
        Any text, such as a series description.
    any_script : bool
        Letters of all scripts, dots and plus signs stay; else only A to Z, digits, ``_`` and ``-``.
    default : str
        The name of a text without valid characters.

    Examples
    --------
    >>> from nifti_dicom_bridge import safe_name
    >>> safe_name("T1 / sag"), safe_name("con"), safe_name("***")
    ('T1_sag', '_con', 'series')
    """
    name = re.sub(r"[^\w.+-]+" if any_script else r"[^A-Za-z0-9_-]+", "_", text).strip("._- ")[:LONGEST].strip("._- ")
    return "_" + name if _DEVICES.fullmatch(name) else name or default


def unique_name(name: str, taken: set[str]) -> str:
    """Return a name with a number if it is taken, and add it to those that are; upper and lower case count as equal.

    Examples
    --------
    >>> from nifti_dicom_bridge import unique_name
    >>> taken = set()
    >>> unique_name("T1", taken), unique_name("t1", taken)
    ('T1', 't1_2')
    """
    candidate, number = name, 1
    while candidate.lower() in taken:
        number += 1
        candidate = f"{name}_{number}"
    taken.add(candidate.lower())
    return candidate
