"""Conversions in one call, with options as arguments."""

from __future__ import annotations

import difflib
from dataclasses import fields
from typing import Any

from ..errors import OptionError
from ..model.report import ConversionReport
from ..options import ConversionOptions, PreviewOptions, Progress, Target
from ..options.path_fields import AnyPath, AnyPaths
from .jobs import Job, convert


def to_nifti(inputs: AnyPaths, output: AnyPath, *, progress: Progress | None = None, **options: Any) -> ConversionReport:
    """Convert DICOM or Zarr stores to NIfTI with JSON sidecars.

    Parameters
    ----------
    inputs : path or iterable of paths
        Files and folders of any depth.
    output : path
        Folder to write to; created if missing.
    progress : Progress, optional
        Called as ``progress(what, done, total)``; may raise `Cancelled`.
    **options
        Fields of `ConversionOptions` but `target`, such as ``gzip=False``, ``layout="bids"``, ``overwrite=True``.

    Returns
    -------
    ConversionReport
        One entry for each series; a series that fails does not stop the others.

    Raises
    ------
    BridgeError
        If nothing can be started: an input does not exist, there is no image, options contradict each other.
    Cancelled
        If `progress` raised it.

    Examples
    --------
    >>> from nifti_dicom_bridge import to_nifti
    >>> report = to_nifti("scans", "nifti")
    >>> report
    ConversionReport: 1 converted
      converted  7 Oblique MR → nifti/7_Oblique_MR.nii.gz
    >>> report.ok
    True
    """
    return convert(Job(inputs, output, _options(Target.NIFTI, options)), progress)


def to_dicom(inputs: AnyPaths, output: AnyPath, *, progress: Progress | None = None, **options: Any) -> ConversionReport:
    """Convert NIfTI or Zarr stores to DICOM: the original, a derived series, or new objects; or DICOM to another kind of DICOM.

    Parameters
    ----------
    inputs, output, progress
        As for `to_nifti`.
    **options
        Fields of `ConversionOptions` but `target`, such as ``uids="keep"``, ``kind="seg"``, ``reference="scans"``,
        ``set_values={"PatientID": "007"}``.

    Returns
    -------
    ConversionReport
        As for `to_nifti`.

    Raises
    ------
    BridgeError, Cancelled
        As for `to_nifti`.

    Examples
    --------
    >>> from nifti_dicom_bridge import to_dicom, to_nifti
    >>> images = to_nifti("scans", "images").outputs
    >>> to_dicom(images[0], "restored", uids="keep")
    ConversionReport: 1 restored
      restored   7_Oblique_MR.nii.gz → 7 files in restored/7_Oblique_MR
    """
    return convert(Job(inputs, output, _options(Target.DICOM, options)), progress)


def to_zarr(inputs: AnyPaths, output: AnyPath, *, progress: Progress | None = None, **options: Any) -> ConversionReport:
    """Convert DICOM or NIfTI to Zarr stores with OME-Zarr metadata.

    Parameters
    ----------
    inputs, output, progress
        As for `to_nifti`.
    **options
        Fields of `ConversionOptions` but `target`, such as ``pyramid=3`` or ``shards=True``.

    Returns
    -------
    ConversionReport
        As for `to_nifti`.

    Raises
    ------
    DependencyError
        If the package zarr is not installed.
    BridgeError, Cancelled
        As for `to_nifti`.

    Examples
    --------
    >>> from nifti_dicom_bridge import to_zarr
    >>> to_zarr("scans", "stores", pyramid=1)
    ConversionReport: 1 converted
      converted  7 Oblique MR → stores/7_Oblique_MR.zarr
    """
    return convert(Job(inputs, output, _options(Target.ZARR, options)), progress)


def to_preview(inputs: AnyPaths, output: AnyPath, *, progress: Progress | None = None, **options: Any) -> ConversionReport:
    """Make pictures of DICOM, NIfTI or Zarr stores: PNG, GIF, MP4, and text with the metadata.

    Parameters
    ----------
    inputs, output, progress
        As for `to_nifti`.
    **options
        Fields of `PreviewOptions`, such as ``window="40,400"`` or ``mosaic=20``, and of `ConversionOptions` but `target`,
        such as ``plane="sagittal"``.

    Returns
    -------
    ConversionReport
        As for `to_nifti`.

    Raises
    ------
    BridgeError, Cancelled
        As for `to_nifti`.

    Examples
    --------
    >>> from nifti_dicom_bridge import to_preview
    >>> report = to_preview("scans", "pictures", mosaic="planes", gif=False, mp4=False)
    >>> [path.name for path in report.outputs]
    ['7_Oblique_MR.png', '7_Oblique_MR_mosaic.png', '7_Oblique_MR.txt']
    """
    return convert(Job(inputs, output, _options(Target.PREVIEW, options)), progress)


def deidentify(
    inputs: AnyPaths, output: AnyPath, *, target: Target | str = Target.DICOM, progress: Progress | None = None, **options: Any
) -> ConversionReport:
    """Write images without identifying metadata, by the Basic Application Level Confidentiality Profile (PS3.15 E.2).

    The pixels are not changed: text that is burned in stays, and so do faces.

    Parameters
    ----------
    inputs, output, progress
        As for `to_nifti`.
    target : Target or str
        The format to write.
    **options
        Fields of `ConversionOptions`, such as ``key_file="study.key"``, which links the UIDs of several
        calls, ``retain="safe-private"``, or ``clean="descriptors"``.

    Returns
    -------
    ConversionReport
        As for `to_nifti`.

    Raises
    ------
    BridgeError, Cancelled
        As for `to_nifti`.

    Examples
    --------
    >>> from nifti_dicom_bridge import deidentify
    >>> deidentify("scans", "public")
    ConversionReport: 1 restored (new UIDs)
      restored   7_MR → 7 files in public/7_MR (new UIDs)
    """
    return convert(Job(inputs, output, _options(target, {**options, "deidentify": True})), progress)


_PICTURES = frozenset(field.name for field in fields(PreviewOptions))
_OTHERS = frozenset(field.name for field in fields(ConversionOptions)) - {"target"}


def _options(target: Target | str, given: dict[str, Any]) -> ConversionOptions:
    """Return options from arguments; those of pictures are arguments like the others."""
    for name in given.keys() - _PICTURES - _OTHERS:
        near = difflib.get_close_matches(name, _PICTURES | _OTHERS, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Options are {', '.join(sorted(_PICTURES | _OTHERS))}."
        raise OptionError(f"Unknown option {name}. {hint}")
    pictures = {name: value for name, value in given.items() if name in _PICTURES}
    others = {name: value for name, value in given.items() if name not in _PICTURES}
    if pictures and "preview" in others:
        raise OptionError(f"Name {' and '.join(sorted(pictures))} in preview as well, or leave preview out.")
    if pictures:
        others["preview"] = pictures
    return ConversionOptions(target=target, **others)
