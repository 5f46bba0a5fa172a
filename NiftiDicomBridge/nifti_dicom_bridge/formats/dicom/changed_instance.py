"""An instance as it is to be written: decompressed, with all bits, or with other elements."""

from __future__ import annotations

from dataclasses import replace

from ...model import metadata
from ...model.metadata import Element, Elements, Encoding, Instance, Item
from ...standard.tags import Tag
from ...standard.transfer_syntaxes import EXPLICIT_LITTLE_ENDIAN
from . import new_element
from .reading.data_sets.data_set_writing import write_data_set
from .reading.data_sets.files import META_ENCODING
from .reading.pixel_data import decode
from .uids import UidMap, uid_bytes

# what describes the encapsulation of pixel data and dies with it (PS3.5 A.4, PS3.3 C.7.6.3.1.8)
_ENCAPSULATION_TAGS = frozenset({Tag.EXTENDED_OFFSET_TABLE, Tag.EXTENDED_OFFSET_TABLE_LENGTHS})


def transcoded(instance: Instance) -> Instance:
    """Return an instance whose pixel data were compressed as it is to be written: Explicit VR Little Endian, native.

    Color images become RGB by pixel, as decoded (PS3.5 8.2); all other elements stay.
    """
    elements = {tag: element for tag, element in instance.elements.items() if tag not in _ENCAPSULATION_TAGS}
    if metadata.integer(elements, Tag.SAMPLES_PER_PIXEL, 1) == 3:
        elements[Tag.PHOTOMETRIC_INTERPRETATION] = Element("CS", b"RGB ")
        elements[Tag.PLANAR_CONFIGURATION] = Element("US", b"\0\0")
    elements = _without_compressed_icons(elements, instance.transfer_syntax)
    file_meta = {**instance.file_meta, Tag.TRANSFER_SYNTAX_UID: Element("UI", uid_bytes(EXPLICIT_LITTLE_ENDIAN))}
    return replace(instance, elements=elements, file_meta=with_group_length(file_meta), encoding=Encoding(), trailer=b"")


def recoded(instance: Instance) -> Instance:
    """Return an instance with native pixel data as it is to be written: Explicit VR Little Endian, all elements the same."""
    file_meta = {**instance.file_meta, Tag.TRANSFER_SYNTAX_UID: Element("UI", uid_bytes(EXPLICIT_LITTLE_ENDIAN))}
    return replace(instance, file_meta=with_group_length(file_meta), encoding=Encoding())


def with_all_bits(instance: Instance) -> Instance:
    """Return an instance in which every allocated bit is stored (PS3.5 8.1.1)."""
    bits = metadata.integer(instance.elements, Tag.BITS_ALLOCATED)
    changed = {Tag.BITS_STORED: new_element.integers("US", bits), Tag.HIGH_BIT: new_element.integers("US", bits - 1)}
    return replace(instance, elements={**instance.elements, **changed})


def _without_compressed_icons(elements: Elements, syntax: str) -> Elements:
    """Return elements whose nested pixel data are native; a sequence whose icon cannot be decoded is left out."""
    kept = {}
    for tag, element in elements.items():
        items = element.value if isinstance(element.value, tuple) else ()
        if not any(_is_compressed(item) for item in items):
            kept[tag] = element
            continue
        native = [decode.decompressed_icon(i.elements, syntax) if _is_compressed(i) else i.elements for i in items]
        if all(elements is not None for elements in native):
            new = tuple(Item(one, item.undefined) for one, item in zip(native, items, strict=True) if one is not None)
            kept[tag] = element._replace(value=new)
    return kept


def _is_compressed(item: Item) -> bool:
    pixels = item.elements.get(Tag.PIXEL_DATA)
    return pixels is not None and pixels.undefined


def with_group_length(file_meta: Elements) -> Elements:
    """Return file meta information whose group length is right (PS3.10 7.1); without one where it had none."""
    if Tag.FILE_META_INFORMATION_GROUP_LENGTH not in file_meta:
        return file_meta
    rest = {tag: element for tag, element in file_meta.items() if tag != Tag.FILE_META_INFORMATION_GROUP_LENGTH}
    length = len(write_data_set(rest, META_ENCODING))
    return {Tag.FILE_META_INFORMATION_GROUP_LENGTH: Element("UL", length.to_bytes(4, "little")), **rest}


def with_elements(instance: Instance, elements: Elements, uids: UidMap | None = None) -> Instance:
    """Return an instance with other elements; file meta information follows its SOP Instance UID, also where it had another."""
    file_meta = uids.apply(instance.file_meta) if uids else instance.file_meta
    uid, named = elements.get(Tag.SOP_INSTANCE_UID), file_meta.get(Tag.MEDIA_STORAGE_SOP_INSTANCE_UID)
    if uids and uid is not None and named is not None and uid != instance.elements.get(Tag.SOP_INSTANCE_UID):
        file_meta = {**file_meta, Tag.MEDIA_STORAGE_SOP_INSTANCE_UID: named._replace(value=uid.value)}
    if file_meta is not instance.file_meta:
        file_meta = with_group_length(file_meta)
    return replace(instance, elements=elements, file_meta=file_meta)
