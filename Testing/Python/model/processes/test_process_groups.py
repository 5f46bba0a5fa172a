"""Other programs start without a console window, and end with all that they started."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nifti_dicom_bridge.model.processes import process_groups
from nifti_dicom_bridge.model.processes.process_groups import end_group, in_own_group, without_window


def test_programs_open_no_console_window_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_groups, "IS_WINDOWS", True)

    assert without_window() == {"creationflags": 0x08000000}
    assert in_own_group() == {"creationflags": 0x08000200}


def test_a_program_ends_where_taskkill_may_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_groups, "IS_WINDOWS", True)
    monkeypatch.setattr(process_groups, "without_window", dict)
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])

    end_group(process)

    assert process.poll() not in (None, 0)


def test_a_program_ends_with_the_one_that_it_started() -> None:
    child = "import time; print('started', flush=True); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, **in_own_group())
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"started"

    end_group(process)

    assert process.stdout.read() == b""  # ends when no process has it open
    process.stdout.close()
