"""Markdown of the generated pages: tables, and the parts of a page between markers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def filled(page: str, parts: dict[str, str]) -> str:
    """Return a page whose parts between ``<!-- generated: NAME -->`` and ``<!-- end -->`` are replaced.

    Raises
    ------
    KeyError
        If the page has a part that nothing generates.
    """

    def part(match: re.Match[str]) -> str:
        return f"<!-- generated: {match[1]} -->\n\n{parts[match[1]]}\n\n<!-- end -->"

    return re.sub(r"<!-- generated: ([\w-]+) -->.*?<!-- end -->", part, page, flags=re.DOTALL)
