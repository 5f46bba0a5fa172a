"""One entry of a report → its part of the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os.path import commonpath
from pathlib import Path

from ..validation import Finding, Severity
from .attributes import Row
from .data_uris import data_uri
from .escape import count, foreign, grouped, text
from .examine_entry import Looked
from .images import NIFTI, ZARR
from .summary import State, errors_of, sentence, state_of
from .view_html import sight_of

PICTURES = 19_000
"""Bytes for the pictures of an entry: a page of many series must stay one that opens."""
THUMBNAIL, THUMBNAIL_BYTES = 56, 900
ORDER = ("changed", "dropped", "assumed", "set", "empty", "restored")
MOST_ROWS, MOST_FINDINGS, MOST_FILES, MOST_SENTENCES = 60, 12, 10, 12
SIGNS = {State.GOOD: "✓", State.NOTE: "!", State.BAD: "✕", State.LEFT: "–"}
WORDS = {State.GOOD: "all well", State.NOTE: "worth a look", State.BAD: "wrong", State.LEFT: "left out"}


def entry_html(looked: Looked, number_: int, is_open: bool) -> str:
    """Return an entry: a line that says how it went, and all the rest behind it."""
    state, entry = state_of(looked), looked.entry
    shown = sum(bool(view.panels) for view in looked.views)
    parts = [
        _sentences("note", "To know", entry.log.warnings),
        _sentences("note", "Not looked at", looked.problems),
        *(sight_of(view, len(looked.views) > 1, PICTURES // max(1, shown)) for view in looked.views),
        _attributes(looked),
        _findings(looked),
        _sentences("plain", "Remarks", entry.log.notes),
        _files("In", entry.inputs),
        _files("Out", entry.outputs),
    ]
    return (
        f'<details class="entry {state}" id="e{number_}"{" open" if is_open else ""}>'
        f"<summary>{sign(state)}{_thumbnail(looked)}<span><strong>{foreign(entry.title, 160)}</strong> "
        f"<span>{text(sentence(looked))}</span>{_chips(looked)}</span></summary>"
        f'<div class="inside">{"".join(parts)}</div></details>\n'
    )


def sign(state: State) -> str:
    """Return the sign of how it went, for eyes and for ears."""
    return f'<span class="sign {state}" role="img" aria-label="{WORDS[state]}">{SIGNS[state]}</span>'


def _chips(looked: Looked) -> str:
    warnings, errors = len(looked.entry.log.warnings), errors_of(looked)
    found = [count(warnings, "thing to know", "things to know")] if warnings else []
    found += [count(errors, "error") + " of the checker"] if errors else []
    return "".join(f'<span class="chip">{text(words)}</span>' for words in found)


def _thumbnail(looked: Looked) -> str:
    panel = next((panel for view in looked.views for panel in view.panels), None)
    picture = panel and (panel.before or panel.after)
    if not picture:
        return '<span class="thumbnail"></span>'
    small = picture.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    return f'<img class="thumbnail" alt="" src="{data_uri(small, THUMBNAIL_BYTES)}">'


def _sentences(kind: str, title: str, sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    items = "".join(f"<li>{foreign(sentence)}</li>" for sentence in sentences[:MOST_SENTENCES])
    return f'<h3>{title}</h3><ul class="{kind}">{items}{_rest(len(sentences), MOST_SENTENCES, "li")}</ul>'


def _rest(total: int, shown: int, tag: str) -> str:
    return f"<{tag}>… and {grouped(total - shown)} more</{tag}>" if total > shown else ""


def _attributes(looked: Looked) -> str:
    if not looked.rows and not looked.compared:
        return ""
    rows = _in_order(looked.rows)
    names = ("Outcome", "Attribute", "Before", "After", "Source, reason")
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    body = "".join(map(_attribute, rows[:MOST_ROWS]))
    table = f'<table class="attributes"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>' if rows else ""
    return f"<h3>Attributes</h3>{_restored(looked)}{table}{_rest(len(rows), MOST_ROWS, 'p')}"


def _restored(looked: Looked) -> str:
    if not looked.compared:
        return ""
    share = "All" if looked.restored == looked.compared else f"{grouped(looked.restored)} of"
    where = "in the sidecar" if _is_in_sidecar(looked) else "the same"
    words = f"{share} {count(looked.compared, 'attribute')} of {count(looked.instances, 'instance')} are {where}."
    return f'<p class="said">{words}</p>'


def _is_in_sidecar(looked: Looked) -> bool:
    return any(view.after and view.after.kind in (NIFTI, ZARR) for view in looked.views)


def _in_order(rows: Iterable[Row]) -> list[Row]:
    """Return rows in an order in which people look for them, taken together where there is nothing to see of each."""
    together: dict[tuple[str, str], list[Row]] = {}
    found = []
    for row in rows:
        if row.kind == "empty" or _is_private(row):
            together.setdefault((row.kind, row.source), []).append(row)
        else:
            found.append(row)
    for (kind, source), several in together.items():
        names = ", ".join(row.attribute for row in several) if kind == "empty" else count(len(several), "private attribute")
        found.append(Row(kind, names, "", "", source))
    return sorted(found, key=lambda row: ORDER.index(row.kind))


def _is_private(row: Row) -> bool:
    return row.attribute.startswith("(") and int(row.attribute[4], 16) % 2 == 1


def _attribute(row: Row) -> str:
    cells = (("Attribute", row.attribute), ("Before", row.old), ("After", row.new), ("Source", row.source))
    told = "".join(f'<td data-name="{name}">{foreign(said)}</td>' for name, said in cells)
    return f'<tr class="{row.kind}"><td><span class="kind {row.kind}">{row.kind}</span></td>{told}</tr>'


def _findings(looked: Looked) -> str:
    if looked.findings is None:
        return ""
    found = [finding for finding in looked.findings if finding.severity is not Severity.INFO]
    if not found:
        return '<h3>Checked by the standard</h3><p class="said">No error and no warning.</p>'
    errors = errors_of(looked)
    said = f"{count(errors, 'error')}, {count(len(found) - errors, 'warning')}."
    items = "".join(map(_finding, found[:MOST_FINDINGS])) + _rest(len(found), MOST_FINDINGS, "li")
    return f'<h3>Checked by the standard</h3><p class="said">{said}</p><ul class="findings">{items}</ul>'


def _finding(finding: Finding) -> str:
    files = f" In {count(finding.files, 'file')}." if finding.files > 1 else ""
    return (
        f'<li><span class="kind {finding.severity}">{finding.severity}</span> {foreign(finding.tag)} '
        f"{foreign(finding.message)} <em>{foreign(finding.advice)}</em>{files}</li>"
    )


def _files(title: str, paths: Sequence[Path]) -> str:
    if not paths:
        return ""
    folder = commonpath([path.parent for path in paths])
    names = "".join(f"<li>{foreign(path.relative_to(folder))}</li>" for path in paths[:MOST_FILES])
    return (
        f'<details class="files"><summary>{title}: {count(len(paths), "file")} in <code>{foreign(folder)}</code></summary>'
        f"<ul>{names}{_rest(len(paths), MOST_FILES, 'li')}</ul></details>"
    )
