"""Frame by frame with pydicom alone: the plainest reading of an image object (PS3.3 C.7.6.2, C.7.6.16)."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from .compare import FLIP, values_differ, whole_index
from .trial import Trial


def differences(one: Trial, files: list[Path], real: np.ndarray) -> str:
    """Return how the frames of files differ from an image; each must be a plane of it, and each plane must be there once."""
    at_place: dict[tuple[int, ...], list[tuple[int, np.ndarray, np.ndarray]]] = defaultdict(list)
    for order, array, plane in _frames(files):
        problem, place, picture = _on_grid(one, array, plane, real.shape)
        if problem:
            return problem
        at_place[place].append((order, picture, array))
    planes = {place[0]: place for place in at_place}
    if len(planes) != 1:
        return f"frames extend across {len(planes)} axes"
    axis = next(iter(planes))
    if len(at_place) != real.shape[axis]:
        return f"{len(at_place)} positions for {real.shape[axis]} planes"
    for (_, number), found in at_place.items():
        if len(found) != real.shape[3]:
            return f"{len(found)} frames at a place for {real.shape[3]} times"
        for t, (_, picture, _) in enumerate(sorted(found, key=lambda item: item[0])):
            problem = values_differ(picture, real.take(number, axis)[:, :, t], one.strict_bound)
            if problem:
                return problem
    return ""


def _on_grid(
    one: Trial, array: np.ndarray, plane: np.ndarray, shape: tuple[int, ...]
) -> tuple[str, tuple[int, int], np.ndarray]:
    """Return axis and number of the plane of the image that a frame is, and its voxels in the order of the image."""
    between = np.linalg.inv(one.affine) @ FLIP @ plane
    order = [int(axis) for axis in np.abs(between[:3, :2]).argmax(axis=0)]
    axis = 3 - sum(order) if order[0] != order[1] else -1
    if axis < 0:
        return "axes are mixed", (0, 0), array
    between[:3, 2] = np.eye(3)[axis]
    problem, whole = whole_index(between, (array.shape[1], array.shape[0], 1))
    if problem:
        return problem, (0, 0), array
    columns, rows = np.meshgrid(np.arange(array.shape[1]), np.arange(array.shape[0]))
    there = (whole[:3, :2] @ np.stack([columns.ravel(), rows.ravel()]) + whole[:3, 3:]).astype(int)
    if (there < 0).any() or (there >= np.array(shape[:3])[:, None]).any():
        return "a frame is outside of the image", (0, 0), array
    rest = [other for other in range(3) if other != axis]
    picture = np.full((*(shape[other] for other in rest), *array.shape[2:]), np.nan)
    picture[there[rest[0]], there[rest[1]]] = array.reshape(-1, *array.shape[2:])
    return "", (axis, int(there[axis, 0])), picture


def _frames(files: list[Path]) -> list[tuple[int, np.ndarray, np.ndarray]]:
    found = []
    for path in files:
        ds = pydicom.dcmread(path)
        array = ds.pixel_array if "PixelData" in ds else _floats(ds)
        several = int(ds.get("NumberOfFrames", 1)) > 1 or "PerFrameFunctionalGroupsSequence" in ds
        frames = array.reshape(-1, *array.shape[-2 - (ds.SamplesPerPixel > 1) :]) if several else array[None]
        for number, frame in enumerate(frames):
            groups = _groups(ds, number)
            order = _first(groups, "TemporalPositionIndex") or int(ds.get("InstanceNumber") or 0) * 10000 + number
            found.append((int(order), _real(groups, frame), _plane(groups)))
    return found


def _floats(ds: Any) -> np.ndarray:
    name, dtype = ("FloatPixelData", "<f4") if "FloatPixelData" in ds else ("DoubleFloatPixelData", "<f8")
    return np.frombuffer(ds[name].value, dtype).reshape(-1, ds.Rows, ds.Columns)


def _groups(ds: Any, number: int) -> list[Any]:
    """Return the data sets that describe a frame, the most specific one first."""
    if "PerFrameFunctionalGroupsSequence" not in ds:
        return [ds]
    both = (ds.PerFrameFunctionalGroupsSequence[number], ds.SharedFunctionalGroupsSequence[0])
    return [item for group in both for element in group if element.VR == "SQ" for item in element.value] + [ds]


def _first(groups: list[Any], keyword: str) -> Any:
    return next((group[keyword].value for group in groups if keyword in group), None)


def _real(groups: list[Any], frame: np.ndarray) -> np.ndarray:
    slope, intercept = _first(groups, "RescaleSlope"), _first(groups, "RescaleIntercept")
    mapped = _first(groups, "RealWorldValueSlope")
    if slope is None and mapped is not None:
        slope, intercept = mapped, _first(groups, "RealWorldValueIntercept")
    padding = _first(groups, "PixelPaddingValue")
    real = frame.astype(np.float64) * float(1 if slope is None else slope) + float(intercept or 0)
    return np.where(frame == padding, np.nan, real) if padding is not None else real


def _plane(groups: list[Any]) -> np.ndarray:
    """Return column, row → LPS."""
    cosines = np.array(_first(groups, "ImageOrientationPatient"), float)
    rows, columns = (float(value) for value in _first(groups, "PixelSpacing"))
    plane = np.eye(4)
    plane[:3, 0], plane[:3, 1] = cosines[:3] * columns, cosines[3:] * rows
    plane[:3, 2] = np.cross(cosines[:3], cosines[3:])
    plane[:3, 3] = np.array(_first(groups, "ImagePositionPatient"), float)
    return plane
