"""A volume that came from DICOM → request for another kind of object: what its instances tell goes on."""

from __future__ import annotations

from collections.abc import Iterable

from .. import metadata, orientation, tags
from ..formats.dicom.created.attributes import DEFAULT, Attributes, in_utf_8
from ..formats.dicom.created.choice import Known, chosen_kind
from ..formats.dicom.created.kinds import FORMS, Form
from ..formats.dicom.created.modules import defaults_of
from ..formats.dicom.created.request import Request, planes_of
from ..formats.dicom.derived.attributes import ONLY_IN_ORIGINALS, STALE
from ..formats.dicom.frames import true_planes
from ..metadata import Element, Elements, Instance, Log
from ..options import Kind, SlicePlane
from ..volume import Volume
from .gather import Shared

_GROUPS = (tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
# what follows from the image, its planes and its place in a series: said anew, or by another attribute
_SAID_ANEW = frozenset({
    *_GROUPS, tags.SOP_CLASS_UID, tags.SOP_INSTANCE_UID, tags.SERIES_INSTANCE_UID, tags.INSTANCE_NUMBER, tags.NUMBER_OF_FRAMES,
    tags.IMAGE_POSITION_PATIENT, tags.IMAGE_ORIENTATION_PATIENT, tags.PIXEL_SPACING, tags.SLICE_LOCATION, tags.ROWS,
    tags.COLUMNS, tags.SAMPLES_PER_PIXEL, tags.PHOTOMETRIC_INTERPRETATION, tags.PLANAR_CONFIGURATION, tags.BITS_ALLOCATED,
    tags.BITS_STORED, tags.HIGH_BIT, tags.PIXEL_REPRESENTATION, tags.RESCALE_SLOPE, tags.RESCALE_INTERCEPT,
    tags.WINDOW_CENTER, tags.WINDOW_WIDTH, tags.SOURCE_IMAGE_SEQUENCE, tags.DERIVATION_DESCRIPTION, tags.SPECIFIC_CHARACTER_SET,
    tags.REAL_WORLD_VALUE_MAPPING_SEQUENCE, tags.SPACING_BETWEEN_SLICES, tags.FRAME_TYPE, tags.CONTENT_TIME,
    0x00080023, 0x00080001, 0x00200012, 0x00200100, 0x00200105, 0x00209221, 0x00209222, 0x00209311, 0x00280009, 0x00280A02,
    0x00280A04, 0x00541330, 0x00540081, 0x00540101, 0x00541000, 0x00541300, 0x00081140, 0x00189087, 0x00189089, 0x00189075,
    0x00200020, 0x20500020, 0x00189477,
})  # fmt: skip
# attributes of functional groups → the one of a single frame, and its VR (PS3.3 C.8.3.1, C.8.13.5.3)
_FLAT_NAMES = {tags.EFFECTIVE_ECHO_TIME: (tags.ECHO_TIME, "DS"), 0x00189079: (0x00180082, "DS")}
# groups that say where and when, by attributes of their own
_NOT_FLATTENED = frozenset({
    tags.PLANE_POSITION_SEQUENCE, tags.PLANE_ORIENTATION_SEQUENCE, 0x00209111, tags.MR_DIFFUSION_SEQUENCE, 0x00209124,
    tags.PIXEL_VALUE_TRANSFORMATION_SEQUENCE, tags.FRAME_VOI_LUT_SEQUENCE, 0x00209310, 0x00089124, 0x00081140,
    tags.MR_IMAGE_FRAME_TYPE_SEQUENCE, tags.CT_IMAGE_FRAME_TYPE_SEQUENCE, tags.PET_FRAME_TYPE_SEQUENCE,
    tags.REAL_WORLD_VALUE_MAPPING_SEQUENCE,
})  # fmt: skip
_OF_SOP_CLASS = {
    uid: kind for kind, form in FORMS.items() for uid in (form.sop_class, form.colour_class, form.small_class) if uid
}


def kind_of_volume(volume: Volume) -> Kind | None:
    """Return the kind of object that a volume came from; None where it is none of those that are made here."""
    if volume.metadata is None:
        return None
    return _OF_SOP_CLASS.get(metadata.text(volume.metadata.first.elements, tags.SOP_CLASS_UID))


def kind_wanted(volume: Volume, shared: Shared) -> Kind:
    """Return the kind that a volume shall become: that of ``--as``, for its own modality."""
    assert volume.metadata is not None
    modality = metadata.text(volume.metadata.first.elements, tags.MODALITY)
    return chosen_kind(shared.options.kind, volume, Known(volume.name, modality))[0]


def recast_request(volume: Volume, kind: Kind, shared: Shared, log: Log) -> Request:
    """Return the request that makes another kind of object of a volume.

    Parameters
    ----------
    volume : Volume
        With `metadata`.
    kind : Kind
        The kind to make.
    shared : Shared
        Options, and what they name.
    log : Log
        Told what did not go on.
    """
    series = volume.metadata
    assert series is not None
    plane = shared.options.plane
    placed = orientation.in_plane(volume, SlicePlane.AS_STORED if plane is SlicePlane.AUTO else plane)
    same_slices = placed.voxels.shape == volume.voxels.shape and placed.voxels.strides == volume.voxels.strides
    planes = (true_planes(series) or []) if same_slices else []
    return Request(
        image=placed,
        kind=kind,
        attributes=_decided(volume, kind, shared, log),
        sources=_by_slice(volume) if same_slices else series.instances,
        planes=planes if len(planes) == placed.voxels.shape[1] else planes_of(placed),
    )


def _by_slice(volume: Volume) -> tuple[Instance, ...]:
    series = volume.metadata
    assert series is not None
    return tuple(series.instances[n] for n, _ in series.frames[0].tolist())


def _decided(volume: Volume, kind: Kind, shared: Shared, log: Log) -> Attributes:
    found = Attributes()
    found.offer_values(shared.set_values, "--set")
    found.offer_values(shared.file_values, f"--metadata {shared.options.metadata}")
    told, varying = _told(volume)
    found.offer(told, "the original")
    if varying:
        words = ", ".join(map(tags.keyword_of, sorted(varying)))
        log.notes.append(f"not taken over, because they differ between slices: {words}")
    form = FORMS.get(kind)
    if form is not None:
        found.offer(_modality(form), "the kind")
        found.offer(defaults_of(form.modules), DEFAULT)
        found.elements[tags.MODALITY] = _modality(form).get(tags.MODALITY, found.elements[tags.MODALITY])
    return found


def _modality(form: Form) -> Elements:
    return {tags.MODALITY: Element("CS", form.modality.encode("ascii"))} if form.modality else {}


def _told(volume: Volume) -> tuple[Elements, set[int]]:
    """Return the public attributes that all instances share, and the tags of those that they do not."""
    series = volume.metadata
    assert series is not None
    used = [series.instances[n] for n in sorted({int(n) for n in series.frames[..., 0].reshape(-1)})]
    flat = [_flattened(instance) for instance in used]
    wanted = {tag for tag in flat[0] if _goes_on(tag)}
    varying = {tag for tag in wanted if any(one.get(tag) != flat[0][tag] for one in flat[1:])}
    first = in_utf_8(Instance(flat[0], {}, None, used[0].encoding, None), wanted - varying | {tags.SPECIFIC_CHARACTER_SET})
    return {tag: element for tag, element in first.items() if tag != tags.SPECIFIC_CHARACTER_SET}, varying


def _goes_on(tag: int) -> bool:
    group = tag >> 16
    stays_behind = tag in _SAID_ANEW or tag in STALE or tag in ONLY_IN_ORIGINALS
    return not (stays_behind or tags.is_private(tag) or 0x5000 <= group < 0x7000)


def _flattened(instance: Instance) -> Elements:
    """Return the elements of an instance, with those of functional groups that all frames share beside them."""
    found = dict(instance.elements)
    per_frame = metadata.items(instance.elements, _GROUPS[1])
    for tag, element in [*_leaves(metadata.items(instance.elements, _GROUPS[0])), *_leaves_of_all(per_frame)]:
        name, vr = _FLAT_NAMES.get(tag, (tag, element.vr))
        found.setdefault(name, element if vr == element.vr else _as_text(element, vr))
    return found


def _leaves(items: Iterable) -> list[tuple[int, Element]]:
    """Return the elements of the functional groups of the first item."""
    first = next(iter(items), None)
    if first is None:
        return []
    return [
        pair
        for tag, group in first.elements.items()
        if isinstance(group.value, tuple) and group.value and tag not in _NOT_FLATTENED and not tags.is_private(tag)
        for pair in group.value[0].elements.items()
    ]


def _leaves_of_all(items: tuple) -> list[tuple[int, Element]]:
    """Return the elements of functional groups that are the same in all frames."""
    if not items:
        return []
    common = dict(_leaves(items[:1]))
    for item in items[1:]:
        other = dict(_leaves([item]))
        common = {tag: element for tag, element in common.items() if other.get(tag) == element}
    return list(common.items())


def _as_text(element: Element, vr: str) -> Element:
    from ..formats.dicom import values

    return values.decimals(metadata.numbers({0: element}, 0)) if vr == "DS" else element
