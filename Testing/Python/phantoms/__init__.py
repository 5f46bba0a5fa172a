"""Generated DICOM series, each with one thing that real files do and that is easy to get wrong.

``PHANTOMS`` maps names to `Phantom`; each writes its files below a folder.
"""

from . import attributes, color, encodings, multiframe, names, pixels, series
from .base import PHANTOMS, Phantom, image, ramp, save, slices, uid, write

__all__ = [
    "PHANTOMS", "Phantom", "attributes", "color", "encodings", "image", "multiframe", "names", "pixels", "ramp", "save",
    "series", "slices", "uid", "write",
]  # fmt: skip
