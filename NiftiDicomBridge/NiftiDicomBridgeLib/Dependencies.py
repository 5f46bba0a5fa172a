"""The Python packages that the conversion needs: told by name when missing, installed when the person agrees."""

from __future__ import annotations

import logging
from pathlib import Path

import slicer

from nifti_dicom_bridge import DependencyError

REQUIREMENTS = Path(__file__).resolve().parent.parent / "Resources" / "requirements.txt"
HOW_TO_INSTALL = "Start Slicer with its window, open the module NIfTI-DICOM Bridge and convert once: it offers to install them."


def missing() -> list[str]:
    """Return what Resources/requirements.txt asks for and is not installed."""
    import slicer.packaging

    wanted = slicer.packaging.load_requirements(str(REQUIREMENTS))
    return [str(requirement) for requirement in wanted if not slicer.packaging.pip_check(requirement)]


def require() -> None:
    """Make sure that all packages are there; with a window, offer to install what is missing.

    Raises
    ------
    nifti_dicom_bridge.DependencyError
        If packages are missing and were not installed.
    """
    if missing() and slicer.util.mainWindow() is not None:
        _install()
    still = missing()
    if still:
        raise DependencyError(sentence(still))


def sentence(packages: list[str]) -> str:
    """Say which packages are missing and what to do."""
    return f"Python packages are missing in Slicer: {', '.join(packages)}. {HOW_TO_INSTALL}"


def _install() -> None:
    import slicer.packaging

    try:
        slicer.packaging.pip_ensure(slicer.packaging.load_requirements(str(REQUIREMENTS)), requester="NIfTI-DICOM Bridge")
    except Exception as error:  # declined, no network, read-only installation: all the same to the caller
        logging.warning("Python packages were not installed: %s", error)
