"""Attributes in the form that a kind of object requires them: one for another, codes or words, and none that it cannot
specify.
"""

from __future__ import annotations

import numpy as np

from ...formats.dicom import new_element
from ...formats.dicom.created import enhanced_pet
from ...formats.dicom.created.kinds import OBJECT_KINDS, ObjectKind
from ...formats.dicom.created.modules import METHOD_UNKNOWN, UNPAIRED
from ...model import metadata
from ...model.metadata import Elements
from ...options import Kind
from ...standard import dictionary
from ...standard.tags import Tag
from ..kind_constraints import GATING
from ..repair import Sentences
from ..source_attributes import SourceAttributes

# AnatomicRegionSequence, ImageLaterality, SegmentSequence
_TELL_THE_SIDE = frozenset({Tag.ANATOMIC_REGION_SEQUENCE, Tag.IMAGE_LATERALITY, Tag.SEGMENT_SEQUENCE})
# a patient's orientation by codes is where PatientPosition does not, and the other way round (PS3.3 C.7.3.1.1.2)
ORIENTATION_CODES = frozenset(
    {
        Tag.PATIENT_ORIENTATION_CODE_SEQUENCE,
        Tag.PATIENT_ORIENTATION_MODIFIER_CODE_SEQUENCE,
        Tag.PATIENT_GANTRY_RELATIONSHIP_CODE_SEQUENCE,
    }
)
_UNIT_VECTORS = frozenset({Tag.VELOCITY_ENCODING_DIRECTION, Tag.SLAB_ORIENTATION})
_ROUNDING = 1e-3
# AcquisitionTerminationCondition and its data: Enhanced PET has thresholds in their place (C.8.22.5.2)
_CLASSIC_PET = frozenset({Tag.ACQUISITION_TERMINATION_CONDITION, Tag.ACQUISITION_TERMINATION_CONDITION_DATA})


def adapt_attributes(elements: Elements, object_kind: ObjectKind, source: SourceAttributes, sentences: Sentences) -> Elements:
    """Return attributes that represent one another in the form that a kind requires; `sentences` receives what was changed."""
    adapted = _with_delay(elements, object_kind)
    adapted = adapted if object_kind.groups or has_sides(adapted) else metadata.without(adapted, {Tag.LATERALITY})
    adapted = _placed(adapted, object_kind)
    adapted = _with_method(adapted, sentences)
    adapted = _of_enhanced(adapted, object_kind, sentences)
    adapted = _with_unit_vectors(adapted, sentences)
    return _with_moment(adapted, object_kind, source)


def _with_delay(elements: Elements, object_kind: ObjectKind) -> Elements:
    """Return attributes of classic MR with TriggerDelayTime where TriggerTime is none of a gated image."""
    gated = GATING & set(metadata.texts(elements, Tag.SCAN_OPTIONS))
    if object_kind.modality != "MR" or object_kind.groups or Tag.TRIGGER_TIME not in elements or gated:
        return elements
    delay = new_element.floats("FD", metadata.number(elements, Tag.TRIGGER_TIME) or 0.0)
    return {Tag.NOMINAL_CARDIAC_TRIGGER_DELAY_TIME: delay, **metadata.without(elements, {Tag.TRIGGER_TIME})}


def has_sides(elements: Elements) -> bool:
    """Whether Laterality has a place: the body part may be one of two (PS3.3 C.7.3.1), and no region specifies more."""
    return metadata.text(elements, Tag.BODY_PART_EXAMINED) not in UNPAIRED and not _TELL_THE_SIDE & elements.keys()


def _placed(elements: Elements, object_kind: ObjectKind) -> Elements:
    """Return attributes that specify in one way how the patient was: by codes in classic PET, else by PatientPosition."""
    if object_kind.modality == "PT" and not object_kind.groups and Tag.PATIENT_ORIENTATION_CODE_SEQUENCE in elements:
        return metadata.without(elements, {Tag.PATIENT_POSITION})
    return metadata.without(elements, ORIENTATION_CODES) if Tag.PATIENT_POSITION in elements else elements


def _with_method(elements: Elements, sentences: Sentences) -> Elements:
    """Return attributes that specify how a patient's identity was removed, where they specify that it was (PS3.3 C.7.1.1)."""
    if metadata.text(elements, Tag.PATIENT_IDENTITY_REMOVED) != "YES" or elements.keys() & {
        Tag.DEIDENTIFICATION_METHOD,
        Tag.DEIDENTIFICATION_METHOD_CODE_SEQUENCE,
    }:
        return elements
    sentences[METHOD_UNKNOWN] = None
    return {**elements, Tag.DEIDENTIFICATION_METHOD: new_element.text("LO", "UNKNOWN")}


def _of_enhanced(elements: Elements, object_kind: ObjectKind, sentences: Sentences) -> Elements:
    """Return attributes without what enhanced objects of a kind specify in another way, or cannot specify."""
    if object_kind is OBJECT_KINDS[Kind.ENHANCED_PET]:
        return metadata.without(elements, _CLASSIC_PET) | {
            Tag.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE: enhanced_pet.complete_radiopharmaceutical(elements)
        }
    rescale_type = metadata.text(elements, Tag.RESCALE_TYPE, "HU")
    if object_kind is OBJECT_KINDS[Kind.ENHANCED_CT] and rescale_type != "HU":
        sentences[f"Enhanced CT does not allow RescaleType {rescale_type}: HU was written"] = None
        return {**elements, Tag.RESCALE_TYPE: new_element.text("LO", "HU")}
    return elements


def _with_unit_vectors(elements: Elements, sentences: Sentences) -> Elements:
    """Return attributes without directions that are none: scanners write zeros where there is no direction."""
    lengths = {tag: float(np.linalg.norm(metadata.numbers(elements, tag))) for tag in sorted(_UNIT_VECTORS & elements.keys())}
    wrong = {tag: length for tag, length in lengths.items() if not abs(length - 1) <= _ROUNDING}
    for tag, length in wrong.items():
        sentences[f"{dictionary.describe(tag)} was left out: its length is {length:g}, that of a direction is 1"] = None
    return metadata.without(elements, wrong)


def _with_moment(elements: Elements, object_kind: ObjectKind, source: SourceAttributes) -> Elements:
    """Return attributes with when the first frame was acquired, as a kind specifies it."""
    if not source.moments:
        return elements
    first = min(source.moments.values())
    whole = {Tag.ACQUISITION_DATE_TIME: new_element.text("DT", first.strftime("%Y%m%d%H%M%S.%f"))} if object_kind.groups else {}
    date, time = new_element.text("DA", first.strftime("%Y%m%d")), new_element.text("TM", first.strftime("%H%M%S.%f"))
    return {**whole, Tag.ACQUISITION_DATE: date, Tag.ACQUISITION_TIME: time, **elements}
