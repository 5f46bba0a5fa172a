"""Series that are parts of one: conversions of multi-frame objects to single-frame ones that make a series of each volume.

Siemens XA exports every volume of a run in a series of its own, of which SeriesNumber counts on. RelatedSeriesSequence
(0008,1250) names the series that all of them were converted from, as one of alternate objects (PS3.3 C.7.3.1, CID 7210).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from .....model import metadata
from .....model.metadata import Elements, Instance
from .....standard.dictionary import describe
from .....standard.tags import Tag
from .series_keys import SeriesKey

_ALTERNATE = "121326"
"""Code of DCM: alternate SOP class instance."""
_SHARED = (Tag.STUDY_INSTANCE_UID, Tag.SOP_CLASS_UID, Tag.IMAGE_TYPE, Tag.SERIES_DESCRIPTION)
"""What parts of one series have in common; copies that other programs made of them may not."""


def parts_of_series(series: Mapping[SeriesKey, Sequence[Instance]]) -> list[list[SeriesKey]]:
    """Return the keys of series in groups of those that were one, each in the order of SeriesNumber.

    Every part was converted from an object of its own: copies of a part are none.
    """
    groups: dict[object, list[SeriesKey]] = defaultdict(list)
    sources: dict[SeriesKey, str] = {}
    for key, instances in series.items():
        original = _original_of(instances[0].elements)
        sources[key] = _source_of(instances[0].elements)
        groups[(original, key.patient) if original and sources[key] else key].append(key)
    parts = []
    for keys in groups.values():
        are_parts = len({sources[key] for key in keys}) == len(keys)
        parts += [sorted(keys, key=lambda key: (key.number is None, key.number or 0))] if are_parts else [[key] for key in keys]
    return parts


def note_of_parts(count: int) -> str:
    """Return that several series are taken for one."""
    return (
        f"{count} series were converted from one, which {describe(Tag.RELATED_SERIES_SEQUENCE)} names: they are taken for "
        "one series"
    )


def _original_of(elements: Elements) -> tuple[str, ...]:
    """Return the series that a series was converted from, and what its parts share; empty where none or several are named."""
    if Tag.RELATED_SERIES_SEQUENCE not in elements or Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE in elements:
        return ()
    originals = {
        metadata.text(item.elements, Tag.SERIES_INSTANCE_UID)
        for item in metadata.items(elements, Tag.RELATED_SERIES_SEQUENCE)
        if _purpose_of(item.elements) == _ALTERNATE
    }
    if len(originals) != 1 or "" in originals:
        return ()
    return (*originals, *(metadata.text(elements, tag) for tag in _SHARED))


def _source_of(elements: Elements) -> str:
    """Return the UID of the object that an image was converted from; empty where it is not stated."""
    return metadata.text(
        metadata.first_item(elements, Tag.CONVERSION_SOURCE_ATTRIBUTES_SEQUENCE), Tag.REFERENCED_SOP_INSTANCE_UID
    )


def _purpose_of(item: Elements) -> str:
    return metadata.text(metadata.first_item(item, Tag.PURPOSE_OF_REFERENCE_CODE_SEQUENCE), Tag.CODE_VALUE)
