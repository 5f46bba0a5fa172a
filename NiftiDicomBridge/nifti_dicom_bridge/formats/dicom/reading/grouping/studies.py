"""Which files of one SeriesInstanceUID are of one examination: those of one study, and those that only their UID sets apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from .....model import metadata
from .....model.metadata import Elements, Instance
from .....standard.dictionary import describe
from .....standard.tags import Tag
from ..attributes.shared_values import SharedValues

_SHARED = (Tag.STUDY_DATE, Tag.STUDY_TIME, Tag.FRAME_OF_REFERENCE_UID)
"""What files of one examination have in common: no two examinations of a patient have all of it."""


def by_study(instances: Sequence[Instance]) -> tuple[list[list[Instance]], str]:
    """Return the instances of each study, and a note where those of several StudyInstanceUIDs are taken for one.

    ITK writes every slice, and Siemens XA every volume, with a study of its own.
    """
    uids = SharedValues(lambda elements: metadata.text(elements, Tag.STUDY_INSTANCE_UID))
    studies: dict[str, list[Instance]] = defaultdict(list)
    for instance in instances:
        studies[uids.of(instance.elements)].append(instance)
    instances_by_study = list(studies.values())
    if len(instances_by_study) == 1:
        return instances_by_study, ""
    uid = describe(Tag.STUDY_INSTANCE_UID)
    if len(instances_by_study) == len(instances) or _are_other_objects(instances_by_study):
        return [list(instances)], f"every file has a {uid} of its own: they are taken for one study"
    if _are_one_examination(instances_by_study):
        names = ", ".join(map(describe, _SHARED))
        return [list(instances)], (
            f"the files have {len(instances_by_study)} values of {uid}, but the same {names}, and no InstanceNumber "
            "(0020,0013) twice: they are taken for one study"
        )
    return instances_by_study, ""


def _are_other_objects(studies: Sequence[Sequence[Instance]]) -> bool:
    """Whether the files of each study are copies of one object, which no other study contains."""
    uids = [{instance.uid or instance.path for instance in study} for study in studies]
    return all(len(own) == 1 for own in uids) and len(set().union(*uids)) == len(studies)


def _are_one_examination(studies: Sequence[Sequence[Instance]]) -> bool:
    """Whether the files of several studies were made at one time and place, and count on from one study to the next."""
    shared = SharedValues(_shared_of)
    if len(values := {shared.of(instance.elements) for study in studies for instance in study}) > 1 or "" in values.pop():
        return False
    numbers = [{metadata.number(instance.elements, Tag.INSTANCE_NUMBER) for instance in study} for study in studies]
    return None not in set().union(*numbers) and len(set().union(*numbers)) == sum(map(len, numbers))


def _shared_of(elements: Elements) -> tuple[str, ...]:
    return tuple(metadata.text(elements, tag) for tag in _SHARED)
