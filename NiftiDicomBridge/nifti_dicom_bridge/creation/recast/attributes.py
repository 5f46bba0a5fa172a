"""What an original specifies → attributes of another kind of object, with what that kind specifies and must have."""

from __future__ import annotations

from dataclasses import replace

from ...formats.dicom import edits, new_element
from ...formats.dicom.created.attributes import DEFAULT, Attributes
from ...formats.dicom.created.kinds import OBJECT_KINDS, ObjectKind
from ...formats.dicom.created.modules import STRUCTURE_SET_MODULES, defaults_of
from ...formats.dicom.derived.attributes import ONLY_IN_ORIGINALS
from ...formats.dicom.reading.frames.frames import frames_of
from ...formats.dicom.structure_sets.rois import space_of_regions
from ...formats.dicom.uids import new_uid
from ...model import metadata
from ...model.charset import AFFECTED_VRS, CharacterSet
from ...model.metadata import Element, Elements, Instance, Log
from ...model.volume import Volume
from ...options import Kind
from ...standard import dictionary
from ...standard.sop_classes import PET
from ...standard.tags import Tag
from ..attribute_sources import ConversionContext
from ..kind_constraints import code_patient_position
from ..repair import Sentences, drop_invalid_attributes, repair_values
from ..source_attributes import SourceAttributes
from .adapt import ORIENTATION_CODES, adapt_attributes, has_sides

ORIGINAL = "the original"
_COMPONENTS = {"phase": "PHASE", "real": "REAL", "imaginary": "IMAGINARY"}
_CONTRASTS = {"adc": "ADC", "trace": "TRACE", "fa": "FA", "t1map": "T1 MAP", "t2map": "T2 MAP", "b0map": "B0 MAP"}


def resolve_recast_attributes(
    volume: Volume, source: SourceAttributes, kind: Kind, shared: ConversionContext, sentences: Sentences
) -> Attributes:
    """Return the attributes of a new object: set ones, those of its original, and those that the kind requires."""
    attributes = Attributes()
    attributes.offer_values(shared.set_values, "set_values=")
    attributes.offer_values(shared.file_values, f'metadata="{shared.options.metadata}"')
    object_kind = OBJECT_KINDS.get(kind)
    if object_kind is None:
        attributes.offer(drop_invalid_attributes(source.shared, {}, "", sentences), ORIGINAL)
        attributes.offer(defaults_of(STRUCTURE_SET_MODULES) if kind is Kind.RTSTRUCT else {}, DEFAULT)
    else:
        _offer_source_attributes(attributes, source, object_kind, volume, sentences)
    attributes.offer(source.preserved, ORIGINAL)
    if not attributes.text(Tag.STUDY_INSTANCE_UID):
        attributes.offer({Tag.STUDY_INSTANCE_UID: new_element.text("UI", new_uid())}, DEFAULT)
    if not attributes.text(Tag.FRAME_OF_REFERENCE_UID) and (space := space_of_regions(volume)):
        attributes.offer({Tag.FRAME_OF_REFERENCE_UID: new_element.text("UI", space)}, ORIGINAL)
    if not attributes.text(Tag.FRAME_OF_REFERENCE_UID):
        attributes.offer({Tag.FRAME_OF_REFERENCE_UID: new_element.text("UI", new_uid())}, DEFAULT)
        sentences["the original has no Frame of Reference UID: a new one was given"] = None
    return attributes


def _offer_source_attributes(
    attributes: Attributes, source: SourceAttributes, object_kind: ObjectKind, volume: Volume, sentences: Sentences
) -> None:
    """Offer what the original specifies, what the kind specifies, and what must be there all the same."""
    modality = {Tag.MODALITY: new_element.text("CS", object_kind.modality)} if object_kind.modality else {}
    shared = adapt_attributes(drop_attributes_of_other_modalities(source.shared, object_kind), object_kind, source, sentences)
    of_kind = {**modality, Tag.IMAGE_TYPE: new_element.text("CS", *object_kind.image_type)}
    defaults = defaults_of(object_kind.modules)
    own = {} if object_kind.multi_frame else next(iter(source.frames.values()), {})
    checked = drop_invalid_attributes(
        metadata.without(shared, own), {**defaults, **own, **of_kind, **_places()}, object_kind.sop_class, sentences
    )
    if object_kind.groups:
        checked[Tag.IMAGE_TYPE] = new_element.text("CS", *_image_type(volume, object_kind))
        if object_kind.modality == "MR":
            checked.setdefault(
                Tag.COMPLEX_IMAGE_COMPONENT, new_element.text("CS", _COMPONENTS.get(_component(volume), "MAGNITUDE"))
            )
    attributes.elements |= {tag: element for tag, element in modality.items() if tag not in attributes.elements}
    attributes.sources |= {tag: "the kind" for tag in modality if tag not in attributes.sources}
    attributes.offer(checked, ORIGINAL)
    if not object_kind.groups and has_sides(attributes.elements):
        attributes.offer({Tag.LATERALITY: new_element.text("CS", "")}, DEFAULT)
    if object_kind.sop_class == PET:
        code_patient_position(attributes)
    attributes.offer(defaults, DEFAULT)
    for tag in ORIENTATION_CODES if attributes.text(Tag.PATIENT_POSITION) else ():
        attributes.elements.pop(tag, None)
        attributes.sources.pop(tag, None)


def _places() -> Elements:
    """Return what represents the planes of an object while its attributes are judged."""
    return {
        Tag.IMAGE_ORIENTATION_PATIENT: new_element.decimals([1, 0, 0, 0, 1, 0]),
        Tag.IMAGE_POSITION_PATIENT: new_element.decimals([0, 0, 0]),
        Tag.PIXEL_SPACING: new_element.decimals([1, 1]),
    }


def drop_attributes_of_other_modalities(elements: Elements, object_kind: ObjectKind | None) -> Elements:
    """Return attributes without those that only objects of another make may have."""
    return metadata.without(elements, ONLY_IN_ORIGINALS) if object_kind is not None and object_kind.groups else elements


def _component(volume: Volume) -> str:
    """Return what a frame of the volume shows: ``phase``, ``adc``…; empty for magnitude."""
    series = volume.dicom.metadata
    n, frame = series.frames[0, 0].tolist()
    return str(frames_of(series.instances[n], n)[frame].labels.get("component", ""))


def _image_type(volume: Volume, object_kind: ObjectKind) -> list[str]:
    """Return ImageType of an enhanced object: DERIVED, and what is shown where that is not a plain image (C.8.13.3.1.1)."""
    return [*object_kind.image_type[:3], _CONTRASTS.get(_component(volume), object_kind.image_type[3])]


def report_changes(source: SourceAttributes, sentences: Sentences, object_kind: ObjectKind | None, log: Log) -> None:
    """Report once what was repaired, and what was dropped."""
    log.warnings += [sentence for sentence in sentences if sentence not in log.warnings]
    lost = (
        set().union(*(elements.keys() for elements in source.frames.values()))
        if object_kind and object_kind.multi_frame
        else set()
    )
    lost -= {Tag.ACQUISITION_TIME, Tag.ACQUISITION_DATE, Tag.ACQUISITION_DATE_TIME, Tag.SLICE_THICKNESS}
    only = ONLY_IN_ORIGINALS & source.shared.keys() if object_kind and object_kind.groups else set()
    notes = (
        ("not taken over, because they differ between frames: ", lost),
        ("not taken over, because this kind of object does not have them: ", source.left),
        ("not taken over, because only original images have them: ", only),
    )
    log.notes += [words + ", ".join(map(dictionary.keyword_of, sorted(tags))) for words, tags in notes if tags]
    if source.private:
        log.notes.append(
            f"{len(source.private)} private attributes were not copied: they may be wrong for another kind of object"
        )


def with_values(volume: Volume, values: edits.Values) -> Volume:
    """Return a volume whose instances have these attributes."""
    if volume.source is None or not values:
        return volume
    return volume.with_instances(edits.apply(instance, values) for instance in volume.source.metadata.instances)


def with_valid_values(volume: Volume, shared: ConversionContext, log: Log) -> Volume:
    """Return a volume whose instances have what ``set_values`` and ``metadata`` specify, and public values legal for their
    VR.
    """
    changed = with_values(volume, {**shared.file_values, **shared.set_values})
    sentences: Sentences = {}
    valid = changed.with_instances(
        replace(instance, elements=_with_repaired_values(instance, sentences)) for instance in changed.dicom.metadata.instances
    )
    log.warnings += [sentence for sentence in sentences if sentence not in log.warnings]
    return valid


def _with_repaired_values(instance: Instance, sentences: Sentences) -> Elements:
    elements = instance.elements
    if not any(CharacterSet().of(elements).terms) and any(map(_is_text_beyond_ascii, elements.values())):
        elements = edits.in_utf_8(elements)
    public = {tag: element for tag, element in elements.items() if not dictionary.is_private(tag)}
    good = repair_values(public, sentences, CharacterSet().of(elements))
    return {tag: good.get(tag, element) for tag, element in elements.items() if tag in good or tag not in public}


def _is_text_beyond_ascii(element: Element) -> bool:
    return element.vr in AFFECTED_VRS and isinstance(element.value, bytes) and not element.value.isascii()
