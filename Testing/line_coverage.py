"""Prints which share of the lines and branches the tests have run; fails where the share of lines is too small.

    pytest --cov --cov-report=json && python Testing/line_coverage.py

The limit of coverage itself (fail_under) counts lines and branches together.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

LEAST_PERCENT = 95.0


def summary(totals: dict[str, Any]) -> tuple[str, bool]:
    """Return a sentence about the totals of coverage's JSON report, and whether enough lines were run."""
    lines = 100 * totals["covered_lines"] / totals["num_statements"]
    branches = 100 * totals["covered_branches"] / totals["num_branches"]
    text = f"Coverage: {lines:.2f} % of lines (at least {LEAST_PERCENT:g} % required), {branches:.2f} % of branches."
    return text, lines >= LEAST_PERCENT


def main(report: Path) -> int:
    """Check a JSON report of coverage."""
    text, enough = summary(json.loads(report.read_text("utf-8"))["totals"])
    print(text)
    return int(not enough)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "coverage.json")))
