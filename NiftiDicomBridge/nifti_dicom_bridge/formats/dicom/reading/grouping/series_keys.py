"""Which files are of one series: those with its SeriesInstanceUID, SeriesNumber and patient."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .....model import metadata
from .....model.metadata import Elements, Instance
from .....standard.dictionary import describe
from .....standard.tags import Tag
from ..attributes.shared_values import SharedValues
from .patients import owner_of


class SeriesKey(NamedTuple):
    """What the files of a series have in common.

    Attributes
    ----------
    uid : str
        SeriesInstanceUID.
    number : float or None
        SeriesNumber: some exporters give all series of an examination one UID.
    patient : tuple
        As `owner_of`, without the study: anonymizers give the series of all patients one UID.
    place : tuple of str
        StudyInstanceUID and folder, where there is no UID.
    """

    uid: str
    number: float | None
    patient: tuple[Any, ...]
    place: tuple[str, ...] = ()


def series_keys(instances: Sequence[Instance]) -> list[SeriesKey]:
    """Return the key of the series of each instance.

    Files without SeriesNumber are of the only series of their UID that has one.
    """
    known = SharedValues(_key_of)
    keys = [known.of(instance.elements) for instance in instances]
    keys = [
        key if key.uid else key._replace(place=(*key.place, str(Path(instance.path).parent)))
        for key, instance in zip(keys, instances, strict=True)
    ]
    only = {key: numbers[0] for key, numbers in _numbers(keys).items() if len(numbers) == 1}
    return [key._replace(number=only[key]) if key in only else key for key in keys]


def _key_of(elements: Elements) -> SeriesKey:
    uid, number = metadata.text(elements, Tag.SERIES_INSTANCE_UID), metadata.number(elements, Tag.SERIES_NUMBER)
    number = number if number is not None and math.isfinite(number) else None
    study = () if uid else (metadata.text(elements, Tag.STUDY_INSTANCE_UID),)
    return SeriesKey(uid, number, owner_of(elements)[1:], study)


def _numbers(keys: Iterable[SeriesKey]) -> dict[SeriesKey, list[float]]:
    """Return the numbers of keys that are otherwise equal."""
    numbers: dict[SeriesKey, list[float]] = defaultdict(list)
    for key in dict.fromkeys(keys):
        if key.number is not None:
            numbers[key._replace(number=None)].append(key.number)
    return numbers


def doubts_of_keys(keys: Iterable[SeriesKey]) -> dict[SeriesKey, str]:
    """Return by which other attributes than SeriesInstanceUID files are divided into series; empty where by none."""
    keys = list(keys)
    numbers = _numbers(keys)
    return {key: _doubt_of(key, len(numbers.get(key._replace(number=None), ()))) for key in keys}


def _doubt_of(key: SeriesKey, numbers: int) -> str:
    if key.uid and numbers <= 1:
        return ""
    uid, number = describe(Tag.SERIES_INSTANCE_UID), describe(Tag.SERIES_NUMBER)
    if not key.uid:
        return f"{uid} is missing: the files of one folder and study that have the same {number} are taken for a series"
    return f"the files of one {uid} have {numbers} values of {number}: each is taken for a series"
