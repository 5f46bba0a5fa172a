"""Which frames of reference are one space: what registrations and RT Structure Sets of the input state, and what the user does.

Scanners give each part of a PET/CT examination a frame of reference of its own, and some programs that remove identities give
one to each series. An identity matrix then states that both are one space.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from .....model import metadata
from .....model.metadata import Elements, Instance
from .....standard.sop_classes import SPATIAL_REGISTRATION
from .....standard.tags import Tag

_NEAR_MM = 0.01
_NEAR_COSINE = 1e-5
"""Matrices that differ by less are equal: 0.01 mm over 1 m."""


@dataclass(frozen=True)
class Spaces:
    """What is known of frames of reference that differ.

    Attributes
    ----------
    same : frozenset of frozenset of str
        Pairs of UIDs that an identity matrix relates.
    moved : frozenset of frozenset of str
        Pairs of UIDs that a matrix relates that moves.
    are_all_one : bool
        Whether the user states that all frames of reference are one space.
    """

    same: frozenset[frozenset[str]] = field(default_factory=frozenset)
    moved: frozenset[frozenset[str]] = field(default_factory=frozenset)
    are_all_one: bool = False

    def are_one(self, one: str, other: str) -> bool:
        """Whether two frames of reference are one space: the same UID, or related by identity matrices, or by the user."""
        return bool(one) and (one == other or self.are_all_one or self._are_related(one, other))

    def are_moved(self, one: str, other: str) -> bool:
        """Whether a matrix moves one frame of reference against the other."""
        return frozenset((one, other)) in self.moved

    def doubt(self, one: str, other: str, title: str) -> list[str]:
        """Return a warning where an object is put on a series that has another frame of reference."""
        if not one or not other or one == other:
            return []
        source = "a registration of the input states" if self._are_related(one, other) else "same_space=True states"
        moved = ", although a registration of the input moves one against the other" if self.are_moved(one, other) else ""
        return [f"its frame of reference (0020,0052) is not that of {title}: both are taken for one space, as {source}{moved}"]

    def _are_related(self, one: str, other: str) -> bool:
        """Whether identity matrices relate both, and no matrix moves one against the other."""
        return other in self._reached_from(one) and not self.are_moved(one, other)

    def _reached_from(self, uid: str) -> set[str]:
        reached, latest = {uid}, {uid}
        while latest:
            latest = {other for pair in self.same - self.moved if pair & latest for other in pair} - reached
            reached |= latest
        return reached

    def with_relations_of(self, instances: Iterable[Instance]) -> Spaces:
        """Return the same with what further objects state."""
        pairs = [pair for instance in instances for pair in _pairs_of(instance.elements)]
        same, moved = ({frozenset(uids) for uids, is_same in pairs if is_same is kind} for kind in (True, False))
        return Spaces(self.same | same, self.moved | moved, self.are_all_one) if pairs else self


def is_registration(instance: Instance) -> bool:
    """Whether an instance is a Spatial Registration with matrices (PS3.3 A.39.1)."""
    return metadata.text(instance.elements, Tag.SOP_CLASS_UID) == SPATIAL_REGISTRATION


def _pairs_of(elements: Elements) -> Iterator[tuple[tuple[str, str], bool]]:
    """Yield pairs of frames of reference that an object relates, and whether they are one space."""
    for matrices in (_matrices_of_registration(elements), *_matrices_of_structure_set(elements)):
        for (one, matrix), (other, other_matrix) in combinations(matrices, 2):
            if one and other and one != other and matrix is not None and other_matrix is not None:
                yield (one, other), _are_equal(matrix, other_matrix)


def _are_equal(one: np.ndarray, other: np.ndarray) -> bool:
    difference = np.abs(one - other)
    return bool(difference[:3, :3].max() <= _NEAR_COSINE and difference[:3, 3].max() <= _NEAR_MM)


def _matrices_of_registration(elements: Elements) -> list[tuple[str, np.ndarray | None]]:
    """Return frames of reference, and the matrix of each to the registered one (PS3.3 C.20.2)."""
    items = metadata.items(elements, Tag.REGISTRATION_SEQUENCE)
    if not items:
        return []
    registered = metadata.text(elements, Tag.FRAME_OF_REFERENCE_UID)
    stated = [(metadata.text(item.elements, Tag.FRAME_OF_REFERENCE_UID), _product(item.elements)) for item in items]
    return [*stated, (registered, np.eye(4))]


def _product(item: Elements) -> np.ndarray | None:
    """Return the matrix of all steps of a registration, the first one applied first; None where one is not readable."""
    product = np.eye(4)
    steps = metadata.items(metadata.first_item(item, Tag.MATRIX_REGISTRATION_SEQUENCE), Tag.MATRIX_SEQUENCE)
    for step in steps:
        matrix = _matrix(step.elements)
        if matrix is None:
            return None
        product = matrix @ product
    return product if steps else None


def _matrices_of_structure_set(elements: Elements) -> Iterator[list[tuple[str, np.ndarray | None]]]:
    """Yield what an RT Structure Set states about its frames of reference (PS3.3 C.8.8.5 before edition 2014)."""
    for space in metadata.items(elements, Tag.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE):
        own = metadata.text(space.elements, Tag.FRAME_OF_REFERENCE_UID)
        for related in metadata.items(space.elements, Tag.FRAME_OF_REFERENCE_RELATIONSHIP_SEQUENCE):
            yield [
                (own, np.eye(4)),
                (metadata.text(related.elements, Tag.RELATED_FRAME_OF_REFERENCE_UID), _matrix(related.elements)),
            ]


def _matrix(item: Elements) -> np.ndarray | None:
    numbers = np.array(metadata.numbers(item, Tag.FRAME_OF_REFERENCE_TRANSFORMATION_MATRIX), float)
    return numbers.reshape(4, 4) if numbers.size == 16 and np.isfinite(numbers).all() else None
