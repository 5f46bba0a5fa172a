"""What became of the attributes: restored, assumed, changed, dropped, each with the source of its value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..conversion.comparison.instances import OF_ENCODED_PIXELS
from ..formats.dicom.created.attributes import DEFAULT
from ..formats.dicom.pydicom_conversion import in_utf_8
from ..model import metadata
from ..model.metadata import Change, Element, Elements, Instance, Log, SeriesMetadata
from ..model.report import Outcome
from ..standard import dictionary

RESTORED = "restored"
# what a person looks for first
TELLING = (
    "PatientName", "PatientID", "PatientBirthDate", "StudyDate", "StudyDescription", "Modality", "Manufacturer",
    "ManufacturerModelName", "SeriesNumber", "SeriesDescription", "RepetitionTime", "EchoTime", "KVP",
)  # fmt: skip
_OUTCOMES = {
    Outcome.REISSUED: "a new series (new UIDs)",
    Outcome.DERIVED: "a derived series",
    Outcome.CONVERTED: "another kind of object",
}
_OF_PIXELS = "the encoding of the pixels"
LONGEST = 120


@dataclass(frozen=True)
class Row:
    """One attribute: what became of it, what it was and is, and why."""

    kind: str
    attribute: str
    old: str
    new: str
    source: str


@dataclass
class Attributes:
    """What became of all attributes.

    Attributes
    ----------
    compared, restored : int
        Attributes of all instances that were in the image before, and those that are the same after.
    instances : int
        How many instances those were.
    rows : list of Row
        What is not the same, and what a person looks for first.
    """

    compared: int = 0
    restored: int = 0
    instances: int = 0
    rows: list[Row] = field(default_factory=list)


def of_log(log: Log) -> list[Row]:
    """Return the attributes that a conversion chose or changed."""
    return [*map(_chosen, log.values), *map(_changed, log.changes)]


def _chosen(change: Change) -> Row:
    if change.source != DEFAULT:
        return Row("set", change.attribute, change.old, change.new, change.source)
    kind, source = (
        ("assumed", "the standard requires a value") if change.new else ("empty", "the standard requires it, even empty")
    )
    return Row(kind, change.attribute, change.old, change.new, source)


def _changed(change: Change) -> Row:
    kind = "changed" if change.old and change.new else "set" if change.new else "dropped"
    return Row(kind, change.attribute, change.old, change.new, change.source)


def compare_series(before: SeriesMetadata, after: SeriesMetadata, outcome: Outcome, known: Iterable[Row]) -> Attributes:
    """Return what became of the attributes of the instances of an image, as the files specify.

    Parameters
    ----------
    before, after : SeriesMetadata
        The instances; those of an image file are the ones of its sidecar.
    outcome : Outcome
        Why attributes may differ.
    known : iterable of Row
        Attributes that need no second row.
    """
    attributes = Attributes()
    rows: dict[int, Row | None] = {}
    for old, new in _instances(before, after):
        attributes.instances += 1
        attributes.compared += len(old.elements)
        for tag in sorted(old.elements.keys() | new.elements.keys()):
            if _same(old.elements.get(tag), new.elements.get(tag)):
                attributes.restored += 1
            elif tag not in rows:
                rows[tag] = _row(tag, old, new, outcome)
    known_attributes = {row.attribute for row in known}
    attributes.rows = [row for row in rows.values() if row and row.attribute not in known_attributes]
    attributes.rows += [row for row in _telling(before.first, after.first) if row.attribute not in known_attributes]
    return attributes


def _instances(before: SeriesMetadata, after: SeriesMetadata) -> Iterator[tuple[Instance, Instance]]:
    """Yield the instances that hold the same planes; the first ones where the images are not divided alike."""
    if before.frames.shape != after.frames.shape or len(before.instances) != len(after.instances):
        yield before.first, after.first
        return
    partners = dict(zip(before.frames[..., 0].flat, after.frames[..., 0].flat, strict=True))
    for n, m in partners.items():
        yield before.instances[int(n)], after.instances[int(m)]


def _same(old: Element | None, new: Element | None) -> bool:
    return old is not None and new is not None and old.value == new.value


def _row(tag: int, old: Instance, new: Instance, outcome: Outcome) -> Row:
    was, is_ = shown(old, tag), shown(new, tag)
    kind = "dropped" if tag not in new.elements else "changed" if tag in old.elements else "set"
    source = _OF_PIXELS if tag in OF_ENCODED_PIXELS else _OUTCOMES.get(outcome, "")
    return Row(kind, dictionary.keyword_of(tag), was, is_, source)


def _telling(old: Instance, new: Instance) -> Iterator[Row]:
    from pydicom.datadict import tag_for_keyword

    for keyword in TELLING:
        tag = int(tag_for_keyword(keyword) or 0)
        if _same(old.elements.get(tag), new.elements.get(tag)) and shown(old, tag):
            yield Row(RESTORED, keyword, shown(old, tag), shown(new, tag), "the original")


def shown(instance: Instance, tag: int) -> str:
    """Return the value of an attribute as a person reads it; empty where it is absent or empty."""
    element = _readable(instance, tag)
    if element is None:
        return ""
    if isinstance(element.value, tuple):
        return f"({len(element.value)} item{'s' * (len(element.value) != 1)})"
    if element.vr in metadata.NUMBER_FORMATS:
        return "\\".join(f"{value:g}" for value in metadata.numbers({0: element}, 0)[:16])
    if element.vr in ("OB", "OD", "OF", "OL", "OV", "OW", "UN", "AT"):
        return f"({len(element.value)} bytes)"
    return element.value.decode("utf-8", "replace").strip(metadata.SPACE_AND_NULL)[:LONGEST]


def _readable(instance: Instance, tag: int) -> Element | None:
    elements: Elements = in_utf_8(instance, [tag])
    return elements.get(tag, instance.elements.get(tag))
