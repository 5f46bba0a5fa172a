"""What can be chosen, which choices contradict each other, and how outputs appear."""

from .choices import (
    Kind,
    Layout,
    Names,
    PreviewWindow,
    Progress,
    Resample,
    SegmentationForm,
    SlicePlane,
    Target,
    Uids,
    WindowChoice,
)
from .options import ConversionOptions, FileOptions, PreviewOptions

__all__ = [
    "ConversionOptions",
    "FileOptions",
    "Kind",
    "Layout",
    "Names",
    "PreviewOptions",
    "PreviewWindow",
    "Progress",
    "Resample",
    "SegmentationForm",
    "SlicePlane",
    "Target",
    "Uids",
    "WindowChoice",
]
