"""Which version of this package runs."""

from __future__ import annotations


def tool_version() -> str:
    """Return the version of this package, ``source`` where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("nifti-dicom-bridge")
    except PackageNotFoundError:
        return "source"
