"""All shared data with one, two and three jobs: the same files and the same output, whoever reads, plans and converts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.paths import SHARED
from support.round_trip import listing

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not there")]
TARGETS = {
    "nifti": ["nifti", "--no-gzip"],
    "bids": ["nifti", "--layout", "bids"],
    "preview": ["preview", "--no-mp4", "--no-gif"],
}


def converted(folder: Path, *options: str) -> tuple[int, list[str], list[str], dict[str, bytes]]:
    """Return exit code, lines of the report and of the errors, which come in any order, and the files."""
    command = [sys.executable, "-m", "nifti_dicom_bridge", "convert", str(SHARED), "-v", "-o", "out", "--to", *options]
    folder.mkdir()
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    texts = [sorted(re.sub(r"[\d.]+ s$", "… s", text, flags=re.MULTILINE).splitlines()) for text in (run.stdout, run.stderr)]
    return run.returncode, *texts, listing(folder / "out")


@pytest.mark.parametrize("target", TARGETS)
def test_files_and_output_are_those_of_one_job(target: str, tmp_path: Path) -> None:
    code, lines, errors, files = converted(tmp_path / "one", *TARGETS[target], "--jobs", "1")
    assert len(lines) > 100

    for number in ("2", "3"):
        run = converted(tmp_path / number, *TARGETS[target], "--jobs", number)
        assert run[:3] == (code, lines, errors)
        assert run[3] == files
