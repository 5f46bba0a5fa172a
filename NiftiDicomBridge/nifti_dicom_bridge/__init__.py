"""The bridge between DICOM and NIfTI that loses nothing.

Public names are loaded when they are first used, so that ``nifti-dicom-bridge --help`` and Slicer's start cost nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same names for type checkers, which do not look into the table below
    from .comparison import Comparison, compare
    from .deidentification import Deidentifier, deidentify
    from .demo import make_sample
    from .errors import BridgeError, Cancelled, DependencyError, DicomReadError, GeometryError
    from .errors import NiftiReadError, OptionError, OutputError, PixelError, SidecarError, ZarrReadError
    from .formats import read, write
    from .formats.dicom.segments import segments_of
    from .formats.preview import plane_picture
    from .identity import identity_of
    from .jobs import Job, convert
    from .metadata import Change, Element, Instance, Log, SeriesMetadata
    from .options import ConversionOptions, Kind, Layout, Names, Progress, Resample, SegmentationForm, SlicePlane, Target, Uids
    from .options import PreviewOptions, WindowChoice
    from .pixels import PixelRecord
    from .proposals import Beside, Proposal, propose
    from .report import ConversionReport, Entry, Outcome
    from .report_page import write_report
    from .samples import Sample, create_samples
    from .sidecar import read_sidecar
    from .stores import open_zarr
    from .validation import Finding, Severity, validate
    from .labels import Segment
    from .lazy import LazyVoxels
    from .volume import Origin, Rescale, Volume

_HOMES = {
    "comparison": "Comparison compare",
    "deidentification": "Deidentifier deidentify",
    "demo": "make_sample",
    "errors": "BridgeError Cancelled DependencyError DicomReadError GeometryError NiftiReadError OptionError OutputError "
    "PixelError SidecarError ZarrReadError",
    "formats": "read write",
    "formats.dicom.segments": "segments_of",
    "formats.preview": "plane_picture",
    "identity": "identity_of",
    "jobs": "Job convert",
    "labels": "Segment",
    "lazy": "LazyVoxels",
    "metadata": "Change Element Instance Log SeriesMetadata",
    "options": "ConversionOptions Kind Layout Names PreviewOptions Progress Resample SegmentationForm SlicePlane Target Uids "
    "WindowChoice",
    "pixels": "PixelRecord",
    "proposals": "Beside Proposal propose",
    "report": "ConversionReport Entry Outcome",
    "report_page": "write_report",
    "samples": "Sample create_samples",
    "sidecar": "read_sidecar",
    "stores": "open_zarr",
    "validation": "Finding Severity validate",
    "volume": "Origin Rescale Volume",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
