"""Names of files: the stem of an image, the files next to it, safe names, and names that differ.

Suffixes are recognized in any case: ``CT.NII.GZ`` is a compressed image, and ``CT.json`` or ``CT.JSON`` next to it is its
sidecar.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

NIFTI_SUFFIXES = (".nii.gz", ".nii")
"""Of images that are written."""
OTHER_SUFFIXES = (".seg.nrrd", ".nrrd", ".seg.nhdr", ".nhdr", ".mha", ".mhd", ".mgz", ".mgh.gz", ".mgh")
"""Of images of other formats that are read: NRRD, MetaImage, MGH."""
PAIR_SUFFIXES = (".hdr.gz", ".img.gz", ".hdr", ".img")
"""Of NIfTI in two files: header and voxels, each compressed or not."""
READABLE_SUFFIXES = (*NIFTI_SUFFIXES, *PAIR_SUFFIXES, *OTHER_SUFFIXES)
"""Of images that are read."""
ZARR_SUFFIX = ".zarr"
ZARR_ZIP_SUFFIX = ".zarr.zip"
STORE_SUFFIXES = (ZARR_ZIP_SUFFIX, ZARR_SUFFIX)
"""Of Zarr stores: files, and folders."""
ARCHIVE_SUFFIXES = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".7z", ".rar",
                    ".dcm.gz", ".ima.gz", ".dcm.bz2", ".dcm.zst")  # fmt: skip
"""Of archives that may contain DICOM, and of compressed DICOM files."""
IMAGE_SUFFIXES = (*READABLE_SUFFIXES, *STORE_SUFFIXES)
PICTURE_SUFFIXES = (".png", ".gif")
PREVIEW_SUFFIXES = (*PICTURE_SUFFIXES, ".mp4")
LONGEST = 80
MOST_BYTES = 255
"""Of a name: bytes of UTF-8 on Linux, units of UTF-16 on Windows and macOS, which are never more."""
LONGEST_SUFFIX = 20
"""Bytes that suffixes of outputs need after a stem: ``_aslcontext.tsv``, ``_mosaic.png``."""
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³]) *(\..*)?")
"""Windows reserves these names, with any suffix."""
_UID_NAME = re.compile(r"[0-9][0-9.]{0,127}")
"""A name that begins with a digit does not leave a folder; some UIDs are longer than the 64 characters of the standard."""
_SEPARATORS = os.sep + (os.altsep or "")
_NOT_IN_WINDOWS = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')


def suffix_of(path: Path | str, suffixes: Iterable[str] = IMAGE_SUFFIXES) -> str:
    """Return the suffix of an image as it is in the name; empty if it has none of `suffixes`.

    Examples
    --------
    >>> suffix_of("CT.NII.GZ"), suffix_of("notes.txt")
    ('.NII.GZ', '')
    """
    text = os.fspath(path).rstrip(_SEPARATORS)
    lower = text.lower()
    length = next((len(suffix) for suffix in suffixes if lower.endswith(suffix)), 0)
    return text[len(text) - length :]


def stem_of(path: Path | str) -> str:
    """Return the name of an image without its suffix; without the last suffix for other files.

    Parameters
    ----------
    path : path or str
        Only the name is looked at.

    Returns
    -------
    str
        The name without folder and suffix; ``.nii.gz`` is one suffix.

    Examples
    --------
    >>> from nifti_dicom_bridge import stem_of
    >>> stem_of("scans/CT.1.nii.gz"), stem_of("CT.NII"), stem_of("CT.zarr.zip"), stem_of("labels.tsv")
    ('CT.1', 'CT', 'CT', 'labels')
    """
    return Path(path).name.removesuffix(suffix_of(path)) if suffix_of(path) else Path(path).stem


def is_nifti(path: Path | str) -> bool:
    """Whether a file has the suffix of a NIfTI image in one file.

    Parameters
    ----------
    path : path
        Only the name is looked at.

    Returns
    -------
    bool
        True for ``.nii`` and ``.nii.gz``, in upper or lower case.

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
    return upper if os.path.lexists(upper) and not os.path.lexists(path) else path


def pair_of(path: Path) -> tuple[Path, Path] | None:
    """Return header and voxels of an image in two files, given either of them; None for other names.

    The other file is compressed as the given one, unless only that in the other form exists.

    Examples
    --------
    >>> header, voxels = pair_of(Path("a.IMG.GZ"))
    >>> header.name, voxels.name
    ('a.hdr.gz', 'a.IMG.GZ')
    """
    suffix = suffix_of(path, PAIR_SUFFIXES).lower()
    if not suffix:
        return None
    is_header, packing = suffix.startswith(".hdr"), suffix[4:]
    endings = (".img" if is_header else ".hdr") + packing, (".img" if is_header else ".hdr") + ("" if packing else ".gz")
    others = [companion(path, ending) for ending in endings]
    other = next((file for file in others if file.is_file()), others[0])
    return (path, other) if is_header else (other, path)


def is_uid_name(text: str) -> bool:
    """Whether a text is a UID that can be the name of a file or folder.

    Examples
    --------
    >>> is_uid_name("1.2.840.10008"), is_uid_name("../1"), is_uid_name("..")
    (True, False, False)
    """
    return _UID_NAME.fullmatch(text) is not None


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

    Returns
    -------
    str
        Not empty, at most as long as file systems allow, and no name that Windows reserves.

    Examples
    --------
    >>> from nifti_dicom_bridge import safe_name
    >>> safe_name("T1 / sag"), safe_name("con"), safe_name("***")
    ('T1_sag', '_con', 'series')
    """
    text = unicodedata.normalize("NFC", text)
    name = re.sub(r"[^\w.+-]+" if any_script else r"[^A-Za-z0-9_-]+", "_", text).strip("._- ")
    name = _shortened(name[:LONGEST]).strip("._- ")
    return "_" + name if _DEVICES.fullmatch(name) else name or default


def portable_stem(path: Path | str) -> str:
    """Return the stem of an image, changed as little as all file systems require.

    Examples
    --------
    >>> portable_stem("CT 1.5 (head).nii"), portable_stem("aux.nii"), portable_stem("a:b .nii.gz")
    ('CT 1.5 (head)', '_aux', 'a_b')
    """
    stem = unicodedata.normalize("NFC", stem_of(path)).encode("utf-8", "replace").decode("utf-8")
    name = _shortened(_NOT_IN_WINDOWS.sub("_", stem)).rstrip(". ")
    return "_" + name if _DEVICES.fullmatch(name) else name or "image"


def _shortened(name: str) -> str:
    """Return as much of a name as leaves room for a suffix and a number."""
    return name.encode("utf-8")[: MOST_BYTES - 2 * LONGEST_SUFFIX].decode("utf-8", "ignore")


def portability_problem(path: str) -> str:
    """Return why a relative path (POSIX separators) is not valid on Windows, macOS and Linux; empty if it is.

    Examples
    --------
    >>> portability_problem("T1/000001.dcm"), portability_problem("NUL.dcm")
    ('', 'contains "NUL.dcm", which Windows reserves for a device')
    """
    return next(filter(None, map(_problem_of_part, path.split("/"))), "")


def _problem_of_part(part: str) -> str:
    if _DEVICES.fullmatch(part):
        return f'contains "{part}", which Windows reserves for a device'
    if _NOT_IN_WINDOWS.search(part):
        return "contains characters that are not valid in file names on Windows"
    if part.endswith((".", " ")):
        return "contains a name that ends with a dot or a space, which Windows removes"
    if any("\ud800" <= letter <= "\udfff" for letter in part):
        return "contains bytes that are not UTF-8 text"
    return f"contains a name of more than {MOST_BYTES} bytes" if len(part.encode("utf-8")) > MOST_BYTES else ""


def name_key(name: str) -> str:
    """Return what two names share that are one file on some platform: they differ in case or Unicode normalization only."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def unique_name(name: str, taken: set[str], separator: str = "_") -> str:
    """Return a name with a number if it is taken, and add it; names that are one file on some platform count as equal.

    Parameters
    ----------
    name : str
        The wanted name.
    taken : set of str
        Keys of the names that are taken; the new one is added.
    separator : str
        Between name and number.

    Returns
    -------
    str
        The name, or the name with the first free number from 2.

    Examples
    --------
    >>> from nifti_dicom_bridge import unique_name
    >>> taken = set()
    >>> unique_name("T1", taken), unique_name("t1", taken)
    ('T1', 't1_2')
    """
    candidate, number = name, 1
    while name_key(candidate) in taken:
        number += 1
        candidate = f"{name}{separator}{number}"
    taken.add(name_key(candidate))
    return candidate
