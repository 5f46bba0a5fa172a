"""Series → plans: the volumes that can be loaded, from the headers alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ....model import metadata
from ....model.files.names import safe_name, unique_name
from ....model.metadata import Instance
from ....model.processes.garbage_collection import collection_paused
from ....model.volume import Volume
from ....standard.sop_classes import SEGMENTATIONS
from ....standard.tags import Tag
from .attributes.date_times import usual_zone_of
from .attributes.shared_values import SharedValues, SimilarDataSets
from .frames.frame_info import FrameInfo
from .frames.frames import SharedDescriptions, frames_of
from .frames.multiframe import is_large_picture, refuse_tiles, sop_class_of
from .frames.tiles import is_tiled, refuse_undescribed
from .grouping.series import Inventory, Series
from .grouping.series_doubts import doubts_of
from .pixel_data import decode
from .segmentations.segment_grids import grids_of_segmentations
from .stacking.grids import Grid
from .stacking.locations import doubts_of_locations
from .stacking.lone_positions import with_orientations, without_lone_position
from .stacking.stacks import grids_of_frames


@dataclass
class Plan:
    """A volume that can be loaded: known from the headers alone.

    Attributes
    ----------
    name : str
        Proposed file name.
    title : str
        What a person calls the series.
    instances : tuple of Instance
        Those that the volume is made of.
    grid : Grid
        Their frames, with instance numbers that count in `instances`.
    warnings : list of str
        What to know before loading.
    suffix : str
        End of the name: what it differs in from other images of its series.
    """

    name: str
    title: str
    instances: tuple[Instance, ...]
    grid: Grid
    warnings: list[str] = field(default_factory=list)
    suffix: str = ""

    @property
    def paths(self) -> list[Path]:
        """The files of its instances."""
        return [Path(instance.path) for instance in self.instances]

    @property
    def series_uid(self) -> str:
        """SeriesInstanceUID; empty where it is not stated."""
        return metadata.text(self.instances[0].elements, Tag.SERIES_INSTANCE_UID)

    @property
    def frame_of_reference(self) -> str:
        """FrameOfReferenceUID; empty where it is not stated."""
        return metadata.text(self.instances[0].elements, Tag.FRAME_OF_REFERENCE_UID)

    @property
    def frames(self) -> list[list[FrameInfo]]:
        """By time, then by slice."""
        return self.grid.frames

    @property
    def all_frames(self) -> list[FrameInfo]:
        """In the order of the planes of the volume."""
        return [frame for times in self.frames for frame in times]

    @property
    def is_placed(self) -> bool:
        """Whether the objects specify where the image is."""
        return self.grid.stack is not None and not self.frames[0][0].is_assumed

    @property
    def dtype(self) -> np.dtype:
        """Type of the stored values; of a label map the smallest that has room for its labels."""
        largest = max((layer.label for layer in self.grid.layers), default=0)
        return np.min_scalar_type(largest) if largest else decode.pixel_format(self.instances[0]).dtype


class DrawnPlan(Plan):
    """A volume that is not made of pixel data: it is drawn."""

    def outline(self) -> Volume:
        """Return the volume with zeros that take no memory in the place of its voxels."""
        raise NotImplementedError

    def load(self) -> Volume:
        """Return the volume."""
        raise NotImplementedError


def plan_all(inventory: Inventory) -> list[Plan]:
    """Return what each series becomes, under names that do not collide."""
    return with_unique_names([plan for series in inventory.series for plan in plan_series(series)])


def with_unique_names(plans: list[Plan]) -> list[Plan]:
    """Return plans whose names differ, whatever the case of letters."""
    taken: set[str] = set()
    for plan in plans:
        plan.name = unique_name(plan.name, taken)
    return plans


def plan_series(series: Series) -> list[Plan]:
    """Return the volumes of one series."""
    headers = SimilarDataSets(instance.elements for instance in series.instances)
    refuse_tiles(series.instances, SharedValues(is_large_picture).of_all(headers))
    with collection_paused():
        grids = _grids_of(series, headers)
    warnings = [*series.warnings, *doubts_of(series, headers)]
    return [_plan(series, grid, warnings) for grid in grids]


def _grids_of(series: Series, headers: SimilarDataSets) -> list[Grid]:
    shared = SharedDescriptions(usual_zone_of(headers))
    frames = [frame for n, instance in enumerate(series.instances) for frame in frames_of(instance, n, shared)]
    _refuse_undescribed_tiles(series, headers, frames)
    with_labels = [sop_class in SEGMENTATIONS for sop_class in SharedValues(sop_class_of).of_all(headers)]
    labeled = [frame for frame in frames if with_labels[frame.instance]]
    if not labeled:
        return grids_of_frames(with_orientations(frames))
    others = with_orientations([frame for frame in frames if not with_labels[frame.instance]])
    labeled = [without_lone_position(frame) for frame in labeled]
    return [*grids_of_frames(others), *grids_of_segmentations(series.instances, labeled)]


def _refuse_undescribed_tiles(series: Series, headers: SimilarDataSets, frames: Sequence[FrameInfo]) -> None:
    """Raise `DicomReadError` if an image marked as a mosaic would be one slice, and nothing shows that it is one."""
    counts, tiled = Counter(frame.instance for frame in frames), SharedValues(is_tiled).of_all(headers)
    refuse_undescribed([one for n, one in enumerate(series.instances) if tiled[n] and counts[n] == 1])


def _plan(series: Series, grid: Grid, warnings: Sequence[str]) -> Plan:
    contained = [*(frame for times in grid.frames for frame in times), *(layer.frame for layer in grid.layers)]
    used = sorted({frame.instance for frame in contained})
    number = {old: new for new, old in enumerate(used)}
    frames = [[_renumbered(frame, number) for frame in times] for times in grid.frames]
    layers = [layer._replace(frame=_renumbered(layer.frame, number)) for layer in grid.layers]
    suffix = ("" if series.copy == 1 else f"_copy{series.copy}") + _suffix(grid.labels)
    instances = tuple(series.instances[n] for n in used)
    notes = dict.fromkeys(note for times in frames for frame in times for note in frame.notes)
    whole = Grid(frames, grid.stack, grid.labels, grid.warnings, layers)
    doubts = [*warnings, *doubts_of_locations(instances, frames), *grid.warnings]
    return Plan(safe_name(series.title + suffix), series.title, instances, whole, [*notes, *doubts], suffix)


def _renumbered(frame: FrameInfo, number: dict[int, int]) -> FrameInfo:
    new = number[frame.instance]
    return frame if new == frame.instance else replace(frame, instance=new)


def _suffix(labels: dict[str, Any]) -> str:
    parts = [_part_of_name(name, value) for name, value in labels.items() if value is not None]
    return "".join("_" + part for part in parts)


def _part_of_name(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value if name in ("component", "type", "polarity") else f"{name}-{value}"
    return f"{name}{value:g}"
