"""How the value fields of VRs are encoded (PS3.5 7.1.2, 7.3). Values are held in little endian: big endian is swapped."""

from __future__ import annotations

UNDEFINED = 0xFFFFFFFF
# PS3.5 7.1.2: explicit VRs whose length field has 32 bits behind two reserved bytes
LONG_VRS = frozenset(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"])
# PS3.5 7.3: bytes per number, for the byte order
WORD_SIZES = {
    "AT": 2, "OW": 2, "SS": 2, "US": 2, "FL": 4, "OF": 4, "OL": 4, "SL": 4, "UL": 4,
    "FD": 8, "OD": 8, "OV": 8, "SV": 8, "UV": 8,
}  # fmt: skip


def swap(vr: str, raw: bytes) -> bytes:
    """Turn the byte order of a value field (its own inverse)."""
    size = WORD_SIZES.get(vr, 1)
    if size == 1 or len(raw) % size:
        return raw
    return b"".join(raw[i : i + size][::-1] for i in range(0, len(raw), size))
