"""BIDS keys that come from private attributes only: numbers and axes do not identify anyone and outlive the attributes."""

from __future__ import annotations

from typing import Any

from .. import bids
from ..model.volume import Volume
from ..standard.confidentiality_profile import action_code

# keys with words of a fixed list
_WORDS = frozenset({
    "PhaseEncodingDirection", "PhaseEncodingAxis", "SliceEncodingDirection", "InPlanePhaseEncodingDirectionDICOM",
    "PartialFourierDirection", "ParallelAcquisitionTechnique", "MRAcquisitionType", "ArterialSpinLabelingType", "PCASLType",
    "CASLType", "M0Type", "Units",
})  # fmt: skip


def preserved_keys_of(original: Volume, cleaned: Volume) -> bytes:
    """Return `DicomSource.preserved_bids_keys`: what the attributes of a volume do not specify any more; empty without any."""
    before, after = bids.keys_of(original), bids.keys_of(cleaned)
    kept = {key: value for key, value in before.items() if after.get(key) != value and _is_non_identifying(key, value)}
    block = bids.private_block_of(kept, after, original.ijk_to_ras)
    content = block[bids.KEYS_TAG].value if block else b""
    assert isinstance(content, bytes)
    return content.rstrip(b" ")


def _is_non_identifying(key: str, value: Any) -> bool:
    return not _is_confidential(key) and (key in _WORDS or _is_numeric(value))


def _is_confidential(key: str) -> bool:
    row = bids.BY_KEY.get(key) or bids.NESTED.get(key)
    return row is not None and any(action_code(tag) for tag in (*row.tags, *(row.path or ())))


def _is_numeric(value: Any) -> bool:
    return all(map(_is_numeric, value)) if isinstance(value, list) else isinstance(value, (int, float))
