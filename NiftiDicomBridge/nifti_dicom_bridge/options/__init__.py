"""What can be chosen, and how outputs appear."""

from .options import (
    ConversionOptions,
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
