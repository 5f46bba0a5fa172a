"""The table of BIDS keys in docs/bids-keys.md, made from the tables of the code.

Run it to bring the document up to date: ``python Testing/bids_keys_table.py``; a test fails while it is not.
"""

from __future__ import annotations

import re
from pathlib import Path

from nifti_dicom_bridge import tags
from nifti_dicom_bridge.formats.bids import TABLES
from nifti_dicom_bridge.formats.bids.row import AnyRow, Row
from nifti_dicom_bridge.formats.bids.source import Csa, Nested, Phoenix, Private

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "bids-keys.md"
BEGIN, END = "<!-- begin of the generated table -->", "<!-- end of the generated table -->"
FURTHER = re.compile(r"\[[1-9]\d*\]$")
"""Of keys with a number, the first is shown."""
FACTORS = {1.0: "", 1e-3: "ms → s", 1e-6: "µs → s", 1e-9: "ns → s"}


def table() -> str:
    """Return the table in Markdown."""
    lines = []
    for title, rows in TABLES.items():
        lines += ["", f"### {title}", "", "| key | source | unit | when | edits go back |", "|---|---|---|---|---|"]
        lines += [_line(row) for row in rows if not FURTHER.search(row.key)]
    return "\n".join(lines).strip()


def _line(row: AnyRow) -> str:
    if not isinstance(row, Row):
        return f"| {row.key} | {row.words} | | {row.when.words} | |"
    source = ", ".join(map(_words, row.places))
    unit = FACTORS.get(row.factor, f"· {row.factor:g}")
    if row.key == "InjectedRadioactivity":
        unit = "Bq → MBq"
    return f"| {row.key} | {source} | {unit} | {row.when.words} | {'yes' if row.tag or row.path else ''} |"


def _words(place: object) -> str:
    if isinstance(place, Private):
        return f"({place.group:04X},xx{place.number & 0xFF:02X}) {place.creator}"
    if isinstance(place, Nested):
        return " > ".join(tags.describe(tag) for tag in place.path)
    if isinstance(place, Csa):
        return f"CSA `{place.name}`"
    if isinstance(place, Phoenix):
        return f"CSA protocol `{place.name}`"
    assert isinstance(place, int)
    return tags.describe(place)


def document(text: str) -> str:
    """Return the document with the table in its place."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text("utf-8")), "utf-8")
