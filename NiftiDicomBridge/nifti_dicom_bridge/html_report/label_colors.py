"""Label maps in color: one color for each number, in all pictures of an entry, with a legend."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..errors import BridgeError
from ..formats.dicom.reading.segmentations.segments import segments_of
from ..labels import Segment, find_labels, read_labels
from ..labels.segment import RGB
from ..model.space.resample import has_labels
from ..model.volume import Volume
from ..preview.overlay import Key, Labels, keys_of
from .images import Image

MOST_LABELS = 1 << 16
"""An image with a larger number is drawn in gray."""


@dataclass
class LabelColors:
    """The colors of the numbers that occur, and the texts of the legend."""

    keys: dict[int, Key] = field(default_factory=dict)

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """Return a plane of numbers as colors, shape (rows, columns, 3), 8 bits; background is black."""
        table = np.zeros((max(self.keys, default=0) + 1, 3), np.uint8)
        for number, key in self.keys.items():
            table[number] = key.color
        inside = (numbers > 0) & (numbers < len(table))
        colors: np.ndarray = table[np.where(inside, numbers, 0).astype(np.intp)]
        return colors

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Color (``#rrggbb``) and text of each label."""
        return [(_hexadecimal(key.color), f"{number} {key.label}") for number, key in sorted(self.keys.items())]


def label_colors_of(*images: tuple[Image | None, Volume | None]) -> LabelColors | None:
    """Return the colors for an image before and after; None if neither is a label map."""
    known = [(image, volume) for image, volume in images if image is not None and volume is not None]
    maps = [Labels(volume, tuple(_segments(image, volume))) for image, volume in known if _is_label_map(image, volume)]
    if not maps or (len(maps) < len(known) and not any(one.segments for one in maps)):
        return None
    colors = LabelColors()
    for labels, keys in zip(maps, keys_of(maps), strict=True):
        named = {segment.number for segment in labels.segments}
        colors.keys = {**keys, **colors.keys, **{number: key for number, key in keys.items() if number in named}}
    return colors


def _is_label_map(image: Image, volume: Volume) -> bool:
    voxels = volume.voxels
    if voxels.ndim != 4 or voxels.dtype.kind not in "iub" or int(volume.array.max(initial=0)) >= MOST_LABELS:
        return False
    if volume.source is not None and volume.source.metadata.instances:
        return bool(_stored_segments(volume))
    return has_labels(volume) or (image.path is not None and find_labels(image.path) is not None)


def _segments(image: Image, volume: Volume) -> list[Segment]:
    if volume.source is not None:
        return _stored_segments(volume)
    try:
        table = find_labels(image.path) if image.path is not None else None
        return read_labels(table) if table is not None else []
    except BridgeError:  # the conversion reports what is wrong with the table
        return []


def _stored_segments(volume: Volume) -> list[Segment]:
    try:
        return segments_of(volume)
    except BridgeError:
        return []


def _hexadecimal(color: RGB) -> str:
    return "#" + bytes(color).hex()
