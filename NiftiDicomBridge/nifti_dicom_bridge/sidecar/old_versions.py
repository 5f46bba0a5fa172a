"""Records of schema version 1.x, which version 0.1.0 of this tool wrote: read for good, never written again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KEYS = {"Top": "WrittenBidsKeys", "Remembered": "PreservedBidsKeys", "Residues": "PixelDataRemainder", "Bulk": "BulkData"}
_KEYS_OF_PARTS = {
    "Voxels": {"Tiles": "MosaicTiles"},
    "Frames": {"Layers": "FrameTable"},
    "PixelDataRemainder": {"Pixels": "Differences", "Tails": "TrailingBytes", "Decoded": "DecodedFrom"},
}


def with_current_keys(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record of schema version 1.x, or the part of it in a Zarr store, with the keys of version 2.0."""
    current = _renamed(record, _KEYS)
    for part, keys in _KEYS_OF_PARTS.items():
        if isinstance(current.get(part), dict):
            current[part] = _renamed(current[part], keys)
    return current


def _renamed(content: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, Any]:
    return {keys.get(key, key): value for key, value in content.items()}
