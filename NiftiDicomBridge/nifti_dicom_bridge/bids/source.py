"""What one plane of a volume specifies, wherever it is specified: data set, functional groups, private blocks, vendors'
text headers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from itertools import takewhile
from typing import Any, NamedTuple

import numpy as np

from ..model import metadata
from ..model.legacy_converted import as_original, own_groups
from ..model.metadata import Element, Elements, Instance, Item
from ..model.space import geometry
from ..model.volume import Volume
from ..standard import dictionary
from ..standard.siemens_csa import protocol_of
from ..standard.tags import Tag
from . import siemens_text
from .manufacturers import manufacturer_of


class Private(NamedTuple):
    """A private element: group, creator, and number with the block that the creator commonly has (0x1018).

    The block is where its creator is (PS3.5 7.8.1). Where a de-identification took the creators away and left the elements,
    the number is taken unchanged, as dcm2niix does.
    """

    group: int
    creator: str
    number: int


class Nested(NamedTuple):
    """An attribute of the first item of a sequence, or of a sequence in it: the tags on the way."""

    path: tuple[int, ...]


class Csa(NamedTuple):
    """A value of the Siemens CSA image header (0029,xx10), by its name."""

    name: str


class Phoenix(NamedTuple):
    """A value of the protocol of the Siemens CSA series header (0029,xx20) or (0021,xx19), by (part of) its name."""

    name: str


AttributeLocation = int | Private | Nested | Csa | Phoenix

# sequences that vendors hide ordinary attributes in; the standard's attributes come last in them, because they repeat
_PRIVATE_SEQUENCES = (
    Private(0x0021, "SIEMENS MR SDI 02", 0x11FE),
    Private(0x0021, "SIEMENS MR SDS 01", 0x10FE),
    Private(0x2005, "Philips MR Imaging DD 005", 0x140F),
    Private(0x2005, "Philips MR Imaging DD 005", 0x140E),
    Private(0x2001, "Philips Imaging DD 001", 0x105F),
    Private(0x0065, "Image Private Header", 0x1051),
)
_CSA_IMAGE = Private(0x0029, "SIEMENS CSA HEADER", 0x1010)
_CSA_SERIES = (Private(0x0029, "SIEMENS CSA HEADER", 0x1020), Private(0x0021, "SIEMENS MR SDS 01", 0x1019))
_DEEPEST = 3


class Layer:
    """One data set or item, and the blocks that private creators hold in it."""

    def __init__(self, elements: Elements):
        self.elements = elements
        self.blocks: dict[tuple[int, str], int] = {}
        self.taken: set[int] = set()
        for tag in elements:
            if tag >> 16 & 1 and 0x10 <= tag & 0xFFFF <= 0xFF:
                self.blocks.setdefault((tag >> 16, metadata.text(elements, tag).upper()), tag & 0xFF)
                self.taken.add(tag)

    def tag_of(self, where: Private) -> int | None:
        """Return the tag of a private element; None where it is not there."""
        group, creator, number = where
        block = self.blocks.get((group, creator.upper()))
        if block is None:
            block = number >> 8
            if group << 16 | block in self.taken:
                return None
        tag = group << 16 | block << 8 | number & 0xFF
        return tag if tag in self.elements else None


class Storage(NamedTuple):
    """How the voxels of a volume are in the file.

    Attributes
    ----------
    ijk_to_ras : numpy.ndarray, shape (4, 4)
        Voxel indices of the file → mm, RAS.
    reversed_slices : bool
        Whether the file begins with the last slice of the volume.
    """

    ijk_to_ras: np.ndarray
    reversed_slices: bool = False

    @classmethod
    def of(cls, volume: Volume, stored_affine: np.ndarray) -> Storage:
        """Return how a volume is stored under a matrix of voxel indices in the file → mm, RAS."""
        stored = np.asarray(stored_affine, dtype=float)
        return cls(stored, float(stored[:3, 2] @ np.asarray(volume.ijk_to_ras, dtype=float)[:3, 2]) < 0)

    def axis_along(self, direction_lps: np.ndarray) -> tuple[str, int]:
        """Return the letter of the image axis that runs along a direction (LPS), and 1 or −1 for its sense."""
        axis, sense = geometry.axis_along(self.ijk_to_ras, geometry.ras_of_lps(np.asarray(direction_lps)))
        return "ijk"[axis], sense


class PlaneAttributes:
    """Attributes of one plane: of the data set, its functional groups, the shared ones, private sequences; in this order."""

    def __init__(self, instance: Instance, frame: int = 0, volume: Volume | None = None, storage: Storage | None = None):
        self.instance, self.frame, self.volume, self.storage = instance, frame, volume, storage
        self.top = as_original(instance.elements, own_groups(instance.elements, frame))
        self._found: dict[int | Private | Nested, tuple[Elements, int] | None] = {}
        self._results: dict[str, Any] = {}
        self.open_layers = 0

    @classmethod
    def of(cls, volume: Volume, storage: Storage) -> PlaneAttributes:
        """Return what the first plane of a volume specifies: first in the order of acquisition, as far as its numbers
        specify.
        """
        series = volume.dicom.metadata
        planes = series.frames[0].tolist()
        index, frame = min(planes, key=lambda plane: (_number_of(series.instances[plane[0]].elements, plane[1]), plane[1]))
        return cls(series.instances[index], frame, volume, storage)

    def once(self, name: str, compute: Callable[[PlaneAttributes], Any]) -> Any:
        """Return what a function specifies for this source, asking it once."""
        if name not in self._results:
            self._results[name] = compute(self)
        return self._results[name]

    def other(self, instance: Instance, frame: int) -> PlaneAttributes:
        """Return what another plane of the same volume specifies."""
        return PlaneAttributes(instance, frame, self.volume, self.storage)

    def planes_at(self, t: int) -> list[PlaneAttributes]:
        """Return what the planes of a time of the same volume specify, by slice."""
        assert self.volume is not None
        series = self.volume.dicom.metadata
        return [self.other(series.instances[int(i)], int(f)) for i, f in series.frames[t]]

    @property
    def made_in(self) -> object:
        """One and the same for planes that were made in one object; not where objects of one frame were put together later."""
        return self.instance if self.top is self.instance.elements else self

    @cached_property
    def manufacturer(self) -> str:
        """Short name of the manufacturer, empty where none is known."""
        return manufacturer_of(metadata.text(self.top, Tag.MANUFACTURER), self.top)

    @cached_property
    def modality(self) -> str:
        """Modality (0008,0060)."""
        return metadata.text(self.top, Tag.MODALITY)

    @cached_property
    def layers(self) -> list[Layer]:
        """Where to look, in order."""
        own = own_groups(self.top, self.frame)
        shared = metadata.first_item(self.top, Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
        public, hidden = [Layer(self.top)], list[Layer]()
        for group in filter(None, (own, shared)):
            _descend(group, public, hidden, _DEEPEST)
        _note_hidden(public[0], hidden)
        self.open_layers = len(public)
        return public + hidden

    def holder(self, where: int | Private | Nested) -> tuple[Elements, int] | None:
        """Return the data set that holds an element that is not empty, and its tag in it."""
        if where not in self._found:
            self._found[where] = self._holder(where)
        return self._found[where]

    def _holder(self, where: int | Private | Nested) -> tuple[Elements, int] | None:
        if isinstance(where, Nested):
            *path, tag = where.path
            elements = self.top
            for sequence in path:
                elements = metadata.first_item(elements, sequence)
            return (elements, tag) if _filled(elements.get(tag)) else None
        for layer in self.layers:
            number = layer.tag_of(where) if isinstance(where, Private) else where
            if number is not None and _filled(layer.elements.get(number)):
                return layer.elements, number
        return None

    def stated(self, tag: int) -> str:
        """Return text that is in no private sequence: what vendors repeat there may be of another image."""
        layers = self.layers[: self.open_layers]
        return next((text for layer in layers if (text := metadata.text(layer.elements, tag))), "")

    def has(self, where: AttributeLocation) -> bool:
        """Whether a value is there."""
        if isinstance(where, (Csa, Phoenix)):
            return bool(self.values(where))
        return self.holder(where) is not None

    def values(self, where: Csa | Phoenix) -> list[str]:
        """Return the values of a Siemens text header, as text."""
        if isinstance(where, Phoenix):
            return siemens_text.values(self.protocol, where.name) if self.protocol else []
        return [str(value) for value in self.csa.get(where.name, [])]

    def numbers(self, where: AttributeLocation) -> list[float]:
        """Return numbers; empty if there are none, or if one of them is not finite."""
        if isinstance(where, (Csa, Phoenix)):
            values = [number for number in map(siemens_text.number, self.values(where)) if number is not None]
        else:
            holder = self.holder(where)
            values = metadata.numbers(*holder) or _leading_numbers(metadata.texts(*holder)) if holder else []
        return values if all(map(math.isfinite, values)) else []

    def number(self, where: AttributeLocation) -> float | None:
        """Return the first number, None where there is none."""
        numbers = self.numbers(where)
        return numbers[0] if numbers else None

    def text(self, where: AttributeLocation) -> str:
        """Return text with its backslashes, in the character set of its data set; empty where there is none."""
        if isinstance(where, (Csa, Phoenix)):
            return "\\".join(self.values(where))
        holder = self.holder(where)
        return decoded(*holder, self.top) if holder else ""

    @staticmethod
    def text_of(elements: Elements, tag: int) -> str:
        """Return text of a data set by itself, as of an item."""
        return metadata.text(elements, tag)

    def texts(self, where: AttributeLocation) -> list[str]:
        """Return the values of text."""
        text = self.text(where)
        return [part.strip(metadata.SPACE_AND_NULL) for part in text.split("\\")] if text else []

    def items(self, where: int | Private | Nested) -> tuple[Item, ...]:
        """Return the items of a sequence."""
        holder = self.holder(where)
        return metadata.items(*holder) if holder else ()

    def first_number(self, *places: AttributeLocation) -> float | None:
        """Return the first number at the first of several places that has one."""
        return next((value for value in map(self.number, places) if value is not None), None)

    @cached_property
    def csa(self) -> dict[str, list[Any]]:
        """The Siemens CSA image header; empty where there is none."""
        holder = self.holder(_CSA_IMAGE) if self.manufacturer == "Siemens" else None
        return siemens_text.image_header(_bytes(holder)) if holder else {}

    @cached_property
    def protocol(self) -> str:
        """The protocol in the Siemens CSA series header; empty where there is none."""
        if self.manufacturer != "Siemens":
            return ""
        for where in _CSA_SERIES:
            holder = self.holder(where)
            text = protocol_of(_bytes(holder)) if holder else ""
            if text:
                return text
        return ""

    @cached_property
    def tile_shape(self) -> tuple[int, int]:
        """Rows and columns of one plane as it was acquired: those of a tile where planes are tiled."""
        if self.volume is not None:
            shape = self.volume.dicom.origin.shape
            return int(shape[2]), int(shape[3])
        return metadata.integer(self.top, Tag.ROWS), metadata.integer(self.top, Tag.COLUMNS)


def _filled(element: Element | None) -> bool:
    if element is None:
        return False
    return (
        bool(element.value.strip(b" \0") or element.vr in metadata.NUMBER_FORMATS) if isinstance(element.value, bytes) else True
    )


def _leading_numbers(texts: list[str]) -> list[float]:
    """Return the numbers that a list of text begins with: GE leaves places at the end empty."""
    numbers = map(siemens_text.number, texts)
    return [number for number in takewhile(lambda number: number is not None, numbers) if number is not None]


def _bytes(holder: tuple[Elements, int]) -> bytes:
    value = holder[0][holder[1]].value
    return value if isinstance(value, bytes) else b""


def _number_of(elements: Elements, frame: int) -> int:
    """PET images have a number of their own, which counts slices where InstanceNumber may count backwards."""
    original = as_original(elements, own_groups(elements, frame))
    return metadata.integer(original, Tag.IMAGE_INDEX) or metadata.integer(original, Tag.INSTANCE_NUMBER)


def _descend(group: Elements, public: list[Layer], hidden: list[Layer], depth: int) -> None:
    """Note a functional group, and the first items of the sequences in it."""
    public.append(Layer(group))
    _note_hidden(public[-1], hidden)
    for tag, element in group.items():
        if isinstance(element.value, tuple) and element.value and not dictionary.is_private(tag) and depth:
            _descend(element.value[0].elements, public, hidden, depth - 1)


def _note_hidden(layer: Layer, hidden: list[Layer]) -> None:
    for where in _PRIVATE_SEQUENCES:
        tag = layer.tag_of(where)
        item = metadata.first_item(layer.elements, tag) if tag is not None else {}
        if item:
            hidden.append(Layer(item))


def decoded(elements: Elements, tag: int, top: Elements | None = None) -> str:
    """Return text in the character set of its data set, or of the one that holds it."""
    from ..model.charset import CharacterSet

    element = elements.get(tag)
    if element is None or not isinstance(element.value, bytes) or (element.value.isascii() and b"\x1b" not in element.value):
        return metadata.text(elements, tag)
    return CharacterSet().of(top if top is not None else elements).text(elements, tag)
