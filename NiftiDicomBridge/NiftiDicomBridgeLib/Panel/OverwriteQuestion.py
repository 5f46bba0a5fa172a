"""A question when files exist already."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import slicer
from slicer.i18n import tr as _

from .Views import plain

MOST_NAMES = 5


def existing_outputs(report: Any) -> list[Any]:
    """Return the entries of a report that failed because their output exists."""
    return [entry for entry in report.failures if re.search(r"\bexists\.( |$)", entry.error)]


def ask_to_replace(entries: Sequence[Any], folder: str) -> bool:
    """Ask whether existing files shall be replaced."""
    names = [entry.title for entry in entries[:MOST_NAMES]]
    if len(entries) > MOST_NAMES:
        names.append("…")
    if len(entries) == 1:
        text = _("The output of {names} exists already in {folder}.\n\nReplace it?")
    else:
        text = _("The outputs of {count} images exist already in {folder}:\n\n{names}\n\nReplace them?")
    return bool(
        slicer.util.confirmYesNoDisplay(
            plain(text.format(count=len(entries), folder=folder, names="\n".join(names))), _("Replace existing files")
        )
    )
