"""What the instances of a series tell that another kind of object can tell too: of all frames, or of each.

Objects of one frame say it in the data set, enhanced ones in functional groups. Both become one flat list per frame.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from .. import bids
from ..formats.dicom import new_element
from ..formats.dicom.created.attributes import in_utf_8
from ..formats.dicom.derived.attributes import STALE
from ..model import metadata
from ..model.legacy_converted import UNASSIGNED_PER_FRAME, UNASSIGNED_SHARED, as_original
from ..model.metadata import Element, Elements, Instance, Item, SeriesMetadata
from ..standard import iods, tags

SHARED, PER_FRAME = tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE
PATIENT_POSITION, ACQUISITION_DATETIME, FRAME_MOMENT = 0x00185100, 0x0008002A, 0x00189074
SCANNING_SEQUENCE, SEQUENCE_VARIANT = 0x00180020, 0x00180021
# what follows from the image, its planes, its place in a series and its references: said anew, or by another attribute
_SAID_ANEW = frozenset({
    SHARED, PER_FRAME, tags.SOP_CLASS_UID, tags.SOP_INSTANCE_UID, tags.SERIES_INSTANCE_UID, tags.INSTANCE_NUMBER,
    tags.IMAGE_POSITION_PATIENT, tags.IMAGE_ORIENTATION_PATIENT, tags.SLICE_LOCATION, tags.SPECIFIC_CHARACTER_SET,
    tags.SPACING_BETWEEN_SLICES, tags.SOURCE_IMAGE_SEQUENCE, tags.DERIVATION_DESCRIPTION, tags.FRAME_TYPE,
    tags.REAL_WORLD_VALUE_MAPPING_SEQUENCE, tags.CONTENT_TIME, tags.INSTANCE_CREATION_DATE, tags.INSTANCE_CREATION_TIME,
    0x00080001, 0x00080023,  # LengthToEnd, ContentDate
    0x00081115, 0x00081140, 0x00081200, 0x00089092, 0x00089121, 0x00089154,  # references to other instances
    0x00089205, 0x00089206, 0x00089207,  # PixelPresentation, VolumetricProperties, VolumeBasedCalculationTechnique
    0x00189004,  # ContentQualification
    0x00189075, 0x00189087, 0x00189089, 0x00189477,  # diffusion, IrradiationEventIdentificationSequence
    0x00200020, 0x00200100, 0x00200105, 0x00209056, 0x00209057, 0x00209128, 0x00209157, 0x00209221, 0x00209222, 0x00209311,
    0x00540081, 0x00540101, 0x00541000, 0x00541300, 0x00541330,  # counts and places in a PET series
    0x20500020,  # PresentationLUTShape
})  # fmt: skip
# of group 0028 all else follows from the pixels
_OF_PIXELS = frozenset({
    0x00280051, 0x00280301, 0x00280302, 0x00280303, tags.RESCALE_TYPE, 0x00282110, 0x00282112, 0x00282114,
})  # fmt: skip
# groups that say where and when, what values mean and what is shown, by attributes of their own
_NOT_FLATTENED = frozenset({
    tags.PLANE_POSITION_SEQUENCE, tags.PLANE_ORIENTATION_SEQUENCE, tags.MR_DIFFUSION_SEQUENCE, tags.FRAME_VOI_LUT_SEQUENCE,
    tags.MR_IMAGE_FRAME_TYPE_SEQUENCE, tags.CT_IMAGE_FRAME_TYPE_SEQUENCE, tags.PET_FRAME_TYPE_SEQUENCE,
    tags.REAL_WORLD_VALUE_MAPPING_SEQUENCE,
    0x00089124, 0x00081140, 0x00209310, UNASSIGNED_SHARED, UNASSIGNED_PER_FRAME, 0x00209172,  # sources, times, conversion
})  # fmt: skip
# attributes of functional groups → those of an object of one frame, and their VR (PS3.3 C.8.3.1, C.8.13.5)
_FLAT_NAMES = {
    tags.EFFECTIVE_ECHO_TIME: (tags.ECHO_TIME, "DS"),
    0x00189079: (0x00180082, "DS"),  # InversionTimes → InversionTime
    0x00189098: (0x00180084, "DS"),  # TransmitterFrequency → ImagingFrequency
    0x00189100: (0x00180085, "SH"),  # ResonantNucleus → ImagedNucleus
    0x00189005: (0x00180024, "SH"),  # PulseSequenceName → SequenceName
    0x00209156: (0x00200012, "IS"),  # FrameAcquisitionNumber → AcquisitionNumber
    0x00189240: (0x00180091, "IS"),  # RFEchoTrainLength → EchoTrainLength
}
# what an enhanced object says in words of its own: attribute, its value → ScanningSequence or SequenceVariant (C.8.3.1.1)
_SEQUENCE_WORDS = (
    (0x00189008, ("SPIN", "BOTH"), SCANNING_SEQUENCE, "SE"),
    (0x00189009, ("YES",), SCANNING_SEQUENCE, "IR"),
    (0x00189008, ("GRADIENT", "BOTH"), SCANNING_SEQUENCE, "GR"),
    (0x00189018, ("YES",), SCANNING_SEQUENCE, "EP"),
    (0x00189033, ("PARTIAL",), SEQUENCE_VARIANT, "SK"),
    (0x00189020, ("ON_RESONANCE", "OFF_RESONANCE"), SEQUENCE_VARIANT, "MTC"),
    (0x00189017, ("FREE_PRECESSION", "LONGITUDINAL", "TRANSVERSE"), SEQUENCE_VARIANT, "SS"),
    (0x00189016, ("RF", "GRADIENT", "RF_AND_GRADIENT"), SEQUENCE_VARIANT, "SP"),
    (0x00189029, ("2D", "3D", "2D_3D"), SEQUENCE_VARIANT, "OSP"),
)
# modules that say how an image was acquired, of objects of one frame and of many: an object of the one kind may have those
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
class Carried:
    """What goes on.

    Attributes
    ----------
    shared : Elements
        What all frames say alike.
    frames : dict of (int, int) to Elements
        (instance, frame) → what differs between frames.
    moments : dict of (int, int) to datetime
        When each frame was acquired, where it says.
    private, left : set of int
        Private tags that stay behind; and others that the kind of object does not have.
    remembered : Elements
        Our private block of BIDS keys, where all frames have the same.
    """

    shared: Elements
    frames: dict[tuple[int, int], Elements]
    moments: dict[tuple[int, int], datetime]
    private: set[int]
    left: set[int]
    remembered: Elements


def carried(series: SeriesMetadata, sop_class: str) -> Carried:
    """Return what the frames of a series tell that an object of a SOP class may tell.

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
    allowed = _allowed(sop_class, metadata.text(tops[keys[0][0]], tags.MODALITY))
    public = {tag for tag in known if not tags.is_private(tag) and not _is_said_anew(tag)}
    first = flats[keys[0]]
    same = {tag for tag in public if all(flat.get(tag) == first.get(tag) for flat in flats.values())}
    own = public & allowed - same
    blocks = [bids.remembered_block(flat) for flat in flats.values()]
    remembered = blocks[0] if all(block == blocks[0] for block in blocks) else {}
    return Carried(
        shared={tag: first[tag] for tag in same & allowed},
        frames={key: {tag: flat[tag] for tag in own & flat.keys()} for key, flat in flats.items()},
        moments={key: moment for key, flat in flats.items() if (moment := _moment(flat)) is not None},
        private={tag for tag in known if tags.is_private(tag) and tag not in remembered},
        left=public - allowed,
        remembered=remembered,
    )


def _top(instance: Instance) -> Elements:
    """Return the elements of an instance in UTF-8, without what has no value."""
    return _filled(in_utf_8(instance, instance.elements.keys()))


def _filled(elements: Elements) -> Elements:
    """Return elements that have a value, without private ones in sequences."""
    found: Elements = {}
    for tag, element in elements.items():
        if isinstance(element.value, tuple):
            items = [_filled(item.elements) for item in element.value]
            public = [{inner: value for inner, value in item.items() if not tags.is_private(inner)} for item in items]
            keep = tag in (SHARED, PER_FRAME, UNASSIGNED_SHARED, UNASSIGNED_PER_FRAME) or tags.is_private(tag)
            items = items if keep else [item for item in public if item]
            if items:
                found[tag] = Element("SQ", tuple(map(Item, items)))
        elif element.value.strip(b" \0") or (element.value and element.vr in _BINARY):
            found[tag] = element
    return found


def _flattened(top: Elements, frame: int) -> Elements:
    """Return the elements that hold for one frame, those of functional groups beside the others."""
    own = metadata.items(top, PER_FRAME)[frame : frame + 1]
    whole = as_original(top, own[0].elements if own else {})
    found = {tag: element for tag, element in whole.items() if tag not in (SHARED, PER_FRAME)}
    groups = [*own, *metadata.items(top, SHARED)[:1]]
    for tag, element in _leaves(groups):
        found.setdefault(tag, element)
    for tag, (name, vr) in _FLAT_NAMES.items():
        if tag in found and name not in found:
            found[name] = _as(found[tag], vr)
    return _with_sequence_words(found) if groups else found


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
    """Return elements with ScanningSequence and SequenceVariant, where an enhanced object tells what they say."""
    found = dict(elements)
    for target in (SCANNING_SEQUENCE, SEQUENCE_VARIANT):
        words = [word for tag, said, to, word in _SEQUENCE_WORDS if to == target and metadata.text(elements, tag) in said]
        if words and target not in elements:
            found[target] = new_element.text("CS", *words)
    return found


def _is_said_anew(tag: int) -> bool:
    group = tag >> 16
    pixels = group == 0x0028 and tag not in _OF_PIXELS
    return tag in _SAID_ANEW or tag in STALE or pixels or 0x5000 <= group < 0x7000 or not tag & 0xFFFF


@lru_cache(maxsize=32)
def _allowed(sop_class: str, modality: str) -> frozenset[int]:
    """Return the attributes of an IOD, and those that say how images of a modality are acquired."""
    found = {rule.tag for module in iods.modules_of(sop_class) for rule in module.rules}
    for uid, names in _ACQUISITION.get(modality, ()):
        modules = iods.modules_of(uid)
        found |= {rule.tag for module in modules if module.name in (*names, *_GENERAL) for rule in module.rules}
        found |= {rule.path[2] for rule in iods.attributes_of(uid) if len(rule.path) == 3 and rule.path[0] == SHARED}
    return frozenset(found)


def _moment(elements: Elements) -> datetime | None:
    """Return when a frame was acquired."""
    date, time = (metadata.text(elements, tag) for tag in (tags.ACQUISITION_DATE, tags.ACQUISITION_TIME))
    told = [metadata.text(elements, tag) for tag in (FRAME_MOMENT, ACQUISITION_DATETIME)]
    for text in (told[0], date + time if date else "", told[1]):
        for form in ("%Y%m%d%H%M%S.%f", "%Y%m%d%H%M%S"):
            try:
                return datetime.strptime(text.strip(), form)
            except ValueError:
                continue
    return None
