"""What the labels of an image mean, and from where: the file named, one next to it, its header, a profile of a tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..bids.inheritance import entities_of
from ..errors import LabelError
from ..formats.dicom.created.label_evidence import is_fraction, real_bounds
from ..formats.image_formats import label_texts
from ..labels import (
    Segment,
    bids_structure,
    datastore_labels,
    find_labels,
    find_shared_labels,
    has_datastore_labels,
    is_profile,
    read_label_text,
    read_labels,
    unreadable_labels,
)
from ..labels.totalsegmentator import with_classes
from ..model.files.names import stem_of
from ..model.listing import listed
from ..model.metadata import Log
from ..model.volume import Volume
from ..model.voxels.lazy_voxels import slabs
from ..options.remedies import remedy

_MASK_TYPES = {"brain": "Brain", "lesion": "Lesion", "face": "Face"}
"""Type of the sidecar of a mask (BIDS specification, "Imaging data types: Masks"); the other one, ROI, is not a structure."""


def segments_of_image(
    path: Path, image: Volume, given: Path | None, log: Log, top: Mapping[str, Any] = MappingProxyType({})
) -> list[Segment]:
    """Return what the labels of an image mean; empty if nothing states it.

    Parameters
    ----------
    path : pathlib.Path
        The file of the image.
    image : Volume
        Its voxels.
    given : pathlib.Path, optional
        The label file or profile that the user named.
    log : Log
        Receives the source.
    top : mapping
        Its sidecar.

    Raises
    ------
    LabelError
        If a label file is damaged, or the profile that the user named lacks a value of the image.
    """
    try:
        return with_classes(_segments(path, image, given, log) or _by_bids(path, image, top, log), log)
    except LabelError as error:
        if given is None or not needs_names(given):
            raise
        named = _named_by_itself(path, log)
        if not named:
            raise error from None
        return with_classes(named, log)


def has_only(image: Volume, segments: Sequence[Segment]) -> bool:
    """Whether all values of an image are 0 or the number of a segment."""
    return image.rescale.is_identity and not unknown_values(image, segments)


def unknown_values(image: Volume, segments: Sequence[Segment]) -> list[float]:
    """Return the values of an image that are neither 0 nor the number of a segment."""
    numbers = {0.0, *(float(segment.number) for segment in segments)}
    values = set[float]()
    for _, _, planes in slabs(image.voxels):
        real = np.unique(planes) * image.rescale.slope + image.rescale.intercept if not image.rescale.is_identity else planes
        values.update(round(float(value), 3) for value in np.unique(real))
    return sorted(values - numbers)


def _is_probability(image: Volume) -> bool:
    """Whether values are those of maps and not labels: then, segments are numbered by their maps."""
    return image.times > 1 or is_fraction(image)


def has_label_table(path: Path) -> bool:
    """Whether the header of an image, or the datastore that it belongs to, contains names of labels."""
    return bool(label_texts(path)) or has_datastore_labels(path)


def needs_names(given: Path) -> bool:
    """Whether the user named a tool whose numbers differ between tasks, so that names must come from the image."""
    return str(given).lower() == "totalsegmentator"


def _segments(path: Path, image: Volume, given: Path | None, log: Log) -> list[Segment]:
    if given is not None:
        segments = read_labels(given)
        if is_profile(given):
            _require_all(image, segments, given)
        log.notes.append(f"names of labels: {given}")
        return segments
    return _named_by_itself(path, log) or _shared(path, image, log)


def _named_by_itself(path: Path, log: Log) -> list[Segment]:
    """Return the labels by a file next to the image, or by its header."""
    log.warnings += [
        f"{file.name} is none of the label files known: its names were not used. Correct it, or remove it"
        for file in unreadable_labels(path)
    ]
    source = find_labels(path)
    if source is not None:
        log.notes.append(f"names of labels: {source}")
        return read_labels(source)
    for text in label_texts(path):
        log.notes.append("names of labels: the header of the image")
        return read_label_text(text, str(path))
    datastore, segments = datastore_labels(path)
    if segments:
        log.notes.append(f"names of labels: {datastore}")
    return segments


def _shared(path: Path, image: Volume, log: Log) -> list[Segment]:
    """Return the labels of the folder or tool, if they have all values of the image."""
    source = find_shared_labels(path)
    if source is None:
        return []
    if is_profile(source) and has_only(image, [Segment(1, "")]):  # a mask, whose 1 is not the number of a structure
        return []
    segments = read_labels(source)
    unknown = [] if _is_probability(image) else unknown_values(image, segments)
    if unknown:
        log.warnings.append(f"names of labels are not those of {source}, which lacks {_some(unknown)}; {remedy('label-names')}")
        return []
    log.notes.append(f"names of labels: {source}{', by the name of the file' if is_profile(source) else ''}")
    return segments


def _by_bids(path: Path, image: Volume, top: Mapping[str, Any], log: Log) -> list[Segment]:
    """Return the only label of a mask or a probability map of BIDS, which its name or the key Type of its sidecar specifies.

    That of a mask may be another number than 1, such as 255.
    """
    entities, suffix = entities_of(stem_of(path))
    if suffix not in ("mask", "probseg") or image.times > 1:
        return []
    by_name = bids_structure(entities.get("label", ""))
    name = by_name or (_MASK_TYPES.get(str(top.get("Type", "")).lower(), "") if suffix == "mask" else "")
    label = round(real_bounds(image)[1]) if suffix == "mask" and image.voxels.dtype.kind in "iub" and image.voxels.size else 1
    segments = [Segment(max(label, 1), name)]
    if not name or not (_is_probability(image) or suffix == "probseg" or has_only(image, segments)):
        return []
    log.notes.append("names of labels: " + ("the name of the file" if by_name else '"Type" of its sidecar'))
    return segments


def _require_all(image: Volume, segments: Sequence[Segment], profile: Path) -> None:
    unknown = [] if _is_probability(image) else unknown_values(image, segments)
    if unknown and segments:
        raise LabelError(
            f'labels="{profile}": the image has values that this profile lacks ({_some(unknown)}), so it is of another tool '
            "or task. Name another profile, or a label file."
        )


def _some(values: Sequence[float]) -> str:
    return listed(f"{value:g}" for value in values)
