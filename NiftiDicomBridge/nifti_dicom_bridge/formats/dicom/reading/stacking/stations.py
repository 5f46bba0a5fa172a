"""Parallel frames that are side by side within their plane: stations of a whole-body series, stacks of two joints."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from ..frames.frame_info import FrameInfo
from ..frames.tolerances import LARGEST_SHIFT

Frames = list[FrameInfo]
_FEWEST, _STEPS = 3, 100
"""Slices that show that they are on a line, and into how many steps their extent is divided to count them."""
_OFF_LINE = 0.1
"""By which part of what divides stations the corners of a sheared stack may be off their line."""


def by_station(frames: Frames) -> list[Frames]:
    """Return parallel frames by station, in their order.

    Frames whose corners are nearer to each other than a part of their size are of one station, and so are chains of them:
    slices of a tilted gantry move a little from one to the next. Volumes cannot contain frames of two stations.
    """
    planes = {id(frame.plane): frame.plane for frame in frames if frame.plane is not None}
    if len(planes) < 2:
        return [frames]
    row, column = np.split(frames[0].plane.orientation, 2) if frames[0].plane else (np.zeros(3), np.zeros(3))
    positions = np.array([plane.position for plane in planes.values()])
    corners, places = positions @ np.stack([row, column], axis=1), positions @ np.cross(row, column)
    rows, columns = frames[0].kind[:2]
    farthest = LARGEST_SHIFT * max(rows * frames[0].spacing_mm[0], columns * frames[0].spacing_mm[1])
    if np.ptp(corners, axis=0).max() <= farthest or _are_sheared(corners, places, farthest):
        return [frames]
    station_of = dict(zip(planes, _chains(corners, farthest), strict=True))
    stations: dict[int, Frames] = defaultdict(list)
    for frame in frames:
        stations[station_of[id(frame.plane)]].append(frame)
    return list(stations.values())


def _are_sheared(corners: np.ndarray, places: np.ndarray, farthest: float) -> bool:
    """Whether corners (n, 2) move evenly with the places of slices (n), as in a tilted gantry, however many are missing."""
    away, extent = places - places.mean(), np.ptp(places)
    if extent == 0 or len(set(np.round(_STEPS * away / extent))) < _FEWEST:
        return False
    moved = corners - corners.mean(axis=0)
    slope = away @ moved / (away @ away)
    return bool(np.abs(slope).max() <= 1 and np.abs(moved - np.outer(away, slope)).max() <= _OFF_LINE * farthest)


def _chains(points: np.ndarray, farthest: float) -> list[int]:
    """Return the number of the chain of each point (n, 2), in which neighbors are at most this far apart."""
    chain = np.full(len(points), -1)
    for number in range(len(points)):
        ends = [number] if chain[number] < 0 else []
        while ends:
            end = ends.pop()
            chain[end] = number
            near = (chain < 0) & (np.abs(points - points[end]).max(axis=1) <= farthest)
            chain[near] = number
            ends += np.flatnonzero(near).tolist()
    return [int(number) for number in chain]
