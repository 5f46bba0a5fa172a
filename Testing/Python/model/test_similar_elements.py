"""Data sets that share their equal elements behave as ordinary dictionaries."""

from __future__ import annotations

import copy
import pickle

import pytest

from nifti_dicom_bridge.model.metadata import Element
from nifti_dicom_bridge.model.similar_elements import SimilarElements

LIKE = {1: Element("CS", b"MR"), 2: Element("DS", b"1 "), 3: Element("UI", b"1.2\0")}
CHANGES = {2: Element("DS", b"2 ")}
WHOLE = {**LIKE, **CHANGES}


@pytest.fixture
def similar() -> SimilarElements:
    return SimilarElements(LIKE, dict(CHANGES))


def test_it_is_equal_to_a_dictionary_with_the_same_elements(similar: SimilarElements) -> None:
    assert similar == WHOLE
    assert dict(WHOLE) == similar
    assert similar != LIKE
    assert similar == SimilarElements(LIKE, {2: Element("DS", b"2 "), 1: Element("CS", b"MR")})


@pytest.mark.parametrize(
    "copied", [dict, copy.copy, copy.deepcopy, lambda s: {**s}, lambda s: s | {}, lambda s: {} | s, lambda s: s.copy(),
               lambda s: dict(s.items()), lambda s: dict(zip(s.keys(), s.values(), strict=True)),
               lambda s: pickle.loads(pickle.dumps(s)), lambda s: {tag: s[tag] for tag in s}],
)  # fmt: skip
def test_every_way_to_copy_it_copies_all_elements_in_order(similar: SimilarElements, copied) -> None:
    result = copied(similar)
    assert dict(result) == WHOLE
    assert list(result) == list(WHOLE)


def test_it_can_be_merged_into_a_dictionary(similar: SimilarElements) -> None:
    target = {9: Element("LO", b"")}
    target.update(similar)
    target |= similar
    assert target == {9: Element("LO", b""), **WHOLE}


def test_it_is_looked_up_as_a_dictionary(similar: SimilarElements) -> None:
    assert [similar.get(tag) for tag in (1, 2, 4)] == [WHOLE.get(tag) for tag in (1, 2, 4)]
    assert similar.get(4, "default") == "default"
    assert (2 in similar, 4 in similar, len(similar), bool(similar)) == (True, False, 3, True)
    assert list(reversed(similar)) == [3, 2, 1]
    with pytest.raises(KeyError):
        similar[4]


def test_what_it_shares_with_a_copy_in_another_process_is_still_shared() -> None:
    one, other = pickle.loads(pickle.dumps([SimilarElements(LIKE, {}), SimilarElements(LIKE, CHANGES)]))
    assert one.like is other.like


@pytest.mark.parametrize("name", ["__setitem__", "__delitem__", "__ior__", "update", "pop", "popitem", "clear", "setdefault"])
def test_it_cannot_be_changed(similar: SimilarElements, name: str) -> None:
    with pytest.raises(TypeError, match="copy that can be changed"):
        getattr(similar, name)(2)
    assert similar == WHOLE
