"""Which version of this package runs."""

from __future__ import annotations

import os
import sys

NEXT_RELEASE = "1.0.0.dev0"
"""Version of a copy without package metadata, such as the extension in 3D Slicer; after a release, that of the next one."""
TOOL = "nifti-dicom-bridge"
_PACKAGE, _RECORD = "nifti_dicom_bridge-", ".dist-info"


def tool_version() -> str:
    """Return the version of this package."""
    version = _listed_version()
    return version or _recorded_version()


def _listed_version() -> str:
    """Return the version in the name of the folder that pip installs next to the package; empty if there is none.

    ``importlib.metadata`` gives the same, and its import takes as long as the conversion of a small image.
    """
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:  # an archive, or missing
            continue
        for name in names:
            if name.startswith(_PACKAGE) and name.endswith(_RECORD):
                return name.removeprefix(_PACKAGE).removesuffix(_RECORD)
    return ""


def _recorded_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(TOOL)
    except PackageNotFoundError:
        return f"{NEXT_RELEASE}+source"
