"""Whether a new object contains what ``set_values`` and ``metadata`` specify: the rest is refused, not ignored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ....errors import OptionError
from ....model import metadata
from ....model.metadata import Element, Elements
from ....standard import dictionary
from ..new_file import NewFile
from ..pydicom_conversion import data_set_of
from .attributes import Attributes

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_SET = ("set_values=", "metadata=")


def set_tags(attributes: Attributes) -> set[int]:
    """Return the attributes that the user set."""
    return {tag for tag, source in attributes.sources.items() if source.startswith(_SET)}


def checked(objects: Iterator[NewFile | Dataset], attributes: Attributes, moved: dict[int, int]) -> Iterator[NewFile | Dataset]:
    """Yield objects, after a check of the first of them.

    Parameters
    ----------
    objects : iterator of NewFile or Dataset
        The new objects.
    attributes : Attributes
        What was decided.
    moved : dict of int to int
        Attributes that the object contains under another tag.

    Raises
    ------
    OptionError
        If an attribute that the user set is not in the object, or with another value.
    """
    wanted = set_tags(attributes)
    for n, made in enumerate(objects):
        for tag in sorted(wanted) if n == 0 else ():
            if not _contains(made, tag, attributes.elements[tag], moved):
                raise OptionError(
                    f"{dictionary.describe(tag)} cannot be set ({attributes.sources[tag]}): this kind of object does not have "
                    'it, or its value follows from the image. Leave it out, or choose another kind with kind="KIND".'
                )
        yield made


def _contains(made: NewFile | Dataset, tag: int, element: Element, moved: dict[int, int]) -> bool:
    if isinstance(made, NewFile):
        values = list(_values(made.instance.elements, tag))
        return any(_plain(one) == _plain(element) for one in values) or any(_values(made.instance.elements, moved.get(tag, 0)))
    value = data_set_of({tag: element})[tag].value
    return any(one.value == value for one in made.iterall() if one.tag == tag)


def _values(elements: Elements, tag: int) -> Iterator[Element]:
    for key, element in elements.items():
        if key == tag:
            yield element
        elif isinstance(element.value, tuple):
            for item in element.value:
                yield from _values(item.elements, tag)


def _plain(element: Element) -> object:
    return element.value.strip(metadata.SPACE_AND_NULL.encode()) if isinstance(element.value, bytes) else element.value
