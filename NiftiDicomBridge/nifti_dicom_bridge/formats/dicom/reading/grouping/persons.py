"""Which files of one SeriesInstanceUID and PatientID are of one person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from .....model import metadata
from .....model.metadata import Elements, Instance
from .....model.person import People, Person
from .....standard.tags import Tag
from ..attributes.shared_values import SharedValues
from .patients import person_of

_OTHER_PERSON = (
    "{} people share one series and PatientID (0010,0020), but not date of birth and sex: each is an image of its own"
)
_OTHER_NAME = (
    "files of {} names share one series, PatientID (0010,0020) and positions: those of each name are an image of their own"
)


def by_person(instances: Sequence[Instance]) -> tuple[list[list[Instance]], str]:
    """Return the instances of each person, and a note where there are several: of another date of birth or sex.

    Another name alone is reported elsewhere, as all UIDs and the PatientID are those of one person, unless the files of each
    name are at the same positions: they would be times of one image.
    """
    persons_of = SharedValues(person_of)
    stated = [persons_of.of(instance.elements) for instance in instances]
    if len(set(stated)) > 1:
        people = _divided(instances, [one._replace(name="", issuer="") for one in stated])
        if len(people) > 1:
            return people, _OTHER_PERSON.format(len(people))
        people = _divided(instances, stated)
        if len(people) > 1 and _are_at_the_same_places(people):
            return people, _OTHER_NAME.format(len(people))
    return [list(instances)], ""


def _divided(instances: Sequence[Instance], stated: Sequence[Person]) -> list[list[Instance]]:
    people, patient = People(), metadata.text(instances[0].elements, Tag.PATIENT_ID)
    numbers = {one: people.number_of(patient, one) for one in dict.fromkeys(stated)}
    divided: dict[int, list[Instance]] = defaultdict(list)
    for one, instance in zip(stated, instances, strict=True):
        divided[numbers[one]].append(instance)
    return list(divided.values())


def _are_at_the_same_places(people: Sequence[Sequence[Instance]]) -> bool:
    """Whether all people have the same positions of slices, or none states any."""
    places = [{_place_of(instance.elements) for instance in instances} for instances in people]
    return all(place == places[0] for place in places)


def _place_of(elements: Elements) -> tuple[float, ...]:
    return tuple(metadata.numbers(elements, Tag.IMAGE_POSITION_PATIENT) or metadata.numbers(elements, Tag.SLICE_LOCATION))
