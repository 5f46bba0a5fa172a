"""What a check reports, and the collection in which equal findings are merged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from ..standard import dictionary


class Severity(StrEnum):
    """How bad it is: the standard is violated, it is doubtful, or it is good to know.

    Examples
    --------
    >>> from nifti_dicom_bridge import Severity, validate
    >>> [finding for finding in validate("scans") if finding.severity is not Severity.INFO]
    []
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """One thing that a check found.

    Attributes
    ----------
    severity : Severity
        Error: the standard is violated. Warning: allowed, but readers may stumble. Info: good to know.
    rule : str
        Which check it was, in two or three words: ``missing type 1``, ``value``, ``VR``.
    file : str
        The file; the first one where several files of a series have the same.
    tag : str
        The attribute, as ``Keyword (gggg,eeee)``, behind the sequences that it is in; empty when it is the whole file.
    message : str
        What was found and what the standard requires, with its section.
    advice : str
        What to do.
    files : int
        How many files of the series have it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nifti_dicom_bridge import validate
    >>> _ = Path("text.dcm").write_text("no DICOM")
    >>> [finding] = validate("text.dcm")
    >>> finding.severity, finding.file
    (<Severity.ERROR: 'error'>, 'text.dcm')
    """

    severity: Severity
    rule: str
    file: str
    tag: str
    message: str
    advice: str
    files: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "severity": self.severity.value,
            "rule": self.rule,
            "file": self.file,
            "tag": self.tag,
            "message": self.message,
            "advice": self.advice,
            "files": self.files,
        }


TagPath = tuple[int, ...]
"""Tags from the outermost sequence to the attribute."""


class FindingCollector:
    """Findings, those that repeat over the files of a series counted."""

    def __init__(self) -> None:
        self._found: dict[tuple[Any, ...], Finding] = {}
        self._last: dict[tuple[Any, ...], str] = {}

    def add(self, series: str, severity: Severity, rule: str, file: str, path: TagPath, message: str, advice: str) -> None:
        """Add a finding, or count it: a second one of the same series, rule and attribute is not kept."""
        key = (series, severity, rule, path)
        before = self._found.get(key)
        if before is None:
            self._found[key] = Finding(severity, rule, file, describe(path), message, advice)
            self._last[key] = file
        elif self._last[key] != file:
            self._found[key] = replace(before, files=before.files + 1)
            self._last[key] = file

    def findings(self) -> list[Finding]:
        """Return all, worst first; within that in the order in which they were found."""
        order = list(Severity)
        return sorted(self._found.values(), key=lambda finding: order.index(finding.severity))


def describe(path: Iterable[int]) -> str:
    """Return ``Sequence (gggg,eeee) > Attribute (gggg,eeee)``."""
    return " > ".join(map(dictionary.describe, path))
