"""The label maps that are drawn upon pictures: segmentations, RT Structure Sets, label maps of other formats."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...errors import BridgeError, OptionError
from ...formats.dicom.reading.frames.frames import true_planes
from ...formats.dicom.reading.grouping.series import find_series
from ...formats.dicom.reading.segmentations.segments import segments_of
from ...labels import Segment, find_labels, read_labels
from ...model import metadata
from ...model.volume import Volume
from ...options import ConversionOptions
from ...preview import Labels
from ...standard.tags import Tag
from ..entries import OutputPolicy
from ..regular_grid import on_regular_grid
from .read_images import read
from .streamed import loaded


def label_maps(options: ConversionOptions, inputs: Sequence[Path], policy: OutputPolicy) -> tuple[Labels, ...]:
    """Return what ``overlay`` names: the segments of a DICOM SEG, regions of an RT Structure Set, or another label map.

    Parameters
    ----------
    options : ConversionOptions
        With ``preview.overlay`` and ``labels``.
    inputs : sequence of pathlib.Path
        The images that pictures are made of, on whose slices an RT Structure Set may be drawn.
    policy : OutputPolicy
        What may be shown.

    Raises
    ------
    OptionError
        If it cannot be read, or is not a label map.
    """
    path = options.preview.overlay
    if path is None:
        return ()
    try:
        volumes = _regions(path, inputs, options) or [(volume, frame_of_reference_of(volume)) for volume in read(path)]
    except BridgeError as error:
        raise OptionError(f'overlay="{path}": {error}') from None
    maps = []
    for volume, space in volumes:
        if volume.voxels.ndim != 4 or not _is_whole(volume.array):
            raise OptionError(
                f'overlay="{path}": {volume.name} has values of type {volume.voxels.dtype}, which are not labels.'
            )
        if volume.source is not None:
            volume = policy.clean(volume)
        grid = on_regular_grid(volume, true_planes(volume.dicom.metadata) if volume.source is not None else None)
        segments = policy.labels(_segments(path, volume, options.labels))
        maps.append(Labels(grid, tuple(segments), policy.uid(space)))
    return tuple(maps)


def _regions(path: Path, inputs: Sequence[Path], options: ConversionOptions) -> list[tuple[Volume, str]]:
    """Return the label maps of a file that is an RT Structure Set, with their frames of reference; nothing for other files.

    Raises
    ------
    BridgeError
        If it cannot be drawn, such as where the series that it refers to is not among the inputs.
    """
    if not path.is_file() or not find_series([path]).structure_sets:
        return []
    from ...formats.dicom.structure_sets.inventory import all_plans  # few overlays need it
    from ...formats.dicom.structure_sets.plan import StructurePlan
    from .structure_sets import spaces_of

    inventory = find_series([path, *inputs])
    inventory.spaces = spaces_of(inventory, options)
    plans = [one for one in all_plans(inventory) if isinstance(one, StructurePlan) and one.instances[0].path == str(path)]
    if not plans:
        raise BridgeError(next((one.reason for one in inventory.leftovers if one.path == str(path)), "It has no regions."))
    return [(loaded(plan, None), plan.frame_of_reference) for plan in plans]


def _is_whole(voxels: np.ndarray) -> bool:
    return voxels.dtype.kind in "iub" or bool(np.array_equal(voxels, np.rint(voxels)))


def _segments(path: Path, volume: Volume, table: Path | None) -> list[Segment]:
    if volume.source is not None:
        return segments_of(volume)
    labels = table or find_labels(path)
    return read_labels(labels) if labels is not None else []


def frame_of_reference_of(volume: Volume) -> str:
    """Return the FrameOfReferenceUID of a volume, empty where it is not known."""
    return metadata.text(volume.dicom.metadata.first.elements, Tag.FRAME_OF_REFERENCE_UID) if volume.source is not None else ""
