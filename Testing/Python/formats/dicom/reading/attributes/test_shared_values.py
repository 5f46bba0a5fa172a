"""What is read once for many data sets is what reading each of them gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nifti_dicom_bridge.formats.dicom.reading.attributes.coordinates import (
    TIMES,
    SharedRows,
    SharedTimes,
    TimesOfFrames,
    time_of,
)
from nifti_dicom_bridge.formats.dicom.reading.attributes.shared_values import SharedValues, SimilarDataSets
from nifti_dicom_bridge.model.metadata import Element, Elements
from nifti_dicom_bridge.model.similar_elements import SimilarElements, column_of
from nifti_dicom_bridge.standard.tags import Tag

TAGS = (Tag.INSTANCE_NUMBER, Tag.ACQUISITION_NUMBER, Tag.TEMPORAL_POSITION_IDENTIFIER, Tag.TRIGGER_TIME)
values = st.sampled_from([b"1 ", b"2 ", b"30"])


@st.composite
def data_sets(draw: st.DrawFn) -> list[Elements]:
    """Draw ordinary data sets, and others that are similar to some of them, in any order."""
    ordinary = draw(st.lists(st.dictionaries(st.sampled_from(TAGS), values), min_size=1, max_size=3))
    likes = [{tag: Element("IS", value) for tag, value in sorted(one.items())} for one in ordinary]
    result: list[Elements] = draw(st.lists(st.sampled_from(likes), max_size=2))
    for _ in range(draw(st.integers(0, 40))):
        like = draw(st.sampled_from(likes))
        changed = draw(st.sets(st.sampled_from(TAGS))) & like.keys()
        result.append(SimilarElements(like, {tag: Element("IS", draw(values)) for tag in sorted(changed)}))
    return draw(st.permutations(result))


def first_two(elements: Elements) -> tuple[bytes | None, bytes | None]:
    """Read one element, and another only where the first has a certain value."""
    first = elements.get(TAGS[0])
    second = elements.get(TAGS[1]) if first is not None and first.value == b"1 " else None
    return (None if first is None else first.value), (None if second is None else second.value)  # type: ignore[return-value]


@given(data_sets())
def test_values_of_all_are_those_of_each(sets: list[Elements]) -> None:
    assert SharedValues(first_two).of_all(SimilarDataSets(sets)) == list(map(first_two, sets))


READERS = {
    "get": lambda elements, tag: elements.get(tag),
    "item": lambda elements, tag: [elements[one] for one in (tag,) if one in elements],
    "in": lambda elements, tag: tag in elements,
    "all": lambda elements, tag: [*elements],
    "keys": lambda elements, tag: list(elements.keys()),
    "values": lambda elements, tag: list(elements.values()),
    "items": lambda elements, tag: list(elements.items()),
    "copy": lambda elements, tag: list(elements.copy().items()),
    "or": lambda elements, tag: list((elements | {Tag.ROWS: Element("US", b"1 ")}).items()),
}  # fmt: skip


@given(data_sets(), st.lists(st.tuples(st.sampled_from(sorted(READERS)), st.sampled_from(TAGS)), min_size=1, max_size=3))
def test_values_are_those_of_each_whatever_way_elements_are_read(sets: list[Elements], reads: list[tuple[str, int]]) -> None:
    def compute(elements: Elements) -> str:
        return repr([READERS[way](elements, tag) for way, tag in reads])

    expected = list(map(compute, sets))
    shared = SharedValues(compute)
    assert [shared.of(one) for one in sets] == expected
    assert shared.of_all(SimilarDataSets(sets)) == expected


@given(data_sets())
def test_values_are_those_of_each_where_what_is_read_depends_on_many_values(sets: list[Elements]) -> None:
    """More sets of attributes are read than are remembered."""

    def compute(elements: Elements) -> list[bytes]:
        found, tags = [], list(TAGS)
        while tags and (element := elements.get(tags.pop(len(found) % len(tags)))) is not None:
            found.append(element.value)
            tags = tags[:: 1 if element.value == b"1 " else -1]
        return found  # type: ignore[return-value]

    shared = SharedValues(compute)
    assert [shared.of(one) for one in sets] == list(map(compute, sets))
    assert shared.of_all(SimilarDataSets(sets)) == list(map(compute, sets))


@given(data_sets())
def test_a_column_has_the_elements_of_each(sets: list[Elements]) -> None:
    for tag in (*TAGS, Tag.ROWS):
        assert column_of(sets, tag) == [one.get(tag) for one in sets]
        assert SimilarDataSets(sets).have(tag) == any(tag in one for one in sets)


@given(data_sets(), st.data())
def test_times_of_all_are_those_of_each_also_after_some_moved(sets: list[Elements], data: st.DataObject) -> None:
    rows = SharedRows()
    all_times = [SharedTimes(elements, n, rows) for n, elements in enumerate(sets)]
    expected = [[time_of(row, elements, n) for row in TIMES] for n, elements in enumerate(sets)]
    trigger = next(n for n, row in enumerate(TIMES) if row.name == "TriggerTime")
    for n, times in enumerate(all_times):
        if expected[n][trigger] is not None and data.draw(st.booleans()):
            times.move(trigger, 86400.0)
            expected[n][trigger] += 86400.0
    columns = TimesOfFrames(all_times)
    for _ in range(2):
        for n in range(len(TIMES)):
            assert columns.of(n) == [row[n] for row in expected]


@pytest.mark.parametrize("count", [0, 1])
def test_frames_without_times_have_none(count: int) -> None:
    assert TimesOfFrames([None] * count).of(0) == [None] * count
