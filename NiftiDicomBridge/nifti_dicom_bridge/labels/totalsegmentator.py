"""The classes of TotalSegmentator: the table data/totalsegmentator.json, which Testing/totalsegmentator_table.py generates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from ..errors import LabelError
from ..model.metadata import Log
from ..standard.data_tables import data_table
from .segment import RGB, Code, Segment

_FIELDS = ("category", "type", "modifier", "region", "region_modifier")
_LEAST = 2
"""This number of classes shows that labels are those of a task: a single name may be that of another tool."""
# the colors that it writes into the header of a label map, by number and not by class (nifti_ext_header.py)
_BY_NUMBER = (
    (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (255, 0, 255), (0, 255, 255), (255, 128, 0), (255, 0, 128),
    (128, 255, 128), (0, 128, 255), (128, 128, 128), (185, 170, 155),
)  # fmt: skip


def task_labels(task: str) -> list[Segment]:
    """Return the labels of a task.

    Raises
    ------
    LabelError
        If there is no such task, or none is named: tasks give the same number to different classes.
    """
    tasks = _table()["tasks"]
    if task not in tasks:
        listed = ", ".join(tasks)
        problem = (
            f"There is no task {task!r} of TotalSegmentator" if task else "Each task of TotalSegmentator has its own numbers"
        )
        raise LabelError(f'{problem}. Name a task, such as labels="totalsegmentator:total". Tasks are {listed}.')
    return [_completed(Segment(int(number), name)) for number, name in tasks[task].items()]


def is_class(name: str) -> bool:
    """Whether a name is that of a class of any task."""
    return name in _table()["classes"]


def task_of_names(names: Iterable[str]) -> str:
    """Return a task that has all of the names as classes; empty if none has, or the names are too few to specify."""
    wanted = set(names)
    if len(wanted) < _LEAST:
        return ""
    return next((task for task, classes in _table()["tasks"].items() if wanted <= set(classes.values())), "")


def with_classes(segments: Sequence[Segment], log: Log) -> list[Segment]:
    """Return segments with codes and colors of their classes, if all names are classes of one task; what they have stays."""
    task = task_of_names(segment.label for segment in segments)
    if not task:
        return list(segments)
    log.notes.append(f"codes and colors of segments: table of TotalSegmentator, whose task {task} has all their names")
    return [_completed(segment) for segment in segments]


def _completed(segment: Segment) -> Segment:
    known = _table()["classes"][segment.label]
    color: RGB | None = tuple(known["color"]) if "color" in known else None
    own = None if segment.color == _BY_NUMBER[segment.number % len(_BY_NUMBER)] else segment.color
    segment = replace(segment, color=own or color or segment.color)
    if segment.type is not None or "type" not in known:
        return segment
    category, kind, modifier, region, region_modifier = (Code(*known[field]) if field in known else None for field in _FIELDS)
    return replace(segment, category=category, type=kind, modifier=modifier, region=region, region_modifier=region_modifier)


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return data_table("totalsegmentator")
