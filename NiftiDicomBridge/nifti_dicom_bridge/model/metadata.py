"""DICOM attributes as they were in the files: elements, items, instances, series.

Values are kept as the bytes of the value field, padding included, so that they can be restored.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import isfinite
from typing import NamedTuple

import numpy as np

from ..standard.pydicom_tables import VR, entry_of, private_vr_of
from ..standard.tags import Tag

# PS3.5 6.2: struct letter of one value of the numeric VRs
NUMBER_FORMATS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "SV": "q", "UV": "Q"}
SPACE_AND_NULL = " \0"
LARGEST_LABEL = 65535
"""Of a segment: SegmentNumber (0062,0004) is a US."""
GE_BIG_ENDIAN_PIXELS = "1.2.840.113619.5.2"
"""Private transfer syntax of GE: implicit VR little endian, but pixel data in big endian."""


class Element(NamedTuple):
    """One data element (PS3.5 7.1).

    Attributes
    ----------
    vr : str
        Value representation, two letters.
    value : bytes or tuple of Item
        The value field in little endian, with its padding. A tuple of items for SQ (and for UN of undefined length or of a
        sequence of the standard, whose items are encoded in implicit VR: PS3.5 6.2.2 note 4).
    undefined : bool
        The length field specified "undefined": the value ended at a delimiter.

    Examples
    --------
    >>> from nifti_dicom_bridge import read
    >>> metadata = read("scans")[0].source.metadata
    >>> metadata.first.elements[0x00080060]
    Element(vr='CS', value=b'MR', undefined=False)
    """

    vr: str
    value: bytes | tuple[Item, ...]
    undefined: bool = False


Elements = dict[int, Element]


class Item(NamedTuple):
    """One item of a sequence (PS3.5 7.5)."""

    elements: Elements
    undefined: bool = False


class PixelElement(NamedTuple):
    """Where the pixel data of a file are: `offset` and `length` in bytes; length −1 for encapsulated pixel data."""

    tag: int
    vr: str
    offset: int
    length: int


class Encoding(NamedTuple):
    """How a data set was encoded in its file (PS3.5 7.1, 7.3, A.5), whatever the file meta information claims."""

    explicit: bool = True
    little: bool = True
    deflated: bool = False


@dataclass(frozen=True, eq=False)
class Instance:
    """One SOP instance: all its elements but the pixel data.

    Attributes
    ----------
    elements, file_meta : dict of int to Element
        Data set and file meta information (group 0002), by tag number.
    preamble : bytes or None
        The 128 bytes before ``DICM``; None where the file had neither.
    encoding : Encoding
        How the file was encoded.
    pixels : PixelElement or None
        Where the pixel data are in the file.
    path, name : str
        The file, and its path relative to the input that it was found in (POSIX separators).
    trailer : bytes
        What follows the last element and is none: the fill of a last block.
    repeated : tuple of int
        Tags that occur more than once; the last of each was kept.
    stamp : (int, int), optional
        Size in bytes and time of the last change (ns) of the file when it was read, to recognize changes.

    Examples
    --------
    >>> from nifti_dicom_bridge import read
    >>> metadata = read("scans")[0].source.metadata
    >>> metadata.first.encoding
    Encoding(explicit=True, little=True, deflated=False)
    """

    elements: Elements
    file_meta: Elements
    preamble: bytes | None
    encoding: Encoding
    pixels: PixelElement | None
    path: str = ""
    name: str = ""
    trailer: bytes = b""
    repeated: tuple[int, ...] = ()
    stamp: tuple[int, int] | None = None

    def get(self, tag: int) -> Element | None:
        """Return the element of the data set with this tag, or None."""
        return self.elements.get(tag)

    @property
    def uid(self) -> str:
        """SOPInstanceUID, empty where there is none."""
        return text(self.elements, Tag.SOP_INSTANCE_UID)

    @property
    def key(self) -> str:
        """What is the same for one instance wherever it is met, and differs between two: UID and name, else everything."""
        if self.uid:
            return f"{self.uid}\n{self.name}"
        content = repr(sorted(self.elements.items())).encode("utf-8")
        return f"{hashlib.blake2b(content, digest_size=16).hexdigest()}\n{self.name}"

    @property
    def transfer_syntax(self) -> str:
        """TransferSyntaxUID of the file meta information, empty where there is none."""
        return text(self.file_meta, Tag.TRANSFER_SYNTAX_UID)

    @property
    def has_little_pixels(self) -> bool:
        """Whether native pixel data are in little endian in the file, as most data sets are."""
        return self.encoding.little and self.transfer_syntax != GE_BIG_ENDIAN_PIXELS


class Frame(NamedTuple):
    """One image plane of a volume: index of the instance in `SeriesMetadata.instances`, and of the frame or tile in it.

    With a `label`, it is not the whole plane: the frame is 1 where the plane of a label map has that label.
    """

    instance: int
    frame: int
    label: int = 0


@dataclass(frozen=True, eq=False)
class SeriesMetadata:
    """All instances that a volume was made of, and which plane of it is which frame.

    Attributes
    ----------
    instances : tuple of Instance
        In the order of the files' paths.
    frames : numpy.ndarray, shape (times, slices, 2), int32
        ``(instance, frame)`` of every plane.
    layers : numpy.ndarray or None, shape (frames, 4), int32
        ``(slice, instance, frame, label)`` of every frame, where planes and frames are not one and the same: in a label map
        each frame is one label of its plane, and planes without a frame are background. There, `frames` has a frame of another
        volume that is in the plane, else the nearest of this one. None where every plane is its frame.

    Examples
    --------
    >>> from nifti_dicom_bridge import read
    >>> metadata = read("scans")[0].source.metadata
    >>> len(metadata.instances), metadata.frames.shape
    (7, (1, 7, 2))
    """

    instances: tuple[Instance, ...]
    frames: np.ndarray
    layers: np.ndarray | None = None

    @property
    def first(self) -> Instance:
        """The instance of the first plane."""
        return self.instances[int(self.frames[0, 0, 0])]

    @property
    def is_label_map(self) -> bool:
        """Whether frames are labels of their planes."""
        return self.layers is not None and bool(self.layers[:, 3].any())

    def planes(self) -> Iterator[tuple[int, int, Frame]]:
        """Yield (time, slice, frame) of every frame in storage order."""
        if self.layers is not None:
            yield from ((0, k, Frame(*frame)) for k, *frame in self.layers.tolist())
            return
        for t, row in enumerate(self.frames.tolist()):
            for k, (instance, frame) in enumerate(row):
                yield t, k, Frame(instance, frame)


@dataclass(frozen=True)
class Change:
    """One attribute that changed, with the source of the new value.

    Attributes
    ----------
    attribute : str
        Keyword of PS3.6, or the number of a private element.
    old, new : str
        Values as text; empty where there is none.
    source : str
        Where the new value comes from: an option, a file, the original.

    Examples
    --------
    >>> from nifti_dicom_bridge import to_dicom, to_nifti
    >>> images = to_nifti("scans", "images").outputs
    >>> report = to_dicom(images[0], "new", set_values={"PatientID": "007"})
    >>> report.entries[0].log.changes[0].new
    '007'
    """

    attribute: str
    old: str
    new: str
    source: str


@dataclass
class Log:
    """What the user has to know of a conversion.

    Attributes
    ----------
    notes, warnings : list of str
        Harmless choices; what may matter to the user. Options are named as in Python; see `in_words`.
    changes : list of Change
        Attributes that differ from the original.
    values : list of Change
        Attributes of a new object, each with its source.

    Examples
    --------
    >>> from nifti_dicom_bridge import Log, read, write
    >>> log = Log()
    >>> files = write(read("scans")[0], "MR.nii", log=log)
    >>> log.warnings
    []
    """

    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    values: list[Change] = field(default_factory=list)

    def add(self, other: Log) -> None:
        """Add what another log contains."""
        self.notes += other.notes
        self.warnings += other.warnings
        self.changes += other.changes
        self.values += other.values


# --- reading values ---------------------------------------------------------------------------------------------------


def text(elements: Elements, tag: int, default: str = "") -> str:
    """Return the value of a text element without its padding; `default` where it is absent or empty.

    Bytes beyond ASCII are shown in Latin-1: good enough for codes and UIDs; names of people go through the character sets.
    """
    element = elements.get(tag)
    if element is None or not isinstance(element.value, bytes):
        return default
    return element.value.decode("latin-1").strip(SPACE_AND_NULL) or default


def texts(elements: Elements, tag: int) -> list[str]:
    """Return the values of a text element, split at the backslash."""
    value = text(elements, tag)
    return [part.strip(SPACE_AND_NULL) for part in value.split("\\")] if value else []


def numbers(elements: Elements, tag: int) -> list[float]:
    """Return the numeric values of an element (DS, IS or binary); empty where absent, empty or not numeric."""
    element = elements.get(tag)
    if element is None or not isinstance(element.value, bytes) or not element.value:
        return []
    return list(_numbers(element.vr if element.vr != "UN" else _known_vr(elements, tag), element.value))


def _known_vr(elements: Elements, tag: int) -> str:
    """Return the VR that the dictionaries give an element of VR UN (PS3.5 6.2.2), as archives leave that did not know it."""
    if tag >> 16 & 1:
        return private_vr_of(tag, text(elements, tag >> 16 << 16 | tag >> 8 & 0xFF)) or "UN"
    entry = entry_of(tag)
    vr = entry[VR] if entry else "UN"
    if vr != "US or SS":
        return vr
    return "SS" if integer(elements, Tag.PIXEL_REPRESENTATION) == 1 else "US"


@lru_cache(maxsize=4096)
def _numbers(vr: str, value: bytes) -> tuple[float, ...]:
    letter = NUMBER_FORMATS.get(vr)
    if letter is not None:
        count = len(value) // struct.calcsize(letter)
        return struct.unpack_from(f"<{count}{letter}", value)
    if b"_" in value:
        return ()  # Python allows it between digits
    try:
        listed = value.decode("ascii").strip(SPACE_AND_NULL).rstrip("\\")  # some writers end each value with the separator
        values = tuple(map(float, listed.replace(",", ".").split("\\")))
    except ValueError:
        return ()
    return values if all(map(isfinite, values)) else ()  # Python reads NaN and inf, too; DS and IS know neither (PS3.5 6.2)


def doubt_of_numbers(elements: Elements, tag: int) -> str:
    """Return what is wrong with the numbers of an element: decimal commas, text that is not a number; empty where nothing
    is.
    """
    element = elements.get(tag)
    if element is None or not isinstance(element.value, bytes):
        return ""
    if (element.vr if element.vr != "UN" else _known_vr(elements, tag)) in NUMBER_FORMATS:
        return ""
    if not numbers(elements, tag):
        shown = text(elements, tag)[:40]
        return f"is not a number ({shown!r}): it is treated as missing" if shown else ""
    return "has a decimal comma, which is read as a decimal point" if b"," in element.value else ""


def number(elements: Elements, tag: int, default: float | None = None) -> float | None:
    """Return the first numeric value of an element, or `default`."""
    values = numbers(elements, tag)
    return values[0] if values else default


def integer(elements: Elements, tag: int, default: int = 0) -> int:
    """Return the first value of an element as an integer, or `default`."""
    value = number(elements, tag)
    return default if value is None or value != value or abs(value) == float("inf") else int(value)


def can_be_labels(numbers_: Sequence[int]) -> bool:
    """Whether numbers of segments can be the values of their voxels in a label map: each occurs once, none is background."""
    return len(set(numbers_)) == len(numbers_) and all(0 < number_ <= LARGEST_LABEL for number_ in numbers_)


def items(elements: Elements, tag: int) -> tuple[Item, ...]:
    """Return the items of a sequence; empty where it is absent or no sequence."""
    element = elements.get(tag)
    return element.value if element is not None and isinstance(element.value, tuple) else ()


def first_item(elements: Elements, tag: int) -> Elements:
    """Return the elements of the first item of a sequence; empty where there is none."""
    items_ = items(elements, tag)
    return items_[0].elements if items_ else {}


def without(elements: Elements, tags: Container[int]) -> Elements:
    """Return elements without those of some tags."""
    return {tag: element for tag, element in elements.items() if tag not in tags}
