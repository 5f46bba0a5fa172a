"""The bridge between DICOM and NIfTI that loses nothing.

Public names are loaded when they are first used, so that ``nifti-dicom-bridge --help`` and Slicer's start cost nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same names for type checkers, which do not look into the table below
    from .comparison import Comparison, compare
    from .deidentification import Deidentifier, deidentify
    from .samples.demo import make_sample
    from .errors import BridgeError, Cancelled, DependencyError, DicomReadError, GeometryError
    from .errors import NiftiReadError, OptionError, OutputError, PixelError, SidecarError, ZarrReadError
    from .conversion.io import read, write
    from .formats.dicom.reading.segments import segments_of
    from .preview import plane_picture
    from .model.identity import identity_of
    from .conversion.jobs import Job, convert
    from .labels import Code, Segment, read_labels
    from .model.metadata import Change, Element, Instance, Log, SeriesMetadata
    from .optional_packages import FEATURES, missing_packages
    from .options import ConversionOptions, Kind, Layout, Names, Progress, Resample, SegmentationForm, SlicePlane, Target, Uids
    from .options import FileOptions, PreviewOptions, WindowChoice
    from .model.pixels import PixelRecord, Rescale
    from .conversion.proposals import Beside, Proposal, propose
    from .model.report import ConversionReport, Entry, Outcome
    from .html_report import write_report
    from .samples import Sample, create_samples
    from .sidecar import read_sidecar
    from .conversion.io import open_zarr
    from .validation import Finding, Severity, validate
    from .model.lazy_voxels import LazyVoxels
    from .model.dicom_source import DicomSource, Origin
    from .model.volume import Volume

_HOMES = {
    "comparison": "Comparison compare",
    "deidentification": "Deidentifier deidentify",
    "samples.demo": "make_sample",
    "errors": "BridgeError Cancelled DependencyError DicomReadError GeometryError NiftiReadError OptionError OutputError "
    "PixelError SidecarError ZarrReadError",
    "conversion.io": "open_zarr read write",
    "formats.dicom.reading.segments": "segments_of",
    "preview": "plane_picture",
    "model.identity": "identity_of",
    "conversion.jobs": "Job convert",
    "labels": "Code Segment read_labels",
    "model.lazy_voxels": "LazyVoxels",
    "model.metadata": "Change Element Instance Log SeriesMetadata",
    "optional_packages": "FEATURES missing_packages",
    "options": "ConversionOptions FileOptions Kind Layout Names PreviewOptions Progress Resample SegmentationForm SlicePlane "
    "Target Uids WindowChoice",
    "model.pixels": "PixelRecord Rescale",
    "conversion.proposals": "Beside Proposal propose",
    "model.report": "ConversionReport Entry Outcome",
    "html_report": "write_report",
    "samples": "Sample create_samples",
    "sidecar": "read_sidecar",
    "validation": "Finding Severity validate",
    "model.dicom_source": "DicomSource Origin",
    "model.volume": "Volume",
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
