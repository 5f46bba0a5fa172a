"""NRRD images → volumes, with the segments of 3D Slicer's ``.seg.nrrd``."""

from .image import read_image
from .segments import segments_text

__all__ = ["read_image", "segments_text"]
