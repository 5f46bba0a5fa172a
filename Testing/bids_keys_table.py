"""The table of BIDS keys in docs/bids-keys.md, made from the tables of the code.

Run it to bring the document up to date: ``python Testing/bids_keys_table.py``; a test fails while it is not.
"""

from __future__ import annotations

import re
from pathlib import Path

from nifti_dicom_bridge.bids import BY_KEY, NESTED, TABLES
from nifti_dicom_bridge.bids.private_block import NEVER
from nifti_dicom_bridge.bids.reverse_pet import KEYS
from nifti_dicom_bridge.bids.reverse_rows import REVERSE_ROWS, WITHHELD
from nifti_dicom_bridge.bids.row import AnyRow, Row
from nifti_dicom_bridge.bids.source import Csa, Nested, Phoenix, Private
from nifti_dicom_bridge.standard import dictionary

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "bids-keys.md"
BEGIN, END = "<!-- begin of the generated table -->", "<!-- end of the generated table -->"
FURTHER = re.compile(r"\[[1-9]\d*\]$")
"""Of keys with a number, the first is shown."""
# keys that more than a row of a table takes back
COMPUTED = {
    "PartialFourier": "(0018,9081) whether; block how much",
    "SliceTiming": "(0008,0032) or (0018,9074) of every slice; block",
    "FrameTimesStart": "(0008,0032) or (0018,9074) of every time",
    "FrameDuration": "(0018,1242) of every time",
    "FrameReferenceTime": "(0054,1300) of every time",
    "DecayCorrectionFactor": "(0054,1321) of every time",
    "ScatterFraction": "(0054,1323) of every time; block",
    "PhaseEncodingAxis": "(0018,1312)",
    "PhaseEncodingDirection": "(0018,1312), (0018,9034) of GE; block",
    "PhaseEncodingPolarityGE": "with PhaseEncodingDirection",
    "InPlanePhaseEncodingDirectionDICOM": "(0018,1312), of the planes that are written",
    "AcquisitionMatrixPE": "(0018,1310)",
    "ImageOrientationPatientDICOM": "which way the slices are cut",
    "InversionTime": "(0018,0082), (0018,9079) where ScanningSequence has no `IR`",
    "TriggerDelayTime": "(0018,1060), (0020,9153) without gating in ScanOptions",
    "ImageType": "all but the first two values",
    "InjectedRadioactivityUnits": "with InjectedRadioactivity",
    "MolarActivityUnits": "with MolarActivity",
    "ImageDecayCorrectionTime": "with ImageDecayCorrected",
    "ReconFilterSize": "with ReconFilterType",
    "ReconMethodParameterLabels": "with ReconMethodName",
    "ReconMethodParameterValues": "with ReconMethodName",
    "TracerRadionuclide": "(0054,0016) > (0054,0300)",
    "ScanStart": "block",
    "SeriesInstanceUID": "",
}
FACTORS = {1.0: "", 1e-3: "ms → s", 1e-6: "µs → s", 1e-9: "ns → s"}


def table() -> str:
    """Return the table in Markdown."""
    lines = []
    for title, rows in TABLES.items():
        lines += [
            "",
            f"### {title}",
            "",
            "| key | source | unit | when | edits go back | to new DICOM |",
            "|---|---|---|---|---|---|",
        ]
        lines += [_line(row) for row in rows if not FURTHER.search(row.key)]
    known = {row.key for rows in TABLES.values() for row in rows}
    others = dict.fromkeys(row.key for row in REVERSE_ROWS if row.key not in known)
    lines += ["", "### Read of sidecars, never written", "", "| key | to new DICOM |", "|---|---|"]
    lines += [f"| {key} | {fate(key)} |" for key in others]
    return "\n".join(lines).strip()


def _line(row: AnyRow) -> str:
    if not isinstance(row, Row):
        return f"| {row.key} | {row.words} | | {row.when.words} | {_edits(row)} | {fate(row.key)} |"
    source = ", ".join(map(_words, row.places))
    unit = FACTORS.get(row.factor, f"· {row.factor:g}")
    if row.key == "InjectedRadioactivity":
        unit = "Bq → MBq"
    return f"| {row.key} | {source} | {unit} | {row.when.words} | {_edits(row)} | {fate(row.key)} |"


def _edits(row: AnyRow) -> str:
    """Return whether an edit of a key goes back: to the attribute it comes from, or to another that can hold it."""
    if isinstance(row, Row) and (row.tag or row.path):
        return "yes"
    returned = [found for found in REVERSE_ROWS if found.key == row.key and row.key not in BY_KEY and row.key not in NESTED]
    places = [_place(found.path) + (f" ({found.words})" if found.words else "") for found in returned]
    return ", ".join(places)


def _place(path: tuple[int, ...]) -> str:
    return " > ".join(f"({tag >> 16:04X},{tag & 0xFFFF:04X})" for tag in path)


def fate(key: str) -> str:
    """Return where the value of a key goes when DICOM is made of an image that never was DICOM."""
    if key in COMPUTED:
        return COMPUTED[key]
    paths = [KEYS[key]] if key in KEYS else [row.path for row in REVERSE_ROWS if row.key == key]
    row = BY_KEY.get(key) or NESTED.get(key)
    if row is not None and key not in KEYS:
        paths = [(row.tag,) if row.tag else row.path or ()]
    conditions = [*(row.words for row in REVERSE_ROWS if row.key == key), WITHHELD[key][1] if key in WITHHELD else ""]
    condition = next(filter(None, conditions), "")
    places = ", ".join(map(_place, paths))
    return (f"{places}, {condition}" if condition else places) or ("" if key in NEVER else "block")


def _words(place: object) -> str:
    if isinstance(place, Private):
        return f"({place.group:04X},xx{place.number & 0xFF:02X}) {place.creator}"
    if isinstance(place, Nested):
        return " > ".join(dictionary.describe(tag) for tag in place.path)
    if isinstance(place, Csa):
        return f"CSA `{place.name}`"
    if isinstance(place, Phoenix):
        return f"CSA protocol `{place.name}`"
    assert isinstance(place, int)
    return dictionary.describe(place)


def document(text: str) -> str:
    """Return the document with the table in its place."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text("utf-8")), "utf-8")
