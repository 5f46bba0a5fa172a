"""Which edition of the standard the tables are of. No other file names one; those of data/ are held to these by a test."""

from __future__ import annotations

EDITION_OF = {
    "PS3.3": "2026b",  # data/iods.json, of highdicom; the conditions and values of the validation
    "PS3.6": "2024c",  # standard/tags.py, of pydicom
    "PS3.15": "2026c",  # data/confidential.json, of dicom-anonymizer
    "PS3.16": "2024d",  # data/quantities.json, data/segment_codes.json, of pydicom
}
