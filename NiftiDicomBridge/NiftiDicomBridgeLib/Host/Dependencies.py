"""The Python packages that single features need: named when missing, installed when the user agrees.

Plain conversion needs nothing that Slicer 5.12 does not have. A panel that offers a feature, such as Zarr stores, asks
`missing_for` when the user chooses it, shows `sentence_for` next to a button, and calls `offer` when the button is pressed::

    if Dependencies.missing_for("zarr"):
        label.text = Dependencies.sentence_for("zarr")
        button.clicked.connect(lambda: show(Dependencies.offer("zarr")))

The features are the keys of ``nifti_dicom_bridge.FEATURES``.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from nifti_dicom_bridge import FEATURES, DependencyError, missing_packages

REQUIREMENTS = Path(__file__).resolve().parents[2] / "Resources" / "requirements.txt"
HOW_TO_INSTALL = (
    "Slicer 5.12 and newer contain them. To install them, start a conversion in the module NIfTI-DICOM Bridge and accept."
)
WITHOUT_NETWORK = "Without a network, install it from a folder of wheels: docs/offline.md describes how."


# --- what every conversion needs ---


def missing() -> list[str]:
    """Return what Resources/requirements.txt requires and is not installed: nothing in Slicer 5.12 or newer."""
    import slicer.packaging

    wanted = slicer.packaging.load_requirements(str(REQUIREMENTS))
    return [str(requirement) for requirement in wanted if not slicer.packaging.pip_check(requirement)]


def require() -> None:
    """Make sure that every conversion can run; with a window, offer to install what is missing.

    Raises
    ------
    nifti_dicom_bridge.DependencyError
        If packages are missing and were not installed.
    """
    packages = missing()
    if packages and slicer.util.mainWindow() is not None:
        _install(packages, asking=True)
    require_all()


def require_all() -> None:
    """Raise `DependencyError` if packages are missing that every conversion needs; nothing is offered."""
    packages = missing()
    if packages:
        raise DependencyError(sentence(packages))


def sentence(packages: list[str]) -> str:
    """Return which packages are missing and what to do."""
    return f"Python packages are missing in Slicer: {', '.join(packages)}. {HOW_TO_INSTALL}"


# --- what a feature needs ---


def missing_for(feature: str) -> list[str]:
    """Return the requirements of a feature that are not installed, such as ``["zarr>=3.1.4,<4"]``; empty if it can be used.

    Parameters
    ----------
    feature : str
        A key of ``nifti_dicom_bridge.FEATURES``: zarr, video, codecs, legacy, rtstruct, report.
    """
    return missing_packages(feature)


def sentence_for(feature: str) -> str:
    """Return one sentence that names the missing packages of a feature, for the panel; empty if none is missing."""
    packages = missing_for(feature)
    if not packages:
        return ""
    task = FEATURES[feature].task
    return _("{task} require the Python package {packages}, which is not installed in Slicer.").format(
        task=task[0].upper() + task[1:], packages=_(" and ").join(packages)
    )


def offer(feature: str) -> str:
    """Ask the user whether to install the packages of a feature, and install them.

    Returns
    -------
    str
        Empty if the feature can be used now; else one sentence for the user: declined, failed, no network. Never raises.
    """
    packages = missing_for(feature)
    if packages:
        _install(packages, asking=True)
    return _not_installed(missing_for(feature))


def install(features: list[str] | None = None, wheels: Path | None = None) -> None:
    """Install what every conversion needs, and the packages of features, without asking.

    Parameters
    ----------
    features : list of str, optional
        Keys of ``nifti_dicom_bridge.FEATURES``.
    wheels : pathlib.Path, optional
        A folder of wheels to install from; the network is not used then.

    Raises
    ------
    nifti_dicom_bridge.DependencyError
        If packages are still missing afterwards.
    """
    packages = _all_missing(features)
    if packages:
        _install(packages, asking=False, wheels=wheels)
    still = _all_missing(features)
    if still:
        raise DependencyError(_not_installed(still))


def _all_missing(features: list[str] | None) -> list[str]:
    return list(dict.fromkeys([*missing(), *(package for name in features or () for package in missing_for(name))]))


def _not_installed(packages: list[str]) -> str:
    if not packages:
        return ""
    return _("Not installed: {packages}. {remedy}").format(packages=", ".join(packages), remedy=WITHOUT_NETWORK)


def _install(packages: list[str], asking: bool, wheels: Path | None = None) -> None:
    import slicer.packaging

    try:
        if wheels is not None:
            arguments = ["--no-index", "--find-links", str(wheels), *packages]
            slicer.packaging.pip_install(arguments, show_progress=False)
            return
        slicer.packaging.pip_ensure(
            _requirements(packages),
            prompt_install=asking,
            prompt_restart=asking,
            requester="NIfTI-DICOM Bridge",
            skip_in_testing=asking,
            show_progress=asking,
        )
    except Exception as error:  # declined, no network, read-only installation: all the same to the caller
        logging.warning("Python packages were not installed: %s", error)


def _requirements(packages: list[str]) -> list[Any]:
    from packaging.requirements import Requirement

    return [Requirement(package) for package in packages]
