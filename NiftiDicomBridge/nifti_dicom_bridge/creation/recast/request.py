"""A volume that came from DICOM → request for another kind of object: what its instances specify goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from ...errors import OptionError, PixelError
from ...formats.dicom import new_element
from ...formats.dicom.created.attributes import DEFAULT, Attributes
from ...formats.dicom.created.kind_selection import KindHints, select_kind
from ...formats.dicom.created.kinds import OBJECT_KINDS, ObjectKind
from ...formats.dicom.created.reference import Reference
from ...formats.dicom.created.request import Request, planes_of
from ...formats.dicom.created.stored import source_stored_values
from ...formats.dicom.created.stored_pixels import StoredPixels
from ...formats.dicom.reading.frames.frame_info import FrameInfo
from ...formats.dicom.reading.frames.frames import recorded_frames
from ...formats.dicom.reading.grouping.patients import person_values
from ...formats.dicom.reading.grouping.registrations import Spaces
from ...formats.dicom.structure_sets import is_structure_set
from ...formats.dicom.structure_sets.rois import space_of_regions
from ...model import metadata
from ...model.metadata import Element, Elements, Instance, Log, SeriesMetadata
from ...model.person import excluding
from ...model.space import orientation
from ...model.space.geometry import Plane
from ...model.volume import Volume
from ...model.voxels.lazy_voxels import mapped
from ...model.voxels.real_values import to_stored_values
from ...options import Kind, SlicePlane
from ...options.remedies import remedy
from ...standard import dictionary, iods
from ...standard.sop_classes import SECONDARY_CAPTURE
from ...standard.tags import Tag
from ..attribute_sources import ConversionContext
from ..reference_choice import chosen_reference, is_grid_of
from ..repair import Sentences, repair_values
from ..source_attributes import SourceAttributes, attributes_from_source
from .acquisition import pet_scales, preserved_keys
from .attributes import ORIGINAL, drop_attributes_of_other_modalities, report_changes, resolve_recast_attributes
from .display import Display, display_of, without_scale

DERIVATION = "Stored as another kind of object"
# PS3.3 C.8.2.1, C.8.3.1, C.8.6.2: kinds that may be MONOCHROME1
_MAY_BE_INVERTED = frozenset(OBJECT_KINDS[kind].sop_class for kind in (Kind.CT, Kind.MR, Kind.SC))
_OF_SOP_CLASS = {
    uid: kind
    for kind, object_kind in OBJECT_KINDS.items()
    for uid in (object_kind.sop_class, object_kind.color_class, object_kind.small_class)
    if uid
}


def kind_of_volume(volume: Volume) -> Kind | None:
    """Return the kind of object that a volume came from; None where it is none of those that are made here."""
    if volume.source is None:
        return None
    if is_structure_set(volume.dicom.metadata.first):
        return Kind.RTSTRUCT
    return _OF_SOP_CLASS.get(metadata.text(volume.dicom.metadata.first.elements, Tag.SOP_CLASS_UID))


def requested_kind(volume: Volume, shared: ConversionContext) -> Kind:
    """Return the kind that a volume shall become: that of the option ``kind``, for its own modality."""
    modality = metadata.text(volume.dicom.metadata.first.elements, Tag.MODALITY)
    return select_kind(shared.options.kind, volume, KindHints(volume.name, modality))[0]


@dataclass
class _Frames:
    """The frames of an original that those of the new object are, times outermost; none where it has another grid."""

    keys: list[tuple[int, int]]
    infos: list[FrameInfo]


def recast_request(volume: Volume, kind: Kind, shared: ConversionContext, log: Log) -> Request:
    """Return the request that makes another kind of object of a volume.

    Parameters
    ----------
    volume : Volume
        That came from DICOM.
    kind : Kind
        The kind to make.
    shared : ConversionContext
        Options, and what they name.
    log : Log
        Receives what was repaired and what did not go on.

    Raises
    ------
    OptionError
        If text is burned into the image, which the kind cannot specify.
    PixelError
        If its gray values are shown inverted, and the kind cannot specify that.
    """
    series, object_kind = volume.dicom.metadata, OBJECT_KINDS.get(kind)
    _check_shown(series.first, object_kind)
    is_drawn = kind is Kind.RTSTRUCT or is_structure_set(series.first)
    reference = chosen_reference(shared.references, volume, volume.name) if is_drawn else None
    if shared.options.reference is not None and not is_drawn:
        log.warnings.append("reference= was not used: the new object refers to the images that this one was made of")
    placed = _in_plane(volume, shared.options.plane)
    if reference is not None:
        placed = _on_reference(volume, reference, shared.options.same_space, log)
    frames = _frames(volume, placed)
    source = attributes_from_source(series, object_kind.sop_class if object_kind else SECONDARY_CAPTURE)
    attributes, own = _attributes(volume, source, kind, shared, log)
    stored = _stored(volume, frames, object_kind, log) if object_kind else None
    display = _display(volume, frames, object_kind, own, log) if object_kind else Display()
    attributes.offer(display.private[0] if display.private and object_kind and object_kind.multi_frame else {}, ORIGINAL)
    attributes.offer(pet_scales(volume, kind, log), ORIGINAL)
    if object_kind is not None and frames.keys:
        attributes.offer(preserved_keys(volume, attributes, own.get(frames.keys[0], {})), ORIGINAL)
    sources: Sequence[Instance] = [series.instances[n] for n, _ in frames.keys] or series.instances
    planes = _planes(frames, placed)
    if is_drawn:
        sources, planes = _drawn_on(reference, planes, attributes)
    return Request(
        image=placed,
        kind=kind,
        attributes=attributes,
        sources=sources,
        planes=planes,
        frames=[own.get(key, {}) for key in frames.keys] if object_kind and not object_kind.multi_frame else (),
        thicknesses=_thicknesses(frames, own),
        moments=_moments(source, frames, placed.times),
        durations_s=_durations_s(source, placed.times),
        source_frames=[frame + 1 for _, frame in frames.keys] if _has_many_frames(series) else (),
        source_numbers=[(n,) for n in range(len(frames.keys))],
        source_times=np.arange(len(frames.keys)).reshape(placed.times, -1).tolist() if frames.keys and not is_drawn else (),
        stored=stored,
        derivation=DERIVATION,
        inverted=_is_inverted(series.first),
        windows=display.windows,
        padding=display.padding,
        ratios=np.reshape(display.ratios, placed.voxels.shape[:2]) if display.ratios else None,
    )


def _thicknesses(frames: _Frames, own: dict[tuple[int, int], Elements]) -> list[Element | None]:
    """Return SliceThickness of each frame; nothing where all have the same, or none.

    Frames that lost it have that of the others, if those agree, as where they are grouped.
    """
    thicknesses = [own.get(key, {}).get(Tag.SLICE_THICKNESS) for key in frames.keys]
    stated = {metadata.number({Tag.SLICE_THICKNESS: one}, Tag.SLICE_THICKNESS): one for one in thicknesses if one}
    usual = next(iter(stated.values())) if len(stated) == 1 else None
    return [one or usual for one in thicknesses] if stated else []


def _display(
    volume: Volume, frames: _Frames, object_kind: ObjectKind, own: dict[tuple[int, int], Elements], log: Log
) -> Display:
    """Return how the original is displayed; what an object of one frame needs for it is added to `own`."""
    sentences: Sentences = {}
    if "voxels" in volume.edits():
        log.notes.append("window and padding value were recomputed, because the values were edited")
        return Display()
    display = display_of(volume.dicom.metadata, frames.infos, sentences)
    if display.ratios and object_kind.multi_frame and any(private != display.private[0] for private in display.private):
        sentences[
            "the scale of Philips differs between frames: RescaleSlope and window are those of the precise values, not of the "
            "displayed ones as in the original"
        ] = None
        display = without_scale(display)
    elif display.ratios:
        for key, private in zip(frames.keys, display.private, strict=True):
            own.setdefault(key, {}).update(private)
    _keep_modality_lut(volume.dicom.metadata.first, object_kind, frames, own, sentences)
    log.warnings += [sentence for sentence in sentences if sentence not in log.warnings]
    return display


def _keep_modality_lut(
    first: Instance, object_kind: ObjectKind, frames: _Frames, own: dict[tuple[int, int], Elements], sentences: Sentences
) -> None:
    """Keep a Modality LUT that is not a straight line where the kind has that module, or report that it is missing."""
    if Tag.MODALITY_LUT_SEQUENCE not in first.elements or any(info.slope != 1 for info in frames.infos):
        return
    if object_kind.sop_class == OBJECT_KINDS[Kind.SC].sop_class:
        for key in frames.keys:
            own.setdefault(key, {})[Tag.MODALITY_LUT_SEQUENCE] = first.elements[Tag.MODALITY_LUT_SEQUENCE]
        return
    sentences[
        "ModalityLUTSequence (0028,3000) was left out, as this kind of object does not have it: the values are the stored "
        'ones. Use kind="sc" to keep it'
    ] = None


def _attributes(
    volume: Volume, source: SourceAttributes, kind: Kind, shared: ConversionContext, log: Log
) -> tuple[Attributes, dict[tuple[int, int], Elements]]:
    """Return the attributes of the object, and those of each frame alone: (instance, frame) → elements."""
    object_kind, sentences = OBJECT_KINDS.get(kind), Sentences()
    attributes = resolve_recast_attributes(volume, source, kind, shared, sentences)
    own = {
        key: drop_attributes_of_other_modalities(repair_values(elements, sentences), object_kind)
        for key, elements in source.frames.items()
    }
    report_changes(source, sentences, object_kind, log)
    return attributes, own


def _in_plane(volume: Volume, plane: SlicePlane) -> Volume:
    return orientation.in_plane(volume, SlicePlane.AS_STORED if plane is SlicePlane.AUTO else plane)


def _on_reference(volume: Volume, reference: Reference, is_one_space: bool, log: Log) -> Volume:
    """Return a label map in the planes of the series that its contours shall refer to.

    Raises
    ------
    OptionError
        If the series is of another patient, has another grid, or is in another frame of reference.
    """
    elements = volume.dicom.metadata.first.elements
    own = metadata.text(elements, Tag.FRAME_OF_REFERENCE_UID) or space_of_regions(volume)
    patient, theirs = person_values(elements), reference.person_values
    for keyword in excluding(patient, theirs)[:1]:
        raise OptionError(
            f"{volume.name} has {dictionary.describe(dictionary.tag_of(keyword))} {patient[keyword]!r}, and "
            f'reference="{reference.path}" {theirs[keyword]!r}: another patient. '
            "Name the series on which the regions were drawn."
        )
    space = reference.text(Tag.FRAME_OF_REFERENCE_UID)
    if own and own != space and not is_one_space:
        raise OptionError(
            f'{volume.name} and reference="{reference.path}" have different FrameOfReferenceUIDs (0020,0052), so nothing shows '
            "that they are at the same place. Name the series on which the regions were drawn. " + remedy("one-space")
        )
    if not is_grid_of(reference, volume):
        raise OptionError(
            f'{volume.name} does not have the grid of reference="{reference.path}". Convert it to NIfTI, resample it to that '
            "grid, and use the result."
        )
    log.warnings += Spaces(are_all_one=is_one_space).doubt(own, space, reference.title)
    return orientation.in_plane(volume, SlicePlane.REFERENCE, reference.ijk_to_ras)


def _drawn_on(
    reference: Reference | None, planes: list[Plane], attributes: Attributes
) -> tuple[Sequence[Instance], list[Plane]]:
    """Return the images that contours refer to, and the planes of the slices.

    They are the images on which regions were drawn, not the object that had the regions. The new object is in their frame of
    reference, unless the user set another one.
    """
    if reference is None:
        return (), planes
    uid = reference.text(Tag.FRAME_OF_REFERENCE_UID)
    if uid and attributes.sources.get(Tag.FRAME_OF_REFERENCE_UID) in (DEFAULT, ORIGINAL):
        attributes.elements[Tag.FRAME_OF_REFERENCE_UID] = new_element.text("UI", uid)
        attributes.sources[Tag.FRAME_OF_REFERENCE_UID] = f"reference {reference.title}"
    return reference.instances, list(reference.planes) or planes


def _planes(frames: _Frames, placed: Volume) -> list[Plane]:
    """Return where the slices truly are: as the original specifies for each, else as the grid does."""
    count = placed.voxels.shape[1]
    planes = [info.plane for info in frames.infos[:count] if info.plane is not None]
    return planes if len(planes) == count else planes_of(placed)


def _check_shown(first: Instance, object_kind: ObjectKind | None) -> None:
    """Refuse what a kind cannot specify for how its pixels are to be shown."""
    if object_kind is not None and object_kind.groups and metadata.text(first.elements, Tag.BURNED_IN_ANNOTATION) == "YES":
        raise OptionError(
            f"{first.name}: {dictionary.describe(Tag.BURNED_IN_ANNOTATION)} is YES, and enhanced objects must not "
            'have text in their pixels. Use kind="classic" or kind="sc".'
        )
    if object_kind is not None and object_kind.sop_class not in _MAY_BE_INVERTED and _is_inverted(first):
        raise PixelError(
            f"{first.name}: PhotometricInterpretation (0028,0004) is MONOCHROME1, low values are shown bright; this kind of "
            'object has no such attribute and would look like a negative. Use kind="sc".'
        )


def _is_inverted(first: Instance) -> bool:
    return metadata.text(first.elements, Tag.PHOTOMETRIC_INTERPRETATION) == "MONOCHROME1"


def _frames(volume: Volume, placed: Volume) -> _Frames:
    """Return the frames of the original that the planes of an image are, as long as it has them all, in their order."""
    series = volume.dicom.metadata
    times, slices = placed.voxels.shape[:2]
    moved = volume.is_moved or volume.dicom.resampled or series.layers is not None
    if moved or not np.array_equal(placed.ijk_to_ras, volume.ijk_to_ras) or series.frames.shape[:2] != (times, slices):
        return _Frames([], [])
    keys = [(int(n), int(frame)) for n, frame in series.frames.reshape(-1, 2).tolist()]
    return _Frames(keys, recorded_frames(series, keys))


def _moments(source: SourceAttributes, frames: _Frames, times: int) -> list[datetime | None]:
    """Return when each frame was acquired; nothing where all times of a series claim the same moment, that of its start."""
    moments = [source.moments.get(key) for key in frames.keys]
    firsts = [moment for moment in moments[:: max(1, len(moments) // times)] if moment is not None]
    later = all(before < after for before, after in pairwise(firsts))
    return moments if source.moments and (times == 1 or (later and len(firsts) == times)) else []


def _durations_s(source: SourceAttributes, times: int) -> list[float]:
    """Return how long every time lasted, s, where all frames specify the same."""
    duration_ms = metadata.number(source.shared, Tag.ACTUAL_FRAME_DURATION) or metadata.number(
        source.shared, Tag.FRAME_ACQUISITION_DURATION
    )
    return [duration_ms / 1000] * times if duration_ms else []


def _has_many_frames(series: SeriesMetadata) -> bool:
    """Whether the instances are of a kind that has frames to refer to (PS3.3 10.3)."""
    modules = iods.modules_of(metadata.text(series.first.elements, Tag.SOP_CLASS_UID))
    return any("multi-frame" in module.name for module in modules)


def _stored(volume: Volume, frames: _Frames, object_kind: ObjectKind, log: Log) -> StoredPixels | None:
    """Return the stored values of the original where every frame has its own rescale; None where those of the volume do."""
    record = volume.dicom.pixel_record
    if not record.rescaled or not frames.infos or "voxels" in volume.edits():
        return None
    shape = volume.voxels.shape[:2]
    slopes = np.array([info.slope for info in frames.infos]).reshape(shape)
    intercepts = np.array([info.intercept for info in frames.infos]).reshape(shape)
    dtype, infos = np.dtype(np.int32), frames.infos

    def original(planes: np.ndarray, start: int) -> np.ndarray:
        own = zip(planes, infos[start : start + len(planes)], strict=True)
        return np.stack([to_stored_values(plane, info.slope, info.intercept, dtype) for plane, info in own])

    stored = source_stored_values(mapped(volume.voxels, dtype, original), slopes, intercepts, object_kind.rules)
    if stored is not None and object_kind.groups:
        log.warnings.append(
            "every frame has its own rescale, as in the original: the values are exact, but readers like dcm2niix take the "
            "rescale of one frame for all"
        )
    return stored
