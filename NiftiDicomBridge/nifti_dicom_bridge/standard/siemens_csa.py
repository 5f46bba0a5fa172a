"""The binary header that Siemens puts into private elements (CSA), as nibabel reads it."""

from __future__ import annotations

import warnings
from functools import lru_cache


@lru_cache(maxsize=64)
def csa_values(raw: bytes) -> dict[str, list]:
    """Return the values of a CSA header, by name; empty where it cannot be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nibabel calls all of nicom experimental; the CSA reader is what we want of it
        from nibabel.nicom import csareader
    try:
        header = csareader.read(raw)
    except Exception:  # nibabel raises whatever the damage causes: struct.error, CSAReadError, IndexError…
        return {}
    return {name: entry["items"] for name, entry in header["tags"].items()}
