"""A conversion report in words, as HTML for the panel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

if TYPE_CHECKING:
    from nifti_dicom_bridge import ConversionReport, Entry

MOST_CHANGES = 20


def outcome_words() -> dict[str, str]:
    """Return what each outcome is called for a person."""
    return {
        "converted": _("converted"),
        "restored": _("restored, the very same instances"),
        "reissued": _("restored, as a new series"),
        "derived": _("derived from the edited image"),
        "skipped": _("skipped"),
        "failed": _("failed"),
    }


def report_as_html(report: ConversionReport) -> str:
    """Return a summary line and a paragraph per entry."""
    counts = Counter(entry.outcome.value for entry in report.entries)
    words = outcome_words()
    summary = ", ".join(f"{number} {words[name]}" for name, number in counts.items()) or _("nothing to do")
    return f"<p><b>{escape(summary)}</b></p>" + "".join(_entry_as_html(entry) for entry in report.entries)


def error_as_html(text: str) -> str:
    """Return why nothing was done."""
    return f"<p><b>{escape(_('Nothing was done.'))}</b> {escape(text)}</p>"


def _entry_as_html(entry: Entry) -> str:
    lines = [f"<b>{escape(entry.title)}</b>: {escape(outcome_words()[entry.outcome.value])}"]
    if entry.error:
        lines.append(escape(entry.error))
    lines += [f"⚠ {escape(text)}" for text in entry.log.warnings]
    lines += [escape(text) for text in entry.log.notes]
    changes = entry.log.changes
    lines += [escape(f"{c.attribute}: {c.old} → {c.new} ({c.source})") for c in changes[:MOST_CHANGES]]
    if len(changes) > MOST_CHANGES:
        lines.append(escape(_("… and {count} more changes").format(count=len(changes) - MOST_CHANGES)))
    if entry.outputs:
        lines.append(_outputs_as_html(entry.outputs))
    return "<p>" + "<br>".join(lines) + "</p>"


def _outputs_as_html(outputs: Sequence[Path]) -> str:
    names = [path.name for path in outputs[:2]]
    if len(outputs) > 2:
        names = [_("{count} files").format(count=len(outputs))]
    return "<i>" + escape(_("{names} in {folder}").format(names=", ".join(names), folder=str(outputs[0].parent))) + "</i>"
