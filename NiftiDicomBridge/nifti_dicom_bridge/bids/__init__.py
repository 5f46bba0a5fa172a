"""BIDS names ⇄ DICOM attributes, by tables: one row per key, for both directions.

`rows` has what public attributes specify whoever made the image, the other files what needs a vendor's private elements or a
computation. Names and units are those of the BIDS specification and, where it is silent, of dcm2niix. Here is what DICOM → BIDS
needs; `from_sidecar` and the modules `reverse_…` have the other direction.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..model.metadata import Elements, Encoding, Instance
from ..model.volume import Volume
from .identity import identity_in, without_identity, without_personal_keys
from .private_block import KEYS_TAG, direction_of, find_private_block, private_block_of, with_preserved_keys
from .source import PlaneAttributes, Storage
from .tables import ALL_ROWS, BY_KEY, NESTED, ORDER, PLACEHOLDERS, TABLES
from .volume_times import doubt_of_times, time_step_s_of

__all__ = [
    "BY_KEY",
    "KEYS_TAG",
    "NESTED",
    "ORDER",
    "PLACEHOLDERS",
    "TABLES",
    "PlaneAttributes",
    "Storage",
    "direction_of",
    "doubt_of_times",
    "find_private_block",
    "identity_in",
    "keys_of",
    "keys_of_elements",
    "private_block_of",
    "time_step_s_of",
    "without_identity",
    "without_personal_keys",
]  # fmt: skip


def keys_of(volume: Volume, stored_affine: np.ndarray | None = None) -> dict[str, Any]:
    """Return the BIDS keys that a volume's attributes specify; what is absent or empty is left out.

    Parameters
    ----------
    volume : Volume
        With `metadata`.
    stored_affine : numpy.ndarray, shape (4, 4), optional
        Voxel indices of the file → mm, RAS, where the file has another order than the volume: what BIDS specifies for axes is
        specified for those of the file.
    """
    source = PlaneAttributes.of(volume, Storage.of(volume, volume.ijk_to_ras if stored_affine is None else stored_affine))
    keys = with_preserved_keys(_value_from(source), source)
    return dict(sorted(keys.items(), key=lambda item: ORDER.get(item[0], len(ORDER))))


def keys_of_elements(elements: Elements) -> dict[str, Any]:
    """Return the BIDS keys that the attributes of one data set specify by themselves, whatever its place and time."""
    return _value_from(PlaneAttributes(Instance(elements, {}, None, Encoding(), None)))


def _value_from(source: PlaneAttributes) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for row in ALL_ROWS:
        if row.key not in keys:
            value = row.read(source)
            if value is not None:
                keys[row.key] = value
    return keys
