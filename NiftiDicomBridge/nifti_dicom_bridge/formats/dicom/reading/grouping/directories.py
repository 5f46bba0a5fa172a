"""What a DICOMDIR lists (PS3.3 F.3): instances of a series that are not among those that were found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from .....model import metadata
from .....model.metadata import Elements
from .....standard.tags import Tag


def listed_instances(directories: Iterable[Elements]) -> dict[str, set[str]]:
    """Return the SOPInstanceUIDs of every SeriesInstanceUID that directories list.

    A record of a series is followed by those of its instances.
    """
    listed: dict[str, set[str]] = defaultdict(set)
    for elements in directories:
        series = ""
        for item in metadata.items(elements, Tag.DIRECTORY_RECORD_SEQUENCE):
            kind = metadata.text(item.elements, Tag.DIRECTORY_RECORD_TYPE)
            instance = metadata.text(item.elements, Tag.REFERENCED_SOP_INSTANCE_UID_IN_FILE)
            if kind == "SERIES":
                series = metadata.text(item.elements, Tag.SERIES_INSTANCE_UID)
            elif kind in ("PATIENT", "STUDY"):
                series = ""
            elif series and instance:
                listed[series].add(instance)
    return listed


def doubt_of_listed(listed: set[str], uids: Iterable[str]) -> str:
    """Return that instances which a DICOMDIR lists were not found; empty if all were."""
    count = len(listed.difference(uids))
    return f"the DICOMDIR lists {count} file(s) of the series that were not found: it is incomplete" if count else ""
