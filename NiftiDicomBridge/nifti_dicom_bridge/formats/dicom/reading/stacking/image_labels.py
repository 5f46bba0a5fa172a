"""Labels of the images of a series: what distinguishes each from the others, as it becomes part of their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..attributes.components import words_between
from ..attributes.doses import named_doses
from ..frames.frame_info import FrameInfo

Frames = list[FrameInfo]
_REPEATING = ("polarity", "echonumber", "space")
"""Labels that often differ where a better one does."""


def varying_labels(frames: Sequence[FrameInfo]) -> list[str]:
    """Return the labels that distinguish the images of a series, without those that repeat what others specify."""
    names = sorted({name for frame in frames for name in frame.labels})
    placed = [frame for frame in frames if frame.plane is not None]  # images without a position are in no space
    values = {name: {frame.labels.get(name) for frame in (placed if name == "space" else frames)} for name in names}
    varying = [name for name in names if len(values[name]) > 1]
    for name in _REPEATING:
        rest = [other for other in varying if other != name]
        if name in varying and _kinds_by(frames, rest) == _kinds_by(frames, varying):
            varying = rest
    return varying


def _kinds_by(frames: Sequence[FrameInfo], names: Sequence[str]) -> int:
    return len({tuple(frame.labels.get(name) for name in names) for frame in frames})


def names_of_objects(varying: Sequence[str], frames: Sequence[FrameInfo]) -> dict[str, dict[Any, Any]]:
    """Return the values in file names of labels that are UIDs: spaces are numbered, doses named after what they are of."""
    in_order = sorted(frames, key=lambda frame: frame.order)
    values = {name: list(dict.fromkeys(frame.labels.get(name) for frame in in_order)) for name in ("space", "dose")}
    names: dict[str, dict[Any, Any]] = {
        "space": {uid: n for n, uid in enumerate(values["space"], 1)},
        "dose": named_doses(values["dose"]),
    }
    return {name: of_values for name, of_values in names.items() if name in varying}


def type_of(frames: Frames, words: set[tuple[str, ...]]) -> dict[str, Any]:
    """Return in what an image differs from others of its series, such as view and side of a radiograph, as a label."""
    others = [other for other in words if other != frames[0].words]
    labels = {str(value).upper() for value in frames[0].labels.values()}
    own = [word for word in frames[0].words if word.upper() not in labels]
    return {"type": words_between(own, others) or None} if others else {}
