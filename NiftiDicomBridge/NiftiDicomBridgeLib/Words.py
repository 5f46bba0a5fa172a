"""Reports, proposals and findings in words for people, as texts and as HTML for the panel."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

if TYPE_CHECKING:
    from nifti_dicom_bridge import Change, ConversionReport, Entry, Finding, Proposal

MOST_ROWS = 20
REQUIRED = frozenset(["PatientName", "PatientID", "StudyDate"])
"""Allowed to be empty by the standard, but an archive cannot sort or find an image without them."""


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


def kind_words(was_dicom: bool = False) -> dict[str, str]:
    """Return what each kind of DICOM object is called for a person, in the order of the panel."""
    return {
        "auto": _("As it came from DICOM, or derived") if was_dicom else _("Automatic"),
        "ct": _("CT"),
        "mr": _("MR"),
        "pet": _("PET"),
        "seg": _("Segmentation"),
        "pm": _("Parametric map"),
        "enhanced-ct": _("Enhanced CT"),
        "enhanced-mr": _("Enhanced MR"),
        "enhanced-pet": _("Enhanced PET"),
        "legacy": _("Legacy Converted Enhanced"),
        "sc": _("Secondary capture"),
        "sc-multiframe": _("Multi-frame secondary capture"),
        "classic": _("Classic of its modality"),
        "enhanced": _("Enhanced of its modality"),
    }


def beside_words() -> dict[str, str]:
    """Return what was found beside an image."""
    return {"record": _("our sidecar"), "bids": _("BIDS sidecar"), "nothing": _("nothing")}


def becomes(proposal: Proposal) -> str:
    """Return in a word or two what an image will become."""
    if proposal.error:
        return "⚠ " + _("cannot be done")
    if proposal.kind.value == "auto":
        return _("its original")
    return kind_words()[proposal.kind.value]


def proposal_text(proposal: Proposal) -> str:
    """Return all that is known of a file before it is converted."""
    return "\n".join([proposal_note(proposal), *proposal.notes]).strip()


def proposal_note(proposal: Proposal) -> str:
    """Return what a person has to know of a file before it is converted; often nothing."""
    return proposal.error or "\n".join(f"⚠ {text}" for text in proposal.warnings)


def field_words(keyword: str) -> str:
    """Return a DICOM keyword as words: ``PatientBirthDate`` → ``Patient birth date``."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]*", keyword)
    return " ".join([words[0], *(word if word.isupper() else word.lower() for word in words[1:])])


def source_words(source: str) -> str:
    """Return where a value is from, short enough for a column."""
    known = {"": _("nobody tells"), "--set": _("you"), "default": _("assumed")}
    return known.get(source) or (Path(source).name if source.endswith(".json") else source)


def report_as_html(report: ConversionReport) -> str:
    """Return a summary line and a paragraph per entry."""
    counts = Counter(entry.outcome.value for entry in report.entries)
    words = outcome_words()
    summary = "; ".join(f"{number} {words[name]}" for name, number in counts.items()) or _("nothing to do")
    return f"<p><b>{escape(summary)}</b></p>" + "".join(_entry_as_html(entry) for entry in report.entries)


def error_as_html(text: str) -> str:
    """Return why nothing was done."""
    return f"<p><b>{escape(_('Nothing was done.'))}</b> {escape(text)}</p>"


def findings_as_html(findings: Sequence[Finding]) -> str:
    """Return what a check of DICOM files has found."""
    counts = Counter(finding.severity.value for finding in findings)
    words = {"error": _("errors"), "warning": _("warnings"), "info": _("remarks")}
    summary = ", ".join(f"{counts[name]} {text}" for name, text in words.items() if counts[name]) or _("no objections")
    rows = [
        f"<p>{'✗' if finding.severity.value == 'error' else '⚠' if finding.severity.value == 'warning' else 'ℹ'} "
        f"<b>{escape(finding.tag)}</b> {escape(finding.message)}<br><i>{escape(finding.advice)}</i></p>"
        for finding in findings[:MOST_ROWS]
    ]
    return f"<p><b>{escape(_('Check of DICOM:'))} {escape(summary)}</b></p>" + "".join(rows) + _more(len(findings))


def _entry_as_html(entry: Entry) -> str:
    lines = [f"<b>{escape(entry.title)}</b>: {escape(outcome_words()[entry.outcome.value])}"]
    if entry.error:
        lines.append(escape(entry.error))
    lines += [f"⚠ {escape(text)}" for text in entry.log.warnings]
    lines += [escape(text) for text in entry.log.notes]
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
    cells: Iterable[str] = (field_words(change.attribute) if change.attribute.isalnum() else change.attribute, value[:80])
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in (*cells, source_words(change.source))) + "</tr>"


def _more(count: int) -> str:
    return f"<p>{escape(_('… and {count} more').format(count=count - MOST_ROWS))}</p>" if count > MOST_ROWS else ""


def _outputs_as_html(outputs: Sequence[Path]) -> str:
    names = [path.name for path in outputs[:2]]
    if len(outputs) > 2:
        names = [_("{count} files").format(count=len(outputs))]
    return "<i>" + escape(_("{names} in {folder}").format(names=", ".join(names), folder=str(outputs[0].parent))) + "</i>"
