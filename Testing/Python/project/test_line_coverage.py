"""The limit of line coverage in the continuous integration."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from places import TESTING


@pytest.mark.parametrize(("lines", "code"), [(9499, 1), (9500, 0)])
def test_too_few_lines_fail_and_branches_do_not(lines: int, code: int, tmp_path: Path) -> None:
    report = tmp_path / "coverage.json"
    totals = {"covered_lines": lines, "num_statements": 10_000, "covered_branches": 1, "num_branches": 4}
    report.write_text(json.dumps({"totals": totals}))

    done = subprocess.run([sys.executable, TESTING / "line_coverage.py", report], capture_output=True, text=True, check=False)

    assert done.returncode == code
    assert f"{lines / 100:.2f} % of lines" in done.stdout
    assert "25.00 % of branches" in done.stdout
