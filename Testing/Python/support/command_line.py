"""The command line in a process of its own, and its two conversions."""

from __future__ import annotations

import subprocess
import sys

from nifti_dicom_bridge.cli import main
from support.round_trip import RoundTrip


def run(*arguments: object, preexec: object = None, env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    """Run the command line as a process."""
    command = [sys.executable, "-m", "nifti_dicom_bridge", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=preexec, env=env)


def to_nifti(round_trip: RoundTrip, *more: object) -> int:
    return main(["convert", str(round_trip.dicom), "--to", "nifti", "-o", str(round_trip.nifti), *map(str, more)])


def to_dicom(round_trip: RoundTrip, *more: object) -> int:
    return main(["convert", str(round_trip.nifti), "--to", "dicom", "-o", str(round_trip.back), *map(str, more)])
