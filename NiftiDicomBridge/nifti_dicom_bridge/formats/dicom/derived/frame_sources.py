"""What the frames of a derived object were made from: Derivation Image macro (PS3.3 C.7.6.16.2.6) and evidence (C.8.13.2.1)."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from ....model import metadata
from ....model.metadata import Element, Elements, Instance, Item
from ....standard.iods import attributes_of
from ....standard.tags import Tag
from .. import new_element
from ..references import Reference, evidence, listed_in_evidence, source_image, with_referenced_series
from .attributes import description_of
from .derivation import DerivationContext

_RESAMPLED = new_element.code("113085", "DCM", "Spatial resampling")
# PS3.16 CID 7203 has no code for it; it may be extended
_EDITED = new_element.code("EDITED", "99NIFTIDICOM", "Edited outside of the scanner")


class FrameSource(NamedTuple):
    """An instance that a frame was made from, and which of its frames (from 1); none for all of them."""

    instance: Instance
    frames: tuple[int, ...]


def with_sources(work: DerivationContext, groups: Elements, earlier: Elements, t: int, k: int) -> Elements:
    """Return functional groups of a frame with the images that it was made from, as the last step of its derivation.

    Parameters
    ----------
    work : DerivationContext
        The derived volume.
    groups : dict
        Functional groups of the frame.
    earlier : dict
        Functional groups of its template, and the shared ones: what these were derived from stays in front.
    t, k : int
        Time and slice.
    """
    if (Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, Tag.DERIVATION_IMAGE_SEQUENCE) not in _paths(work.sop_class):
        return groups
    images = (source_image(Reference.to(source.instance), source.frames) for source in _sources(work, t, k))
    step: Elements = {
        Tag.DERIVATION_DESCRIPTION: new_element.text("ST", description_of(work.volume)),
        Tag.DERIVATION_CODE_SEQUENCE: new_element.sequence(_RESAMPLED if work.volume.dicom.resampled else _EDITED),
        Tag.SOURCE_IMAGE_SEQUENCE: new_element.sequence(*images),
    }
    steps = (*metadata.items(earlier, Tag.DERIVATION_IMAGE_SEQUENCE), Item(step))
    return {**groups, Tag.DERIVATION_IMAGE_SEQUENCE: Element("SQ", steps)}


def evidence_of(work: DerivationContext, template: Instance, places: list[tuple[int, int]]) -> Elements:
    """Return the attributes that list study and series of the sources of all frames, after those that the template lists."""
    instances = {id(source.instance): source.instance for t, k in places for source in _sources(work, t, k)}
    references = [Reference.to(instance) for instance in instances.values()]
    paths = _paths(work.sop_class)
    if (Tag.SOURCE_IMAGE_EVIDENCE_SEQUENCE,) in paths:
        return evidence([*listed_in_evidence(template.elements), *references])
    if (Tag.REFERENCED_SERIES_SEQUENCE,) in paths:
        return with_referenced_series(template.elements, references)
    return {}


@cache
def _paths(sop_class: str) -> frozenset[tuple[int, ...]]:
    return frozenset(rule.path for rule in attributes_of(sop_class))


def _sources(work: DerivationContext, t: int, k: int) -> list[FrameSource]:
    """Return what a frame was made from; the whole instance where that is all of its frames, or where frames are tiles."""
    by_instance: dict[int, list[int]] = {}
    for n, frame in work.source_frames(t, k):
        by_instance.setdefault(n, []).append(frame + 1)
    result = []
    for n, numbers in by_instance.items():
        instance = work.series.instances[n]
        is_whole = work.series.layers is not None or len(numbers) == metadata.integer(
            instance.elements, Tag.NUMBER_OF_FRAMES, 1
        )
        result.append(FrameSource(instance, () if is_whole else tuple(sorted(numbers))))
    return result
