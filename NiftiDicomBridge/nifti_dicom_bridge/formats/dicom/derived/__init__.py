"""Edited volumes → derived instances: new UIDs, honest provenance, nothing stale (PS3.3 C.7.6.1.1.2, C.12.1.1).

The instances that the volume came from are the templates; what no longer holds is dropped or computed anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from .... import metadata, tags
from ....metadata import Instance, Log
from ....volume import Volume
from ..made import Made
from ..restore import UidMap
from .multi_frame import cine, multi_frame
from .single_frame import single_frames
from .work import Work

__all__ = ["derive"]


def derive(volume: Volume, uids: UidMap, log: Log) -> Iterator[Made]:
    """Yield the instances of an edited volume.

    Parameters
    ----------
    volume : Volume
        With `metadata` and `origin`, edited since.
    uids : UidMap
        Gives the new Series Instance UID, the same for all volumes of a series.
    log : Log
        Told what was dropped, computed and assumed.

    Raises
    ------
    GeometryError, PixelError
        If the grid or the values cannot be expressed in the kind of object that the volume came from.
    """
    series = volume.metadata
    assert series is not None
    first = series.first
    edits = volume.edits()
    log.notes.append(f"edited since it was made from DICOM ({' and '.join(sorted(edits)) or 'on request'}): a derived series")
    work = Work(volume, "geometry" in edits or (volume.origin is not None and volume.voxels.shape != volume.origin.shape), log)
    if work.functional:
        yield from multi_frame(work, uids)
    elif _is_plain_multi_frame(first, volume):
        yield from cine(work, uids)
    else:
        yield from single_frames(work, uids)


def _is_plain_multi_frame(instance: Instance, volume: Volume) -> bool:
    return metadata.integer(instance.elements, tags.NUMBER_OF_FRAMES, 1) > 1 and not (
        volume.pixel_record and volume.pixel_record.across
    )
