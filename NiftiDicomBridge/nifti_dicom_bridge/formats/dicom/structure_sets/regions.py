"""Label maps and probability maps → regions of interest: what each means, and its plane in every slice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ....errors import LabelError
from ....labels import Segment
from ....options import SegmentationForm
from ..created.label_map import label_voxels

if TYPE_CHECKING:
    from ..created.segmentation import SegmentationRequest


@dataclass(frozen=True)
class Regions:
    """Regions on one grid.

    Attributes
    ----------
    segments : sequence of Segment
        What they are.
    layers : sequence of numpy.ndarray, shape (slices, rows, columns)
        Label maps that contain them; or, for probabilities, the map of every segment.
    are_probabilities : bool
        Whether the layers are probabilities from 0 to 1.
    """

    segments: Sequence[Segment]
    layers: Sequence[np.ndarray]
    are_probabilities: bool = False

    @property
    def slices(self) -> int:
        """Number of slices."""
        return len(self.layers[0])

    def planes(self, k: int) -> Iterator[tuple[Segment, np.ndarray]]:
        """Yield the segments of a slice, and the plane (rows, columns) of each: a mask or probabilities."""
        if self.are_probabilities:
            yield from ((segment, layer[k]) for segment, layer in zip(self.segments, self.layers, strict=True))
            return
        own = [set(np.unique(layer[k]).tolist()) for layer in self.layers]
        for segment in self.segments:
            planes = [
                layer[k] == segment.number for layer, numbers in zip(self.layers, own, strict=True) if segment.number in numbers
            ]
            if planes:
                yield segment, np.logical_or.reduce(planes)


def regions_of(request: SegmentationRequest) -> Regions:
    """Return the regions of a request as that of a Segmentation.

    Raises
    ------
    LabelError
        If voxels are not labels or probabilities, all are 0 and no label is described, or there are several times of labels.
    """
    from ..created.segmentation import complete_segments, named_segments, probability_maps

    if request.kind is SegmentationForm.FRACTIONAL:
        maps, numbered = probability_maps(request)
        layers = [np.ascontiguousarray(maps[..., n]) for n in range(len(numbered))]
        return Regions([one.segment for one in numbered], layers, are_probabilities=True)
    if request.volume.times > 1:
        raise LabelError(
            f"{request.volume.times} times of labels: an RT Structure Set describes one. Convert each time as an image of its "
            'own, or use kind="seg".'
        )
    volumes = [volume for volume in (request.volume, *request.overlapping) if volume.array.any()] or [request.volume]
    layers = [label_voxels(volume, request.log)[0] for volume in volumes]
    values = np.unique(np.concatenate([np.unique(layer) for layer in layers]))
    return Regions(complete_segments(named_segments(values, request), request), layers)
