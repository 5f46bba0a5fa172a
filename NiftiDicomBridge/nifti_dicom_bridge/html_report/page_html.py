"""Report → page: one file of HTML that holds all it needs."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from string import Template

from ..model.report import ConversionReport, Outcome
from ..options import Progress
from ..sidecar.record import tool_version
from . import escape
from .entry_html import entry_html, sign
from .examine_entry import Looked, look_at
from .summary import State, headline, points, sentence, state_of

OPEN_ALL = 3
"""So many entries are open from the start; of more, those where something is wrong."""
OPEN_BAD = 10
FILTER_FROM = 6
MOST_LEFT_OUT = 200


def page_of(report: ConversionReport, progress: Progress | None = None) -> str:
    """Return the page of a report; see `write_report`."""
    all_looked = [_looked(report, n, progress) for n in range(len(report.entries))]
    shown = [looked for looked in all_looked if looked.entry.outcome is not Outcome.SKIPPED]
    style, script = _part("style.css"), _part("script.js")
    return Template(_part("page.html")).substitute(
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        title=escape.text(headline(all_looked)),
        verdict=_verdict(all_looked),
        filter=_part("filter.html") if len(shown) >= FILTER_FROM else "",
        entries=_entries(shown),
        left_out=_left_out([looked for looked in all_looked if looked.entry.outcome is Outcome.SKIPPED]),
        when=escape.text(datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")),
        version=escape.text(tool_version()),
    )


def _looked(report: ConversionReport, n: int, progress: Progress | None) -> Looked:
    if progress is not None:
        progress("Comparing", n, len(report.entries))
    return look_at(report.entries[n])


def _part(name: str) -> str:
    return files(__package__.rpartition(".")[0]).joinpath("data", "html_report", name).read_text("utf-8")


def _hash(content: str) -> str:
    """Return the hash by which the page allows this content, and no other (Content Security Policy Level 3, 2.3.1)."""
    return base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")


def _verdict(all_looked: Sequence[Looked]) -> str:
    states = [state_of(looked) for looked in all_looked if looked.entry.outcome is not Outcome.SKIPPED]
    worst = min(states, key=list(State).index, default=State.BAD)
    items = "".join(f"<li>{escape.text(point)}</li>" for point in points(all_looked))
    wrong = [looked for looked in all_looked if state_of(looked) is State.BAD]
    items += "".join(
        f"<li><strong>{escape.foreign(one.entry.title, 100)}</strong>: {escape.foreign(_why(one), 240)}</li>"
        for one in wrong[:5]
    )
    return (
        f'<header class="{worst}">{sign(worst)}<div><h1>{escape.text(headline(all_looked))}</h1><ul>{items}</ul></div></header>'
    )


def _why(looked: Looked) -> str:
    return looked.entry.error or sentence(looked)


def _entries(shown: Sequence[Looked]) -> str:
    opened = 0
    parts = []
    for n, looked in enumerate(shown, 1):
        is_open = len(shown) <= OPEN_ALL or (state_of(looked) is State.BAD and opened < OPEN_BAD)
        opened += is_open
        parts.append(entry_html(looked, n, is_open))
    return "".join(parts)


def _left_out(skipped: Sequence[Looked]) -> str:
    if not skipped:
        return ""
    items = "".join(
        f"<li>{escape.foreign(one.entry.title)}: {escape.foreign(one.entry.error)}</li>" for one in skipped[:MOST_LEFT_OUT]
    )
    more = f"<li>… and {len(skipped) - MOST_LEFT_OUT} more</li>" if len(skipped) > MOST_LEFT_OUT else ""
    summary = f"<summary>{escape.count(len(skipped), 'file')} left out</summary>"
    return f'<details class="files">{summary}<ul>{items}{more}</ul></details>'
