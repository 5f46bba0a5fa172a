"""Image file → request: what is known, which kind, in which planes."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

import numpy as np

from ..errors import OptionError, SidecarError
from ..formats.dicom.created import clock
from ..formats.dicom.created.kind_selection import KindHints, select_kind, suffix_of
from ..formats.dicom.created.object_size import check_object_size
from ..formats.dicom.created.request import Request
from ..labels import find_labels
from ..labels.profiles import are_masks
from ..model.metadata import Log
from ..model.volume import Volume
from ..options import Kind, SegmentationForm
from ..options.choices import LABEL_KINDS
from ..options.remedies import remedy
from ..standard.numbers import is_number
from .attribute_sources import ConversionContext, resolve_attributes, stated_modality
from .frame_sources import frame_sources
from .image_on_reference import placed, problem_without_position
from .image_origin import doubts_of_reference, doubts_of_sidecar, records_near
from .image_with_sidecar import ImageWithSidecar
from .label_sources import has_label_table
from .phase_encoding import phase_encoding
from .placed_image import Placed
from .raw_reference import with_raw_reference
from .sidecar_attributes import SidecarAttributes, attributes_from_sidecar, frames_of, private_block
from .sidecar_units import LONGEST_S
from .usable_sidecar import Check, usable_sidecar
from .volume_attributes import lists_of_volumes

_OF_TIMES = ("FrameTimesStart", "VolumeTiming", "FrameDuration")
_OF_VOLUMES = frozenset({"asl", "bold", "cbv", "dwi", "epi", "pet", "sbref"})
"""BIDS suffixes of images with several volumes."""
_STEP_OF_ITK_S = 1.0
"""ITK writes this time between volumes where it knows none."""
SAME_S = 1e-3
"""Times that differ by less differ by rounding."""


def request_of(described: ImageWithSidecar, shared: ConversionContext, log: Log) -> Request:
    """Return what to make of an image.

    Raises
    ------
    OptionError
        If an option contradicts what is known of the image.
    SidecarError, GeometryError
        If the sidecar has values of the wrong kind, or the grid is not expressible in DICOM.
    """
    described = _checked(described, log)
    stated = attributes_from_sidecar(described)
    shared = with_raw_reference(described, shared, log)
    place = placed(described, shared, log)
    log.warnings += doubts_of_reference(described, place.reference)
    kind = _kind(described, known_of(described, stated, place, shared), shared, log)
    place = _with_position(place, kind, log)
    check_object_size(kind, place.image, shared.options.segmentation)
    stated.values |= phase_encoding(described, place.image, stated.sentences)
    frames = frames_of(described, kind, place.image.times, place.image.voxels.shape[1], stated.sentences)
    attributes = resolve_attributes(described, kind, place, stated, shared, log)
    log.warnings += stated.sentences
    sources = frame_sources(place, kind, log)
    request = Request(
        image=place.image,
        kind=kind,
        attributes=attributes,
        sources=sources.instances,
        source_frames=sources.frames,
        source_numbers=sources.of_frames,
        source_times=sources.of_times,
        planes=place.planes,
        slice_times=_slice_times(described, place.image),
        starts_s=_starts(described, kind, log),
        durations_s=_numbers(described, "FrameDuration", described.image.times),
        frames=frames,
        is_counted=place.is_counted,
        stated_times=_stated_times(described, place),
    )
    if kind not in LABEL_KINDS:
        log.warnings += _doubt_of_times(described, request.stated_times)
    of_first = clock.of_frame(request, 0, 0) | (frames[0] if frames else {})
    attributes.offer(private_block(described, attributes, of_first), described.where)
    own = described.image.warnings  # where the image is comes first: front ends may show one note only
    log.warnings[:] = [*own, *(sentence for sentence in log.warnings if sentence not in own)]
    return request


def _checked(described: ImageWithSidecar, log: Log) -> ImageWithSidecar:
    """Return an image with what is usable of its sidecar, and with the time between its volumes."""
    described = usable_sidecar(described, _CHECKS, log.warnings)
    described = replace(described, image=_timed(described, log))
    log.warnings += (*described.image.warnings, *doubts_of_sidecar(described))
    if not described.has_sidecar:
        log.warnings.append(
            "no sidecar found: attributes that neither its header nor a reference specifies stay empty; "
            f"{remedy('set-attributes')}"
        )
        log.warnings += records_near(described)
    return described


def _with_position(place: Placed, kind: Kind, log: Log) -> Placed:
    """Return where an image is: without a position, other kinds of objects than Segmentations refer to no frames."""
    problem = problem_without_position(place.reference, kind) if place.is_counted and place.reference else ""
    if not problem:
        return place
    log.warnings.append(f"{problem} It has a new Frame of Reference UID and no references to single frames")
    return replace(place, same_space=False, same_grid=False, is_counted=False)


def known_of(described: ImageWithSidecar, stated: SidecarAttributes, place: Placed, shared: ConversionContext) -> KindHints:
    """Return what is known of an image next to its values."""
    labels = shared.options.labels
    return KindHints(
        described.name,
        stated_modality(stated, shared),
        place.reference.modality if place.reference else "",
        bool((labels and not are_masks(labels)) or find_labels(described.path) or has_label_table(described.path)),
        shared.options.segmentation is SegmentationForm.FRACTIONAL,
        described.units,
    )


def _kind(described: ImageWithSidecar, known: KindHints, shared: ConversionContext, log: Log) -> Kind:
    kind, assumed = select_kind(shared.options.kind, described.image, known)
    if kind is Kind.LEGACY:
        raise OptionError(
            f'kind="legacy": {described.name} never was DICOM, and legacy objects are made of DICOM of one frame each. '
            'Use kind="enhanced", or leave it out.'
        )
    if assumed:
        log.warnings.insert(0, assumed)
    if shared.options.labels and not are_masks(shared.options.labels) and kind not in LABEL_KINDS:
        log.warnings.append(
            f'labels="{shared.options.labels}" was not applied: this image is not a segmentation. Use kind="seg" if it is'
        )
    form = shared.options.segmentation
    if form is not SegmentationForm.AUTO and kind not in LABEL_KINDS:
        log.warnings.append(f'segmentation="{form}" was not applied: this image is not a segmentation. Use kind="seg" if it is')
    return kind


def _timed(described: ImageWithSidecar, log: Log) -> Volume:
    """Return the image with the time between volumes: RepetitionTime, else what its header specifies.

    Many tools write 1 into the header where they do not know.
    """
    image, seconds = described.image, described.top.get("RepetitionTime")
    if image.times < 2 or not is_number(seconds) or not 0 < seconds < 1e4:
        if image.times > 1 and image.time_step_s > LONGEST_S["RepetitionTime"]:
            log.warnings.append(
                f"according to its header, volumes are {image.time_step_s:g} s apart: is it in milliseconds? It is "
                "written unchanged"
            )
        return image
    if image.time_step_s > 0 and abs(image.time_step_s - seconds) > SAME_S:
        log.warnings.append(
            f"according to its header, volumes are {image.time_step_s:g} s apart; its sidecar specifies RepetitionTime "
            f"{seconds:g} s: the sidecar's was taken"
        )
    return replace(image, time_step_s=float(seconds))


def _starts(described: ImageWithSidecar, kind: Kind, log: Log) -> list[float]:
    """Return when each volume begins, if that is stated: by times, else by durations above the time between volumes.

    The header of the image may specify when the first one of PET begins, which is the time since injection for many tools.
    """
    image = described.image
    stated = _numbers(described, "FrameTimesStart", image.times) or _numbers(described, "VolumeTiming", image.times)
    durations = _numbers(described, "FrameDuration", image.times)
    if not stated and not durations and kind is Kind.PET and image.start_s and image.time_step_s > 0:
        return [image.start_s + t * image.time_step_s for t in range(image.times)]
    if stated or max(durations[:-1], default=0.0) <= image.time_step_s + SAME_S:
        return stated
    log.warnings.append(
        f'"FrameDuration" is up to {max(durations):g} s, but volumes are {image.time_step_s:g} s apart: they are assumed to '
        'follow each other. If they do not, add "FrameTimesStart" to the sidecar'
    )
    return list(accumulate(durations[:-1], initial=0.0))


def _stated_times(described: ImageWithSidecar, place: Placed) -> str:
    """Return what states that the fourth axis of an image is time: the reference, its sidecar, or its header."""
    times, step_s = described.image.times, described.image.time_step_s
    if times < 2:
        return ""
    if place.reference is not None and place.same_space and len(place.reference.frames) == times:
        return f"the reference has {times} times"
    if key := next((key for key in ("RepetitionTime", *_OF_TIMES) if key in described.top), ""):
        return f"its sidecar specifies {key}"
    return f"its header specifies {step_s:g} s between them" if step_s not in (0.0, _STEP_OF_ITK_S) else ""


def _doubt_of_times(described: ImageWithSidecar, stated: str) -> list[str]:
    """Return a warning if nothing states what the fourth axis of an image is: it may be components, as those of vectors."""
    image = described.image
    if image.times < 2 or stated or image.gradients is not None or lists_of_volumes(described):
        return []
    if suffix_of(described.name) in _OF_VOLUMES:
        return []
    return [
        f"nothing states what its {image.times} images along the fourth axis are: they were written as times. Split the image "
        "if they are components, as those of vectors, tensors and statistics"
    ]


def _numbers(described: ImageWithSidecar, key: str, count: int) -> list[float]:
    """Return a list of numbers of the sidecar; empty where it has none.

    Raises
    ------
    SidecarError
        If it is not a list of finite numbers, or has another length.
    """
    value = described.top.get(key)
    if value is None:
        return []
    listed = value if isinstance(value, list) else [value]
    good = all(map(is_number, listed))
    if not good or len(listed) != count:
        raise SidecarError(f"{described.where}: {key!r} is {str(value)[:60]}; a list of {count} numbers was expected.")
    return [float(part) for part in listed]


def _slice_times(described: ImageWithSidecar, placed: Volume) -> list[float]:
    """Return SliceTiming in the order of the slices that are written; empty where the image is cut another way."""
    if "SliceTiming" not in described.top:
        return []
    letter = str(described.top.get("SliceEncodingDirection", "k"))
    axis = "ijk".find(letter[:1])
    if axis < 0:
        raise SidecarError(
            f"{described.where}: 'SliceEncodingDirection' is {letter!r}; i, j or k was expected, with or without -."
        )
    times = _numbers(described, "SliceTiming", described.image.shape_ijk[axis])
    if letter.endswith("-"):
        times = times[::-1]
    before = described.image.ijk_to_ras[:3, axis]
    after = placed.ijk_to_ras[:3, 2]
    cosine = float(before @ after / (np.linalg.norm(before) * np.linalg.norm(after)))
    if abs(cosine) < 0.99:
        return []
    return times[::-1] if cosine < 0 else times


_CHECKS: tuple[Check, ...] = (
    lambda described: phase_encoding(described, described.image, []),
    lambda described: frames_of(described, Kind.PET, described.image.times, 1, []),
    lambda described: frames_of(described, Kind.MR, described.image.times, 1, []),
    lambda described: _slice_times(described, described.image),
    *((lambda described, key=key: _numbers(described, key, described.image.times)) for key in _OF_TIMES),
)
"""What is computed of a sidecar: each raises `SidecarError` for a key that it cannot use."""
