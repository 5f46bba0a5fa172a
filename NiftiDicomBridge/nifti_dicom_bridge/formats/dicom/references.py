"""References from one DICOM object to others: to its source images, and to all of them with their studies and series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from ...model import metadata
from ...model.metadata import Element, Elements, Instance
from ...standard.tags import Tag
from . import new_element

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_SOURCE_IMAGE = new_element.code("121322", "DCM", "Source image for image processing operation")


class Reference(NamedTuple):
    """One instance: the UIDs of its study and series, its class, its own UID."""

    study: str
    series: str
    sop_class: str
    uid: str

    @classmethod
    def to(cls, instance: Instance) -> Reference:
        """Return the reference to an instance."""
        tags = (Tag.STUDY_INSTANCE_UID, Tag.SERIES_INSTANCE_UID, Tag.SOP_CLASS_UID)
        study, series, sop_class = (metadata.text(instance.elements, tag) for tag in tags)
        return cls(study, series, sop_class, instance.uid)

    @classmethod
    def to_data_set(cls, source: Dataset) -> Reference:
        """Return the reference to a data set of pydicom."""
        uids = (source.StudyInstanceUID, source.SeriesInstanceUID, source.SOPClassUID, source.SOPInstanceUID)
        return cls(*map(str, uids))

    @property
    def item(self) -> Elements:
        """The SOP instance reference (PS3.3 10.8)."""
        return new_element.reference(self.sop_class, self.uid)


def source_image(reference: Reference, frames: Sequence[int] = ()) -> Elements:
    """Return an item of SourceImageSequence (PS3.3 C.12.4.1.1): an instance (frame 0), or some of its frames, from 1."""
    numbers = {Tag.REFERENCED_FRAME_NUMBER: new_element.integers("IS", *frames)} if any(frames) else {}
    return {**reference.item, **numbers, Tag.PURPOSE_OF_REFERENCE_CODE_SEQUENCE: new_element.sequence(_SOURCE_IMAGE)}


def source_images(sources: Iterable[tuple[Instance, Sequence[int]]]) -> Element:
    """Return SourceImageSequence of the instances that an image was made from, with their frames (from 1)."""
    references = ((Reference.to(instance), frames) for instance, frames in sources)
    return new_element.sequence(*(source_image(reference, frames) for reference, frames in references if reference.uid))


def evidence(references: Iterable[Reference]) -> Elements:
    """Return SourceImageEvidenceSequence (PS3.3 C.8.13.2.1): study, series and instances of all sources, each once."""
    known = list({reference.uid: reference for reference in references if reference.uid}.values())
    studies = [
        {
            Tag.REFERENCED_SERIES_SEQUENCE: _series(of_study, Tag.REFERENCED_SOP_SEQUENCE),
            Tag.STUDY_INSTANCE_UID: new_element.text("UI", study),
        }
        for study, of_study in _grouped(known, lambda reference: reference.study)
    ]
    return {Tag.SOURCE_IMAGE_EVIDENCE_SEQUENCE: new_element.sequence(*studies)} if studies else {}


def listed_in_evidence(elements: Elements) -> Iterator[Reference]:
    """Yield the instances that SourceImageEvidenceSequence lists."""
    for study in metadata.items(elements, Tag.SOURCE_IMAGE_EVIDENCE_SEQUENCE):
        for series in metadata.items(study.elements, Tag.REFERENCED_SERIES_SEQUENCE):
            for item in metadata.items(series.elements, Tag.REFERENCED_SOP_SEQUENCE):
                yield Reference(
                    metadata.text(study.elements, Tag.STUDY_INSTANCE_UID),
                    metadata.text(series.elements, Tag.SERIES_INSTANCE_UID),
                    metadata.text(item.elements, Tag.REFERENCED_SOP_CLASS_UID),
                    metadata.text(item.elements, Tag.REFERENCED_SOP_INSTANCE_UID),
                )


def referenced_series(references: Iterable[Reference]) -> Elements:
    """Return ReferencedSeriesSequence of the Common Instance Reference module (PS3.3 C.12.2) of one study."""
    known = [reference for reference in references if reference.uid]
    return {Tag.REFERENCED_SERIES_SEQUENCE: _series(known, Tag.REFERENCED_INSTANCE_SEQUENCE)}


def with_referenced_series(elements: Elements, references: Iterable[Reference]) -> Elements:
    """Return ReferencedSeriesSequence (PS3.3 C.12.2) with further instances, of the same study."""
    tag = Tag.REFERENCED_SERIES_SEQUENCE
    return {tag: Element("SQ", (*metadata.items(elements, tag), *metadata.items(referenced_series(references), tag)))}


def common_instance_references(references: Iterable[Reference], study: str) -> Elements:
    """Return the Common Instance Reference module (PS3.3 C.12.2) of an object of a study."""
    elements: Elements = {}
    others = []
    for uid, of_study in _grouped(references, lambda reference: reference.study):
        series = referenced_series(of_study)
        if uid == study:
            elements |= series
        else:
            others.append({**series, Tag.STUDY_INSTANCE_UID: new_element.text("UI", uid)})
    if others:
        elements[Tag.STUDIES_CONTAINING_OTHER_REFERENCED_INSTANCES_SEQUENCE] = new_element.sequence(*others)
    return elements


def _series(references: Iterable[Reference], instances: int) -> Element:
    """Return ReferencedSeriesSequence, with the instances of every series in a sequence of their own."""
    return new_element.sequence(
        *(
            {
                instances: new_element.sequence(*(reference.item for reference in of_series)),
                Tag.SERIES_INSTANCE_UID: new_element.text("UI", uid),
            }
            for uid, of_series in _grouped(references, lambda reference: reference.series)
        )
    )


def _grouped(references: Iterable[Reference], key: Callable[[Reference], str]) -> Iterator[tuple[str, list[Reference]]]:
    for uid, group in groupby(sorted(references, key=key), key):
        yield uid, list(group)
