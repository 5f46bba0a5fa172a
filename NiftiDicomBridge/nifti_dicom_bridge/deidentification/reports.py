"""Entries of a report that do not identify anyone."""

from __future__ import annotations

from ..model.report import COMPANIONS, Entry
from .sentences import Masker


def publish_entry(entry: Entry, number: int, masker: Masker) -> None:
    """Take from an entry of a report what identifies the patient: its outputs name it, not its inputs."""
    masker.add_paths(map(str, entry.inputs))
    images = [path for path in entry.outputs if path.suffix not in COMPANIONS]
    names = dict.fromkeys(path.name if len(images) == 1 else path.parent.name for path in images)
    entry.title = ", ".join(names) or f"image {number}"
    entry.inputs = []
    entry.error = masker.masked_error(entry.error)
    entry.traceback = masker.masked_traceback(entry.traceback)
    entry.log.notes = list(map(masker.masked, entry.log.notes))
    entry.log.warnings = list(map(masker.masked, entry.log.warnings))
    entry.log.changes, entry.log.values = [], []
