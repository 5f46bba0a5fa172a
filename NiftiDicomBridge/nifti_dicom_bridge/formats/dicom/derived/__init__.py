"""Edited volumes → derived instances: new UIDs, correct provenance, nothing outdated (PS3.3 C.7.6.1.1.2, C.12.1.1).

The instances that the volume came from are the templates; what no longer holds is dropped or computed again.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from ....errors import GeometryError
from ....model import metadata
from ....model.metadata import Instance, Log
from ....model.space.lost_positions import unstated_position
from ....model.volume import Volume
from ....options import ConversionOptions
from ....standard.tags import Tag
from ..edits import AttributePath
from ..new_file import NewFile
from ..reading.attributes.functional_groups import frame_count
from ..reading.data_sets.data_set_writing import check_length
from ..structure_sets import is_structure_set
from ..uids import UidMap
from .derivation import DerivationContext, has_position
from .multi_frame import cine, functional_frames
from .single_frame import single_frames

__all__ = ["derive", "derive_groups", "group_by_object"]

_USUAL = ConversionOptions()


def group_by_object(volumes: Sequence[Volume]) -> list[list[Volume]]:
    """Return volumes in groups that become one: label maps of the same object on the same grid."""
    from .fractions import is_fractions
    from .label_maps import is_label_map

    groups: list[list[Volume]] = []
    for volume in volumes:
        may_be_joined = is_label_map(volume) or is_fractions(volume)
        same = [group for group in groups if may_be_joined and _are_of_one_object(group[0], volume)]
        if same:
            same[0].append(volume)
        else:
            groups.append([volume])
    return groups


def _are_of_one_object(a: Volume, b: Volume) -> bool:
    keys = [{instance.key for instance in volume.dicom.metadata.instances} for volume in (a, b)]
    return bool(keys[0] & keys[1]) and a.voxels.shape == b.voxels.shape and np.array_equal(a.ijk_to_ras, b.ijk_to_ras)


def derive_groups(
    volumes: Sequence[Volume],
    uids: UidMap,
    log: Log,
    options: ConversionOptions = _USUAL,
    stated: Collection[AttributePath] = (),
) -> Iterator[NewFile]:
    """Yield the instances of volumes that become one (see `together`); raises as `derive` does."""
    from .fractions import derive_fractions, is_fractions
    from .label_maps import derive_label_maps, is_label_map

    of_fractions = is_fractions(volumes[0])
    if not of_fractions and not is_label_map(volumes[0]):
        yield from derive(volumes[0], uids, log, options, stated)
        return
    _check_position(volumes[0])
    _note_edits(frozenset().union(*(volume.edits() for volume in volumes)), log)
    if of_fractions:
        yield from derive_fractions(volumes, is_on_another_grid(volumes[0]), uids, log)
        return
    if is_structure_set(volumes[0].dicom.metadata.first):
        from ..structure_sets.derive import derive_structure_set

        yield from derive_structure_set([volume.in_memory() for volume in volumes], is_on_another_grid(volumes[0]), uids, log)
        return
    yield from derive_label_maps(volumes, is_on_another_grid(volumes[0]), uids, log)


def derive(
    volume: Volume, uids: UidMap, log: Log, options: ConversionOptions = _USUAL, stated: Collection[AttributePath] = ()
) -> Iterator[NewFile]:
    """Yield the instances of an edited volume.

    Parameters
    ----------
    volume : Volume
        With `metadata` and `origin`, edited since.
    uids : UidMap
        Gives the new Series Instance UID, the same for all volumes of a series.
    log : Log
        Receives what was dropped, computed and assumed.
    options : ConversionOptions
        Of these, the largest change of a value by rounding to 16 bits is used.
    stated : collection of AttributePath
        What is set afterwards, by options or by the edited sidecar: units of these are not doubted.

    Raises
    ------
    GeometryError, PixelError
        If the grid or the values cannot be expressed in the kind of object that the volume came from.
    """
    series = volume.dicom.metadata
    first = series.first
    _check_size(volume)
    _check_position(volume)
    _note_edits(volume.edits(), log)
    work = DerivationContext(volume, is_on_another_grid(volume) or series.layers is not None, log, options, stated)
    if work.functional:
        yield from functional_frames(work, uids)
    elif _is_plain_multi_frame(first, volume):
        yield from cine(work, uids)
    else:
        yield from single_frames(work, uids)


def _check_size(volume: Volume) -> None:
    """Refuse objects of many frames that are too large before values are read."""
    series = volume.dicom.metadata
    if len(series.instances) < volume.voxels.shape[0] * volume.voxels.shape[1]:
        samples = math.prod(volume.voxels.shape) // len(series.instances)
        check_length(samples * metadata.integer(series.first.elements, Tag.BITS_ALLOCATED) // 8)


def _check_position(volume: Volume) -> None:
    """Refuse an image whose position was lost: left and right would be guessed."""
    origin = volume.dicom.origin
    problem = unstated_position(volume, origin.ijk_to_ras, origin.shape[1:4]) if volume.is_moved else ""
    if problem and has_position(volume.dicom.metadata):
        raise GeometryError(
            f"{problem}, and the grid is not that of its original, so where it is in the patient is unknown. Copy the affine "
            "of the image that it was made from into its header."
        )


def _note_edits(edits: frozenset[str], log: Log) -> None:
    log.notes.append(f"edited since it was made from DICOM ({' and '.join(sorted(edits)) or 'on request'}): a derived series")


def is_on_another_grid(volume: Volume) -> bool:
    """Whether the planes of a volume are not those of its frames."""
    return volume.is_moved or volume.voxels.shape != volume.dicom.origin.shape


def _is_plain_multi_frame(instance: Instance, volume: Volume) -> bool:
    return frame_count(instance.elements) > 1 and not volume.dicom.is_mosaic
