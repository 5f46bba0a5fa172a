"""Which instance of one set of files is which of another one."""

from __future__ import annotations

from collections.abc import Sequence

from ...model import metadata
from ...model.metadata import Instance
from ...standard.tags import Tag

Pair = tuple[Instance, Instance]


def pairs_of(one: Sequence[Instance], two: Sequence[Instance]) -> list[Pair]:
    """Return the instances of both sets that are the same: by UID, else by file name, else by place in the series.

    Where several have one UID, those at the same place of series of the same number are the same.
    """
    pairs: list[Pair] = []
    rest_one, rest_two = list(one), list(two)
    for key in (_by_uid_and_place, _by_uid, _by_name, _by_place):
        waiting: dict[object, list[Instance]] = {}
        for b in rest_two:
            waiting.setdefault(key(b), []).append(b)
        left = []
        for a in rest_one:
            matches = waiting.get(key(a), [])
            if matches and key(a):
                pairs.append((a, matches.pop(0)))
            else:
                left.append(a)
        taken = {id(b) for _, b in pairs}
        rest_one, rest_two = left, [b for b in rest_two if id(b) not in taken]
    return pairs


def _by_uid_and_place(instance: Instance) -> object:
    return (uid, _by_place(instance)) if (uid := _by_uid(instance)) else None


def _by_uid(instance: Instance) -> str:
    """Return SOPInstanceUID, else what the file meta information has for it (PS3.10 7.1); empty where there is neither."""
    return instance.uid or metadata.text(instance.file_meta, Tag.MEDIA_STORAGE_SOP_INSTANCE_UID)


def _by_name(instance: Instance) -> object:
    return instance.name


def _by_place(instance: Instance) -> object:
    wanted = (Tag.SERIES_NUMBER, Tag.SERIES_DESCRIPTION, Tag.INSTANCE_NUMBER, Tag.IMAGE_POSITION_PATIENT, Tag.CONTENT_TIME)
    return tuple(metadata.text(instance.elements, tag) for tag in wanted)


def unmatched(one: Sequence[Instance], two: Sequence[Instance], pairs: Sequence[Pair]) -> tuple[list[Instance], list[Instance]]:
    """Return the instances of each set that are in no pair."""
    matched = {id(instance) for pair in pairs for instance in pair}
    return [a for a in one if id(a) not in matched], [b for b in two if id(b) not in matched]
