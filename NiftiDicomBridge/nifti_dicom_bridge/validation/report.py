"""Findings as a person reads them, and as a program does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .findings import Finding, Severity


def lines(findings: Sequence[Finding], quiet: bool = False) -> list[str]:
    """Return findings line by line, and how many there are; with `quiet` errors only."""
    shown = [finding for finding in findings if not quiet or finding.severity is Severity.ERROR]
    found = [line for finding in shown for line in _words(finding)]
    return found if quiet else [*found, summary(findings)]


def _words(finding: Finding) -> list[str]:
    where = f"{finding.tag}: " if finding.tag else ""
    files = f"{finding.file} (and {finding.files - 1} more)" if finding.files > 1 else finding.file
    first = f"{finding.severity.value:8} {where}{finding.message}" + (f" {finding.advice}" if finding.advice else "")
    return [first, f"{'':8} in {files}"]


def summary(findings: Sequence[Finding]) -> str:
    """Return how many errors and warnings there are, and what that means."""
    errors, warnings = (sum(f.severity is severity for f in findings) for severity in (Severity.ERROR, Severity.WARNING))
    return f"=> {'VALID' if not errors else 'NOT VALID'}: {errors} error(s), {warnings} warning(s)"


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return plain JSON values."""
    return {
        "valid": not any(finding.severity is Severity.ERROR for finding in findings),
        "findings": [finding.to_dict() for finding in findings],
    }
