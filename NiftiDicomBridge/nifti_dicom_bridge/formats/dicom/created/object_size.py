"""The least size of an object to be made: too large ones are refused before their values are read."""

from __future__ import annotations

from ....model.volume import Volume
from ....options import Kind, SegmentationForm
from ..reading.data_sets.data_set_writing import check_length
from .kinds import OBJECT_KINDS

_OBJECT_PER_TIME = (Kind.ENHANCED_MR, Kind.PM, Kind.SEG)
"""What may be one object for each time."""
_FLOAT_BYTES = 4


def check_object_size(kind: Kind, image: Volume, segmentation: SegmentationForm = SegmentationForm.AUTO) -> None:
    """Raise `PixelError` if the pixel data of an object of a kind cannot fit into it, whatever its values are.

    Parameters
    ----------
    kind : Kind
        None of ``AUTO``, ``CLASSIC``, ``ENHANCED``.
    image : Volume
        In the orientation that its slices are to have.
    segmentation : SegmentationForm
        How segments are to be stored: those of other than ``LABELMAP`` have no empty frames.
    """
    times, slices, *plane = image.voxels.shape
    object_kind = OBJECT_KINDS.get(kind)
    if kind is Kind.PM:
        sample = _FLOAT_BYTES
    elif object_kind is not None:
        sample = 1 if object_kind.rules.eight_bits else 2
    else:
        sample = int(kind is Kind.SEG and segmentation is SegmentationForm.LABELMAP)
    frames = slices * (1 if kind in _OBJECT_PER_TIME else times) if object_kind is None or object_kind.multi_frame else 1
    samples = min([len("RGB"), *plane[2:]]) if plane[2:] else 1
    check_length(frames * plane[0] * plane[1] * samples * sample)
