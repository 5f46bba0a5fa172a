"""References of an enhanced object to the images that it was made from: frame by frame, and all of them as evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from ....model import metadata
from ....model.metadata import Elements, Instance
from ....standard.tags import Tag
from .. import new_element
from ..new_file import source_images
from .request import Request, source_number

# PS3.16 CID 7203 has no code for it; it may be extended
_CONVERTED = new_element.code("CONVERTED", "99NIFTIDICOM", "Converted from another kind of object")


def of_frame(request: Request, t: int, k: int) -> Elements:
    """Return the Derivation Image macro of a frame (PS3.3 C.7.6.16.2.6); nothing where it has no source of its own."""
    n = source_number(request, t, k) if request.sources else None
    if n is None:
        return {}
    return _macro(request, [request.sources[n]], request.source_frames[n : n + 1])


def of_all_frames(request: Request) -> Elements:
    """Return the Derivation Image macro of an object whose frames were each made from all sources."""
    if not request.sources or source_number(request, 0, 0) is not None:
        return {}
    return _macro(request, request.sources, ())


def _macro(request: Request, sources: Sequence[Instance], frames: Sequence[int]) -> Elements:
    return {
        Tag.DERIVATION_IMAGE_SEQUENCE: new_element.sequence(
            {
                Tag.DERIVATION_DESCRIPTION: new_element.text("ST", request.derivation),
                Tag.DERIVATION_CODE_SEQUENCE: new_element.sequence(_CONVERTED),
                Tag.SOURCE_IMAGE_SEQUENCE: source_images(sources, frames),
            }
        )
    }


def evidence(instances: Iterable[Instance]) -> Elements:
    """Return SourceImageEvidenceSequence (PS3.3 C.8.13.2.1): study, series and instances of all sources, each once."""
    sources = list({source.uid: source for source in instances if source.uid}.values())
    if not sources:
        return {}
    studies = []
    for study, of_study in groupby(sorted(sources, key=_study), _study):
        series = [
            {
                Tag.REFERENCED_SOP_SEQUENCE: new_element.sequence(*(_instance(source) for source in of_series)),
                Tag.SERIES_INSTANCE_UID: new_element.text("UI", uid),
            }
            for uid, of_series in groupby(sorted(of_study, key=_series), _series)
        ]
        studies.append(
            {
                Tag.REFERENCED_SERIES_SEQUENCE: new_element.sequence(*series),
                Tag.STUDY_INSTANCE_UID: new_element.text("UI", study),
            }
        )
    return {Tag.SOURCE_IMAGE_EVIDENCE_SEQUENCE: new_element.sequence(*studies)}


def _study(source: Instance) -> str:
    return metadata.text(source.elements, Tag.STUDY_INSTANCE_UID)


def _series(source: Instance) -> str:
    return metadata.text(source.elements, Tag.SERIES_INSTANCE_UID)


def _instance(source: Instance) -> Elements:
    return new_element.reference(metadata.text(source.elements, Tag.SOP_CLASS_UID), source.uid)
