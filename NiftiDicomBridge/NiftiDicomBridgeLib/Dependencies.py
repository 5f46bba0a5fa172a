"""The Python packages that the conversion needs: told by name when missing, installed when the person agrees."""

from __future__ import annotations

import logging
from pathlib import Path

import slicer

from nifti_dicom_bridge import DependencyError

REQUIREMENTS = Path(__file__).resolve().parent.parent / "Resources" / "requirements.txt"
HOW_TO_INSTALL = (
    "Start Slicer with its window, open the module NIfTI-DICOM Bridge and convert once: it offers to install them. Without a "
    "window: add --install-dependencies to Scripts/convert.py."
)


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
        _install(asking=True)
    require_all()


def install() -> None:
    """Install what is missing without asking: somebody has asked for it on the command line.

    Raises
    ------
    nifti_dicom_bridge.DependencyError
        If packages are still missing afterwards.
    """
    if missing():
        _install(asking=False)
    require_all()


def sentence(packages: list[str]) -> str:
    """Say which packages are missing and what to do."""
    return f"Python packages are missing in Slicer: {', '.join(packages)}. {HOW_TO_INSTALL}"


def require_all() -> None:
    """Raise `DependencyError` if packages are missing; nothing is offered."""
    still = missing()
    if still:
        raise DependencyError(sentence(still))


def _install(asking: bool) -> None:
    import slicer.packaging

    try:
        slicer.packaging.pip_ensure(
            slicer.packaging.load_requirements(str(REQUIREMENTS)),
            prompt_install=asking,
            prompt_restart=asking,
            requester="NIfTI-DICOM Bridge",
            skip_in_testing=asking,
            show_progress=asking,
        )
    except Exception as error:  # declined, no network, read-only installation: all the same to the caller
        logging.warning("Python packages were not installed: %s", error)
