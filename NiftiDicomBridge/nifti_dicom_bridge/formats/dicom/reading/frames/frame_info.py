"""What is known of one frame before its pixels are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .....model.space.geometry import Plane

if TYPE_CHECKING:
    from ..attributes.coordinates import Times


@dataclass(frozen=True, eq=False)
class FrameInfo:
    """One frame.

    Attributes
    ----------
    instance, frame : int
        Index of the instance, and of the frame (or tile) in it.
    plane : Plane or None
        Where it is; None where the object does not specify it.
    spacing_mm : tuple of float
        Between rows and between columns; 1 where not specified.
    step_mm : float
        Distance to the next slice as the object specifies it; used where there is only one.
    kind : tuple
        What must be equal within a volume: size, pixel type, component, echo…
    order : tuple
        Number of the instance, and of the frame in it.
    slope, intercept : float
        Stored → real value.
    units : str
        Of the real value.
    scale_attribute : str
        What slope and intercept are of; empty where no attribute specifies them.
    labels : dict
        What distinguishes this kind from others of the series: ``{"echo": 2.46, "component": "phase"}``.
    words : tuple of str
        Values of its image type and others, for kinds of images that `labels` does not know.
    notes : tuple of str
        What is wrong with its values, or was assumed.
    times : Times or None
        What it states of its time.
    time_count : int
        NumberOfTemporalPositions; 0 where not specified.
    is_assumed : bool
        The place is an assumption: only the order and distance of slices are known.
    stated_step_mm : float
        SpacingBetweenSlices; 0 where not stated.
    is_step_assumed : bool
        Nothing specifies `step_mm`.
    """

    instance: int
    frame: int
    plane: Plane | None
    spacing_mm: tuple[float, float]
    step_mm: float
    kind: tuple[Any, ...]
    order: tuple[Any, ...]
    slope: float = 1.0
    intercept: float = 0.0
    units: str = ""
    scale_attribute: str = ""
    labels: dict[str, Any] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    times: Times | None = None
    time_count: int = 0
    is_assumed: bool = False
    stated_step_mm: float = 0.0
    is_step_assumed: bool = False

    @property
    def key(self) -> tuple[int, int]:
        """Instance and frame."""
        return self.instance, self.frame
