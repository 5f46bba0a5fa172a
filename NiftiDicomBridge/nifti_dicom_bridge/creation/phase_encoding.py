"""Axis and direction of the phase encoding: letters of the NIfTI file → rows or columns of the slices that are written."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import bids
from ..bids.manufacturers import manufacturer_of
from ..errors import SidecarError
from ..model.space import geometry
from ..model.volume import Volume
from ..standard.numbers import is_number
from ..standard.tags import Tag
from .image_with_sidecar import ImageWithSidecar

_LETTERS = ("PhaseEncodingDirection", "PhaseEncodingAxis")
_WORDS = {"ROW": 0, "COL": 1, "COLUMN": 1}


def phase_encoding(described: ImageWithSidecar, placed: Volume, sentences: list[str]) -> dict[int, tuple[str, list[Any]]]:
    """Return the attributes of the phase encoding of an image: tag → (VR, values).

    The sense is known for GE only, which states it in RectilinearPhaseEncodeReordering (0018,9034): by its definition, that
    attribute is the order of lines (PS3.3 C.8.13.5.4), and no other reader takes it for a direction.

    Parameters
    ----------
    described : ImageWithSidecar
        The image as it is in its file.
    placed : Volume
        The same, with axes as its slices are written.
    sentences : list of str
        Receives what cannot be specified.

    Raises
    ------
    SidecarError
        If a key has another value than BIDS specifies.
    """
    axis_and_sense = _axis_and_sense(described, placed)
    if axis_and_sense is None:
        return {}
    axis, sense = axis_and_sense
    if axis == 2:
        sentences.append(
            "the phase encoding is along the slices, which InPlanePhaseEncodingDirection (0018,1312) cannot express"
        )
        return {}
    values: dict[int, tuple[str, list[Any]]] = {Tag.IN_PLANE_PHASE_ENCODING_DIRECTION: ("CS", ["ROW" if axis == 0 else "COL"])}
    if sense and manufacturer_of(str(described.top.get("Manufacturer", "")), {}) == "GE":
        values[Tag.RECTILINEAR_PHASE_ENCODE_REORDERING] = ("CS", ["REVERSE_LINEAR" if sense > 0 else "LINEAR"])
    return values | _matrix(described.top, described.where, axis, sentences)


def _axis_and_sense(described: ImageWithSidecar, placed: Volume) -> tuple[int, int] | None:
    """Return 0 for rows, 1 for columns, 2 for slices; and 1 along increasing indices, −1 against, 0 unknown."""
    top, where = described.top, described.where
    for key in _LETTERS:
        if key in top:
            direction = bids.direction_of(top[key], described.image.ijk_to_ras)
            if direction is None or (key == "PhaseEncodingAxis" and top[key].endswith("-")):
                raise SidecarError(
                    f"{where}: {key!r} is {top[key]!r}; i, j or k was expected, of a direction with or without -."
                )
            axis, sense = geometry.axis_along(placed.ijk_to_ras, direction)
            return axis, sense if key == "PhaseEncodingDirection" else 0
    word = top.get("InPlanePhaseEncodingDirectionDICOM")
    if word is None:
        return None
    if not isinstance(word, str) or word.upper() not in _WORDS:
        raise SidecarError(f"{where}: 'InPlanePhaseEncodingDirectionDICOM' is {word!r}; ROW or COL was expected.")
    n = _WORDS[word.upper()]
    cosines = top.get("ImageOrientationPatientDICOM")
    if not isinstance(cosines, list) or len(cosines) != 6:
        return n, 0
    direction = geometry.ras_of_lps(np.array(cosines[3 * n : 3 * n + 3], dtype=float))
    return geometry.axis_along(placed.ijk_to_ras, direction)[0], 0


def _matrix(top: dict[str, Any], where: str, axis: int, sentences: list[str]) -> dict[int, tuple[str, list[Any]]]:
    """Return AcquisitionMatrix: frequency rows, frequency columns, phase rows, phase columns; 0 if unknown."""
    lines, steps = (
        _count(top, keys, where) for keys in (("AcquisitionMatrixPE",), ("FrequencyEncodingSteps", "BaseResolution"))
    )
    if not lines:
        return {}
    if not steps:
        sentences.append(
            "AcquisitionMatrix (0018,1310) contains the phase encoded lines only: the number of the others is unknown"
        )
    return {Tag.ACQUISITION_MATRIX: ("US", [0, steps, lines, 0] if axis == 0 else [steps, 0, 0, lines])}


def _count(top: dict[str, Any], keys: tuple[str, ...], where: str) -> int:
    """Return the first of several keys that is there, rounded; 0 where none is."""
    for key in keys:
        if key in top:
            value = top[key]
            if not is_number(value) or not 0 <= value < 65536:
                raise SidecarError(f"{where}: {key!r} is {value!r}; a number was expected.")
            return round(value)
    return 0
