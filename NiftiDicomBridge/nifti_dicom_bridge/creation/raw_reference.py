"""The reference of an image of a BIDS data set that was converted from DICOM: the original of the raw image it was made from.

The records of the raw images, below ``sourcedata``, contain everything that a DICOM series would: patient, study, positions.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from ..bids import raw_images
from ..bids.inheritance import entities_of
from ..errors import BridgeError, OptionError
from ..formats import nifti
from ..formats.dicom.created.reference import Reference, SourceFrame
from ..formats.dicom.reading.frames.frames import true_planes
from ..model import metadata
from ..model.dicom_source import DicomSource
from ..model.files.input_files import Stamp
from ..model.files.names import stem_of
from ..model.listing import listed
from ..model.metadata import Log
from ..options.choices import LABEL_KINDS
from ..sidecar import KEY, read_sidecar, record_path, sidecar_path
from ..sidecar.files import SOURCE_DATA
from ..sidecar.image_id import ImageId
from ..sidecar.record_reading import record_from_json
from ..standard.tags import Tag
from .attribute_sources import ConversionContext
from .image_origin import doubts_of_reference, records_in
from .image_with_sidecar import ImageWithSidecar
from .reference_choice import chosen_reference, several_studies

_MOST_STEPS = 8
"""Results that are made from results, up to the raw image."""
_BY_NAME = "by its name"
_SUFFIXES_OF_LABELS = frozenset({"mask", "dseg", "probseg", "dparc", "seg"})
"""Suffixes of results that are of the very slices of an image; other results may be of several images, or computed."""


def with_raw_reference(described: ImageWithSidecar, shared: ConversionContext, log: Log) -> ConversionContext:
    """Return what an image shares with others, with the original of its raw image as the reference if it has no other.

    Of an image in the space of a template, or that does not overlap its raw image, patient and study are known.

    Raises
    ------
    OptionError
        If the raw images that it may be made from are of several studies or patients, or of another one than its header.
    """
    if shared.references or shared.studies or shared.options.deidentify:
        return shared
    how, files = _records_of(described)
    references = [one for file in files if (one := _reference(file)) is not None]
    if not references:
        return shared
    _check_one_study(described, references)
    _check_header(described, references, how)
    suffixes = {entities_of(stem_of(one.path))[1] for one in references}
    if raw_images.is_elsewhere(described.name, suffixes):
        log.warnings.append(f"made from {_listed(references)} ({how}), in another space: only patient and study are the same")
        return replace(shared, studies=references[:1])
    log.warnings.append(f"made from {_listed(references)} ({how}), whose original is the reference")
    options = replace(shared.options, allow_no_overlap=True)  # patient and study are known, whatever the grid is
    try:
        chosen = chosen_reference(references, described.image, described.name) or references[0]
    except OptionError:  # several fit equally well
        if len({one.text(Tag.FRAME_OF_REFERENCE_UID) for one in references}) > 1:
            return replace(shared, studies=references[:1])
        chosen = replace(references[0], is_space_only=True)
    is_computed = chosen.volumes > 1 or (how == _BY_NAME and not _has_suffix_of(described, chosen))
    if is_computed and not _is_segmentation(described, shared):
        chosen = replace(chosen, is_space_only=True)
    return replace(shared, options=options, references=[chosen])


def _is_segmentation(described: ImageWithSidecar, shared: ConversionContext) -> bool:
    return shared.options.kind in LABEL_KINDS or entities_of(described.name)[1] in _SUFFIXES_OF_LABELS


def _has_suffix_of(described: ImageWithSidecar, reference: Reference) -> bool:
    return entities_of(described.name)[1] == entities_of(stem_of(reference.path))[1]


def _check_one_study(described: ImageWithSidecar, references: Sequence[Reference]) -> None:
    if several := several_studies(references):
        raise OptionError(
            f"{described.name} is in a BIDS dataset and may be made from images of {several}: "
            f'{_listed(references)}. Name the series with reference=, or the file as "Sources" in the sidecar.'
        )


def _check_header(described: ImageWithSidecar, references: Sequence[Reference], how: str) -> None:
    """Refuse an image whose header is that of an image of another study, perhaps patient, than what name or sidecar state."""
    if doubts_of_reference(described, references[0]):
        raise OptionError(
            f"{described.name} may be made from {_listed(references)} ({how}), but the description in its header is that of an "
            "image of another study, perhaps patient. Name the series that it was made from with reference=."
        )


def _listed(references: Sequence[Reference]) -> str:
    return listed(dict.fromkeys(one.path.name for one in references), 3)


# --- which records ----------------------------------------------------------------------------------------------------


def _records_of(described: ImageWithSidecar) -> tuple[str, list[Path]]:
    """Return how the raw images of an image are known, and the files with their records; nothing if there are none."""
    path = described.origin
    key, files = raw_images.named_sources(path, described.top)
    if named := _records_of_files(files, _MOST_STEPS):
        return f'"{key}" in {Path(described.where).name}', named
    records = _records_below(raw_images.roots_of(path), path)
    own = ImageId.parse(nifti.description(path)) if records else None
    if own is not None and (same := [file for file, image_id in records.items() if image_id == own]):
        return "description in its header", same
    if not raw_images.is_result(path):  # a raw image that is not from DICOM may be of any examination
        return "", []
    by_name = _records_below(raw_images.roots_of_subject(path), path)
    likeness = {file: raw_images.likeness(path, file) for file in by_name}
    best = max((value for value in likeness.values() if value is not None), default=None)
    return _BY_NAME, [file for file, value in likeness.items() if value == best and best is not None]


def _records_of_files(files: Sequence[Path], steps: int) -> list[Path]:
    """Return the records of images, or of the raw images that they name in turn."""
    records = []
    for file in files:
        candidates = (sidecar_path(file), record_path(file))
        own = next((one for one in candidates if one is not None and _has_record(one)), None)
        if own is not None:
            records.append(own)
        elif steps and os.path.lexists(sidecar_path(file)):
            _, further = raw_images.named_sources(file, read_sidecar(sidecar_path(file)))
            records += _records_of_files(further, steps - 1)
    return list(dict.fromkeys(records))


def _has_record(file: Path) -> bool:
    stamp = Stamp.of(file.parent)
    return stamp is not None and file in records_in(file.parent, stamp)


def _records_below(roots: Sequence[Path], path: Path) -> dict[Path, ImageId | None]:
    """Return the records of the subject of an image, in its session if that is known."""
    labels = raw_images.subject_of(path)
    if "sub" not in labels:
        return {}
    parts = [f"{key}-{labels[key]}" for key in ("sub", "ses") if key in labels]
    folders = [Path(name) for root in roots for name, _, _ in os.walk(root.joinpath(SOURCE_DATA, *parts))]
    stamps = ((one, Stamp.of(one)) for one in folders)
    return {file: own for one, stamp in stamps if stamp for file, own in records_in(one, stamp).items()}


# --- record → reference -----------------------------------------------------------------------------------------------


def _reference(file: Path) -> Reference | None:
    """Return the original of a raw image as a reference; None if its record cannot be read, or is not of an image."""
    stamp = Stamp.of(file)
    return _read_reference(file, stamp) if stamp else None


@lru_cache(maxsize=16)
def _read_reference(file: Path, _: Stamp) -> Reference | None:
    try:
        source = record_from_json(read_sidecar(file)[KEY], str(file)).source
        return None if source.resampled or source.metadata.layers is not None else _reference_of(source, file)
    except BridgeError:
        return None


def _reference_of(source: DicomSource, file: Path) -> Reference:
    series, origin = source.metadata, source.origin
    planes = true_planes(series)
    return Reference(
        title=stem_of(file.with_suffix("")) or file.name,
        path=file,
        instances=tuple(series.instances),
        frames=tuple(tuple(_source_frame(source, *key) for key in times) for times in series.frames.tolist()),
        planes=tuple(planes or ()),
        ijk_to_ras=None if planes is None else origin.ijk_to_ras,
        shape_kji=(origin.shape[1], origin.shape[2], origin.shape[3]),
        assumed_ijk_to_ras=origin.ijk_to_ras if planes is None else None,
    )


def _source_frame(source: DicomSource, instance: int, frame: int) -> SourceFrame:
    own = source.metadata.instances[instance]
    has_frames = metadata.integer(own.elements, Tag.NUMBER_OF_FRAMES, 1) > 1
    return SourceFrame(own, frame + 1 if has_frames else 0)
