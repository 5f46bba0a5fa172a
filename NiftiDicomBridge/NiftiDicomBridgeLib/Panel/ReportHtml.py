"""Reports and findings as HTML for the panel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from .DisplayTexts import field_text, outcome_texts, source_text
from .PanelMessages import in_panel

if TYPE_CHECKING:
    from nifti_dicom_bridge import Change, ConversionReport, Entry, Finding

MOST_ROWS = 20


def report_as_html(report: ConversionReport) -> str:
    """Return a summary line, the notes on the whole conversion, and a paragraph per entry."""
    notes = "".join(f"<p>{escape(in_panel(note))}</p>" for note in report.notes)
    return f"<p><b>{escape(report_summary(report))}</b></p>{notes}" + "".join(map(_entry_as_html, report.entries))


def report_summary(report: ConversionReport) -> str:
    """Return how many images had which outcome, in one line."""
    counts = Counter(entry.outcome.value for entry in report.entries)
    words = outcome_texts()
    parts = [f"{counts[name]} {text}" for name, text in words.items() if counts[name]]
    warned = sum(1 for entry in report.entries if entry.log.warnings and not entry.error)
    if warned:
        parts.append(_("{count} with warnings").format(count=warned))
    return ", ".join(parts) or _("nothing to do")


def findings_as_html(findings: Sequence[Finding]) -> str:
    """Return what a check of DICOM files has found."""
    rows = [
        f"<p>{'✗' if finding.severity.value == 'error' else '⚠' if finding.severity.value == 'warning' else 'ℹ'} "
        f"<b>{escape(finding.tag)}</b> {escape(in_panel(finding.message))}<br><i>{escape(in_panel(finding.advice))}</i></p>"
        for finding in findings[:MOST_ROWS]
    ]
    return f"<p><b>{escape(findings_summary(findings))}</b></p>" + "".join(rows) + _more(len(findings))


def findings_summary(findings: Sequence[Finding]) -> str:
    """Return how many errors, warnings and remarks a check of DICOM files has found."""
    counts = Counter(finding.severity.value for finding in findings)
    words = {"error": (_("error"), _("errors")), "warning": (_("warning"), _("warnings")), "info": (_("remark"), _("remarks"))}
    parts = [f"{counts[name]} {text[counts[name] > 1]}" for name, text in words.items() if counts[name]]
    return ", ".join(parts) or _("no findings")


def _entry_as_html(entry: Entry) -> str:
    lines = [f"<b>{escape(entry.title)}</b>: {escape(outcome_texts()[entry.outcome.value])}"]
    if entry.error:
        lines.append(escape(in_panel(entry.error)))
    lines += [f"⚠ {escape(in_panel(text))}" for text in entry.log.warnings]
    lines += [f"• {escape(in_panel(text))}" for text in entry.log.notes]
    if entry.outputs:
        lines.append(_outputs_as_html(entry.outputs))
    tables = _table(_("Changed"), entry.log.changes, with_old=True) + _table(_("Values"), entry.log.values, with_old=False)
    return "<p>" + "<br>".join(lines) + "</p>" + tables


def _table(title: str, changes: Sequence[Change], with_old: bool) -> str:
    """Return attributes as a table: what they were, what they are, and where that is from."""
    known = [change for change in changes if with_old or (change.new and not change.attribute.endswith("UID"))]
    if not known:
        return ""
    rows = "".join(_row(change, with_old) for change in known[:MOST_ROWS])
    more = _more(len(known))
    return f'<p><u>{escape(title)}</u></p><table cellspacing="0" cellpadding="2">{rows}</table>{more}'


def _row(change: Change, with_old: bool) -> str:
    value = f"{change.old or '–'} → {change.new or '–'}" if with_old else change.new
    cells: Iterable[str] = (field_text(change.attribute) if change.attribute.isalnum() else change.attribute, value[:80])
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in (*cells, source_text(change.source))) + "</tr>"


def _more(count: int) -> str:
    return f"<p>{escape(_('… and {count} more').format(count=count - MOST_ROWS))}</p>" if count > MOST_ROWS else ""


def _outputs_as_html(outputs: Sequence[Path]) -> str:
    names = [path.name for path in outputs[:2]]
    if len(outputs) > 2:
        names = [_("{count} files").format(count=len(outputs))]
    return "<i>" + escape(_("{names} in {folder}").format(names=", ".join(names), folder=str(outputs[0].parent))) + "</i>"
