"""What a sidecar specifies and no attribute of the object made from it specifies: kept in a private block of ours.

One element of JSON in group 4E49 (``NI``), block of the creator ``NIFTI DICOM BRIDGE`` (PS3.5 7.8.1): the keys, the matrix
of the NIfTI file that their axes are those of, and what the attributes gave when the block was written. A key counts as long
as the attributes still specify the same: who changes an attribute later is right.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..model.files.json_files import parse_json
from ..model.metadata import Element, Elements
from ..model.space.geometry import axis_along, ras_of_lps
from ..options import Resample
from ..standard.numbers import is_number
from .source import Layer, PlaneAttributes, Private

GROUP, CREATOR = 0x4E49, "NIFTI DICOM BRIDGE"
KEYS = Private(GROUP, CREATOR, 0x1000)
CREATOR_TAG, KEYS_TAG = GROUP << 16 | 0x10, GROUP << 16 | 0x1000
MATRIX, ATTRIBUTE_VALUES = "ijk_to_ras", "attribute_values"
_ATTRIBUTE_VALUES_BEFORE_2 = "told"
# what follows from the object itself, and the patient: only attributes specify that
NEVER = frozenset({
    "ImageType", "ConversionSoftware", "ConversionSoftwareVersion", "SeriesInstanceUID", "StudyInstanceUID", "NiftiDicomBridge",
    "ImageOrientationPatientDICOM", "PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "ReferringPhysicianName",
    "StudyID", "SeriesNumber",
})  # fmt: skip
LETTERS = ("PhaseEncodingDirection", "PhaseEncodingAxis", "SliceEncodingDirection")
OF_SPACING = ("SliceTiming", "SliceEncodingDirection", "SpacingBetweenSlices")
"""Keys that hold no more where slices were interpolated."""
SAME_S = 2e-3
"""Moments of slices and times that differ by less differ by rounding."""


def private_block_of(keys: Mapping[str, Any], from_attributes: Mapping[str, Any], ijk_to_ras: np.ndarray) -> Elements:
    """Return the private block; empty where there is nothing to remember.

    Parameters
    ----------
    keys : mapping
        What the sidecar specifies and the attributes do not specify, or not in full.
    from_attributes : mapping
        What the attributes specify instead, by key.
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        Matrix of the NIfTI file.
    """
    kept = {key: value for key, value in keys.items() if key not in NEVER}
    if not kept:
        return {}
    content = {
        "keys": kept,
        ATTRIBUTE_VALUES: {key: from_attributes[key] for key in kept if key in from_attributes},
        MATRIX: [[float(f"{number:.9g}") for number in row] for row in np.asarray(ijk_to_ras, dtype=float).tolist()],
    }
    raw = json.dumps(content, separators=(",", ":")).encode("ascii")
    return {
        CREATOR_TAG: Element("LO", CREATOR.encode("ascii")),
        KEYS_TAG: Element("UT", raw + b" " * (len(raw) % 2)),
    }


def find_private_block(elements: Elements) -> Elements:
    """Return the private block of a data set, in its usual place; empty where there is none."""
    layer = Layer(elements)
    tag = layer.tag_of(KEYS) if (GROUP, CREATOR) in layer.blocks else None
    return {} if tag is None else {CREATOR_TAG: Element("LO", CREATOR.encode("ascii")), KEYS_TAG: elements[tag]}


def with_preserved_keys(keys_now: dict[str, Any], source: PlaneAttributes) -> dict[str, Any]:
    """Return the keys that attributes give, and those of the block, in the axes of the file that is written now."""
    block = _block(source)
    if source.volume is not None and source.volume.dicom.preserved_bids_keys:
        block = _read(source.volume.dicom.preserved_bids_keys.decode("ascii"))
    if block is None:
        return keys_now
    keys, from_attributes, matrix = block
    if source.volume is not None and Resample.SPACING in source.volume.dicom.resampled:
        keys = {key: value for key, value in keys.items() if key not in OF_SPACING}
    keys = _in_axes_of(keys, matrix, source)
    if not _holds(_in_order(keys), keys_now.get("SliceTiming"), from_attributes.get("SliceTiming")):
        keys = {key: value for key, value in keys.items() if key not in ("SliceTiming", "SliceEncodingDirection")}
    elif "SliceTiming" in keys:
        keys_now = {key: value for key, value in keys_now.items() if key != "SliceTiming"}
    merged = {
        **keys_now,
        **{key: value for key, value in keys.items() if _holds(value, keys_now.get(key), from_attributes.get(key))},
    }
    return _without_needless_axis(merged, keys)


def _block(source: PlaneAttributes) -> tuple[dict[str, Any], dict[str, Any], np.ndarray] | None:
    """Return keys, what the attributes gave, and the matrix; None where there is no block, or a damaged one."""
    return _read(source.text(KEYS)) if source.has(KEYS) else None


def _read(text: str) -> tuple[dict[str, Any], dict[str, Any], np.ndarray] | None:
    try:
        read = parse_json(text)
    except ValueError:
        return None
    if not isinstance(read, dict) or not isinstance(read.get("keys"), dict):
        return None
    from_attributes = read.get(ATTRIBUTE_VALUES, read.get(_ATTRIBUTE_VALUES_BEFORE_2))
    try:
        matrix = np.array(read.get(MATRIX), dtype=float)
    except (TypeError, ValueError):
        return None
    good = matrix.shape == (4, 4) and np.isfinite(matrix).all() and abs(np.linalg.det(matrix[:3, :3])) > 0
    return (read["keys"], from_attributes if isinstance(from_attributes, dict) else {}, matrix) if good else None


def _holds(value: Any, now: Any, then: Any) -> bool:
    """Whether a kept value still counts: attributes give nothing, what they gave then, or the same moments, rounded."""
    return now is None or then in (now, _first_of(now)) or value == now or _are_same_moments(value, now)


def _first_of(now: Any) -> Any:
    """Return a list of one number per time as the first plane alone gives it: the block was written for that."""
    return now[:1] if isinstance(now, list) and len(now) > 1 else now


def _in_order(keys: Mapping[str, Any]) -> Any:
    """Return SliceTiming from the first slice to the last, which is how attributes specify it."""
    times = keys.get("SliceTiming")
    return times[::-1] if isinstance(times, list) and str(keys.get("SliceEncodingDirection", "")).endswith("-") else times


def _are_same_moments(one: Any, other: Any) -> bool:
    if not (isinstance(one, list) and isinstance(other, list) and len(one) == len(other)):
        return False
    pairs = list(zip(one, other, strict=True))
    numbers = all(is_number(part) for pair in pairs for part in pair)
    return numbers and all(math.isclose(first, second, rel_tol=1e-5, abs_tol=SAME_S) for first, second in pairs)


def _without_needless_axis(merged: dict[str, Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return keys without the axis of the phase encoding where its direction is known; a direction along another axis goes."""
    direction, axis = merged.get("PhaseEncodingDirection"), merged.get("PhaseEncodingAxis")
    if not direction or not axis or "PhaseEncodingAxis" in keys:
        return merged
    needless = "PhaseEncodingAxis" if str(direction)[:1] == axis else "PhaseEncodingDirection"
    return {key: value for key, value in merged.items() if key != needless}


# --- axes -------------------------------------------------------------------------------------------------------------


def _in_axes_of(keys: Mapping[str, Any], matrix: np.ndarray, source: PlaneAttributes) -> dict[str, Any]:
    """Return keys with axes and lists of slices as in the file that is written now."""
    turned = dict(keys)
    for key in LETTERS:
        if key in turned:
            turned[key] = _letter(turned[key], matrix, source)
    if "SliceTiming" in turned:
        turned |= _slices(turned, keys, matrix, source)
    return {key: value for key, value in turned.items() if value is not None}


def _letter(letter: Any, matrix: np.ndarray, source: PlaneAttributes) -> str | None:
    """Return the axis of the file of now that runs as ``i``, ``j-``, … of the file of then."""
    direction = direction_of(letter, matrix)
    if direction is None or source.storage is None:
        return None
    now, sense = source.storage.axis_along(ras_of_lps(direction))  # its own inverse
    return now if sense > 0 else now + "-"


def direction_of(letter: Any, ijk_to_ras: np.ndarray) -> np.ndarray | None:
    """Return the unit vector, shape (3,), RAS, of ``i``, ``j-``, … in a file; None for other words."""
    if letter not in ("i", "j", "k", "i-", "j-", "k-"):
        return None
    axis = np.asarray(ijk_to_ras, dtype=float)[:3, "ijk".index(letter[0])]
    return (-1.0 if letter.endswith("-") else 1.0) * axis / np.linalg.norm(axis)


def _slices(keys_now: dict[str, Any], keys: Mapping[str, Any], matrix: np.ndarray, source: PlaneAttributes) -> dict[str, Any]:
    """Return SliceTiming, reversed where the slices are counted the other way now; with the axis where it is not ``k``."""
    times, letter = keys["SliceTiming"], _letter(keys.get("SliceEncodingDirection", "k"), matrix, source)
    if letter is None or not isinstance(times, list) or source.volume is None or source.storage is None:
        return {"SliceTiming": None}
    if len(times) != _count_along(letter, source):
        return {"SliceTiming": None, "SliceEncodingDirection": None}
    if "SliceEncodingDirection" in keys:
        return {"SliceTiming": times, "SliceEncodingDirection": letter}
    forward = times[::-1] if letter.endswith("-") else times
    return {"SliceTiming": forward, **({} if letter[0] == "k" else {"SliceEncodingDirection": letter[0]})}


def _count_along(letter: str, source: PlaneAttributes) -> int:
    """Return how many voxels the file of now has along an axis."""
    assert source.volume is not None
    assert source.storage is not None
    direction = direction_of(letter[0], source.storage.ijk_to_ras)
    assert direction is not None
    return int(source.volume.shape_ijk[axis_along(source.volume.ijk_to_ras, direction)[0]])
