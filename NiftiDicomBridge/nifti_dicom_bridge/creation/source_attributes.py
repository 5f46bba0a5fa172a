"""What the instances of a series specify that another kind of object can specify too: of all frames, or of each.

Objects of one frame specify it in the data set, enhanced ones in functional groups. Both become one flat list per frame.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from .. import bids
from ..formats.dicom import new_element
from ..formats.dicom.derived.attributes import STALE
from ..formats.dicom.pydicom_conversion import in_utf_8
from ..model import metadata
from ..model.legacy_converted import as_original
from ..model.metadata import Element, Elements, Instance, Item, SeriesMetadata
from ..model.time_zones import local_date_time
from ..standard import dictionary, iods
from ..standard.tags import Tag

# what follows from the image, its planes, its place in a series and its references: specified again, or by another attribute
_SAID_ANEW = frozenset({
    Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, Tag.SOP_CLASS_UID,
    Tag.SOP_INSTANCE_UID, Tag.SERIES_INSTANCE_UID, Tag.INSTANCE_NUMBER,
    Tag.IMAGE_POSITION_PATIENT, Tag.IMAGE_ORIENTATION_PATIENT, Tag.SLICE_LOCATION, Tag.SPECIFIC_CHARACTER_SET,
    Tag.SPACING_BETWEEN_SLICES, Tag.SOURCE_IMAGE_SEQUENCE, Tag.DERIVATION_DESCRIPTION, Tag.FRAME_TYPE,
    Tag.REAL_WORLD_VALUE_MAPPING_SEQUENCE, Tag.CONTENT_TIME, Tag.INSTANCE_CREATION_DATE, Tag.INSTANCE_CREATION_TIME,
    Tag.LENGTH_TO_END, Tag.CONTENT_DATE,
    # references to other instances
    Tag.REFERENCED_SERIES_SEQUENCE, Tag.REFERENCED_IMAGE_SEQUENCE,
    Tag.STUDIES_CONTAINING_OTHER_REFERENCED_INSTANCES_SEQUENCE, Tag.REFERENCED_IMAGE_EVIDENCE_SEQUENCE,
    Tag.REFERENCED_RAW_DATA_SEQUENCE, Tag.SOURCE_IMAGE_EVIDENCE_SEQUENCE,
    Tag.PIXEL_PRESENTATION, Tag.VOLUMETRIC_PROPERTIES, Tag.VOLUME_BASED_CALCULATION_TECHNIQUE,
    Tag.CONTENT_QUALIFICATION,
    # diffusion, IrradiationEventIdentificationSequence
    Tag.DIFFUSION_DIRECTIONALITY, Tag.DIFFUSION_B_VALUE, Tag.DIFFUSION_GRADIENT_ORIENTATION,
    Tag.IRRADIATION_EVENT_IDENTIFICATION_SEQUENCE,
    Tag.PATIENT_ORIENTATION, Tag.TEMPORAL_POSITION_IDENTIFIER, Tag.NUMBER_OF_TEMPORAL_POSITIONS, Tag.STACK_ID,
    Tag.IN_STACK_POSITION_NUMBER, Tag.TEMPORAL_POSITION_INDEX, Tag.DIMENSION_INDEX_VALUES,
    Tag.DIMENSION_ORGANIZATION_SEQUENCE, Tag.DIMENSION_INDEX_SEQUENCE, Tag.DIMENSION_ORGANIZATION_TYPE,
    # counts and places in a PET series
    Tag.NUMBER_OF_SLICES, Tag.NUMBER_OF_TIME_SLICES, Tag.SERIES_TYPE, Tag.FRAME_REFERENCE_TIME, Tag.IMAGE_INDEX,
    Tag.PRESENTATION_LUT_SHAPE,
})  # fmt: skip
# of group 0028 all else follows from the pixels
_OF_PIXELS = frozenset({
    Tag.CORRECTED_IMAGE, Tag.BURNED_IN_ANNOTATION, Tag.RECOGNIZABLE_VISUAL_FEATURES,
    Tag.LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED, Tag.RESCALE_TYPE, Tag.LOSSY_IMAGE_COMPRESSION,
    Tag.LOSSY_IMAGE_COMPRESSION_RATIO, Tag.LOSSY_IMAGE_COMPRESSION_METHOD,
})  # fmt: skip
# groups that specify where and when, what values mean and what is shown, by attributes of their own
_NOT_FLATTENED = frozenset({
    Tag.PLANE_POSITION_SEQUENCE, Tag.PLANE_ORIENTATION_SEQUENCE, Tag.MR_DIFFUSION_SEQUENCE, Tag.FRAME_VOI_LUT_SEQUENCE,
    Tag.MR_IMAGE_FRAME_TYPE_SEQUENCE, Tag.CT_IMAGE_FRAME_TYPE_SEQUENCE, Tag.PET_FRAME_TYPE_SEQUENCE,
    Tag.REAL_WORLD_VALUE_MAPPING_SEQUENCE,
    # sources, times, conversion
    Tag.DERIVATION_IMAGE_SEQUENCE, Tag.REFERENCED_IMAGE_SEQUENCE, Tag.TEMPORAL_POSITION_SEQUENCE,
    Tag.UNASSIGNED_SHARED_CONVERTED_ATTRIBUTES_SEQUENCE, Tag.UNASSIGNED_PER_FRAME_CONVERTED_ATTRIBUTES_SEQUENCE,
    Tag.CONVERSION_SOURCE_ATTRIBUTES_SEQUENCE,
})  # fmt: skip
# attributes of functional groups → those of an object of one frame, and their VR (PS3.3 C.8.3.1, C.8.13.5)
_FLAT_NAMES = {
    Tag.EFFECTIVE_ECHO_TIME: (Tag.ECHO_TIME, "DS"),
    Tag.INVERSION_TIMES: (Tag.INVERSION_TIME, "DS"),  # InversionTimes → InversionTime
    Tag.TRANSMITTER_FREQUENCY: (Tag.IMAGING_FREQUENCY, "DS"),  # TransmitterFrequency → ImagingFrequency
    Tag.RESONANT_NUCLEUS: (Tag.IMAGED_NUCLEUS, "SH"),  # ResonantNucleus → ImagedNucleus
    Tag.PULSE_SEQUENCE_NAME: (Tag.SEQUENCE_NAME, "SH"),  # PulseSequenceName → SequenceName
    Tag.FRAME_ACQUISITION_NUMBER: (Tag.ACQUISITION_NUMBER, "IS"),  # FrameAcquisitionNumber → AcquisitionNumber
    Tag.RF_ECHO_TRAIN_LENGTH: (Tag.ECHO_TRAIN_LENGTH, "IS"),  # RFEchoTrainLength → EchoTrainLength
}
# what an enhanced object specifies in words of its own: attribute, its value → ScanningSequence or SequenceVariant (C.8.3.1.1)
_SEQUENCE_WORDS = (
    (Tag.ECHO_PULSE_SEQUENCE, ("SPIN", "BOTH"), Tag.SCANNING_SEQUENCE, "SE"),
    (Tag.INVERSION_RECOVERY, ("YES",), Tag.SCANNING_SEQUENCE, "IR"),
    (Tag.ECHO_PULSE_SEQUENCE, ("GRADIENT", "BOTH"), Tag.SCANNING_SEQUENCE, "GR"),
    (Tag.ECHO_PLANAR_PULSE_SEQUENCE, ("YES",), Tag.SCANNING_SEQUENCE, "EP"),
    (Tag.SEGMENTED_K_SPACE_TRAVERSAL, ("PARTIAL",), Tag.SEQUENCE_VARIANT, "SK"),
    (Tag.MAGNETIZATION_TRANSFER, ("ON_RESONANCE", "OFF_RESONANCE"), Tag.SEQUENCE_VARIANT, "MTC"),
    (Tag.STEADY_STATE_PULSE_SEQUENCE, ("FREE_PRECESSION", "LONGITUDINAL", "TRANSVERSE"), Tag.SEQUENCE_VARIANT, "SS"),
    (Tag.SPOILING, ("RF", "GRADIENT", "RF_AND_GRADIENT"), Tag.SEQUENCE_VARIANT, "SP"),
    (Tag.OVERSAMPLING_PHASE, ("2D", "3D", "2D_3D"), Tag.SEQUENCE_VARIANT, "OSP"),
)
# modules that specify how an image was acquired, of objects of one frame and of many: an object of the one kind may have those
# of the other, as a Standard Extended SOP Class (PS3.2 3.11.2)
_UID = "1.2.840.10008.5.1.4.1.1."
_ACQUISITION = {
    "MR": ((_UID + "4", ("mr-image", "contrast-bolus")), (_UID + "4.1", ("mr-pulse-sequence", "enhanced-mr-image"))),
    "CT": ((_UID + "2", ("ct-image", "contrast-bolus")), (_UID + "2.1", ("enhanced-ct-image",))),
    "PT": ((_UID + "128", ("pet-series", "pet-isotope", "pet-image")), (_UID + "130", ("enhanced-pet-isotope",))),
}
_BINARY = frozenset([*metadata.NUMBER_FORMATS, "AT", "OB", "OD", "OF", "OL", "OV", "OW", "UN"])
_GENERAL = ("general-acquisition", "general-image")


@dataclass
class SourceAttributes:
    """What goes on.

    Attributes
    ----------
    shared : Elements
        What all frames specify alike.
    frames : dict of (int, int) to Elements
        (instance, frame) → what differs between frames.
    moments : dict of (int, int) to datetime
        When each frame was acquired, where it specifies.
    private, left : set of int
        Private tags that stay behind; and others that the kind of object does not have.
    preserved : Elements
        Our private block of BIDS keys, where all frames have the same.
    """

    shared: Elements
    frames: dict[tuple[int, int], Elements]
    moments: dict[tuple[int, int], datetime]
    private: set[int]
    left: set[int]
    preserved: Elements


def attributes_from_source(series: SeriesMetadata, sop_class: str) -> SourceAttributes:
    """Return what the frames of a series specify that an object of a SOP class may specify.

    Parameters
    ----------
    series : SeriesMetadata
        The instances of a volume, and its frames.
    sop_class : str
        SOP Class UID of the object to be made.
    """
    keys = list(dict.fromkeys((int(n), int(frame)) for n, frame in series.frames.reshape(-1, 2).tolist()))
    tops = {n: _top(series.instances[n]) for n in {n for n, _ in keys}}
    flats = {(n, frame): _flattened(tops[n], frame) for n, frame in keys}
    known = set().union(*(flat.keys() for flat in flats.values()))
    allowed = _allowed(sop_class, metadata.text(tops[keys[0][0]], Tag.MODALITY))
    public = {tag for tag in known if not dictionary.is_private(tag) and not _is_restated(tag)}
    first = flats[keys[0]]
    same = {tag for tag in public if all(flat.get(tag) == first.get(tag) for flat in flats.values())}
    own = public & allowed - same
    blocks = [bids.find_private_block(flat) for flat in flats.values()]
    preserved = blocks[0] if all(block == blocks[0] for block in blocks) else {}
    return SourceAttributes(
        shared={tag: first[tag] for tag in same & allowed},
        frames={key: {tag: flat[tag] for tag in own & flat.keys()} for key, flat in flats.items()},
        moments={key: moment for key, flat in flats.items() if (moment := _moment(flat)) is not None},
        private={tag for tag in known if dictionary.is_private(tag) and tag not in preserved},
        left=public - allowed,
        preserved=preserved,
    )


def _top(instance: Instance) -> Elements:
    """Return the elements of an instance in UTF-8, without what has no value."""
    return _filled(in_utf_8(instance, instance.elements.keys()))


def _filled(elements: Elements) -> Elements:
    """Return elements that have a value, without private ones in sequences."""
    filled: Elements = {}
    for tag, element in elements.items():
        if isinstance(element.value, tuple):
            items = [_filled(item.elements) for item in element.value]
            public = [{inner: value for inner, value in item.items() if not dictionary.is_private(inner)} for item in items]
            keep = tag in (
                Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
                Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
                Tag.UNASSIGNED_SHARED_CONVERTED_ATTRIBUTES_SEQUENCE,
                Tag.UNASSIGNED_PER_FRAME_CONVERTED_ATTRIBUTES_SEQUENCE,
            ) or dictionary.is_private(tag)
            items = items if keep else [item for item in public if item]
            if items:
                filled[tag] = Element("SQ", tuple(map(Item, items)))
        elif element.value.strip(b" \0") or (element.value and element.vr in _BINARY):
            filled[tag] = element
    return filled


def _flattened(top: Elements, frame: int) -> Elements:
    """Return the elements that hold for one frame, those of functional groups next to the others."""
    own = metadata.items(top, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)[frame : frame + 1]
    whole = as_original(top, own[0].elements if own else {})
    elements = {
        tag: element
        for tag, element in whole.items()
        if tag not in (Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    }
    groups = [*own, *metadata.items(top, Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)[:1]]
    for tag, element in _leaves(groups):
        elements.setdefault(tag, element)
    for tag, (name, vr) in _FLAT_NAMES.items():
        if tag in elements and name not in elements:
            elements[name] = _as(elements[tag], vr)
    return _with_sequence_words(elements) if groups else elements


def _leaves(groups: Iterable[Item]) -> list[tuple[int, Element]]:
    return [
        pair
        for item in groups
        for tag, group in item.elements.items()
        if isinstance(group.value, tuple) and group.value and tag not in _NOT_FLATTENED
        for pair in group.value[0].elements.items()
    ]


def _as(element: Element, vr: str) -> Element:
    if vr in ("DS", "IS"):
        numbers = metadata.numbers({0: element}, 0)[:1]
        return new_element.decimals(numbers) if vr == "DS" else new_element.integers("IS", *map(int, numbers))
    return Element(vr, element.value)


def _with_sequence_words(elements: Elements) -> Elements:
    """Return elements with ScanningSequence and SequenceVariant, where an enhanced object specifies what they specify."""
    changed = dict(elements)
    for target in (Tag.SCANNING_SEQUENCE, Tag.SEQUENCE_VARIANT):
        words = [
            word for tag, source_tag, to, word in _SEQUENCE_WORDS if to == target and metadata.text(elements, tag) in source_tag
        ]
        if words and target not in elements:
            changed[target] = new_element.text("CS", *words)
    return changed


def _is_restated(tag: int) -> bool:
    group = tag >> 16
    pixels = group == 0x0028 and tag not in _OF_PIXELS
    return tag in _SAID_ANEW or tag in STALE or pixels or 0x5000 <= group < 0x7000 or not tag & 0xFFFF


@lru_cache(maxsize=32)
def _allowed(sop_class: str, modality: str) -> frozenset[int]:
    """Return the attributes of an IOD, and those that specify how images of a modality are acquired."""
    tags = {rule.tag for module in iods.modules_of(sop_class) for rule in module.rules}
    for uid, names in _ACQUISITION.get(modality, ()):
        modules = iods.modules_of(uid)
        tags |= {rule.tag for module in modules if module.name in (*names, *_GENERAL) for rule in module.rules}
        tags |= {
            rule.path[2]
            for rule in iods.attributes_of(uid)
            if len(rule.path) == 3 and rule.path[0] == Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE
        }
    return frozenset(tags)


def _moment(elements: Elements) -> datetime | None:
    """Return when a frame was acquired."""
    date, time = (metadata.text(elements, tag) for tag in (Tag.ACQUISITION_DATE, Tag.ACQUISITION_TIME))
    zone = metadata.text(elements, Tag.TIMEZONE_OFFSET_FROM_UTC)
    tags = (Tag.FRAME_ACQUISITION_DATE_TIME, Tag.ACQUISITION_DATE_TIME)
    texts = ["".join(local_date_time(metadata.text(elements, tag), zone)) for tag in tags]
    for text in (texts[0], date + time if date else "", texts[1]):
        for form in ("%Y%m%d%H%M%S.%f", "%Y%m%d%H%M%S"):
            try:
                return datetime.strptime(text.strip(), form)
            except ValueError:
                continue
    return None
