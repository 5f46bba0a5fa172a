"""How the attributes that distinguish frames are read: readers for the tables in `coordinates`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from .....model import metadata
from .....model.metadata import Elements
from .....model.time_zones import zone_s
from .....standard.dictionary import describe
from .....standard.sop_classes import MR
from .....standard.tags import Tag
from ..values.real_world import units_of
from . import diffusion, vendor
from .components import image_words, origin_words
from .date_times import seconds
from .functional_groups import Lookup, frame_count

COUNT_DIGITS = 9
LARGEST_SEGMENT = (1 << 16) - 1
"""ReferencedSegmentNumber (0062,000B) is of VR US (PS3.3 C.8.20.2)."""
PHILIPS_LABEL_TYPE = (0x2005, "Philips MR Imaging DD 005", 0x29)
PLACES = frozenset({
    Tag.STACK_ID, Tag.IN_STACK_POSITION_NUMBER, Tag.IMAGE_POSITION_PATIENT, Tag.IMAGE_ORIENTATION_PATIENT, Tag.SLICE_LOCATION,
    Tag.PLANE_POSITION_SEQUENCE, Tag.PLANE_ORIENTATION_SEQUENCE, Tag.IMAGE_POSITION_VOLUME, Tag.IMAGE_ORIENTATION_VOLUME,
    Tag.PLANE_POSITION_VOLUME_SEQUENCE, Tag.PLANE_ORIENTATION_VOLUME_SEQUENCE, Tag.REFERENCED_SEGMENT_NUMBER,
})  # fmt: skip
"""Dimensions that count slices, or what separates volumes anyway."""

_DESCRIPTIONS = (
    Tag.MODALITY, Tag.SERIES_DESCRIPTION, Tag.PROTOCOL_NAME, Tag.FILTER_TYPE, Tag.RECONSTRUCTION_DIAMETER,
    Tag.RECONSTRUCTION_ALGORITHM, Tag.RECONSTRUCTION_METHOD,
    Tag.CORRECTED_IMAGE, Tag.ATTENUATION_CORRECTION_METHOD, Tag.SCATTER_CORRECTION_METHOD, Tag.DECAY_CORRECTION,
)  # fmt: skip
_CORRECTIONS = (Tag.CORRECTED_IMAGE, Tag.ATTENUATION_CORRECTION_METHOD, Tag.SCATTER_CORRECTION_METHOD)
_OF_ONE_IMAGE = (
    Tag.DOSE_TYPE, Tag.RECEIVE_COIL_NAME, Tag.IMAGE_LATERALITY, Tag.VIEW_POSITION, Tag.IMAGED_NUCLEUS,
)  # fmt: skip
_COMPRESSIONS = frozenset({"113040", "121325", "121327"})
"""Codes of DCM (PS3.16 CID 7203, 7205) for how pixels are stored: lossy compression and full fidelity are not meanings."""
_VELOCITY = re.compile(r"_v(\d+[a-z]{2})", re.IGNORECASE)
"""In SequenceName of Siemens: encoded velocity, cm/s, and its direction."""


class Frame(NamedTuple):
    """One frame, as the rows of the tables read it."""

    elements: Elements
    instance_index: int
    number: int
    look: Lookup
    own: Elements
    vectors: dict[str, int]
    """Indices of a multi-frame object without functional groups (NM: PS3.3 C.8.4.8), by name."""
    usual_zone: str = ""
    """Time zone of most objects of the series."""

    @property
    def zone(self) -> str:
        """TimezoneOffsetFromUTC; that of most others of the series where an object lost it."""
        own = metadata.text(self.look.data_set, Tag.TIMEZONE_OFFSET_FROM_UTC)
        return self.usual_zone if zone_s(own) is None else own

    @property
    def content(self) -> Elements:
        """Frame Content functional group (PS3.3 C.7.6.16.2.2)."""
        return metadata.first_item(self.own, Tag.FRAME_CONTENT_SEQUENCE)


def number_in(tag: int, *sequences: int) -> Callable[[Frame], float | None]:
    """Return a reader of a number in one of some functional groups, else in the data set."""

    def read(frame: Frame) -> float | None:
        for sequence in sequences:
            number = _finite(metadata.number(frame.look.group_with(sequence, tag), tag))
            if number is not None:
                return number
        return _finite(metadata.number(frame.look.data_set, tag))

    return read


def _finite(number: float | None) -> float | None:
    """Return a number, None for one that cannot be compared."""
    return number if number is not None and math.isfinite(number) else None


def text_in(tag: int, *sequences: int) -> Callable[[Frame], str | None]:
    """Return a reader of a text in one of some functional groups, else in the data set."""

    def read(frame: Frame) -> str | None:
        texts = (metadata.text(frame.look.group_with(sequence, tag), tag) for sequence in sequences)
        return next(filter(None, texts), None) or metadata.text(frame.look.data_set, tag) or None

    return read


def positive_in(tag: int, *sequences: int) -> Callable[[Frame], float | None]:
    """Return a reader of a number that is stated where it is not 0."""
    number = number_in(tag, *sequences)
    return lambda frame: number(frame) or None


def of_content(tag: int) -> Callable[[Frame], float | None]:
    """Return a reader of a number in the Frame Content functional group."""
    return lambda frame: _finite(metadata.number(frame.content, tag))


def of_vector(name: str) -> Callable[[Frame], int | None]:
    """Return a reader of what an NM object counts (`multiframe`)."""
    return lambda frame: frame.vectors.get(name)


def of_philips(*key: Any) -> Callable[[Frame], float | str | None]:
    """Return a reader of a private element of Philips (group, creator, number), also in the private group of a frame."""

    def read(frame: Frame) -> float | str | None:
        for layer in vendor.private_layers(frame.look.layers):
            result = vendor.private_value(layer, key)
            if result not in (None, ""):
                return result
        return None

    return read


def number_of_philips(*key: Any) -> Callable[[Frame], float | None]:
    """Return a reader of the number in a private element of Philips; a text, which has no order, does not state it."""
    read = of_philips(*key)

    def read_number(frame: Frame) -> float | None:
        value = read(frame)
        return value if isinstance(value, float | int) else None

    return read_number


def echo_time(frame: Frame) -> float | None:
    """Return EffectiveEchoTime or EchoTime, ms."""
    look = frame.look
    time_ms = look.number(Tag.MR_ECHO_SEQUENCE, Tag.EFFECTIVE_ECHO_TIME) or look.number(Tag.MR_ECHO_SEQUENCE, Tag.ECHO_TIME)
    return None if time_ms is None else round(time_ms, 4)


def of_classic_mr(tag: int) -> Callable[[Frame], float | None]:
    """Return a reader of a number that classic MR objects differ in; others have it for other reasons."""

    def read(frame: Frame) -> float | None:
        elements = frame.look.data_set
        is_mr = Tag.ECHO_TIME in elements or metadata.text(elements, Tag.SOP_CLASS_UID) == MR
        number = metadata.number(elements, tag) if is_mr and not is_spin_labeled(frame) else None
        return None if number is None else round(number, 3)

    return read


def is_spin_labeled(frame: Frame) -> bool:
    """Whether an image is one of arterial spin labeling, whose label and control volumes belong together."""
    look = frame.look
    if look.group(Tag.MR_ARTERIAL_SPIN_LABELING_SEQUENCE) or metadata.text(look.data_set, Tag.ASL_CONTEXT):
        return True
    words = " ".join([*image_words(look), metadata.text(look.data_set, Tag.SEQUENCE_NAME)]).upper()
    return "ASL" in words or of_philips(*PHILIPS_LABEL_TYPE)(frame) is not None


def inversion_time(frame: Frame) -> float | None:
    """Return the first inversion time, ms; of spin labeling, it is a delay that volumes of one image differ in."""
    return None if is_spin_labeled(frame) else any_inversion_time(frame)


def any_inversion_time(frame: Frame) -> float | None:
    """Return the first inversion time, ms."""
    group = frame.look.group(Tag.MR_MODIFIER_SEQUENCE)
    times_ms = metadata.numbers(group, Tag.INVERSION_TIMES) or metadata.numbers(frame.look.data_set, Tag.INVERSION_TIME)
    return round(times_ms[0], 3) if times_ms and times_ms[0] else None


def pet_units(frame: Frame) -> str | None:
    """Return Units of PET: what voxels are; other objects have them for other reasons."""
    elements = frame.look.data_set
    return metadata.text(elements, Tag.UNITS) or None if metadata.text(elements, Tag.MODALITY) == "PT" else None


def kernel(frame: Frame) -> str | None:
    """Return ConvolutionKernel, its values joined."""
    group = frame.look.group(Tag.CT_RECONSTRUCTION_SEQUENCE)
    texts = metadata.texts(group, Tag.CONVOLUTION_KERNEL) or metadata.texts(frame.look.data_set, Tag.CONVOLUTION_KERNEL)
    return "-".join(texts) or None


def other_words(look: Lookup) -> list[str]:
    """Return what else images of one series may differ in, as words for names: derivation, tube voltage, and so on.

    They separate images only where each has most slices: values that change from slice to slice are of one image.
    """
    data_set = look.data_set
    words = [*origin_words(look), *(text for tag in _OF_ONE_IMAGE for text in metadata.texts(data_set, tag))]
    words += look.texts(Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE, Tag.RESCALE_TYPE)
    words += look.texts(Tag.IMAGE_DATA_TYPE_SEQUENCE, Tag.DATA_TYPE)
    thickness = look.number(Tag.PIXEL_MEASURES_SEQUENCE, Tag.SLICE_THICKNESS)
    if thickness:
        words.append(f"{thickness:g}mm")
    volts = look.number(Tag.CTX_RAY_DETAILS_SEQUENCE, Tag.KVP) if metadata.text(data_set, Tag.MODALITY) == "CT" else None
    if volts:
        words.append(f"{volts:g}kV")
    words += filter(None, [_energy_of(look), _derivation_of(look), units_of(look)])
    transfer = {*look.texts(Tag.MR_MODIFIER_SEQUENCE, Tag.MAGNETIZATION_TRANSFER)} - {"NONE"}
    if transfer or "MTC" in metadata.texts(data_set, Tag.SEQUENCE_VARIANT):
        words.append("MT")
    flip = metadata.number(look.group(Tag.MR_TIMING_AND_RELATED_PARAMETERS_SEQUENCE), Tag.FLIP_ANGLE)
    if flip is not None:
        words.append(f"flip{flip:g}")
    velocity = metadata.numbers(look.group(Tag.MR_VELOCITY_ENCODING_SEQUENCE), Tag.VELOCITY_ENCODING_DIRECTION)
    if velocity:
        words.append("velocity" + ",".join(f"{part:g}" for part in velocity))
    elif encoded := _VELOCITY.search(metadata.text(data_set, Tag.SEQUENCE_NAME)):
        words.append("velocity" + encoded[1])
    return words


def _energy_of(look: Lookup) -> str:
    """Return the energy of a virtual monoenergetic CT image (PS3.3 C.8.2.2.2), such as ``70keV``; empty for others."""
    sequence = Tag.MULTIENERGY_CT_CHARACTERISTICS_SEQUENCE
    item = look.group(sequence) or metadata.first_item(look.data_set, sequence)
    energy_kev = metadata.number(item, Tag.MONOENERGETIC_ENERGY_EQUIVALENT)
    return "" if energy_kev is None else f"{energy_kev:g}keV"


def _derivation_of(look: Lookup) -> str:
    """Return how an image was derived from others, by code (PS3.3 C.7.6.1.1.3), such as ``subtraction``.

    Empty for images with a b-value: traces are one image with those at b = 0, which are not derived.
    """
    codes = [item.elements for item in metadata.items(look.data_set, Tag.DERIVATION_CODE_SEQUENCE)]
    others = [code for code in codes if metadata.text(code, Tag.CODE_VALUE) not in _COMPRESSIONS]
    if not others or diffusion.weighting_of(look) is not None:
        return ""
    names = [metadata.text(code, Tag.CODE_MEANING).lower() or metadata.text(code, Tag.CODE_VALUE) for code in others]
    return "+".join(sorted(names))


def description(frame: Frame) -> tuple[str, ...] | None:
    """Return texts that are of a whole series, and differ where several images have one SeriesInstanceUID."""
    texts = tuple("+".join(metadata.texts(frame.look.data_set, tag)) for tag in _DESCRIPTIONS)
    return texts if any(texts) else None


def corrections(frame: Frame) -> tuple[str, ...] | None:
    """Return how a PET image was corrected: those with and without a correction of attenuation may be in one series."""
    if metadata.text(frame.look.data_set, Tag.MODALITY) != "PT":
        return None
    texts = tuple("+".join(metadata.texts(frame.look.data_set, tag)) for tag in _CORRECTIONS)
    return texts if any(texts) else None


def contrast_agent(frame: Frame) -> tuple[str, ...] | None:
    """Return ContrastBolusAgent, which some scanners only write for the times after the injection."""
    agent = metadata.text(frame.look.data_set, Tag.CONTRAST_BOLUS_AGENT)
    return (agent,) if agent else None


def segment(frame: Frame) -> int | None:
    """Return the number of the segment that a frame is of."""
    numbers = metadata.numbers(frame.look.group(Tag.SEGMENT_IDENTIFICATION_SEQUENCE), Tag.REFERENCED_SEGMENT_NUMBER)
    if len(numbers) > 1:
        name = describe(Tag.REFERENCED_SEGMENT_NUMBER)
        frame.look.notes.append(f"{name} has {len(numbers)} values, one is allowed: the first, {numbers[0]:g}, is used")
    return int(numbers[0]) if numbers and 0 <= numbers[0] <= LARGEST_SEGMENT else None


def polarity(frame: Frame) -> str | None:
    """Return from which end phase is encoded."""
    return vendor.phase_polarity(frame.look.data_set)


def dimension_indices(frame: Frame) -> tuple[Any, ...] | None:
    """Return DimensionIndexValues without those that count slices, None where the object has no dimensions but them."""
    values = metadata.numbers(frame.content, Tag.DIMENSION_INDEX_VALUES)
    pointers = dimension_pointers(frame.elements)
    if not values or len(values) != len(pointers):
        return None
    indices = tuple(value for value, pointer in zip(values, pointers, strict=True) if pointer not in PLACES)
    return indices or None


def dimension_pointers(elements: Elements) -> list[int]:
    """Return what each of the dimension indices counts (PS3.3 C.7.6.17), as tags."""
    pointers = []
    for item in metadata.items(elements, Tag.DIMENSION_INDEX_SEQUENCE):
        element = item.elements.get(Tag.DIMENSION_INDEX_POINTER)
        raw = element.value if element is not None and isinstance(element.value, bytes) else b""
        pointers.append(int.from_bytes(raw[:2], "little") << 16 | int.from_bytes(raw[2:4], "little"))
    return pointers


def weighting(frame: Frame) -> tuple[Any, ...] | None:
    """Return b-value and direction, rounded: vendors repeat them with other last digits."""
    weighting_ = diffusion.weighting_of(frame.look)
    return None if weighting_ is None else (round(weighting_[0]), *(round(part, 3) + 0.0 for part in weighting_[1]))


def object_of(frame: Frame) -> int | str:
    """Return the object itself, which may be a concatenation: one with several frames is one volume, or several whole ones."""
    return metadata.text(frame.elements, Tag.CONCATENATION_UID) or frame.instance_index


def frame_number(frame: Frame) -> int | None:
    """Return the number of a frame in its object, None where that has only one, or is a part of unknown place."""
    elements = frame.elements
    if _is_part(elements):
        is_stated = any(metadata.number(elements, tag) is not None for tag in _ORDER_OF_PARTS)
        return first_number(elements) + frame.number if is_stated else None
    return frame.number if frame_count(elements) > 1 else None


def instance_number(frame: Frame) -> float | None:
    """Return InstanceNumber, None for parts of a concatenation: they are divided anywhere."""
    return None if _is_part(frame.elements) else _finite(metadata.number(frame.look.data_set, Tag.INSTANCE_NUMBER))


def volume_number(frame: Frame) -> int | None:
    """Return which volume InstanceNumber is in, where GE states of how many slices each is; None elsewhere."""
    elements = frame.look.data_set
    number, slices = instance_number(frame), vendor.private_numbers(elements, vendor.GE_LOCATIONS)
    if metadata.text(elements, Tag.MODALITY) != "MR" or not slices or slices[0] < 2 or not number or number < 1:
        return None
    return int((number - 1) // slices[0])


def _is_part(elements: Elements) -> bool:
    return Tag.CONCATENATION_UID in elements


def first_number(elements: Elements) -> int:
    """Return the number of the first frame of an object, counted from 0 in its concatenation (PS3.3 C.7.6.16.2.2.4).

    Where a part does not state it, numbers are in order, but not one after the other: parts may have any number of frames.
    """
    if not _is_part(elements):
        return 0
    offset = metadata.number(elements, Tag.CONCATENATION_FRAME_OFFSET_NUMBER)
    return int(offset) if offset is not None else max(0, metadata.integer(elements, Tag.IN_CONCATENATION_NUMBER) - 1) << 32


_ORDER_OF_PARTS = (Tag.CONCATENATION_FRAME_OFFSET_NUMBER, Tag.IN_CONCATENATION_NUMBER)


def number_of_uid(frame: Frame) -> int | None:
    """Return the last number of SOPInstanceUID, which some scanners count up; None where it is too long for a count.

    None for parts of a concatenation, too: they are divided anywhere.
    """
    last = metadata.text(frame.look.data_set, Tag.SOP_INSTANCE_UID).rpartition(".")[2]
    return int(last) if last.isdigit() and len(last) <= COUNT_DIGITS and not _is_part(frame.elements) else None


def moment(frame: Frame, both: int, date: int, time: int) -> float | None:
    """Return a moment, seconds: of a DT, or of a TM with its DA."""
    elements = frame.look.data_set
    time_s = seconds(metadata.text(elements, both), zone=frame.zone) if both else None
    return (
        seconds(metadata.text(elements, date or Tag.ACQUISITION_DATE), metadata.text(elements, time), frame.zone)
        if time_s is None
        else time_s
    )


def frame_moment(tag: int) -> Callable[[Frame], float | None]:
    """Return a reader of a moment in the Frame Content functional group, seconds."""
    return lambda frame: seconds(metadata.text(frame.content, tag), zone=frame.zone)


def words_in(sequence: int, *tags: int) -> Callable[[Frame], tuple[str, ...] | None]:
    """Return a reader of words of a functional group that describe a state, such as INSPIRATION."""
    return lambda frame: tuple(text for tag in tags for text in metadata.texts(frame.look.group(sequence), tag)) or None


def of_stack(frame: Frame) -> str | None:
    """Return StackID, of which some objects have another one for each time."""
    return metadata.text(frame.content, Tag.STACK_ID) or None
