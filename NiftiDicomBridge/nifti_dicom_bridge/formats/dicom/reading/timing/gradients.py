"""b-value and gradient direction of every time of a volume."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .....model import metadata
from .....model.legacy_converted import own_groups
from .....model.listing import listed
from .....model.metadata import Instance, SeriesMetadata
from .....model.space.geometry import ras_of_lps
from .....standard.tags import Tag
from ..attributes.coordinates import TIMES
from ..attributes.diffusion import Weighting, doubt_of_axes, doubt_of_parts, is_isotropic, is_of_canon, weighting_of
from ..attributes.functional_groups import Lookup
from ..attributes.vendor import manufacturer
from ..frames.frame_info import FrameInfo
from ..frames.frames import frames_of

MINIMUM_B = {"SIEMENS": 50.0}
MINIMUM_B_OTHERS = 6.0
"""s/mm²; below it a weighting without direction is noise of the sequence, not diffusion."""
SAME_B = 0.05
"""Part of a b-value that imaging gradients may add from slice to slice."""
_NO_DIRECTIONS = (
    "several times have the same b-value, and none a gradient direction, as if private elements were removed: "
    "tensors cannot be fitted"
)
_NO_SIGN = (
    "gradient directions are those of b-matrices, which do not specify their sign: tensor fits do not need it, the "
    "correction of eddy currents does"
)
_WEIGHTING = next(n for n, row in enumerate(TIMES) if row.name.startswith("b-value"))


def gradients_and_notes(
    instances: Sequence[Instance], frames: Sequence[Sequence[FrameInfo]]
) -> tuple[np.ndarray | None, list[str]]:
    """Return b-value and direction of every time of a volume, and what tensor fits must know of them.

    Returns
    -------
    table : numpy.ndarray, shape (times, 4), or None
        b-value in s/mm², and unit direction in RAS; None where the volume is not a diffusion series.
    notes : list of str
        b-values that are missing, or without a direction.
    """
    if len(frames) < 2 and not _is_diffusion_weighted(_lookup_of(instances[0], frames[0][0])):
        return None, []
    weightings = _weightings(instances, frames)
    return _table_of(instances, weightings), _notes_of(instances, frames, weightings) if len(frames) > 1 else []


def _table_of(instances: Sequence[Instance], weightings: Sequence[Weighting | None]) -> np.ndarray | None:
    if any(weighting is None for weighting in weightings):
        return None
    table = np.array([[w.b_value, *w.direction] for w in weightings if w is not None])
    varies = np.ptp(table[:, 0]) > 0 or table[:, 0].min() > _least(instances) or table[:, 1:].any() or len(table) == 1
    return np.column_stack([table[:, 0], ras_of_lps(table[:, 1:])]) if varies else None


def _notes_of(
    instances: Sequence[Instance], frames: Sequence[Sequence[FrameInfo]], weightings: Sequence[Weighting | None]
) -> list[str]:
    stated = [weighting for weighting in weightings if weighting is not None]
    if not stated and _is_diffusion_weighted(_lookup_of(instances[0], frames[0][0])):
        return ["a diffusion series by its ImageType, but no b-value is specified: .bval and .bvec are not written"]
    if not any(weighting.b_value > _least(instances) for weighting in stated):
        return []
    if len(stated) < len(weightings):
        unknown = [n for n, weighting in enumerate(weightings, 1) if weighting is None]
        return [f"time(s) {listed(unknown, 8)} of {len(weightings)} do not specify a b-value: .bval and .bvec are not written"]
    directed = next((frames[n][0].instance for n, weighting in enumerate(stated) if weighting.direction.any()), None)
    axes = "" if directed is None else doubt_of_axes(instances[directed].elements)
    parts = next(filter(None, (doubt_of_parts(instances[times[0].instance].elements) for times in frames)), "")
    lost = _doubt_of_directions(instances, frames, stated)
    sign = "" if all(weighting.has_sign for weighting in stated) else _NO_SIGN
    return [
        *filter(None, [axes, parts, lost, sign, _doubt_of_slices(frames)]),
        *_notes_of_undirected(stated, _least(instances)),
    ]


def _doubt_of_slices(frames: Sequence[Sequence[FrameInfo]]) -> str:
    """Return which times have slices of several b-values: what distinguishes the times contradicts them."""
    mixed = []
    for n, times in enumerate(frames, 1):
        weightings = [frame.times[_WEIGHTING] for frame in times if frame.times is not None]
        b_values = [weighting[0] for weighting in weightings if weighting is not None]
        if b_values and max(b_values) - min(b_values) > SAME_B * max(b_values):
            mixed.append(n)
    return f"slices of time(s) {listed(mixed, 8)} have different b-values: .bval has that of the first slice" if mixed else ""


def _doubt_of_directions(
    instances: Sequence[Instance], frames: Sequence[Sequence[FrameInfo]], stated: Sequence[Weighting]
) -> str:
    """Return that directions are missing, as times without any have one b-value, and not all state that they are isotropic."""
    if any(weighting.direction.any() for weighting in stated):
        return ""
    weighted = [n for n, weighting in enumerate(stated) if weighting.b_value > _least(instances)]
    if len({stated[n].b_value for n in weighted}) == len(weighted):
        return ""
    looks = [_lookup_of(instances[frames[n][0].instance], frames[n][0]) for n in weighted]
    return "" if all(map(is_isotropic, looks)) else _NO_DIRECTIONS


def _notes_of_undirected(stated: Sequence[Weighting], least: float) -> list[str]:
    """Return which times have a b-value without a direction, where others have one."""
    undirected = [n for n, w in enumerate(stated, 1) if w.b_value > least and not w.direction.any()]
    if not undirected or not any(weighting.direction.any() for weighting in stated):
        return []
    return [
        f"time(s) {listed(undirected, 8)} of {len(stated)} have a b-value but no gradient direction, unlike the others: leave "
        "them out of tensor fits (trace or mean images?)"
    ]


def _least(instances: Sequence[Instance]) -> float:
    maker = manufacturer(instances[0].elements)
    return next((value for name, value in MINIMUM_B.items() if name in maker), MINIMUM_B_OTHERS)


def recorded_gradients(series: SeriesMetadata, times: int) -> np.ndarray | None:
    """Return b-values and directions, shape (times, 4), of a volume from its recorded instances; see `gradients_and_notes`."""
    if len(series.frames) != times:
        return None
    planes = [(int(row[0, 0]), int(row[0, 1])) for row in series.frames]
    frames = {n: frames_of(series.instances[n], n) for n in {instance for instance, _ in planes}}
    return gradients_and_notes(series.instances, [[frames[instance][frame]] for instance, frame in planes])[0]


def _lookup_of(instance: Instance, frame: FrameInfo) -> Lookup:
    return Lookup(instance.elements, own_groups(instance.elements, frame.frame))


def _is_diffusion_weighted(look: Lookup) -> bool:
    """Whether a single volume specifies for itself that it is one of a diffusion series, and not a map made of them."""
    words = metadata.texts(look.data_set, Tag.IMAGE_TYPE)
    return "DIFFUSION" in words and words[0] != "DERIVED"


def _weighting(instance: Instance, frame: FrameInfo) -> Weighting | None:
    return None if frame.plane is None else weighting_of(_lookup_of(instance, frame), frame.plane)


def _weightings(instances: Sequence[Instance], frames: Sequence[Sequence[FrameInfo]]) -> list[Weighting | None]:
    """Return the weighting of every time; b = 0 where others of Canon have one."""
    weightings = [_weighting(instances[times[0].instance], times[0]) for times in frames]
    if not any(weightings) or not is_of_canon(instances[0].elements):
        return weightings
    return [weighting or Weighting(0.0, np.zeros(3)) for weighting in weightings]
