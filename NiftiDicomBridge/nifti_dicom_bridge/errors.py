"""The kinds of failure.

Every message states what was requested, what was found (value, file, tag), why it cannot go on and what to do.
"""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING

from .operating_system import IS_WINDOWS

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST_FOLDER = 247
"""Characters of the path of a folder that Windows opens by default; 259 of a file."""
HIDDEN = "***"
_SECRET = "signature|sig|token|credential|key|secret|passw|pwd|auth|sas|policy"
_PASSWORD = r"(?i)([a-z][a-z0-9+.-]{1,15}:/{1,2})[^\s/:@'\"]*:(?!:)(?:[^\s/'\"]*|(?:(?!:/)[^\s@'\"])*)@"
"""It may contain slashes."""
_USER = r"(?i)(https?:/{1,2})[^\s/@'\"]+@"
"""It may be a token; in URLs of other kinds, it is the name of a container."""
_VALUE = rf"(?i)([?&][^\s=&?'\"]*(?:{_SECRET})[^\s=&?'\"]*=)[^\s&'\"]+?(?=[&\s'\"]|::|[).,:;\]]*(?:\s|$))"
"""Without the punctuation behind it."""

_REMEDIES = {
    errno.ENOSPC: "Free space or choose another folder.",
    errno.EDQUOT: "Free space or choose another folder.",
    errno.EFBIG: "Choose a folder on another file system.",
    errno.EROFS: "Choose another folder.",
    errno.EACCES: "Check its permissions.",
    errno.EPERM: "Check its permissions.",
    errno.ENOENT: "It was there before: check whether another program moved or removed it.",
    errno.ENAMETOOLONG: "Choose a folder with a shorter path.",
    errno.EMFILE: "Close other programs, or raise the limit of open files.",
}


def without_credentials(text: str) -> str:
    """Return a text with ``***`` in place of passwords, keys, tokens and signatures in its URLs.

    Examples
    --------
    >>> without_credentials("zip://::https://host/a.zip?X-Amz-Signature=0123&part=1 is damaged")
    'zip://::https://host/a.zip?X-Amz-Signature=***&part=1 is damaged'
    """
    if ":/" not in text:
        return text
    for pattern in (_PASSWORD, _USER):
        text = re.sub(pattern, rf"\g<1>{HIDDEN}@", text)
    return re.sub(_VALUE, rf"\g<1>{HIDDEN}", text) if "?" in text else text


def system_sentence(error: OSError) -> str:
    """Return what the user reads of an error of the operating system.

    Examples
    --------
    >>> system_sentence(OSError(28, "No space left on device", "scans/ct.nii"))
    'scans/ct.nii: No space left on device. Free space or choose another folder.'
    """
    state_length(error)
    remedy = _REMEDIES.get(error.errno or 0, "Check the disk and the folder.")
    return without_credentials(f"{error.filename or 'output'}: {error.strerror or error}. {remedy}")


def length_problem(path: str | os.PathLike[str]) -> str:
    """Return that a path is too long for Windows, as it is by default; empty elsewhere, and for shorter ones."""
    text = os.path.abspath(path) if IS_WINDOWS else ""
    if len(text) <= _LONGEST_FOLDER or text.startswith("\\\\?\\"):
        return ""
    return f"path of {len(text)} characters: Windows opens at most 259, and 247 of a folder, unless LongPathsEnabled is set"


def state_length(error: OSError) -> None:
    """Let an error be about the length of its path, where Windows calls a file missing because of that."""
    problems = [length_problem(path) for path in (error.filename, error.filename2) if isinstance(path, str)]
    if isinstance(error, FileNotFoundError) and any(problems):
        error.errno, error.strerror = errno.ENAMETOOLONG, next(filter(None, problems))


class BridgeError(Exception):
    """Base of every error that this package raises on purpose; its message contains no credentials of URLs.

    Examples
    --------
    >>> from nifti_dicom_bridge import BridgeError, to_nifti
    >>> try:
    ...     to_nifti("missing", "nifti")
    ... except BridgeError as error:
    ...     print(error)
    missing: no such file or folder. Check the path.
    """

    def __init__(self, message: str = "", *more: object):
        super().__init__(without_credentials(message), *more)


class DicomReadError(BridgeError):
    """A file is not DICOM, is damaged, or its pixel data cannot be decoded.

    Examples
    --------
    >>> from nifti_dicom_bridge import read
    >>> read("missing")
    Traceback (most recent call last):
    nifti_dicom_bridge.errors.DicomReadError: missing: no such file or folder. Check the path.
    """


class NiftiReadError(BridgeError):
    """A NIfTI file is damaged, too short or of a kind that cannot be used.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nifti_dicom_bridge import read
    >>> _ = Path("damaged.nii").write_bytes(b"not an image")
    >>> read("damaged.nii")
    Traceback (most recent call last):
    nifti_dicom_bridge.errors.NiftiReadError: ...
    """


class ImageReadError(BridgeError):
    """An NRRD, MetaImage or MGH file is damaged, or does not state where its image is in the patient.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nifti_dicom_bridge import read
    >>> _ = Path("damaged.nrrd").write_bytes(b"not an image")
    >>> read("damaged.nrrd")
    Traceback (most recent call last):
    nifti_dicom_bridge.errors.ImageReadError: ...
    """


class ZarrReadError(BridgeError):
    """A Zarr store is damaged, half-written or of a kind that cannot be used.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nifti_dicom_bridge import open_zarr
    >>> Path("empty.zarr").mkdir()
    >>> open_zarr("empty.zarr")
    Traceback (most recent call last):
    nifti_dicom_bridge.errors.ZarrReadError: ...
    """


class SidecarError(BridgeError):
    """A JSON sidecar is missing, not readable, or does not belong to its image.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nifti_dicom_bridge import read_sidecar
    >>> _ = Path("damaged.json").write_text("{")
    >>> read_sidecar(Path("damaged.json"))
    Traceback (most recent call last):
    nifti_dicom_bridge.errors.SidecarError: ...
    """


class LabelError(BridgeError):
    """A label file is damaged, or labels and voxels do not go together."""


class GeometryError(BridgeError):
    """Positions and orientations do not describe a grid, or a grid is not expressible in DICOM.

    Examples
    --------
    >>> import numpy as np
    >>> from nifti_dicom_bridge import Volume
    >>> sheared = np.array([[1.0, 0.5, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    >>> Volume(np.zeros((1, 2, 4, 4), np.int16), sheared).to_sitk()
    Traceback (most recent call last):
    nifti_dicom_bridge.errors.GeometryError: ...
    """


class PixelError(BridgeError):
    """Voxel values do not fit where they were asked to go.

    Examples
    --------
    >>> import numpy as np
    >>> from nifti_dicom_bridge import Volume, write
    >>> write(Volume(np.zeros((1, 2, 4, 4), np.float16), np.eye(4)), "half.nii")
    Traceback (most recent call last):
    nifti_dicom_bridge.errors.PixelError: ...
    """


class OptionError(BridgeError):
    """An option that does not exist, has an invalid value, or contradicts another one.

    The message names the options as in Python; `message_of` returns it with the names that another front end uses.

    Attributes
    ----------
    code : str
        Identifies the rule, in all front ends; empty for most errors of a single image.
    options : tuple of str
        The fields of `ConversionOptions` that are affected; those of `PreviewOptions` as ``preview.NAME``.
    template : str
        The message with ``{option}`` or ``{option=value}`` for each option, and ``{found}``; empty if there is only a message.
    found : str
        What was found.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions, OptionError
    >>> try:
    ...     ConversionOptions(pyramid=-5)
    ... except OptionError as error:
    ...     print(error.code, error.options)
    invalid-value ('pyramid',)
    """

    def __init__(
        self, message: str, code: str = "", options: tuple[str, ...] = (), template: str = "", found: str = ""
    ) -> None:
        super().__init__(message)
        self.code, self.options = code, options
        self.template, self.found = without_credentials(template), without_credentials(found)


class OutputError(BridgeError):
    """An output exists already or cannot be written.

    Attributes
    ----------
    existing : pathlib.Path or None
        The output that exists and may not be replaced; None for other reasons.

    Examples
    --------
    >>> from nifti_dicom_bridge import read, write
    >>> image = read("scans")[0]
    >>> _ = write(image, "MR.nii")
    >>> write(image, "MR.nii")
    Traceback (most recent call last):
    nifti_dicom_bridge.errors.OutputError: MR.nii exists. Choose another folder, or overwrite=True to replace it.
    """

    def __init__(self, message: str, existing: Path | None = None):
        super().__init__(message)
        self.existing = existing


class BridgeWarning(UserWarning):
    """What is to be known of an image that `write` wrote without a log.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from nifti_dicom_bridge import BridgeWarning, ConversionOptions, Volume, write
    >>> image = Volume(np.zeros((1, 2, 4, 4), np.int16), np.eye(4), name="T1w")
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", BridgeWarning)
    ...     files = write(image, "new", ConversionOptions(target="dicom", kind="mr"))
    >>> str(caught[0].message)
    'no sidecar found: attributes that neither its header nor a reference specifies stay empty; ...'
    """


class ArchiveError(BridgeError):
    """An archive cannot be reached, refuses the connection, or does not answer as DICOM specifies.

    Examples
    --------
    >>> from nifti_dicom_bridge import ArchiveError, ArchiveSettings, send
    >>> try:
    ...     send("scans", "pacs:ARCHIVE@127.0.0.1:9", ArchiveSettings(retries=0))
    ... except ArchiveError as error:
    ...     print(error)
    pacs:ARCHIVE@127.0.0.1:9 cannot be reached. ...
    """


class DependencyError(BridgeError):
    """A package that only this task needs is not installed.

    Attributes
    ----------
    feature : str
        Key of `optional_packages.FEATURES`, which lists the packages; empty if no feature is concerned.

    Examples
    --------
    >>> from nifti_dicom_bridge import DependencyError, to_zarr
    >>> try:
    ...     report = to_zarr("scans", "stores")
    ... except DependencyError as error:  # the package zarr is not installed
    ...     print(error)
    """

    def __init__(self, message: str, feature: str = ""):
        super().__init__(message)
        self.feature = feature


class DecoderMissingError(DicomReadError, DependencyError):
    """Pixel data are in a transfer syntax whose decoder is not installed."""


class DamagedFilesError(DicomReadError):
    """Some files of an image are damaged, and others are not.

    Attributes
    ----------
    reasons : dict of str to str
        Path of each damaged file → why it cannot be read.
    """

    def __init__(self, message: str, reasons: dict[str, str] | None = None):
        super().__init__(message)
        self.reasons = reasons or {}


class Cancelled(BridgeError):
    """The user asked to stop; nothing half-written is left.

    Examples
    --------
    >>> from nifti_dicom_bridge import Cancelled, to_nifti
    >>> def stop(what, done, total):
    ...     raise Cancelled("The user stopped it.")
    >>> to_nifti("scans", "nifti", progress=stop)
    Traceback (most recent call last):
    nifti_dicom_bridge.errors.Cancelled: The user stopped it.
    """
