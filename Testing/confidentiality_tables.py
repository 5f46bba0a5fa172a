"""The table data/confidential.json: PS3.15 table E.1-1, the basic profile with the columns of its options.

Run it to bring the table up to date: ``python Testing/confidentiality_tables.py ANONYMIZER STANDARD``. ANONYMIZER is the folder
of the package dicom-anonymizer (BSD-3-Clause), which lists the actions of the basic profile; STANDARD is the file
``standard/confidentiality_profile_attributes.json`` of innolitics/dicom-standard (MIT), which lists the options too, of an
older edition. A row that only the newer edition has therefore has no option: it is treated as the basic profile demands.
"""

from __future__ import annotations

import json
import runpy
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from nifti_dicom_bridge.standard.editions import EDITION_OF

TABLE = Path(__file__).resolve().parent.parent / "NiftiDicomBridge" / "nifti_dicom_bridge" / "data" / "confidential.json"
OPTIONS_EDITION = "2024b"
ACTIONS = {"D_TAGS": "D", "Z_TAGS": "Z", "X_TAGS": "X", "U_TAGS": "U", "Z_D_TAGS": "Z/D", "X_Z_TAGS": "X/Z", "X_D_TAGS": "X/D",
           "X_Z_D_TAGS": "X/Z/D", "X_Z_U_STAR_TAGS": "X/Z/U*"}  # fmt: skip
COLUMNS = {
    "rtnUIDsOpt": "uids", "rtnDevIdOpt": "device", "rtnInstIdOpt": "institution", "rtnPatCharsOpt": "patient-characteristics",
    "rtnLongFullDatesOpt": "full-dates", "rtnLongModifDatesOpt": "modified-dates", "cleanDescOpt": "descriptors",
    "cleanStructContOpt": "structured-content", "cleanGraphOpt": "graphics",
}  # fmt: skip
"""Columns of the table, by the names of the options of this package; the one for private attributes is not a tag's."""


def table(anonymizer: Path, standard: Path) -> dict[str, Any]:
    """Return the whole table: action and options → tags."""
    fields = runpy.run_path(str(anonymizer / f"dicom_anonymization_databases/dicomfields_{EDITION_OF['PS3.15']}.py"))
    rows: dict[str, str] = {}
    for name, action in ACTIONS.items():
        rows |= {f"{tag[0]:04X}{tag[1]:04X}": action for tag in fields[name] if len(tag) == 2}
    patterns = {}
    for row in json.loads(standard.read_text("utf-8")):
        options = "".join(f" {option}={row[column]}" for column, option in COLUMNS.items() if column in row)
        tag = row["id"].upper()
        if tag in rows:
            rows[tag] += options
        elif "X" in tag and len(tag) == 8:
            patterns[tag.lower()] = row["basicProfile"] + options
    grouped: dict[str, list[str]] = defaultdict(list)
    for tag, what in sorted(rows.items()):
        grouped[what].append(tag)
    return {
        "title": "PS3.15 table E.1-1: attributes by the action of the basic profile and of the options that change it",
        "source": (
            "actions: dicom-anonymizer 2.1.0 (BSD-3-Clause, Copyright 2020 Kitware Europe); options: innolitics/dicom-standard "
            f"(MIT, Copyright 2017-2021 Innolitics LLC), edition {OPTIONS_EDITION}: later rows have no options"
        ),
        "edition": EDITION_OF["PS3.15"],
        "options_edition": OPTIONS_EDITION,
        "patterns": patterns,
        "rows": {what: " ".join(tags) for what, tags in sorted(grouped.items())},
    }


if __name__ == "__main__":
    TABLE.write_text(json.dumps(table(Path(sys.argv[1]), Path(sys.argv[2])), indent=0) + "\n", "utf-8")
