"""Programs and packages of others that tests need: skipped with a reason where missing, unless they are required.

``NIFTI_DICOM_BRIDGE_ORACLES=required`` turns a missing one into a failure.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

REQUIRED = os.environ.get("NIFTI_DICOM_BRIDGE_ORACLES") == "required"


def oracle(name: str) -> str:
    """Return the path of a program; skip the test, or fail it, where it is not installed."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        missing(name)
    return str(found)


def module(name: str) -> object:
    """Return a Python module; skip the test (or all tests of the file), or fail it, where it is not installed."""
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        missing(name)
    return None


def missing(name: str) -> None:
    """Skip or fail."""
    if REQUIRED:
        pytest.fail(f"{name} is not installed, and NIFTI_DICOM_BRIDGE_ORACLES=required")
    pytest.skip(f"{name} is not installed", allow_module_level=True)


def run(*command: object) -> subprocess.CompletedProcess:
    """Run a program and return its output."""
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="replace", check=False)


def dcm2niix_of(dicom: Path, folder: Path, suffix: str = ".json") -> Path:
    """Return the only file with a suffix that dcm2niix makes of images, in a new folder below another one."""
    theirs = folder / "theirs"
    theirs.mkdir()
    run(oracle("dcm2niix"), "-z", "n", "-f", "x", "-o", theirs, dicom)
    (path,) = theirs.glob(f"*{suffix}")
    return path


def differences_from_dcm2niix(sidecar: Path, dicom: Path, folder: Path, keys: Iterable[str]) -> dict[str, tuple[Any, Any]]:
    """Return keys with other values in our sidecar than in that of dcm2niix: key → (its value, ours)."""
    theirs, ours = (json.loads(path.read_text("utf-8")) for path in (dcm2niix_of(dicom, folder), sidecar))
    pairs = {key: (theirs.get(key), ours.get(key)) for key in keys}
    return {key: pair for key, pair in pairs.items() if not equals_dcm2niix(*pair)}


def equals_dcm2niix(theirs: Any, ours: Any) -> bool:
    """Whether values of sidecars are equal within the six digits that dcm2niix writes."""
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(theirs) == len(ours) and all(map(equals_dcm2niix, theirs, ours))
    if isinstance(theirs, (int, float)) and isinstance(ours, (int, float)):
        return bool(ours == pytest.approx(theirs, rel=2e-5, abs=1e-6))
    return bool(theirs == ours)
