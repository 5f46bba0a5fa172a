"""What made a segmentation automatically: ``NAME[:VERSION[:FAMILY]]`` (PS3.3 10.16, Algorithm Identification Macro)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .fields import Text

FAMILIES = {
    "Neighborhood Analysis": "123101",
    "Adaptive Filtering": "123102",
    "Edge Detection": "123103",
    "Morphological Operations": "123104",
    "Histogram Analysis": "123105",
    "Multi-Scale/Resolution Filtering": "123106",
    "Cluster Analysis": "123107",
    "Multispectral Processing": "123108",
    "Manual Processing": "123109",
    "Artificial Intelligence": "123110",
    "Deformable Models": "123111",
}
"""Meaning → code value of CID 7162; the coding scheme is DCM."""
LONGEST = 64
"""Algorithm Name and Algorithm Version are LO: at most 64 characters (PS3.5 6.2)."""
_AI = "Artificial Intelligence"
# tools that are neural networks, by their own documentation
_FAMILY_OF = dict.fromkeys(("totalsegmentator", "nnunet", "fastsurfer", "synthseg", "hdbet", "monai"), _AI)
_SHORT = {"ai": _AI}


@dataclass(frozen=True)
class Algorithm:
    """What made a segmentation automatically.

    Attributes
    ----------
    name : str
        Its name; empty if unknown.
    version : str
        Its version; empty if unknown.
    family : str
        What kind of algorithm it is, a meaning in `FAMILIES`; empty if unknown.
    is_stated : bool
        The user stated it; otherwise, it is the name of the program that ran.
    """

    name: str = ""
    version: str = ""
    family: str = ""
    is_stated: bool = False

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}".strip()


UNKNOWN = Algorithm()


class AlgorithmText(Text):
    """``NAME[:VERSION[:FAMILY]]``, or empty."""

    def checked(self, value: Any) -> str:
        """Return the text."""
        text = super().checked(value)
        if not text.strip():
            return ""
        name, version, family = _parts(text)
        if not name:
            raise self.refused(text, "Expected NAME[:VERSION[:FAMILY]], such as nnU-Net:2.5:AI.")
        if max(len(name), len(version)) > LONGEST or re.search(r"[\\\x00-\x1f]", text):
            raise self.refused(text, f"Name and version have at most {LONGEST} characters and no backslash.")
        if family and not _family(family):
            raise self.refused(text, f"Expected as FAMILY one of AI, {', '.join(FAMILIES)}.")
        return text


def parse_algorithm(text: str) -> Algorithm:
    """Return the parts of a text that `AlgorithmText` accepted; the family of well-known tools is added.

    Examples
    --------
    >>> parse_algorithm("nnU-Net:2.5")
    Algorithm(name='nnU-Net', version='2.5', family='Artificial Intelligence', is_stated=True)
    """
    name, version, family = _parts(text)
    known = _FAMILY_OF.get(re.sub(r"(?i)v\d+$|[^a-z0-9]", "", name.lower()), "")
    return Algorithm(name, version, _family(family) or known, bool(name))


def _parts(text: str) -> tuple[str, str, str]:
    name, version, family = (part.strip() for part in (*text.split(":", 2), "", "")[:3])
    return name, version, family


def _family(text: str) -> str:
    """Return the meaning of a family: by its meaning or keyword, whatever the case, or its code value."""
    plain = re.sub(r"[^a-z0-9]", "", text.lower())
    by_text = {re.sub(r"[^a-z0-9]", "", meaning.lower()): meaning for meaning in FAMILIES}
    by_value = {value: meaning for meaning, value in FAMILIES.items()}
    return _SHORT.get(plain) or by_text.get(plain) or by_value.get(plain, "")
