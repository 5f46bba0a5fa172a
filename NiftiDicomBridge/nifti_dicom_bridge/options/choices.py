"""What can be chosen: one vocabulary for Python, command line, panel and batch."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

PLANES = "planes"
"""A mosaic of the three middle planes."""
SELECTIONS = ("series", "study", "patient", "modality")
"""Options that select images."""
LABEL_PROFILES = ("freesurfer", "fastsurfer", "synthseg", "totalsegmentator", "spm", "cat12", "fast-t1", "masks")
"""Labels of well-known tools, in place of a label file; `labels.profiles` has them."""
MOST_LEVELS = 16
"""Of a pyramid: more halvings than any image has."""
MOST_JOBS = 1024
"""More processors than any computer has that converts images."""
Progress = Callable[[str, int, int], None]
"""Called as ``progress(what, done, total)``; raising `Cancelled` in it stops the job and leaves nothing half-written."""


class Target(StrEnum):
    """The format to write.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions
    >>> ConversionOptions(target="zarr").target
    <Target.ZARR: 'zarr'>
    """

    NIFTI = "nifti"
    DICOM = "dicom"
    ZARR = "zarr"
    """Zarr v3 stores with OME-Zarr metadata."""
    PREVIEW = "preview"
    """Pictures and readable metadata: PNG, GIF, MP4, text."""


class Uids(StrEnum):
    """What happens to the UIDs of a series whose voxels and geometry are unchanged.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions
    >>> ConversionOptions(target="dicom", uids="keep").uids
    <Uids.KEEP: 'keep'>
    """

    NEW = "new"
    KEEP = "keep"


class Names(StrEnum):
    """How restored DICOM files are called.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions
    >>> ConversionOptions(target="dicom", names="original").names
    <Names.ORIGINAL: 'original'>
    """

    NUMBERED = "numbered"
    ORIGINAL = "original"


class Compression(StrEnum):
    """How the pixels of DICOM files are compressed, always without loss.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions
    >>> ConversionOptions(target="dicom", compress="rle").compress
    <Compression.RLE: 'rle'>
    """

    NATIVE = "native"
    """Not at all."""
    RLE = "rle"
    JPEGLS = "jpegls"
    J2K = "j2k"
    """JPEG 2000."""
    HTJ2K = "htj2k"
    """High-Throughput JPEG 2000."""
    DEFLATE = "deflate"
    """The whole data set, whatever its pixels are."""
    ORIGINAL = "original"
    """As the files were that a series is restored from; new objects are not compressed."""


class Layout(StrEnum):
    """How NIfTI files are called and arranged.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions
    >>> ConversionOptions(layout="bids").layout
    <Layout.BIDS: 'bids'>
    """

    FLAT = "flat"
    """All in one folder, each called after its series."""
    BIDS = "bids"
    """A BIDS dataset."""


class Kind(StrEnum):
    """The kind of DICOM object to make of an image (PS3.3 A).

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions
    >>> ConversionOptions(target="dicom", kind="seg").kind
    <Kind.SEG: 'seg'>
    """

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
    RTSTRUCT = "rtstruct"
    """RT Structure Set: contours of the regions of a label map."""


LABEL_KINDS = (Kind.SEG, Kind.RTSTRUCT)
"""Kinds of object that have labeled regions."""
MAY_HAVE_LABELS = (Kind.AUTO, *LABEL_KINDS)
"""Kinds for which the data may decide that an image is a label map."""


class SegmentationForm(StrEnum):
    """How the segments of a Segmentation are stored (PS3.3 C.8.20.2).

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions
    >>> ConversionOptions(target="dicom", segmentation="labelmap").segmentation
    <SegmentationForm.LABELMAP: 'labelmap'>
    """

    AUTO = "auto"
    """Fractional for probabilities, else binary."""
    BINARY = "binary"
    """One bit per voxel, frames of their own for every segment: what all receivers read."""
    FRACTIONAL = "fractional"
    """Probabilities in 8 bits."""
    LABELMAP = "labelmap"
    """The label map as it is: label numbers stay, one set of frames for all segments."""


class RoiForm(StrEnum):
    """What the regions of an RT Structure Set become.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions
    >>> ConversionOptions(rois="masks").rois
    <RoiForm.MASKS: 'masks'>
    """

    LABELMAP = "labelmap"
    """Label maps, as few as the overlaps of the regions allow."""
    MASKS = "masks"
    """One mask of 0 and 1 for each region."""


class SlicePlane(StrEnum):
    """Which axis of an image becomes the slices of a DICOM series.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions
    >>> ConversionOptions(target="preview", plane="sagittal").plane
    <SlicePlane.SAGITTAL: 'sagittal'>
    """

    AUTO = "auto"
    """As the reference series has them; else along an axis of one voxel, that of the thickest voxels, or the third one."""
    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"
    AS_STORED = "as-stored"
    """Along the third axis, rows and columns in the order of the file."""
    REFERENCE = "reference"
    """As the reference series has them."""


class Resample(StrEnum):
    """What of a stack is resampled to make its grid regular; never unless asked for, as it invents values.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions
    >>> sorted(ConversionOptions(resample="tilt,spacing").resample)
    [<Resample.SPACING: 'spacing'>, <Resample.TILT: 'tilt'>]
    """

    TILT = "tilt"
    """Sheared slices, of a tilted gantry, to an upright grid."""
    SPACING = "spacing"
    """Uneven distances and missing slices to an even grid."""
    SHEAR = "shear"
    """Rows and columns that are not perpendicular, which no DICOM slice can hold, to ones that are."""


class Retain(StrEnum):
    """What de-identification keeps beyond the basic profile: options of PS3.15 table E.1-1.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions
    >>> sorted(ConversionOptions(deidentify=True, retain="uids,device").retain)
    [<Retain.DEVICE: 'device'>, <Retain.UIDS: 'uids'>]
    """

    UIDS = "uids"
    SAFE_PRIVATE = "safe-private"
    """Private attributes that are known not to identify anyone (PS3.15 E.3.10), such as diffusion gradients."""
    DEVICE = "device"
    INSTITUTION = "institution"
    PATIENT_CHARACTERISTICS = "patient-characteristics"
    """Sex, age, size, weight and the like."""
    FULL_DATES = "full-dates"
    MODIFIED_DATES = "modified-dates"
    """Dates, moved by the same number of days for all images of a patient."""


class Clean(StrEnum):
    """What de-identification cleans in place of removing it: options of PS3.15 table E.1-1.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions
    >>> ConversionOptions(deidentify=True, clean="descriptors").clean
    frozenset({<Clean.DESCRIPTORS: 'descriptors'>})
    """

    DESCRIPTORS = "descriptors"
    """Descriptions, reduced to words of anatomy and technique."""
    STRUCTURED_CONTENT = "structured-content"
    GRAPHICS = "graphics"
    """Graphic annotations without their text, and overlays that mark regions of interest."""


class WindowChoice(StrEnum):
    """Which values a picture shows.

    Examples
    --------
    >>> from nifti_dicom_bridge import PreviewOptions
    >>> PreviewOptions(window="full").window
    <WindowChoice.FULL: 'full'>
    """

    FILE = "file"
    """Those that the file specifies; otherwise as ``AUTO``."""
    AUTO = "auto"
    """All but the extremes."""
    FULL = "full"
    """From the lowest to the highest."""


PreviewWindow = WindowChoice | tuple[float, float]
"""A choice, or center and width in the unit of the image."""
