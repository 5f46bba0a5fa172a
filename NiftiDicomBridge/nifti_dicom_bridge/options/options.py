"""Every choice of a conversion: one vocabulary for command line, panel and batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

Progress = Callable[[str, int, int], None]
"""Called as ``progress(what, done, total)``; raising `Cancelled` in it stops the job and leaves nothing half-written."""


class Target(StrEnum):
    """The format to write."""

    NIFTI = "nifti"
    DICOM = "dicom"
    ZARR = "zarr"
    """Zarr v3 stores with OME-Zarr metadata."""
    PREVIEW = "preview"
    """Pictures and readable metadata: PNG, GIF, MP4, text."""


class Uids(StrEnum):
    """What happens to the UIDs of a series whose voxels and geometry are unchanged."""

    NEW = "new"
    KEEP = "keep"


class Names(StrEnum):
    """How restored DICOM files are called."""

    NUMBERED = "numbered"
    ORIGINAL = "original"


class Layout(StrEnum):
    """How NIfTI files are called and arranged."""

    FLAT = "flat"
    """All in one folder, each called after its series."""
    BIDS = "bids"
    """A BIDS dataset."""


class Kind(StrEnum):
    """The kind of DICOM object to make of an image (PS3.3 A)."""

    AUTO = "auto"
    """What the image came from; else by its values and what is known of it."""
    CT = "ct"
    MR = "mr"
    PET = "pet"
    SC = "sc"
    """Secondary Capture, an object per slice."""
    SC_MULTI = "sc-multiframe"
    """Multi-frame Secondary Capture."""
    ENHANCED_CT = "enhanced-ct"
    ENHANCED_MR = "enhanced-mr"
    ENHANCED_PET = "enhanced-pet"
    ENHANCED = "enhanced"
    """The enhanced kind of the image's modality."""
    LEGACY = "legacy"
    """Legacy Converted Enhanced CT, MR or PET, by modality: from DICOM objects of one frame."""
    CLASSIC = "classic"
    """The kind of one frame per object of the image's modality."""
    SEG = "seg"
    """Segmentation."""
    PM = "pm"
    """Parametric Map."""


class SegmentationForm(StrEnum):
    """How the segments of a Segmentation are stored (PS3.3 C.8.20.2)."""

    AUTO = "auto"
    """Fractional for probabilities, else binary."""
    BINARY = "binary"
    """One bit per voxel, frames of their own for every segment: what all receivers read."""
    FRACTIONAL = "fractional"
    """Probabilities in 8 bits."""
    LABELMAP = "labelmap"
    """The label map as it is: label numbers stay, one set of frames for all segments."""


class SlicePlane(StrEnum):
    """Which axis of an image becomes the slices of a DICOM series."""

    AUTO = "auto"
    """As the reference series has them; else across the thickest voxels, or along the third axis of the image."""
    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"
    AS_STORED = "as-stored"
    """Along the third axis, rows and columns in the order of the file."""
    REFERENCE = "reference"
    """As the reference series has them."""


class Resample(StrEnum):
    """What of a stack is resampled to make its grid regular; never unless asked for, as it invents values."""

    TILT = "tilt"
    """Sheared slices, of a tilted gantry, to an upright grid."""
    SPACING = "spacing"
    """Uneven distances and missing slices to an even grid."""
    SHEAR = "shear"
    """Rows and columns that are not perpendicular, which no DICOM slice can hold, to ones that are."""


class WindowChoice(StrEnum):
    """Which values a picture shows."""

    FILE = "file"
    """Those that the file wants shown; where it does not say, as ``AUTO``."""
    AUTO = "auto"
    """All but the extremes."""
    FULL = "full"
    """From the lowest to the highest."""


PreviewWindow = WindowChoice | tuple[float, float]
"""A choice; or center and width, in the unit of the image."""


@dataclass(frozen=True)
class PreviewOptions:
    """How pictures are made.

    Attributes
    ----------
    window : WindowChoice or (center, width)
        Which values are shown.
    eight_bit : bool
        PNG of 8 bits for grey images, too, instead of 16.
    fps : float
        Pictures per second of GIF and MP4.
    gif, mp4 : bool
        Write them, where there is more than one picture.
    mosaic : int, optional
        Write a mosaic: 0 of the three middle planes, else of so many slices.
    overlay : pathlib.Path, optional
        A label map, DICOM SEG or NIfTI, to draw upon the pictures.
    letters : bool, optional
        Write on the pictures where R, L, A, P, S, I are. By default on all but plain PNG.
    all_slices : bool
        A PNG of every slice.
    deidentify : bool
        Nothing that tells who the patient is in names, text and metadata of the pictures.
    """

    window: PreviewWindow = WindowChoice.FILE
    eight_bit: bool = False
    fps: float = 10.0
    gif: bool = True
    mp4: bool = True
    mosaic: int | None = None
    overlay: Path | None = None
    letters: bool | None = None
    all_slices: bool = False
    deidentify: bool = False


@dataclass(frozen=True)
class FileOptions:
    """Choices for one input file, in place of those of the conversion.

    Attributes
    ----------
    kind : Kind
        The kind of DICOM object to make.
    reference : pathlib.Path, optional
        A DICOM series in the same frame of reference.
    set_values : dict of str to str
        DICOM keyword → value.
    """

    kind: Kind = Kind.AUTO
    reference: Path | None = None
    set_values: dict[str, str] = field(default_factory=dict)


@dataclass
class ConversionOptions:
    """All choices of one conversion, each with the default a person would want.

    Attributes
    ----------
    target : Target
        The format to write.
    uids : Uids
        ``NEW``: new Series and SOP Instance UIDs, everything else restored. ``KEEP``: the very same instances. Edited
        images always get new ones.
    names : Names
        ``NUMBERED``: a folder per series, files ``000001.dcm``… ``ORIGINAL``: the relative paths that the files had.
    gzip : bool
        ``.nii.gz`` instead of ``.nii``.
    overwrite : bool
        Replace outputs that exist. Without it an existing output is an error and stays untouched.
    set_values : dict of str to str
        DICOM keyword → value; wins over the sidecar and over what was recorded.
    layout : Layout
        How NIfTI files are called and arranged.
    bids_map : pathlib.Path, optional
        JSON or TOML that tells what each series is in BIDS, before the built-in rules do.
    resample : frozenset of Resample
        ``TILT``, ``SPACING``: write a resampled image beside each that needs it, for NIfTI. ``SHEAR``: on the way to DICOM,
        make rows and columns perpendicular where they are not.
    kind : Kind
        The kind of DICOM object to make.
    plane : SlicePlane
        Which axis becomes the slices of an image that never was DICOM.
    reference : pathlib.Path, optional
        A DICOM series in the space of the image: gives patient, study, frame of reference and equipment.
    study_from : pathlib.Path, optional
        DICOM of the study that the image belongs to: gives patient and study only.
    sidecar : pathlib.Path, optional
        The JSON of the image, where it does not lie beside it.
    metadata : pathlib.Path, optional
        JSON or TOML with DICOM keywords and values; like `set_values`, which win.
    labels : pathlib.Path, optional
        Names and colours of the labels of a label map.
    segmentation : SegmentationForm
        How segments are stored.
    max_error : float, optional
        Largest difference that rounding to 16 bits may make, in the units of the image.
    shards : bool
        Zarr: many chunks in one file, as object stores like it.
    pyramid : int
        Zarr: how many coarser levels to write, each with half of the voxels along its axes.
    preview : PreviewOptions
        How pictures are made.
    deidentify : bool
        Write nothing that tells who the patient is, as far as metadata and names go: see `deidentify`.
    deidentify_key : str
        UIDs of conversions with the same key stay linked. A random one for each conversion by default.
    per_file : dict of pathlib.Path to FileOptions
        Input file → its own `kind`, `reference` and `set_values`, for conversion to DICOM.
    """

    target: Target = Target.NIFTI
    uids: Uids = Uids.NEW
    names: Names = Names.NUMBERED
    gzip: bool = True
    overwrite: bool = False
    set_values: dict[str, str] = field(default_factory=dict)
    layout: Layout = Layout.FLAT
    bids_map: Path | None = None
    resample: frozenset[Resample] = frozenset()
    kind: Kind = Kind.AUTO
    plane: SlicePlane = SlicePlane.AUTO
    reference: Path | None = None
    study_from: Path | None = None
    sidecar: Path | None = None
    metadata: Path | None = None
    labels: Path | None = None
    segmentation: SegmentationForm = SegmentationForm.AUTO
    max_error: float | None = None
    shards: bool = False
    pyramid: int = 0
    preview: PreviewOptions = PreviewOptions()
    deidentify: bool = False
    deidentify_key: str = ""
    per_file: dict[Path, FileOptions] = field(default_factory=dict)

    def for_file(self, path: Path) -> ConversionOptions:
        """Return the options of one input file."""
        own = self.per_file.get(path)
        if own is None:
            return self
        return replace(self, kind=own.kind, reference=own.reference, set_values=own.set_values)
