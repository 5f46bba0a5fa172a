"""Items that refer to each other by numbers: segments and their frames, regions of interest and their contours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..model import metadata
from ..model.listing import listed
from ..model.metadata import Elements
from ..standard.dictionary import describe
from ..standard.tags import Tag
from .findings import TagPath
from .subject import DataSetContext

_COORDINATES = 3
_FROM_1 = ("BINARY", "FRACTIONAL")
"""SegmentationType of objects whose segments are numbered from 1 (PS3.3 C.8.20.2.4)."""
_GROUPS = (Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE, Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
_CORRECT = "Correct the numbers in the program that wrote the object."


def check_numbered_items(subject: DataSetContext) -> None:
    """Report numbers that occur twice, that nothing has, or that are not in the order that the standard requires."""
    if Tag.SEGMENT_SEQUENCE in subject.elements:
        _check_segments(subject)
    if Tag.STRUCTURE_SET_ROI_SEQUENCE in subject.elements:
        _check_regions(subject)


def _check_segments(subject: DataSetContext) -> None:
    numbers = _numbers(subject.elements, Tag.SEGMENT_SEQUENCE, Tag.SEGMENT_NUMBER)
    path = (Tag.SEGMENT_SEQUENCE, Tag.SEGMENT_NUMBER)
    kind = metadata.text(subject.elements, Tag.SEGMENTATION_TYPE)
    if kind in _FROM_1 and numbers != list(range(1, len(numbers) + 1)):
        wanted = f"segments of a {kind} segmentation are numbered 1, 2, 3, … in their order"
        _report(subject, path, f"It is {listed(numbers)}; {wanted} (PS3.3 C.8.20.2.4)")
    else:
        _check_unique(subject, path, numbers, "C.8.20.2")
    referred = {
        metadata.integer(group.elements, Tag.REFERENCED_SEGMENT_NUMBER)
        for groups in _groups(subject.elements)
        for group in metadata.items(groups, Tag.SEGMENT_IDENTIFICATION_SEQUENCE)
    }
    within = (_GROUPS[1], Tag.SEGMENT_IDENTIFICATION_SEQUENCE, Tag.REFERENCED_SEGMENT_NUMBER)
    _check_known(subject, within, referred, numbers, path, "C.8.20.3.1")


def _groups(elements: Elements) -> Iterator[Elements]:
    for sequence in _GROUPS:
        yield from (item.elements for item in metadata.items(elements, sequence))


def _check_regions(subject: DataSetContext) -> None:
    numbers = _numbers(subject.elements, Tag.STRUCTURE_SET_ROI_SEQUENCE, Tag.ROI_NUMBER)
    path = (Tag.STRUCTURE_SET_ROI_SEQUENCE, Tag.ROI_NUMBER)
    _check_unique(subject, path, numbers, "C.8.8.5")
    for sequence, section in ((Tag.ROI_CONTOUR_SEQUENCE, "C.8.8.6"), (Tag.RTROI_OBSERVATIONS_SEQUENCE, "C.8.8.8")):
        referred = _numbers(subject.elements, sequence, Tag.REFERENCED_ROI_NUMBER)
        within = (sequence, Tag.REFERENCED_ROI_NUMBER)
        _check_known(subject, within, set(referred), numbers, path, section)
        if sequence == Tag.ROI_CONTOUR_SEQUENCE:
            _check_unique(subject, within, referred, section)
    _check_spaces(subject)
    for region in metadata.items(subject.elements, Tag.ROI_CONTOUR_SEQUENCE):
        for contour in metadata.items(region.elements, Tag.CONTOUR_SEQUENCE):
            _check_points(subject, contour.elements)


def _check_spaces(subject: DataSetContext) -> None:
    """Report regions in a frame of reference that the object does not list."""
    listed_spaces = metadata.items(subject.elements, Tag.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE)
    known = {metadata.text(item.elements, Tag.FRAME_OF_REFERENCE_UID) for item in listed_spaces}
    regions = metadata.items(subject.elements, Tag.STRUCTURE_SET_ROI_SEQUENCE)
    used = {metadata.text(item.elements, Tag.REFERENCED_FRAME_OF_REFERENCE_UID) for item in regions} - {""}
    if known and (unknown := sorted(used - known)):
        path = (Tag.STRUCTURE_SET_ROI_SEQUENCE, Tag.REFERENCED_FRAME_OF_REFERENCE_UID)
        problem = f"It is {listed(unknown)}, which is not in {describe(Tag.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE)}"
        subject.error("numbers", path, f"{problem} (PS3.3 C.8.8.5).", "Correct the UID in the program that wrote the object.")


def _check_points(subject: DataSetContext, contour: Elements) -> None:
    """Report that ContourData has another number of points than NumberOfContourPoints specifies."""
    stated, count = metadata.number(contour, Tag.NUMBER_OF_CONTOUR_POINTS), len(metadata.numbers(contour, Tag.CONTOUR_DATA))
    if stated is not None and count and stated * _COORDINATES != count:
        path = (Tag.ROI_CONTOUR_SEQUENCE, Tag.CONTOUR_SEQUENCE, Tag.NUMBER_OF_CONTOUR_POINTS)
        data = describe(Tag.CONTOUR_DATA)
        _report(subject, path, f"It is {stated:g}, and {data} has {count} values, three for each point (PS3.3 C.8.8.6)")


def _numbers(elements: Elements, sequence: int, tag: int) -> list[int]:
    items = (item.elements for item in metadata.items(elements, sequence))
    return [metadata.integer(item, tag) for item in items if tag in item]


def _check_unique(subject: DataSetContext, path: TagPath, numbers: list[int], section: str) -> None:
    several = [number for number, count in Counter(numbers).items() if count > 1]
    if several:
        _report(subject, path, f"Several items have {listed(several)}; each number may occur once (PS3.3 {section})")


def _check_known(
    subject: DataSetContext, path: TagPath, referred: set[int], numbers: list[int], known: TagPath, section: str
) -> None:
    unknown = sorted(referred - set(numbers))
    if unknown:
        _report(subject, path, f"It is {listed(unknown)}, which no {describe(known[-1])} is (PS3.3 {section})")


def _report(subject: DataSetContext, path: TagPath, problem: str) -> None:
    subject.error("numbers", path, f"{problem}.", _CORRECT)
