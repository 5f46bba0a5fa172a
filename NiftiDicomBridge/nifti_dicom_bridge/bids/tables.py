"""All rows: which key of a sidecar is which attribute, and in which order the keys are written."""

from __future__ import annotations

from . import acceleration, asl, ge, image_type, pet, phase_encoding, philips, readout, rows, sequence, siemens, timing, uih
from .row import AnyRow, Row

# of rows with the same key, the first that has a value counts
TABLES: dict[str, tuple[AnyRow, ...]] = {
    "Arterial spin labeling": asl.ROWS,
    "Timing": timing.ROWS,
    "Any vendor": rows.ROWS,
    "Image type": image_type.ROWS,
    "Sequence": sequence.ROWS,
    "Siemens": siemens.ROWS,
    "GE": ge.ROWS,
    "Philips": philips.ROWS,
    "United Imaging": uih.ROWS,
    "Acceleration and matrix": acceleration.ROWS,
    "Phase encoding": phase_encoding.ROWS,
    "Readout": readout.ROWS,
    "Positron emission tomography": pet.ROWS,
}
ALL_ROWS = tuple(row for table in TABLES.values() for row in table)
ORDER = {row.key: n for n, row in reversed(list(enumerate((*rows.ROWS, *ALL_ROWS))))}
BY_KEY: dict[str, Row] = {}
NESTED: dict[str, Row] = {}
"""Keys whose attribute is in an item of a sequence."""
for _row in reversed(ALL_ROWS):
    if isinstance(_row, Row) and _row.tag is not None:
        BY_KEY[_row.key] = _row
    elif isinstance(_row, Row) and _row.path is not None:
        NESTED[_row.key] = _row
# what dcm2niix writes if there is no value: no value of any attribute
PLACEHOLDERS = {("InstitutionalDepartmentName", rows.NO_DEPARTMENT)}
