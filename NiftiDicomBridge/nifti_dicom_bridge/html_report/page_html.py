"""Report → page: one HTML file that contains everything it shows."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime

from ..model.report import ConversionReport, Outcome
from ..options import Progress
from ..version import tool_version
from .entry_view import EntryView, entry_view
from .examine_entry import EntryExamination, examine_entry
from .summary import State, headline, key_points, result_of, sentence, state_of
from .templates import read_part, render

OPEN_ALL = 3
"""Up to this many entries are all open at first; of more, only those with errors."""
OPEN_BAD = 10
FILTER_FROM = 6
MOST_SKIPPED = 200
MOST_PROBLEMS = 5


def page_of(report: ConversionReport, progress: Progress | None = None) -> str:
    """Return the page of a report; see `write_report`."""
    examinations = [_examined(report, n, progress) for n in range(len(report.entries))]
    shown = [examination for examination in examinations if examination.entry.outcome is not Outcome.SKIPPED]
    style, script = read_part("style.css"), read_part("script.js")
    return render(
        "page.html",
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        headline=headline(examinations),
        worst=min(map(result_of, shown), key=list(State).index, default=State.ERROR),
        points=key_points(examinations),
        problems=_problems(examinations),
        has_filter=len(shown) >= FILTER_FROM,
        entries=_entries(shown),
        skipped=[examination for examination in examinations if examination.entry.outcome is Outcome.SKIPPED],
        most_skipped=MOST_SKIPPED,
        is_compared=any(image.difference for examination in shown for image in examination.images),
        time=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S %Z"),
        version=tool_version(),
        run=report.run,
    )


def _examined(report: ConversionReport, n: int, progress: Progress | None) -> EntryExamination:
    if progress is not None:
        progress("Comparing", n, len(report.entries))
    return examine_entry(report.entries[n])


def _hash(content: str) -> str:
    """Return the hash by which the page allows this content only (Content Security Policy Level 3, 2.3.1)."""
    return base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")


def _problems(examinations: Sequence[EntryExamination]) -> list[tuple[str, str]]:
    """Return title and reason of the first entries with errors."""
    wrong = [examination for examination in examinations if state_of(examination) is State.ERROR][:MOST_PROBLEMS]
    return [one.entry.problem if one.entry.error else (one.entry.title, sentence(one)) for one in wrong]


def _entries(shown: Sequence[EntryExamination]) -> list[EntryView]:
    """Return what is shown of entries; those with errors come first."""
    opened = 0
    views = []
    for number, examination in enumerate(sorted(shown, key=lambda one: state_of(one) is not State.ERROR), 1):
        is_open = len(shown) <= OPEN_ALL or (state_of(examination) is State.ERROR and opened < OPEN_BAD)
        opened += is_open
        views.append(entry_view(examination, number, is_open))
    return views
