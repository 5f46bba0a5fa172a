"""The table data/iods.json: which attributes each IOD demands, made from the tables that highdicom brings.

Run it to bring the table up to date: ``python Testing/iod_tables.py``; a test fails while it is not. highdicom (MIT license)
extracts its tables from the text of the standard (PS3.3); they are 22 MB there, because every macro is spelt out wherever it
is used. Here every distinct list of attributes occurs once.
"""

from __future__ import annotations

import json
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from pydicom._dicom_dict import RepeatersDictionary
from pydicom.datadict import tag_for_keyword

from nifti_dicom_bridge.standard.editions import EDITION_OF

TABLE = Path(__file__).resolve().parent.parent / "NiftiDicomBridge" / "nifti_dicom_bridge" / "data" / "iods.json"
VERSION = "0.28.2"
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"  # Sup 243
# overlays may be in any of the groups 6000, 6002…: the first represents all
REPEATING = {row[4]: int(mask.replace("x", "0"), 16) for mask, row in RepeatersDictionary.items()}


def table() -> dict[str, Any]:
    """Return the whole table."""
    source = distribution("highdicom")
    standard = Path(str(source.locate_file("highdicom/_standard")))
    sop_classes, iods, modules = (
        json.loads((standard / f"{name}.json").read_text("utf-8"))
        for name in ("sop_class_iod_map", "iod_module_map", "module_attribute_map")
    )
    sop_classes.setdefault(LABEL_MAP, "segmentation")
    wanted = sorted({name for name in sop_classes.values() if name in iods})
    used = sorted({module["key"] for name in wanted for module in iods[name]} & modules.keys())
    lists = Lists()
    roots = {name: lists.number(tree(modules[name])) for name in used}
    (licence,) = [file for file in source.files or [] if file.name == "LICENSE"]
    return {
        "source": f"highdicom {source.version}, which extracts its tables from DICOM PS3.3, PS3.4",
        "edition": EDITION_OF["PS3.3"],
        "licence": "MIT: " + " ".join(Path(str(source.locate_file(licence))).read_text("utf-8").split()),
        "sop_classes": {uid: name for uid, name in sorted(sop_classes.items()) if name in iods},
        "iods": {name: [f"{m['usage']} {m['key']}" for m in iods[name] if m["key"] in roots] for name in wanted},
        "modules": roots,
        "lists": lists.rows,
    }


def tree(attributes: list[dict[str, Any]]) -> dict[str, tuple[str, dict]]:
    """Return keyword → (type, attributes of its items) of one module."""
    root: dict[str, Any] = {}
    for attribute in attributes:
        at = root
        for keyword in attribute["path"]:
            at = at[keyword][1]
        at.setdefault(attribute["keyword"], (attribute["type"], {}))
    return root


class Lists:
    """Lists of attributes, each once: ``"GGGGEEEE type"``, and for a sequence the number of the list of its items."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, attributes: dict[str, tuple[str, dict]]) -> int:
        """Return the number of a list, which is new or was met before."""
        parts = []
        for keyword, (type_, inner) in attributes.items():
            tag = tag_for_keyword(keyword) or REPEATING[keyword]
            parts.append(f"{tag:08X} {type_}" + (f" {self.number(inner)}" if inner else ""))
        row = ",".join(parts)
        if row not in self._numbers:
            self._numbers[row] = len(self.rows)
            self.rows.append(row)
        return self._numbers[row]


def document() -> str:
    """Return the text of the file."""
    return json.dumps(table(), indent=0, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TABLE.write_text(document(), "utf-8")
