"""Whether a new object contains what ``set_values`` and ``metadata`` specify: the rest is refused, not ignored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ....errors import OptionError
from ....model import metadata
from ....model.metadata import Element, Elements
from ....standard import dictionary
from ....standard.tags import Tag
from ..data_set_file import NewObject
from ..new_file import NewFile
from ..protected import misplaced
from ..pydicom_conversion import data_set_of
from .attributes import Attributes

if TYPE_CHECKING:
    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

_SET = ("set_values=", "metadata=")
_GROUPS = (Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)


def set_tags(attributes: Attributes) -> set[int]:
    """Return the attributes that the user set."""
    return {tag for tag, source in attributes.sources.items() if source.startswith(_SET)}


def checked(objects: Iterator[NewObject], attributes: Attributes, moved: dict[int, int]) -> Iterator[NewObject]:
    """Yield objects, after a check of each of them.

    Parameters
    ----------
    objects : iterator of NewFile or DataSetFile
        The new objects.
    attributes : Attributes
        What was decided.
    moved : dict of int to int
        Attributes that the object contains under another tag.

    Raises
    ------
    OptionError
        If an attribute that the user set is not in the object, or with another value, or where it has no meaning.
    """
    wanted = sorted(set_tags(attributes))
    for made in objects:
        for tag in wanted:
            if reason := _problem(made, tag, attributes.elements[tag], moved):
                raise OptionError(f"{reason} ({attributes.sources[tag]})")
        yield made


def _problem(made: NewObject, tag: int, element: Element, moved: dict[int, int]) -> str:
    """Return why an object does not contain what was set; empty if it does."""
    if isinstance(made, NewFile):
        elements = made.instance.elements
        top, groups, elsewhere = elements.get(tag), _in_groups(elements, tag), list(_values(elements, tag))
        wanted, values = _plain(element), [_plain(entry) for entry in (top, *groups) if entry is not None]
        inside = [_plain(entry) for entry in elsewhere]
        is_moved = bool(list(_values(elements, moved.get(tag, 0))))
        grouped = Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE in elements
    else:
        wanted, data_set = data_set_of({tag: element})[tag].value, made.data_set
        top = data_set.get(tag)
        inside = [entry.value for entry in data_set.iterall() if entry.tag == tag]
        values = [entry.value for entry in _in_groups_of(data_set, tag)] + ([] if top is None else [top.value])
        is_moved, grouped = False, "SharedFunctionalGroupsSequence" in data_set
    if top is not None and (reason := misplaced(tag, grouped)):
        return reason
    if is_moved or (wanted in inside and all(value == wanted for value in values)):
        return ""
    return misplaced(tag, grouped) or (
        f"{dictionary.describe(tag)} cannot be set: this kind of object does not have it, or its value follows from the image. "
        'Leave it out, or choose another kind with kind="KIND".'
    )


def _in_groups(elements: Elements, tag: int) -> list[Element]:
    return [entry for group in _GROUPS for entry in _values({group: elements[group]} if group in elements else {}, tag)]


def _in_groups_of(made: Dataset, tag: int) -> list[DataElement]:
    items = (item for group in _GROUPS if group in made for item in made[group].value)
    return [entry for item in items for entry in item.iterall() if entry.tag == tag]


def _values(elements: Elements, tag: int) -> Iterator[Element]:
    for key, element in elements.items():
        if key == tag:
            yield element
        elif isinstance(element.value, tuple):
            for item in element.value:
                yield from _values(item.elements, tag)


def _plain(element: Element) -> object:
    return element.value.strip(metadata.SPACE_AND_NULL.encode()) if isinstance(element.value, bytes) else element.value
