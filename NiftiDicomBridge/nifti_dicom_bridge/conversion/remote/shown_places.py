"""What is reported of temporary folders: the URL or archive that their files are from takes their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from ...errors import BridgeError
from ...model.report import ConversionReport, Entry
from ...options.urls import UrlPath


@dataclass(frozen=True)
class ShownPlaces:
    """How temporary folders are shown.

    Attributes
    ----------
    places : mapping of pathlib.Path to str
        Folder → URL or address of its files.
    """

    places: Mapping[Path, str] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """Return a text with URLs in place of folders."""
        for folder, shown in self.places.items():
            text = text.replace(str(folder), shown)
        return text

    def path(self, path: Path) -> Path:
        """Return a path, or the URL of a file in one of the folders."""
        for folder, shown in self.places.items():
            if path.is_relative_to(folder):
                return cast("Path", UrlPath(shown, path.relative_to(folder).as_posix()))
        return path

    def values(self, value: Any) -> Any:
        """Return JSON values with URLs in place of folders."""
        if isinstance(value, list):
            return [self.values(one) for one in value]
        if isinstance(value, dict):
            return {key: self.values(one) for key, one in value.items()}
        return self.text(value) if isinstance(value, str) else value

    def entry(self, entry: Entry) -> Entry:
        """Return an entry with URLs in place of files of the folders."""
        log = replace(entry.log, warnings=list(map(self.text, entry.log.warnings)), notes=list(map(self.text, entry.log.notes)))
        inputs, outputs = (list(map(self.path, paths)) for paths in (entry.inputs, entry.outputs))
        return replace(entry, inputs=inputs, outputs=outputs, log=log, error=self.text(entry.error))

    def report(self, report: ConversionReport) -> ConversionReport:
        """Return a report with URLs in place of folders."""
        if not self.places:
            return report
        return replace(report, entries=list(map(self.entry, report.entries)), notes=list(map(self.text, report.notes)))

    def finishing(self, finished: Callable[[Entry], None] | None) -> Callable[[Entry], None] | None:
        """Return what receives entries with URLs."""
        if finished is None or not self.places:
            return finished
        return lambda entry: finished(self.entry(entry))

    def restate(self, error: BridgeError) -> None:
        """Put URLs in place of folders into the message of an error."""
        error.args = (self.text(str(error)), *error.args[1:])
