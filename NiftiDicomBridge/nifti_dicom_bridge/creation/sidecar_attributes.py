"""What the sidecar of an image specifies, as attributes: legal ones, and sentences about what is not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import bids
from ..bids import from_sidecar, reverse_pet, reverse_rows
from ..errors import OptionError, SidecarError
from ..formats.dicom import edits, new_element
from ..formats.dicom.created.attributes import Attributes
from ..formats.dicom.created.set_values import set_tags
from ..formats.dicom.protected import refusal
from ..formats.dicom.pydicom_conversion import element_of
from ..model.metadata import Element, Elements, Item
from ..options import Kind
from ..standard.dictionary import keyword_of, tag_of
from ..standard.numbers import is_number
from ..standard.sop_classes import MR
from ..standard.tags import Tag
from .image_with_sidecar import ImageWithSidecar
from .repair import word_problem
from .value_repairs import TEXT_REPAIRS
from .volume_attributes import elements_of_volumes, lists_of_volumes

Values = dict[int, tuple[str, list[Any]]]
# of the series that an image was, not of the one that it becomes; and what follows from the image itself
_NOT_TAKEN = frozenset({
    Tag.SERIES_INSTANCE_UID, Tag.SOP_INSTANCE_UID, Tag.INSTANCE_NUMBER, Tag.PIXEL_SPACING, Tag.IMAGE_POSITION_PATIENT,
    Tag.IMAGE_ORIENTATION_PATIENT, Tag.ROWS, Tag.COLUMNS, Tag.ACQUISITION_MATRIX, Tag.SERIES_TYPE,
    Tag.NUMBER_OF_FRAMES, Tag.IN_PLANE_PHASE_ENCODING_DIRECTION,
})  # fmt: skip
_NOT_AVAILABLE = "n/a"
# PS3.3 C.8.3.1.1.2 and C.8.3.1: words that dcm2niix joins with underscores
_JOINED_WORDS = {
    Tag.SCANNING_SEQUENCE: frozenset({"SE", "IR", "GR", "EP", "RM"}),
    Tag.SEQUENCE_VARIANT: frozenset({"SK", "MTC", "SS", "TRSS", "SP", "MP", "OSP", "NONE"}),
    Tag.SCAN_OPTIONS: frozenset({
        "PER", "RG", "CG", "PPG", "FC", "PFF", "PFP", "SP", "FS", "SAT1", "SAT2", "IR", "WE", "DIFF", "SFS", "NPW", "CL_GEMS",
        "FAST_GEMS", "EDR_GEMS", "FILTERED_GEMS", "ACC_GEMS", "EPI_GEMS", "SAT_GEMS", "IFLOW_GEMS", "VASCTOF_GEMS",
        "HYPERBAND_GEMS", "PHASE_GEMS", "RB_GEMS", "MP_GEMS", "TRF_GEMS", "SS_GEMS", "PROP_GEMS", "RTR_GEMS", "3D_GEMS",
    }),
}  # fmt: skip
_EXCITATIONS = ("RepetitionTimeExcitation", "RepetitionTimeInversion")
"""RepetitionTime (0018,0080), where the sidecar of several volumes has one: its RepetitionTime is that of volumes."""
_SEPARATORS = re.compile(r"[_\\/,;+\s]+")


@dataclass
class SidecarAttributes:
    """What a sidecar specifies.

    Attributes
    ----------
    values : dict of int to (str, list)
        Attribute → VR, values in the DICOM JSON Model.
    items : dict of int to Element
        Sequences.
    sentences : list of str
        What was assumed, shortened or left out.
    of_units : list of str
        The same of Units, an attribute of PET: of interest if the object becomes one.
    """

    values: Values = field(default_factory=dict)
    items: Elements = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)
    of_units: list[str] = field(default_factory=list)


def attributes_from_sidecar(described: ImageWithSidecar) -> SidecarAttributes:
    """Return the attributes that the BIDS keys of an image specify.

    What BIDS allows and an attribute cannot hold is shortened or left out, with a sentence.

    Raises
    ------
    SidecarError
        If a key has a value of another type than BIDS specifies, or one that is none of its kind.
    """
    stated = SidecarAttributes()
    top = _singular(described, stated.sentences)
    stated.sentences += [f'"{key}" was not used: {reason}' for key, reason in _protected(described.top).items()]
    attributes = from_sidecar.attributes_from_keys(top, described.where, stated.sentences)
    items: dict[tuple[int, ...], Element] = {}
    for key, (path, *_), texts in attributes:
        if path[0] in _NOT_TAKEN or (path[0] == Tag.UNITS and described.top.get("Modality", "PT") != "PT"):
            continue
        if path[0] in stated.values or path in items:
            continue
        texts = _single(path[-1], unjoined(path[-1], texts))
        sentences = stated.of_units if path[0] == Tag.UNITS else stated.sentences
        if not key:
            items[path] = new_element.sequence()
        elif (fitting := _fitting(key, path[-1], texts, described.where, sentences)) is None:
            continue
        elif len(path) == 1:
            stated.values[path[0]] = fitting
        else:
            items[path] = element_of(path[-1], *fitting)
    stated.items = _sequences(items)
    return stated


def _singular(described: ImageWithSidecar, sentences: list[str]) -> dict[str, Any]:
    """Return keys without what is not available, and without lists where an attribute has one number."""
    singular = {}
    of_volumes = lists_of_volumes(described)
    for key, value in described.top.items():
        numbers = isinstance(value, list) and value and all(is_number(part) for part in value)
        if value == _NOT_AVAILABLE or key in of_volumes:
            continue
        if numbers and key in reverse_rows.MAY_BE_LISTS:
            if len(set(value)) > 1:
                sentences.append(f'"{key}" has {len(value)} values, its attribute has one: it was left out')
                continue
            value = value[0]
        singular[key] = value
    return _with_one_repetition_time(singular) if described.image.times > 1 else singular


def _with_one_repetition_time(top: dict[str, Any]) -> dict[str, Any]:
    """Return keys of several volumes with that one which RepetitionTime (0018,0080) is: of inversions where there are any."""
    is_inverted = "IR" in str(top.get("ScanningSequence", ""))
    stated = [key for key in (_EXCITATIONS[::-1] if is_inverted else _EXCITATIONS) if top.get(key)]
    others = {"RepetitionTime", *_EXCITATIONS} - {*stated[:1]} if stated else set(_EXCITATIONS)
    return {key: value for key, value in top.items() if key not in others}


def _protected(top: dict[str, Any]) -> dict[str, str]:
    """Return the keywords of attributes that follow from the image, and why they are not used."""
    return {key: reason for key in top if key not in bids.ORDER and tag_of(key) and (reason := refusal(tag_of(key)))}


def unjoined(tag: int, texts: list[str]) -> list[str]:
    """Return the values of an attribute that tools join, such as ``SK_SP_MP`` or ``SK, SP``, one by one."""
    words = _JOINED_WORDS.get(tag)
    separate: list[str] = []
    for text in texts if words else ():
        parts = _SEPARATORS.split(text.strip().upper().replace("_GEMS", "-GEMS"))
        parts = [part.replace("-GEMS", "_GEMS") for part in parts if part]
        separate += parts if words and all(part in words for part in parts) else [text]
    return list(dict.fromkeys(separate)) if words else texts


def _single(tag: int, texts: list[str]) -> list[str]:
    """Return values without backslashes, which separate values, where an attribute has one."""
    from pydicom.datadict import dictionary_VM

    return [text.replace("\\", "/") for text in texts] if dictionary_VM(tag) == "1" and len(texts) == 1 else texts


def _fitting(key: str, tag: int, texts: list[str], where: str, sentences: list[str]) -> tuple[str, list[Any]] | None:
    """Return VR and values; shortened or rounded where the VR requires that, None where nothing fits.

    Raises
    ------
    SidecarError
        If a date, a time or a number is none.
    """
    try:
        return edits.checked_values(tag, texts)
    except OptionError as error:
        vr, reason = _vr_of(tag), str(error)
    repair = TEXT_REPAIRS.get(vr)
    if repair is None:
        raise SidecarError(f'{where}: "{key}": {reason}')
    shorter = repair(vr, texts)
    try:
        values = edits.checked_values(tag, shorter)
    except OptionError:
        sentences.append(f'"{key}" was left out, as its attribute cannot hold it: {reason}')
        return None
    problem = word_problem(tag, element_of(tag, *values), MR) if vr == "CS" else ""
    if problem:
        sentences.append(f'"{key}" is {_shown(texts)} and was left out: {problem}')
        return None
    sentences.append(
        f'"{key}" is {_shown(texts)} and became {_shown(shorter)} in {keyword_of(tag)}: its VR {vr} allows nothing else'
    )
    return values


def _vr_of(tag: int) -> str:
    from pydicom.datadict import dictionary_VR

    return str(dictionary_VR(tag).split(" or ")[0])


def _shown(texts: Sequence[str]) -> str:
    text = "\\".join(texts)
    return repr(text if len(text) < 70 else text[:67] + "...")


def _sequences(items: dict[tuple[int, ...], Element]) -> Elements:
    """Return sequences of one item each, of elements with the tags on the way."""
    elements: Elements = {}
    below: dict[int, dict[tuple[int, ...], Element]] = {}
    for (tag, *rest), element in items.items():
        if rest:
            below.setdefault(tag, {})[tuple(rest)] = element
        else:
            elements[tag] = element
    return {**elements, **{tag: Element("SQ", (Item(_sequences(inner)),)) for tag, inner in below.items()}}


def private_block(described: ImageWithSidecar, attributes: Attributes, of_first: Elements) -> Elements:
    """Return the private block with what the sidecar specifies and the attributes of the object to be made do not specify.

    Parameters
    ----------
    described : ImageWithSidecar
        The image with its sidecar.
    attributes : Attributes
        All that is decided.
    of_first : dict of int to Element
        Attributes of the first frame alone.
    """
    elements = attributes.elements | of_first
    overridden = set_tags(attributes)
    now = bids.keys_of_elements(elements)
    before = bids.keys_of_elements({tag: element for tag, element in elements.items() if tag not in overridden})
    protected = _protected(described.top)
    keys = {
        key: value
        for key, value in described.top.items()
        if now.get(key) != value and now.get(key) == before.get(key) and not _is_placeholder(key, value)
        if key not in protected
    }
    return bids.private_block_of(keys, now, described.image.ijk_to_ras)


def _is_placeholder(key: str, value: Any) -> bool:
    return value is None or (isinstance(value, str) and (key, value) in bids.PLACEHOLDERS)


def frames_of(described: ImageWithSidecar, kind: Kind, times: int, slices: int, sentences: list[str]) -> list[Elements]:
    """Return the attributes of each frame, times outermost; empty if all frames have the same.

    Raises
    ------
    SidecarError
        If a list has not as many numbers as the image has times.
    """
    if kind is not Kind.PET:
        return [elements for elements in elements_of_volumes(described, kind, sentences) for _ in range(slices)]
    top, where = described.top, described.where
    of_time: list[Elements] = [{} for _ in range(times)]
    for n, factor in enumerate(reverse_pet.decay_factors(top, where, times, sentences)):
        of_time[n][Tag.DECAY_FACTOR] = new_element.decimals([factor])
    for n, seconds in enumerate(reverse_pet.per_time(top, "FrameReferenceTime", where, times)):
        of_time[n][Tag.FRAME_REFERENCE_TIME] = new_element.decimals([seconds * 1e3])
    for n, fraction in enumerate(reverse_pet.scatter_fractions(top, where, times, sentences)):
        of_time[n][Tag.SCATTER_FRACTION_FACTOR] = new_element.decimals([fraction])
    return [elements for elements in of_time for _ in range(slices)] if any(of_time) else []
