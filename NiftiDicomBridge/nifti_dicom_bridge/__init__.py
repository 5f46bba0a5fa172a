"""The bridge between DICOM and NIfTI that loses nothing.

Public names are loaded when they are first used, so that ``nifti-dicom-bridge --help`` and Slicer's start cost nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same names for type checkers, which do not look into the table below
    from .comparison import Comparison, compare
    from .demo import make_sample
    from .errors import BridgeError, Cancelled, DependencyError, DicomReadError, GeometryError
    from .errors import NiftiReadError, OptionError, OutputError, PixelError, SidecarError
    from .formats import read, write
    from .identity import identity_of
    from .jobs import Job, convert
    from .metadata import Change, Element, Instance, Log, SeriesMetadata
    from .options import ConversionOptions, Kind, Layout, Names, Progress, Resample, SegmentationForm, SlicePlane, Target, Uids
    from .pixels import PixelRecord
    from .proposals import Beside, Proposal, propose
    from .report import ConversionReport, Entry, Outcome
    from .sidecar import read_sidecar
    from .validation import Finding, Severity, validate
    from .volume import Origin, Rescale, Volume

_HOMES = {
    "comparison": "Comparison compare",
    "demo": "make_sample",
    "errors": "BridgeError Cancelled DependencyError DicomReadError GeometryError NiftiReadError OptionError OutputError "
    "PixelError SidecarError",
    "formats": "read write",
    "identity": "identity_of",
    "jobs": "Job convert",
    "metadata": "Change Element Instance Log SeriesMetadata",
    "options": "ConversionOptions Kind Layout Names Progress Resample SegmentationForm SlicePlane Target Uids",
    "pixels": "PixelRecord",
    "proposals": "Beside Proposal propose",
    "report": "ConversionReport Entry Outcome",
    "sidecar": "read_sidecar",
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
