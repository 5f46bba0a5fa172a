"""Every choice of a conversion: one vocabulary for command line, panel and batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

Progress = Callable[[str, int, int], None]
"""Called as ``progress(what, done, total)``; raising `Cancelled` in it stops the job and leaves nothing half-written."""


class Target(StrEnum):
    """The format to write."""

    NIFTI = "nifti"
    DICOM = "dicom"


class Uids(StrEnum):
    """What happens to the UIDs of a series whose voxels and geometry are unchanged."""

    NEW = "new"
    KEEP = "keep"


class Names(StrEnum):
    """How restored DICOM files are called."""

    NUMBERED = "numbered"
    ORIGINAL = "original"


@dataclass
class ConversionOptions:
    """All choices of one conversion, each with the default a person would want.

    Attributes
    ----------
    target : Target
        The format to write.
    uids : Uids
        ``NEW``: new Series and SOP Instance UIDs, everything else restored. ``KEEP``: the very same instances. Edited
        images always get new ones.
    names : Names
        ``NUMBERED``: a folder per series, files ``000001.dcm``… ``ORIGINAL``: the relative paths that the files had.
    gzip : bool
        ``.nii.gz`` instead of ``.nii``.
    overwrite : bool
        Replace outputs that exist. Without it an existing output is an error and stays untouched.
    set_values : dict of str to str
        DICOM keyword → value; wins over the sidecar and over what was recorded.
    """

    target: Target = Target.NIFTI
    uids: Uids = Uids.NEW
    names: Names = Names.NUMBERED
    gzip: bool = True
    overwrite: bool = False
    set_values: dict[str, str] = field(default_factory=dict)
