"""An image as its slices are written, and the reference that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from ..formats.dicom.created.reference import Reference
from ..model.space.geometry import Plane
from ..model.volume import Volume


@dataclass(frozen=True)
class Placed:
    """An image as its slices are written.

    Attributes
    ----------
    image : Volume
        In the orientation of the slices, on the grid of the reference if it differs by rounding only.
    reference : Reference or None
        The series that it belongs to.
    same_space, same_grid : bool
        It is located in the frame of reference of the reference; it has its grid too.
    planes : list of Plane
        Where the slices are located.
    is_counted : bool
        The reference has no position: slices are its frames, one by one, and `planes` are assumed.
    """

    image: Volume
    reference: Reference | None
    same_space: bool
    same_grid: bool
    planes: list[Plane]
    is_counted: bool = False
