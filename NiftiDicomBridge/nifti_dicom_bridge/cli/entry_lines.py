"""The lines on the images of a run: one for each with at most one warning, and at the end what they have in common."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

from .lines import print_line
from .words import reported_in_words

if TYPE_CHECKING:
    from ..model.report import ConversionReport, Entry

_LAST = ("failed", "skipped")
_WARNING = "warning: "
_INDENT = " " * 11
MOST_NAMED = 3
"""Failed images that the last line names."""


class EntryLines:
    """Prints what became of each image, and a summary.

    By default, each image has its first warning or change that was not printed before; those of several images are repeated
    once at the end with the number of images.

    Parameters
    ----------
    quiet : bool
        Print failures only.
    verbose : int
        1 and more: print every warning, note, changed attribute and file.
    """

    def __init__(self, quiet: bool, verbose: int):
        self._quiet, self._verbose = quiet, verbose
        self._details_of_all: Counter[str] = Counter()
        self._printed: set[str] = set()

    def show(self, entry: Entry) -> None:
        """Print one entry: a failure to standard error, the rest as ``quiet`` and ``verbose`` allow."""
        entry = reported_in_words(entry)
        if entry.outcome.value == "failed":
            for line in entry.line().split("\n"):
                print_line(line, sys.stderr)
        elif not self._quiet and (self._verbose or entry.exists or entry.outcome.value != "skipped"):
            print_line(entry.line())
            for line in self._details(entry):
                print_line(_INDENT + line)
            sys.stdout.flush()

    def _details(self, entry: Entry) -> list[str]:
        warnings = [_WARNING + text for text in dict.fromkeys(entry.log.warnings)]
        changes = [f"{c.attribute}: {c.old or '(absent)'} → {c.new} ({c.source})" for c in entry.log.changes]
        if self._verbose:
            return [*warnings, *changes, *(f"note: {text}" for text in entry.log.notes), *map(str, entry.outputs)]
        self._details_of_all.update([*warnings, *changes])
        first = [text for text in [*warnings, *changes] if text not in self._printed][:1]
        self._printed.update(first)
        return first

    def end(self, report: ConversionReport, seconds: float, can_continue: bool = False) -> None:
        """Print what concerns several images, and the last line: ``39 converted, 1 failed (7 DWI), 4.8 s``.

        Parameters
        ----------
        report : ConversionReport
            Of the whole run.
        seconds : float
            How long it took.
        can_continue : bool
            Whether a second run with ``--skip-existing`` would convert only what is missing.
        """
        self._show_why_nothing_was_done(report)
        if self._quiet:
            return
        for note in report.notes:
            print_line(f"note       {note}")
        for text, count in self._details_of_all.items():
            if count > 1 and text in self._printed:
                kind = "warning" if text.startswith(_WARNING) else "note"
                print_line(f"{kind:<11}{count} images: {text.removeprefix(_WARNING)}")
        counts = Counter(entry.outcome.text for entry in report.entries)
        done = sum(count for outcome, count in counts.items() if outcome not in _LAST)
        if can_continue and counts["failed"] and done:
            print_line("note       the same command with --skip-existing converts only what is missing")
        print_line(self._summary(report, counts, seconds))

    def _show_why_nothing_was_done(self, report: ConversionReport) -> None:
        """Print why the first images were skipped, if all were: that is what the user has to know."""
        skipped = [entry for entry in report.entries if entry.outcome.value == "skipped" and not entry.exists]
        if not self._verbose and len(skipped) == len(report.entries):
            for entry in skipped[:MOST_NAMED]:
                print_line(reported_in_words(entry).line(), sys.stderr)

    def _summary(self, report: ConversionReport, counts: Counter[str], seconds: float) -> str:
        parts = [f"{count} {outcome}" for outcome, count in sorted(counts.items(), key=_by_outcome) if outcome not in _LAST]
        if counts["failed"]:
            titles = [entry.title for entry in report.failures]
            more = ", …" if len(titles) > MOST_NAMED else ""
            parts.append(f"{counts['failed']} failed ({', '.join(titles[:MOST_NAMED])}{more})")
        if counts["skipped"]:
            are_hidden = not self._verbose and any(one.outcome.value == "skipped" and not one.exists for one in report.entries)
            parts.append(f"{counts['skipped']} skipped" + " (-v lists them)" * are_hidden)
        hidden = self._details_of_all.keys() - self._printed
        warnings = sum(text.startswith(_WARNING) for text in hidden)
        counted = ((warnings, "warning"), (len(hidden) - warnings, "change"))
        unseen = [f"{count} more {what}{'s' * (count > 1)}" for count, what in counted if count]
        parts += [f"{' and '.join(unseen)} (-v shows them)"] if unseen else []
        return ", ".join([*parts, f"{seconds:.1f} s"])


def _by_outcome(counted: tuple[str, int]) -> int:
    return _LAST.index(counted[0]) if counted[0] in _LAST else -1
