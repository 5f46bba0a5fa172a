"""What can be chosen, and how outputs appear."""

from .options import (
    ConversionOptions,
    FileOptions,
    Kind,
    Layout,
    Names,
    PreviewOptions,
    PreviewWindow,
    Progress,
    Resample,
    SegmentationForm,
    SlicePlane,
    Target,
    Uids,
    WindowChoice,
)

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
