"""Which segments overlap, and in how few label maps all of them have room. Only their pixels show this."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from .....model.metadata import Instance
from ..pixel_data import decode
from ..stacking.grids import Layer

Pair = frozenset[int]


def sets_without_overlap(instances: Sequence[Instance], layers: Sequence[Layer]) -> list[list[Layer]]:
    """Return frames of segments in sets, in each of which no two segments have a voxel in common.

    As few sets as a greedy coloring of the graph of overlaps finds (DSATUR, Brélaz 1979; two are found where two will do), as
    many segments as possible in the first ones. SegmentsOverlap (0062,0013) is not asked: it may be absent, or wrong.

    Raises
    ------
    DicomReadError
        If pixel data have to be looked at and cannot be decoded.
    """
    set_of = colored_sets(sorted({layer.label for layer in layers}), _overlaps(instances, layers))
    return [[layer for layer in layers if set_of[layer.label] == n] for n in range(max(set_of.values()) + 1)]


def _overlaps(instances: Sequence[Instance], layers: Sequence[Layer]) -> set[Pair]:
    """Return the pairs of labels that have a voxel in common."""
    in_slice: dict[int, list[Layer]] = defaultdict(list)
    for layer in layers:
        in_slice[layer.slice].append(layer)
    shared = [segments for segments in in_slice.values() if len(segments) > 1]
    used = {layer.frame.instance for segments in shared for layer in segments}
    frames = {n: decode.masks(instances[n], decode.pixel_format(instances[n])) for n in used}
    pairs: set[Pair] = set()
    for segments in shared:
        masks = {layer.label: frames[layer.frame.instance][layer.frame.frame] for layer in segments}
        pairs |= _pairs_of_slice(masks, pairs)
    return pairs


def _pairs_of_slice(masks: dict[int, np.ndarray], known: set[Pair]) -> set[Pair]:
    """Return the pairs of labels that overlap in one slice, less those that are known to."""
    union = np.zeros_like(next(iter(masks.values())))
    several = False
    for mask in masks.values():  # nearly all slices of nearly all objects have no overlap: no need to look at pairs
        several = several or bool((union & mask).any())
        union |= mask
    if not several:
        return set()
    pairs = (frozenset(pair) for pair in combinations(masks, 2))
    return {pair for pair in pairs if pair not in known and _have_a_voxel_in_common(*(masks[label] for label in pair))}


def _have_a_voxel_in_common(a: np.ndarray, b: np.ndarray) -> bool:
    return bool((a & b).any())


def colored_sets(labels: Sequence[int], pairs: set[Pair]) -> dict[int, int]:
    """Return a number from 0 for every label, another one for labels that overlap; as few as possible come first."""
    overlapping: dict[int, set[int]] = {label: set() for label in labels}
    for a, b in map(tuple, pairs):
        overlapping[a].add(b)
        overlapping[b].add(a)
    layers: dict[int, int] = {}
    left = set(labels)
    while left:
        taken = {label: {layers[other] for other in overlapping[label] if other in layers} for label in left}
        label = max(left, key=lambda label: (len(taken[label]), len(overlapping[label]), -label))
        layers[label] = next(n for n in range(len(labels)) if n not in taken[label])
        left.remove(label)
    return _moved_forwards(layers, overlapping)


def _moved_forwards(layers: dict[int, int], overlapping: dict[int, set[int]]) -> dict[int, int]:
    """Return the same sets in the order of their labels, each label in the first that has room for it."""
    order = list(dict.fromkeys(layers[label] for label in sorted(layers)))
    moved = {label: order.index(n) for label, n in layers.items()}
    for label in sorted(moved):
        moved[label] = next(n for n in range(moved[label] + 1) if n not in {moved[other] for other in overlapping[label]})
    return moved
