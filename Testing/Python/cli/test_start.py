"""What the start of the command line imports: it is a large part of the time of small conversions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.round_trip import RoundTrip

MODULES = "import sys; from nifti_dicom_bridge.cli import main; code = main(sys.argv[1:]); print(*sys.modules); sys.exit(code)"
HEAVY = {"pydicom", "highdicom", "importlib.metadata", "email", "xml", "difflib", "numpy.ma", "tomllib", "socket", "tempfile"}
"""Each of these is imported where it is needed, and not by the conversion of a series."""
OF_OTHER_TASKS = {
    "nifti_dicom_bridge." + name
    for name in (
        "conversion.inputs.image_with_record", "conversion.inputs.sidecar_edits", "conversion.execution.workers",
        "formats.dicom.edits",
        "formats.dicom.reading.pixel_data.decompress", "formats.dicom.restore", "model.space.resample",
        "conversion.to_dicom",
    )
}  # fmt: skip
"""What reads images other than DICOM, and what only compressed, edited or resampled images need."""


def modules_of(*arguments: object) -> set[str]:
    """Return the names of the modules that a command imports, in a process of its own."""
    command = [sys.executable, "-c", MODULES, *map(str, arguments)]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1].split())


def test_the_help_imports_no_command() -> None:
    ours = {name for name in modules_of("--help") if name.startswith("nifti_dicom_bridge.") and ".cli" not in name}
    assert ours == {"nifti_dicom_bridge.errors", "nifti_dicom_bridge.operating_system"}


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [[], ["--no-gzip"]])
@pytest.mark.parametrize("phantom", ["classic_ct", "implicit"])
def test_a_conversion_to_nifti_imports_no_other_package(phantom: str, suffix: list[str], round_trip: RoundTrip) -> None:
    round_trip.make(phantom)

    modules = modules_of(round_trip.dicom, "--to", "nifti", "-o", round_trip.nifti, *suffix)

    assert "numpy" in modules
    assert modules & (HEAVY | OF_OTHER_TASKS) == set()


@pytest.mark.slow
def test_looking_at_a_series_imports_no_other_package(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct")

    assert modules_of("inspect", round_trip.dicom) & {"pydicom", "highdicom", "numpy.ma"} == set()


@pytest.mark.slow
def test_a_restoration_imports_no_other_package(round_trip: RoundTrip) -> None:
    round_trip.make("classic_ct").forth()

    assert modules_of(round_trip.nifti, "--to", "dicom", "-o", round_trip.back, "--uids", "keep") & HEAVY == set()
    assert len(list(Path(round_trip.back).rglob("*.dcm"))) == len(list(round_trip.dicom.iterdir()))
