"""The file under examination, and its names in findings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ..model import metadata
from ..model.metadata import Elements, Instance
from ..standard import iods
from ..standard.tags import Tag
from .findings import FindingCollector, Severity, TagPath


@dataclass
class DataSetContext:
    """One file, and where what is found in it is collected."""

    instance: Instance
    collector: FindingCollector

    def __post_init__(self) -> None:
        instance = self.instance
        self.sop_class = metadata.text(instance.elements, Tag.SOP_CLASS_UID) or metadata.text(
            instance.file_meta, Tag.MEDIA_STORAGE_SOP_CLASS_UID
        )
        self.iod = iods.iod_of(self.sop_class)
        self.series = metadata.text(instance.elements, Tag.SERIES_INSTANCE_UID) + "|" + self.sop_class

    @property
    def elements(self) -> Elements:
        """The data set."""
        return self.instance.elements

    def error(self, rule: str, path: TagPath, message: str, advice: str) -> None:
        """The standard is violated."""
        self.say(Severity.ERROR, rule, path, message, advice)

    def warning(self, rule: str, path: TagPath, message: str, advice: str) -> None:
        """Readers may stumble."""
        self.say(Severity.WARNING, rule, path, message, advice)

    def info(self, rule: str, path: TagPath, message: str, advice: str) -> None:
        """Good to know."""
        self.say(Severity.INFO, rule, path, message, advice)

    def say(self, severity: Severity, rule: str, path: TagPath, message: str, advice: str) -> None:
        """Add a finding."""
        self.collector.add(self.series, severity, rule, self.instance.path, path, message, advice)


# of the first overlay, which represents those of the groups 6002, 6004… (PS3.5 7.6)
OVERLAYS = {"OverlayType": 0x60000040, "OverlayBitsAllocated": 0x60000100, "OverlayBitPosition": 0x60000102}


def first_overlay(tag: int) -> int:
    """Return the same attribute of the first overlay; other tags as they are."""
    return 0x60000000 | tag & 0xFFFF if 0x6000 <= tag >> 16 <= 0x601E else tag


@lru_cache(maxsize=4096)
def tag_of(keyword: str) -> int:
    """Return the tag of a keyword of the standard (PS3.6); raises `KeyError` where there is none."""
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(keyword) or OVERLAYS.get(keyword)
    if tag is None:
        raise KeyError(keyword)
    return int(tag)


def is_empty(elements: Elements, tag: int) -> bool:
    """Whether an attribute has no value: a zero length, nothing but padding, or a sequence without items."""
    vr, value, _ = elements[tag]
    if isinstance(value, tuple) or vr in BINARY:
        return not value
    return not value.strip(b" \0")


BINARY = frozenset(["AT", "FD", "FL", "OB", "OD", "OF", "OL", "OV", "OW", "SL", "SS", "SV", "UL", "UN", "US", "UV"])
