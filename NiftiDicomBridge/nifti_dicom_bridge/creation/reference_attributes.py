"""What a new object takes from its reference: patient and study, space, and the acquisition if the grid is the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..formats.dicom import new_element
from ..formats.dicom.created.kinds import OBJECT_KINDS
from ..formats.dicom.created.modules import EQUIPMENT_TAGS, SPACE_TAGS, STUDY_TAGS
from ..formats.dicom.created.reference import Reference, has_value
from ..formats.dicom.derived.attributes import ONLY_IN_ORIGINALS
from ..formats.dicom.pydicom_conversion import in_utf_8
from ..model import metadata
from ..model.metadata import Elements, Item, SeriesMetadata
from ..options import Kind
from ..standard.iods import modules_of
from ..standard.sop_classes import PARAMETRIC_MAP, SEGMENTATION, STRUCTURE_SET
from ..standard.tags import Tag
from ..version import tool_version
from .recast.adapt import adapt_attributes
from .repair import Sentences, drop_invalid_attributes
from .source_attributes import attributes_from_source

_SOP_CLASSES = {Kind.SEG: SEGMENTATION, Kind.PM: PARAMETRIC_MAP, Kind.RTSTRUCT: STRUCTURE_SET}
_INSTITUTION = frozenset({Tag.INSTITUTION_NAME, Tag.INSTITUTION_ADDRESS, Tag.INSTITUTIONAL_DEPARTMENT_NAME})
# the Contributing Equipment Sequence (PS3.3 C.12.1) has these of the scanner
_OF_SCANNER = (EQUIPMENT_TAGS | {Tag.STATION_NAME}) - {Tag.MAGNETIC_FIELD_STRENGTH}
_ACQUISITION_EQUIPMENT = new_element.code("109101", "DCM", "Acquisition Equipment")
_WINDOW = (Tag.WINDOW_CENTER, Tag.WINDOW_WIDTH, Tag.VOI_LUT_FUNCTION, Tag.WINDOW_CENTER_WIDTH_EXPLANATION)
_NOT_OF_ACQUISITION = (
    STUDY_TAGS | SPACE_TAGS | EQUIPMENT_TAGS
    | {Tag.SERIES_NUMBER, Tag.SERIES_DESCRIPTION, Tag.SERIES_DATE, Tag.SERIES_TIME, Tag.ACQUISITION_TIME, Tag.ACQUISITION_DATE,
       Tag.ACQUISITION_DATE_TIME, Tag.CONTRIBUTING_EQUIPMENT_SEQUENCE, Tag.IMAGE_COMMENTS,
       Tag.RESCALE_TYPE}
)  # fmt: skip


def equipment(reference: Reference) -> Elements:
    """Return the equipment of an object made from a reference: this software; its scanner is contributing equipment."""
    scanner = reference.equipment()
    item = {tag: element for tag, element in scanner.items() if tag in _OF_SCANNER}
    item[Tag.PURPOSE_OF_REFERENCE_CODE_SEQUENCE] = new_element.sequence(_ACQUISITION_EQUIPMENT)
    item.setdefault(Tag.MANUFACTURER, new_element.text("LO", "UNKNOWN"))  # Type 1 there
    before = metadata.items(
        in_utf_8(reference.instances[0], {Tag.CONTRIBUTING_EQUIPMENT_SEQUENCE}), Tag.CONTRIBUTING_EQUIPMENT_SEQUENCE
    )
    return {
        **{tag: element for tag, element in scanner.items() if tag in _INSTITUTION},
        **this_software(),
        Tag.CONTRIBUTING_EQUIPMENT_SEQUENCE: new_element.sequence(*(one.elements for one in (*before, Item(item)))),
    }


def this_software() -> Elements:
    """Return Manufacturer, ManufacturerModelName and SoftwareVersions of this software."""
    return {
        Tag.MANUFACTURER: new_element.text("LO", "NiftiDicomBridge"),
        Tag.MANUFACTURER_MODEL_NAME: new_element.text("LO", "nifti-dicom-bridge"),
        Tag.SOFTWARE_VERSIONS: new_element.text("LO", tool_version()),
    }


def allowed_in(elements: Elements, kind: Kind) -> Elements:
    """Return the attributes that an object of a kind may have by its IOD."""
    object_kind = OBJECT_KINDS.get(kind)
    rules = {
        rule.tag for module in modules_of(object_kind.sop_class if object_kind else _SOP_CLASSES[kind]) for rule in module.rules
    }
    # objects whose frames have an anatomy of their own must not have Laterality (PS3.3 C.7.3.1)
    barred = {Tag.LATERALITY} if object_kind is None or object_kind.groups else set()
    return {tag: element for tag, element in elements.items() if tag in rules and tag not in barred}


def acquisition(reference: Reference, kind: Kind, sentences: list[str]) -> Elements:
    """Return how the reference was acquired and is displayed, for a derived object of the same modality and grid."""
    object_kind = OBJECT_KINDS.get(kind)
    if object_kind is None or not object_kind.modality or object_kind.modality != reference.modality:
        return {}
    from_reference = attributes_from_source(SeriesMetadata(reference.instances, _all_frames(reference)), object_kind.sop_class)
    repaired: Sentences = {}
    shared = adapt_attributes(from_reference.shared, object_kind, from_reference, repaired)
    shared = metadata.without(shared, ONLY_IN_ORIGINALS | _NOT_OF_ACQUISITION if object_kind.groups else _NOT_OF_ACQUISITION)
    others = {
        Tag.MODALITY: new_element.text("CS", object_kind.modality),
        Tag.IMAGE_TYPE: new_element.text("CS", *object_kind.image_type),
    }
    valid = drop_invalid_attributes(shared, others, object_kind.sop_class, repaired)
    sentences += list(repaired)
    return {**_window(reference), **{tag: element for tag, element in valid.items() if has_value(element)}}


def _all_frames(reference: Reference) -> np.ndarray:
    """Return one plane per instance: attributes are compared between instances."""
    return np.array([[(n, 0) for n in range(len(reference.instances))]], np.int32)


def _window(reference: Reference) -> Elements:
    """Return the window if it is the same for all instances."""
    windows = [in_utf_8(instance, _WINDOW) for instance in reference.instances]
    same = all(one == windows[0] for one in windows)
    return {tag: element for tag, element in windows[0].items() if same and has_value(element)}


def description(reference: Reference, name: str, done: Sequence[str] = ()) -> str:
    """Return SeriesDescription of a derived image: that of the reference, and the file name for what was done."""
    before = reference.text(Tag.SERIES_DESCRIPTION)
    after = " ".join([name.replace("\\", " "), *done]).strip()
    if not before or after.lower().startswith(before.lower()):
        return after[:64]
    return f"{before[: max(16, 62 - len(after))].strip()}, {after}"[:64].strip()
