"""The bridge between DICOM and NIfTI that loses nothing.

Public names are loaded when they are first used, so that ``nifti-dicom-bridge --help`` and Slicer's start cost nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same names for type checkers, which do not look into the table below
    from .conversion.comparison import Comparison as Comparison, compare as compare
    from .conversion.apply import apply as apply
    from .conversion.functions import deidentify as deidentify, to_dicom as to_dicom, to_nifti as to_nifti
    from .conversion.functions import to_preview as to_preview, to_zarr as to_zarr
    from .conversion.inspection.inspect import Inspection as Inspection, inspect as inspect
    from .conversion.jobs import Job as Job, convert as convert
    from .conversion.execution.many import convert_many as convert_many
    from .conversion.proposals import SidecarKind as SidecarKind, Proposal as Proposal, propose as propose
    from .conversion.proposals import value_problem as value_problem
    from .conversion.inputs.read_images import open_zarr as open_zarr, read as read
    from .conversion.outputs.write_image import write as write
    from .deidentification import Deidentifier as Deidentifier
    from .errors import ArchiveError as ArchiveError
    from .errors import BridgeError as BridgeError, BridgeWarning as BridgeWarning, Cancelled as Cancelled
    from .errors import DependencyError as DependencyError
    from .errors import DicomReadError as DicomReadError, GeometryError as GeometryError
    from .errors import ImageReadError as ImageReadError, NiftiReadError as NiftiReadError
    from .errors import OptionError as OptionError, OutputError as OutputError, PixelError as PixelError
    from .errors import SidecarError as SidecarError, ZarrReadError as ZarrReadError
    from .formats.dicom.reading.segmentations.segments import segments_of as segments_of
    from .formats.dicom.reading.stacking.slice_shifts import slice_shifts as slice_shifts
    from .html_report import write_report as write_report, write_summary as write_summary
    from .labels import Code as Code, Segment as Segment, read_labels as read_labels
    from .model.dicom_source import DicomSource as DicomSource, Origin as Origin
    from .model.space.geometry import spacing_of as spacing_of, unit_axes as unit_axes
    from .model.space.grids import reversed_grid as reversed_grid, same_grid as same_grid
    from .model.identity import identity_of as identity_of
    from .model.voxels.lazy_voxels import LazyVoxels as LazyVoxels
    from .model.metadata import Change as Change, Element as Element, Instance as Instance, Log as Log
    from .model.metadata import SeriesMetadata as SeriesMetadata
    from .model.files.names import is_nifti as is_nifti, safe_name as safe_name, stem_of as stem_of, unique_name as unique_name
    from .model.person import may_be_same_person as may_be_same_person
    from .model.voxels.pixels import PixelRecord as PixelRecord, Rescale as Rescale
    from .model.report import ConversionReport as ConversionReport, Entry as Entry, Outcome as Outcome
    from .model.volume import Volume as Volume
    from .network.fetch import fetch as fetch
    from .network.listen import listen as listen
    from .network.reception import ReceptionLimits as ReceptionLimits
    from .network.search import list_series as list_series, search as search
    from .network.search_result import SearchResult as SearchResult, SeriesMatch as SeriesMatch, StudyMatch as StudyMatch
    from .network.send import send as send
    from .network.settings import ArchiveSettings as ArchiveSettings, read_archive_settings as read_archive_settings
    from .network.transfer_report import TransferReport as TransferReport
    from .optional_packages import FEATURES as FEATURES, missing_packages as missing_packages
    from .options import Compression as Compression
    from .options import ConversionOptions as ConversionOptions, FileOptions as FileOptions, Kind as Kind, Layout as Layout
    from .options import Names as Names, PreviewOptions as PreviewOptions, Progress as Progress, Resample as Resample
    from .options import (
        RoiForm as RoiForm,
        SegmentationForm as SegmentationForm,
        SlicePlane as SlicePlane,
        Target as Target,
        Uids as Uids,
    )
    from .options import WindowChoice as WindowChoice
    from .options.apply_options import ApplyOptions as ApplyOptions, Per as Per
    from .options.checks import check_options as check_options
    from .options.messages import in_words as in_words, message_of as message_of
    from .options.wording import command_line_words as command_line_words, python_words as python_words
    from .preview import plane_picture as plane_picture
    from .samples import Sample as Sample, create_samples as create_samples
    from .samples.demo import make_sample as make_sample
    from .sidecar import read_sidecar as read_sidecar
    from .validation import Finding as Finding, Severity as Severity, ValidationReport as ValidationReport
    from .validation import validate as validate

_HOMES = {
    "conversion.comparison": "Comparison compare",
    "deidentification": "Deidentifier",
    "samples.demo": "make_sample",
    "network.fetch": "fetch",
    "network.listen": "listen",
    "network.reception": "ReceptionLimits",
    "network.search": "list_series search",
    "network.search_result": "SearchResult SeriesMatch StudyMatch",
    "network.send": "send",
    "network.settings": "ArchiveSettings read_archive_settings",
    "network.transfer_report": "TransferReport",
    "errors": "ArchiveError BridgeError BridgeWarning Cancelled DependencyError DicomReadError GeometryError ImageReadError "
    "NiftiReadError "
    "OptionError OutputError PixelError SidecarError ZarrReadError",
    "conversion.apply": "apply",
    "conversion.functions": "deidentify to_dicom to_nifti to_preview to_zarr",
    "conversion.inspection.inspect": "Inspection inspect",
    "conversion.inputs.read_images": "open_zarr read",
    "formats.dicom.reading.segmentations.segments": "segments_of",
    "formats.dicom.reading.stacking.slice_shifts": "slice_shifts",
    "conversion.outputs.write_image": "write",
    "preview": "plane_picture",
    "model.identity": "identity_of",
    "conversion.jobs": "Job convert",
    "labels": "Code Segment read_labels",
    "model.voxels.lazy_voxels": "LazyVoxels",
    "model.metadata": "Change Element Instance Log SeriesMetadata",
    "model.files.names": "is_nifti safe_name stem_of unique_name",
    "options.apply_options": "ApplyOptions Per",
    "options.checks": "check_options",
    "options.messages": "in_words message_of",
    "options.wording": "command_line_words python_words",
    "optional_packages": "FEATURES missing_packages",
    "options": "Compression ConversionOptions FileOptions Kind Layout Names PreviewOptions Progress Resample "
    "RoiForm SegmentationForm SlicePlane Target Uids WindowChoice",
    "model.person": "may_be_same_person",
    "model.voxels.pixels": "PixelRecord Rescale",
    "conversion.execution.many": "convert_many",
    "conversion.proposals": "Proposal SidecarKind propose value_problem",
    "model.report": "ConversionReport Entry Outcome",
    "html_report": "write_report write_summary",
    "samples": "Sample create_samples",
    "sidecar": "read_sidecar",
    "validation": "Finding Severity ValidationReport validate",
    "model.dicom_source": "DicomSource Origin",
    "model.space.geometry": "spacing_of unit_axes",
    "model.space.grids": "reversed_grid same_grid",
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
