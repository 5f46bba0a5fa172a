"""What only several files together show: UIDs, one patient per study, and where the slices are (PS3.3 A.1, C.7.6.2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..model import metadata
from ..model.metadata import Elements, Instance
from ..model.space.geometry import normal_of
from ..standard import dictionary
from ..standard.tags import Tag
from .findings import FindingCollector, Severity

SAME_MM, SAME_PIXEL, SAME_DIRECTION = 0.01, 0.05, 1e-3
"""Images are at one position if they are at most this far apart, or this part of tiny pixels."""
SPACING_TOLERANCE = 0.02
"""How far SpacingBetweenSlices may be from the true distance, as a part of it, before it is worth a word."""
# what distinguishes images at one position
DISTINGUISHING = (
    Tag.ACQUISITION_TIME, Tag.CONTENT_TIME, Tag.ACQUISITION_DATE_TIME, Tag.IMAGE_TYPE, Tag.COMPLEX_IMAGE_COMPONENT,
    Tag.SCANNING_SEQUENCE,
    Tag.ECHO_TIME, Tag.INVERSION_TIME, Tag.ECHO_NUMBERS, Tag.REPETITION_TIME, Tag.FLIP_ANGLE, Tag.TRIGGER_TIME,
    Tag.FRAME_TIME, Tag.SEQUENCE_NAME,
    Tag.DIFFUSION_B_VALUE, Tag.DIFFUSION_GRADIENT_ORIENTATION, Tag.TEMPORAL_POSITION_IDENTIFIER, Tag.ACQUISITION_NUMBER,
    Tag.NUMBER_OF_TEMPORAL_POSITIONS, Tag.FRAME_REFERENCE_TIME, Tag.IMAGE_INDEX, 0x0019100C, 0x0019100E,
    0x00431039, 0x20011003, 0x20051413, 0x200510B0, Tag.CONTRAST_BOLUS_AGENT, Tag.KVP, Tag.CONVOLUTION_KERNEL,
)  # fmt: skip
# what objects of one series, and of one study, have in common (PS3.3 A.1.2, C.7.1 to C.7.4)
OWNERS = (
    *((Tag.SERIES_INSTANCE_UID, tag) for tag in (
        Tag.MODALITY, Tag.STUDY_INSTANCE_UID, Tag.FRAME_OF_REFERENCE_UID, Tag.SERIES_NUMBER)),
    *((Tag.STUDY_INSTANCE_UID, tag) for tag in (
        Tag.PATIENT_ID, Tag.PATIENT_NAME, Tag.PATIENT_BIRTH_DATE, Tag.PATIENT_SEX, Tag.STUDY_DATE, Tag.STUDY_ID)),
)  # fmt: skip


@dataclass(frozen=True)
class FileSummary:
    """What is kept of one file until all have been seen."""

    file: str
    uid: str
    sop_class: str
    owned: dict[int, str]
    kind: tuple[Any, ...]
    orientation: tuple[float, ...]
    position: tuple[float, ...]
    spacing_between: float
    same_mm: float

    @property
    def series(self) -> str:
        """SeriesInstanceUID, empty where there is none."""
        return self.owned[Tag.SERIES_INSTANCE_UID]


def summary_of_file(instance: Instance, sop_class: str) -> FileSummary:
    """Return what is kept of a file."""
    elements = instance.elements
    stated = ((tag, elements[tag].value) for tag in DISTINGUISHING if tag in elements)
    kind = tuple((tag, value) for tag, value in stated if isinstance(value, bytes))  # none of them is a sequence
    owned = {tag: _comparable(elements, tag) for tag in (Tag.SERIES_INSTANCE_UID, *(tag for _, tag in OWNERS))}
    return FileSummary(
        instance.path, instance.uid, sop_class, owned, kind,
        _finite(metadata.numbers(elements, Tag.IMAGE_ORIENTATION_PATIENT), 6),
        _finite(metadata.numbers(elements, Tag.IMAGE_POSITION_PATIENT), 3),
        metadata.number(elements, Tag.SPACING_BETWEEN_SLICES) or 0.0,
        _same_mm(metadata.numbers(elements, Tag.PIXEL_SPACING)),
    )  # fmt: skip


def _comparable(elements: Elements, tag: int) -> str:
    """Return a text without what does not distinguish it; empty for letters beyond ASCII, which depend on the character set."""
    text = metadata.text(elements, tag)
    return (text.rstrip("^= ") if tag == Tag.PATIENT_NAME else text) if text.isascii() else ""


def _same_mm(spacing_mm: list[float]) -> float:
    """Return how far apart images of one position may be, mm."""
    return min(SAME_MM, SAME_PIXEL * min((abs(size) for size in _finite(spacing_mm, 2) if size), default=1.0))


def _finite(numbers: list[float], count: int) -> tuple[float, ...]:
    return tuple(numbers) if len(numbers) == count and bool(np.isfinite(numbers).all()) else ()


def check_series(summaries: list[FileSummary], collector: FindingCollector) -> None:
    """Compare all files with one another."""
    _check_instances(summaries, collector)
    _check_owners(summaries, collector)
    groups: dict[str, list[FileSummary]] = {}
    for summary in summaries:
        if summary.series:
            groups.setdefault(summary.series, []).append(summary)
    for group in groups.values():
        for stack in _stacks(group):
            _check_positions(stack, collector)


def _add(
    collector: FindingCollector, severity: Severity, rule: str, summary: FileSummary, tag: int, message: str, advice: str
) -> None:
    collector.add(f"{summary.series}|{summary.sop_class}", severity, rule, summary.file, (tag,), message, advice)


def _check_instances(summaries: Iterable[FileSummary], collector: FindingCollector) -> None:
    seen: dict[str, FileSummary] = {}
    for summary in summaries:
        twin = seen.setdefault(summary.uid, summary) if summary.uid else summary
        if twin is not summary:
            _add(
                collector,
                Severity.ERROR,
                "UID",
                summary,
                Tag.SOP_INSTANCE_UID,
                f"{summary.uid} is also that of {twin.file} (PS3.5 9).",
                "Remove the copy, or give it a UID of its own.",
            )
        named = {summary.uid: "SOPInstanceUID"}
        for tag in (Tag.SERIES_INSTANCE_UID, Tag.STUDY_INSTANCE_UID, Tag.FRAME_OF_REFERENCE_UID):
            uid, name = summary.owned[tag], dictionary.keyword_of(tag)
            if uid and named.setdefault(uid, name) != name:
                _add(
                    collector,
                    Severity.ERROR,
                    "UID",
                    summary,
                    tag,
                    f"{uid} is also its {named[uid]}: one UID names one thing (PS3.5 9).",
                    "Make a new UID.",
                )


def _check_owners(summaries: Iterable[FileSummary], collector: FindingCollector) -> None:
    first: dict[tuple[int, str], FileSummary] = {}
    for summary in summaries:
        for owner, tag in OWNERS:
            uid, value = summary.owned[owner], summary.owned[tag]
            if not uid or not value:
                continue
            before = first.setdefault((tag, uid), summary)
            if before.owned[tag] != value:
                of, name = dictionary.keyword_of(owner), dictionary.keyword_of(tag)
                _add(
                    collector,
                    Severity.ERROR,
                    "one of each",
                    summary,
                    tag,
                    f"It is {value!r}, and {before.owned[tag]!r} in {before.file}; objects of one {of} must have the same "
                    f"{name} (PS3.3 A.1.2).",
                    f"Correct it, or give each {name} a {of} of its own.",
                )


# --- where slices are -------------------------------------------------------------------------------------------------


def _stacks(summaries: list[FileSummary]) -> list[list[FileSummary]]:
    """Return the parallel slices of a series, apart by orientation."""
    result: list[list[FileSummary]] = []
    for summary in summaries:
        if not summary.orientation or not summary.position:
            continue
        for stack in result:
            if np.abs(np.subtract(stack[0].orientation, summary.orientation)).max() < SAME_DIRECTION:
                stack.append(summary)
                break
        else:
            result.append([summary])
    if len(result) > 1:
        return [stack for stack in result if len(stack) > 1]
    return result


def _check_positions(stack: list[FileSummary], collector: FindingCollector) -> None:
    normal = normal_of(np.array(stack[0].orientation))
    distances = np.array([np.dot(summary.position, normal) for summary in stack])
    _check_duplicates(stack, collector)
    steps = np.diff(np.sort(distances))
    steps = steps[steps > stack[0].same_mm]
    if len(steps) == 0:
        return
    usual = float(np.median(steps))
    first = stack[0]
    if np.abs(steps - usual).max() > max(first.same_mm, SPACING_TOLERANCE * usual):
        _add(
            collector,
            Severity.INFO,
            "spacing",
            first,
            Tag.IMAGE_POSITION_PATIENT,
            f"The slices are {steps.min():.4g} to {steps.max():.4g} mm apart, so the grid is not regular.",
            "Check whether slices are missing.",
        )
    elif first.spacing_between and abs(first.spacing_between - usual) > SPACING_TOLERANCE * usual:
        _add(
            collector,
            Severity.WARNING,
            "spacing",
            first,
            Tag.SPACING_BETWEEN_SLICES,
            f"It is {first.spacing_between:g} mm; the positions of the slices are {usual:.5g} mm apart (PS3.3 C.7.6.2).",
            "Correct it: some readers use it, others the positions.",
        )


def _check_duplicates(stack: list[FileSummary], collector: FindingCollector) -> None:
    seen: dict[tuple[Any, ...], FileSummary] = {}
    for summary in stack:
        key = (tuple(round(number / stack[0].same_mm) for number in summary.position), summary.kind)
        twin = seen.setdefault(key, summary)
        if twin is not summary and twin.uid != summary.uid:
            _add(
                collector,
                Severity.WARNING,
                "position",
                summary,
                Tag.IMAGE_POSITION_PATIENT,
                f"It has the position of {twin.file}, and no time, echo, b-value or other attribute distinguishes them.",
                "Set an attribute that distinguishes them, or remove one.",
            )
