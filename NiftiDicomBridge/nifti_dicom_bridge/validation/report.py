"""The result of a validation, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

from ..model.report import fitted
from .findings import Finding, Severity


class ValidationReport(Sequence[Finding]):
    """What a validation found: a sequence of `Finding`, errors first.

    Parameters
    ----------
    findings : sequence of Finding
        Errors, warnings, and notes.

    Examples
    --------
    >>> from nifti_dicom_bridge import validate
    >>> report = validate("scans")
    >>> report.ok, len(report.errors)
    (True, 0)
    """

    def __init__(self, findings: Sequence[Finding]):
        self.findings = list(findings)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> list[Finding]: ...
    def __getitem__(self, index: int | slice) -> Finding | list[Finding]:
        return self.findings[index]

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @property
    def errors(self) -> list[Finding]:
        """The violations of the standard."""
        return [finding for finding in self.findings if finding.severity is Severity.ERROR]

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.errors

    def lines(self, quiet: bool = False) -> list[str]:
        """Return findings line by line, and how many there are; with `quiet` errors only."""
        lines = [line for finding in (self.errors if quiet else self.findings) for line in _lines(finding)]
        return lines if quiet else [*lines, self.summary()]

    def summary(self) -> str:
        """Return how many errors and warnings there are, and what that means."""
        warnings = sum(finding.severity is Severity.WARNING for finding in self.findings)
        return f"=> {'VALID' if self.ok else 'NOT VALID'}: {len(self.errors)} error(s), {warnings} warning(s)"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"valid": self.ok, "findings": [finding.to_dict() for finding in self.findings]}

    def __repr__(self) -> str:
        return fitted([f"ValidationReport {self.summary()}", *("  " + line for line in self.lines()[:-1])])


def _lines(finding: Finding) -> list[str]:
    where = f"{finding.tag}: " if finding.tag else ""
    files = f"{finding.file} (and {finding.files - 1} more)" if finding.files > 1 else finding.file
    first = f"{finding.severity.value:8} {where}{finding.message}" + (f" {finding.advice}" if finding.advice else "")
    return [first, f"{'':8} in {files}"]
