"""Keywords of DICOM attributes (PS3.6)."""

from __future__ import annotations


def unknown_keyword(keyword: str) -> str:
    """Return a sentence if a keyword is not in the data dictionary, with those that are similar; empty if it is."""
    from difflib import get_close_matches

    from pydicom.datadict import keyword_dict

    if keyword in keyword_dict:
        return ""
    near = get_close_matches(keyword, keyword_dict, n=3)
    return f"{keyword!r} is not a DICOM keyword." + (f" Did you mean {' or '.join(near)}?" if near else "")
