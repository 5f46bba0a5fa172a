"""The table data/safe_private.json compared with a second source of PS3.15 table E.3.10-1.

Run it with the DocBook source of the standard, or with a TSV file (element, creator, optional VR):
``python Testing/safe_private_table.py part15.xml``. It prints the rows that only one of them has and VRs that differ, and
ends with exit code 1 if a row of ours is not in the source. Rows of text, sequences and bytes are left out of ours on purpose.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from pydicom.valuerep import VR

TABLE = Path(__file__).resolve().parent.parent / "NiftiDicomBridge" / "nifti_dicom_bridge" / "data" / "safe_private.json"
DOCBOOK = "{http://docbook.org/ns/docbook}"
NUMBERS_AND_CODES = frozenset({"CS", "DS", "FD", "FL", "IS", "SL", "SS", "UL", "US"})
_ELEMENT = re.compile(r"\(?(?:0x)?([0-9A-F]{4}), ?(?:0x)?(?:XX|00)([0-9A-F]{2})\)?")

Key = tuple[str, str, str]
"""Creator, group and last byte of the element, in upper case."""


def ours() -> dict[Key, str]:
    """Return the rows of the table of this package, with their VRs."""
    return {
        (creator.upper(), group, number): vr
        for creator, groups in json.loads(TABLE.read_text("utf-8"))["table"].items()
        for group, by_vr in groups.items()
        for vr, numbers in by_vr.items()
        for number in numbers.split()
    }


def theirs(path: Path) -> dict[Key, str]:
    """Return the rows of a second source; VRs are empty where it has none."""
    found = {}
    for element, creator, *more in _rows(path):
        if match := _ELEMENT.fullmatch(element.strip().upper()):
            vr = more[0].strip() if more and more[0].strip() in set(VR) else ""
            found[creator.strip().upper(), match[1], match[2]] = vr
    return found


def _rows(path: Path) -> Iterator[list[str]]:
    if path.suffix != ".xml":
        with path.open(encoding="utf-8", newline="") as file:
            yield from (row for row in csv.reader(file, delimiter="\t") if len(row) > 1)
        return
    for table in ET.parse(path).iter(f"{DOCBOOK}table"):
        if table.get("label") == "E.3.10-1":
            for row in table.iterfind(f".//{DOCBOOK}tbody/{DOCBOOK}tr"):
                yield ["".join(cell.itertext()) for cell in row.iterfind(f"{DOCBOOK}td")]


def differences(one: dict[Key, str], other: dict[Key, str]) -> tuple[list[Key], list[Key], list[Key]]:
    """Return rows that only one has, rows of numbers and codes that only the other has, and rows whose VRs differ."""
    absent = sorted(one.keys() - other.keys())
    missing = sorted(key for key in other.keys() - one.keys() if other[key] in NUMBERS_AND_CODES)
    differing = sorted(key for key in one.keys() & other.keys() if other[key] and one[key] != other[key])
    return absent, missing, differing


if __name__ == "__main__":
    mine, source = ours(), theirs(Path(sys.argv[1]))
    only_ours, only_theirs, vrs = differences(mine, source)
    print(f"{len(mine)} rows here, {len(source)} in the source, {len(mine.keys() & source.keys())} in both")
    for title, rows in (("only here", only_ours), ("only in the source", only_theirs), ("different VR", vrs)):
        print(f"{title}: {len(rows)}")
        for row in rows:
            print("  ", *row, mine.get(row, ""), source.get(row, ""))
    sys.exit(bool(only_ours or vrs))
