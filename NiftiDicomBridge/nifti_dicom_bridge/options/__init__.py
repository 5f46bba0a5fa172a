"""What can be chosen, which choices contradict each other, and how outputs appear."""

from .choices import (
    Clean,
    Compression,
    Kind,
    Layout,
    Names,
    PreviewWindow,
    Progress,
    Resample,
    Retain,
    RoiForm,
    SegmentationForm,
    SlicePlane,
    Target,
    Uids,
    WindowChoice,
)
from .options import ConversionOptions, FileOptions, PreviewOptions

__all__ = [
    "Clean",
    "Compression",
    "ConversionOptions",
    "FileOptions",
    "Kind",
    "Layout",
    "Names",
    "PreviewOptions",
    "PreviewWindow",
    "Progress",
    "Resample",
    "Retain",
    "RoiForm",
    "SegmentationForm",
    "SlicePlane",
    "Target",
    "Uids",
    "WindowChoice",
]
