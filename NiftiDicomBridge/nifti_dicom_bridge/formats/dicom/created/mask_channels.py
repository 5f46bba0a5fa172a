"""Masks along the fourth axis that are segments and not times: one-hot label maps, as MONAI and TorchIO write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ....errors import LabelError
from ....labels import Segment
from ....model.metadata import Log
from ....model.volume import Volume
from ....model.voxels.lazy_voxels import mapped, slabs, time_of
from ....model.voxels.pixels import Rescale
from ....model.voxels.real_values import to_real_values, to_type
from ....options.remedies import remedy
from .label_evidence import WHOLE


def channels(image: Volume, segments: Sequence[Segment], log: Log, stated_times: str = "") -> list[Volume]:
    """Return masks along the fourth axis as a label map each, of one time; none where they are times, or no masks.

    They are segments if as many labels are described as there are masks, or if each voxel is in exactly one of them. The first
    of those is the background if one label less is described; without any, if it has the corners of the image.

    Parameters
    ----------
    image : Volume
        The masks.
    segments : sequence of Segment
        The labels that are described.
    log : Log
        Receives what they were taken for.
    stated_times : str
        What states that the fourth axis is time, as a clause; empty if nothing does.

    Raises
    ------
    LabelError
        If another number of labels is described; or as many, of masks that overlap as one label at several times does, and
        something states that they are times.
    """
    count, numbers = image.times, sorted({segment.number for segment in segments})
    masks = _Masks.of(image) if count > 1 and image.voxels.ndim == 4 else None
    if masks is None or (masks.value > 1 and masks.value in numbers):  # the latter are times of that label
        return []
    has_background = masks.fill_space and (numbers == list(range(1, count)) or (not numbers and _is_background(image)))
    are_segments = has_background or numbers == list(range(1, count + 1)) or (not numbers and masks.fill_space)
    _check_known(count, numbers, masks, are_segments, stated_times)
    if not are_segments:
        return []
    described = "one label is" if len(numbers) == 1 else f"{len(numbers)} labels are"
    why = f"{described} described" if numbers else "each voxel is in exactly one of them"
    left_out = "; the first, the background, was left out" if has_background else ""
    log.warnings.append(f"{count} masks along the fourth axis were taken for segments, not for times, as {why}{left_out}")
    first = int(has_background)
    return [_label_map(image, n, n + 1 - first) for n in range(first, count)]


def _check_known(count: int, numbers: Sequence[int], masks: _Masks, are_segments: bool, stated_times: str) -> None:
    """Refuse masks of which it is not known whether they are segments or times."""
    if not are_segments and len(numbers) > 1:
        raise LabelError(
            f"The image has {count} masks along its fourth axis, all with the value {masks.value}, and {len(numbers)} "
            f"labels are described. Describe the labels 1 to {count} if the masks are segments, one label if times."
        )
    if are_segments and masks.overlap and stated_times:
        raise LabelError(
            f"The image has {count} masks along its fourth axis, all with the value {masks.value}, which overlap, and {count} "
            f"labels are described, but {stated_times}: whether they are segments or label {masks.value} at several times is "
            f"unknown. For times, describe that label only. For segments, {remedy('separate-masks')}"
        )


@dataclass(frozen=True)
class _Masks:
    """What is known of masks: the value of voxels inside of them, whether each voxel is in exactly one, or some in several."""

    value: int
    fill_space: bool
    overlap: bool

    @classmethod
    def of(cls, image: Volume) -> _Masks | None:
        """Return what is known of the times of an image; None where they are not masks of one value."""
        slices = image.voxels.shape[1]
        counts, value = np.zeros(image.voxels.shape[1:], np.uint16), 0
        for start, _, planes in slabs(image.voxels):
            whole = np.rint(real := _real(image, planes))
            values = set(np.unique(whole).tolist()) - {0.0, float(value)}
            if not np.isfinite(real).all() or np.abs(whole - real).max(initial=0) > WHOLE or len(values) > (not value):
                return None
            value = value or int(max(values, default=0))
            for n, plane in enumerate(whole):
                counts[(start + n) % slices] += plane != 0
        return cls(value, bool((counts == 1).all()), bool((counts > 1).any())) if value > 0 else None


def _real(image: Volume, planes: np.ndarray) -> np.ndarray:
    rescale = image.rescale
    return to_real_values(planes, rescale.slope, rescale.intercept, np.dtype(np.float64))


def _is_background(image: Volume) -> bool:
    """Whether the first mask has the corners of the image."""
    ends = np.stack([_real(image, np.asarray(image.voxels[0, k]))[:: max(1, image.voxels.shape[2] - 1)] for k in (0, -1)])
    return bool((ends[..., [0, -1]] > WHOLE).all())


def _label_map(image: Volume, time: int, number: int) -> Volume:
    dtype = np.min_scalar_type(number)

    def labels(planes: np.ndarray, _: int) -> np.ndarray:
        return to_type((np.rint(_real(image, planes)) != 0) * number, dtype)

    voxels = mapped(time_of(image.voxels, time), dtype, labels)
    return replace(image, voxels=voxels, rescale=Rescale(), time_step_s=0.0, gradients=None)
