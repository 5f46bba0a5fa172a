"""The command line in a process of its own, and its two conversions."""

from __future__ import annotations

import subprocess
import sys

from nifti_dicom_bridge.cli import main
from support.circle import Circle


def run(*arguments: object, preexec: object = None, env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    """Run the command line as a process."""
    command = [sys.executable, "-m", "nifti_dicom_bridge", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=preexec, env=env)


def to_nifti(circle: Circle, *more: object) -> int:
    return main(["convert", str(circle.dicom), "--to", "nifti", "-o", str(circle.nifti), *map(str, more)])


def to_dicom(circle: Circle, *more: object) -> int:
    return main(["convert", str(circle.nifti), "--to", "dicom", "-o", str(circle.back), *map(str, more)])
