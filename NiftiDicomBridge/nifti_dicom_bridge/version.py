"""Which version of this package runs."""

from __future__ import annotations

NEXT_RELEASE = "1.0.0.dev0"
"""Version of a copy without package metadata, such as the extension in 3D Slicer; after a release, that of the next one."""


def tool_version() -> str:
    """Return the version of this package."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("nifti-dicom-bridge")
    except PackageNotFoundError:
        return f"{NEXT_RELEASE}+source"
