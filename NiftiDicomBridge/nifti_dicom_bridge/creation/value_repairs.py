"""What makes a value one that its VR allows (PS3.5 6.2): one table for elements, one for texts of a BIDS sidecar.

Elements of DICOM are repaired only where the meaning is plain: padding, case, length. A text of a sidecar was never bound to a
VR, so more of it is changed; the caller reports each change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ..model import metadata
from ..validation.representation import TEXT_RULES

_LONGEST = {vr: TEXT_RULES[vr].most for vr in ("SH", "LO", "ST", "LT")}
_WHOLE = ("IS", "US", "SS", "UL", "SL")


# --- elements ---------------------------------------------------------------------------------------------------------


def stripped(text: str) -> str:
    """Return a text without the padding of its values."""
    return "\\".join(part.strip(metadata.SPACE_AND_NULL) for part in text.split("\\"))


def _age(text: str) -> str:
    number = text[:-1]
    return f"{int(number):03d}{text[-1]}" if number.isdigit() and text[-1:] in "DWMY" and len(number) < 4 else text


def _upper(text: str) -> str:
    return text.upper()


def _shorter(most: int) -> Callable[[str], str]:
    return lambda text: "\\".join(part[:most] for part in text.split("\\"))


ELEMENT_REPAIRS: dict[str, tuple[Callable[[str], str], ...]] = {
    "AS": (stripped, _age), "CS": (stripped, _upper), "DA": (stripped,), "TM": (stripped,), "DT": (stripped,),
    "DS": (stripped,), "IS": (stripped,), "SH": (stripped, _shorter(_LONGEST["SH"])),
    "LO": (stripped, _shorter(_LONGEST["LO"])),
}  # fmt: skip
"""VR → what makes a value valid that only looks wrong; where that is not enough, the caller drops the value."""


# --- texts of a sidecar -----------------------------------------------------------------------------------------------


def _shortened(vr: str, texts: Sequence[str]) -> list[str]:
    return [re.sub(r"[\x00-\x1f\\]", " ", text)[: _LONGEST[vr]].strip() for text in texts]


def _code(vr: str, texts: Sequence[str]) -> list[str]:
    return [re.sub(r"[^A-Z0-9_ ]", "_", text.upper())[:16].strip() for text in texts]


def _rounded(vr: str, texts: Sequence[str]) -> list[str]:
    return [str(round(float(text))) for text in texts]


def _same(vr: str, texts: Sequence[str]) -> list[str]:
    return list(texts)


TEXT_REPAIRS: dict[str, Callable[[str, Sequence[str]], list[str]]] = {
    **dict.fromkeys(_LONGEST, _shortened), **dict.fromkeys(_WHOLE, _rounded), "CS": _code, "PN": _same, "UI": _same,
}  # fmt: skip
"""VR → what makes a value of BIDS one that the VR allows; other VRs have none: a date is valid, or it is not."""
