"""Which options contradict each other: one table for Python, command line and Slicer.

A value that is not valid for its option is refused when the options are created (`fields`). Here is what depends on several
options, on the file system, or on the DICOM data dictionary.
"""

from __future__ import annotations

from ..standard.keywords import unknown_keyword
from .bids_rules import BIDS_RULES
from .choices import SELECTIONS, Kind, Layout, Names, Resample, SegmentationForm, SlicePlane, Target, Uids
from .deidentification_rules import DEIDENTIFICATION_RULES
from .filename_templates import OF_INPUTS, fields_of, template_problem
from .options import ConversionOptions
from .path_rules import PATH_RULES
from .rule import Rule, is_given
from .target_rules import TARGET_RULES


def _any_reference(options: ConversionOptions) -> bool:
    return options.reference is not None or any(own.reference for own in options.per_file.values())


_NEVER_ROUNDED = (Kind.SEG, Kind.PM, Kind.LEGACY, Kind.RTSTRUCT)


def check_options(options: ConversionOptions) -> None:
    """Refuse options that contradict each other; every conversion calls this before it reads anything.

    Parameters
    ----------
    options : ConversionOptions
        All choices, with those of single files.

    Raises
    ------
    OptionError
        With the `code` of the rule and the `options` that are affected.

    Examples
    --------
    >>> from nifti_dicom_bridge import ConversionOptions, check_options
    >>> check_options(ConversionOptions(target="zarr", pyramid=3))
    >>> check_options(ConversionOptions(target="nifti", pyramid=3))
    Traceback (most recent call last):
    nifti_dicom_bridge.errors.OptionError: pyramid applies only to Zarr output. Use it with target="zarr", or leave it out.
    """
    for choices in (options, *map(options.for_file, options.per_file)):
        _check(choices, RULES)


def check_single_image(options: ConversionOptions) -> None:
    """Refuse what `check_options` refuses, and options that apply only to the conversion of many images."""
    _check(options, SINGLE_IMAGE_RULES)
    check_options(options)


def _check(options: ConversionOptions, rules: tuple[Rule, ...]) -> None:
    for rule in rules:
        if rule.broken_by(options):
            raise rule.error(options)


def _unknown_keywords(options: ConversionOptions) -> str:
    return " ".join(filter(None, map(unknown_keyword, options.set_values)))


def _problem_of_archive(options: ConversionOptions) -> str:
    if not options.send:
        return ""
    from .addresses import address_problem  # few conversions send anything

    return address_problem(options.send)


RULES: tuple[Rule, ...] = (
    *TARGET_RULES,
    Rule(
        "skip-existing-with-overwrite",
        ("skip_existing", "overwrite"),
        lambda options: options.skip_existing and options.overwrite,
        "{skip_existing=True} keeps outputs that exist, and {overwrite=True} replaces them. Leave out one of them.",
    ),
    # archives
    Rule(
        "send-not-an-archive",
        ("send",),
        lambda options: bool(_problem_of_archive(options)),
        "{send}: {found}",
        lambda options: _problem_of_archive(options),
    ),
    # names
    Rule(
        "filename-not-a-template",
        ("filename",),
        lambda options: bool(options.filename) and bool(template_problem(options.filename)),
        "{filename}: {found}",
        lambda options: f"{options.filename!r}: {template_problem(options.filename)}",
    ),
    Rule(
        "filename-with-bids",
        ("filename", "layout"),
        lambda options: bool(options.filename) and options.layout is Layout.BIDS,
        "{filename} chooses the names of files, and {layout=bids} writes names of BIDS. Leave out one of them.",
    ),
    Rule(
        "filename-of-inputs-deidentified",
        ("filename", "deidentify"),
        lambda options: options.deidentify and bool(OF_INPUTS & fields_of(options.filename)),
        "{filename} has a field with names of input files, which may identify the patient. Leave out this field, or "
        "{deidentify}.",
    ),
    *BIDS_RULES,
    *DEIDENTIFICATION_RULES,
    # new objects
    Rule(
        "kind-with-kept-uids",
        ("kind", "uids"),
        lambda options: options.kind is not Kind.AUTO and options.uids is Uids.KEEP,
        "{kind} creates new objects with new UIDs, and {uids=keep} restores the original ones. Leave out one of them.",
    ),
    Rule(
        "kind-with-original-names",
        ("kind", "names"),
        lambda options: options.kind is not Kind.AUTO and options.names is Names.ORIGINAL,
        "{kind} creates new objects, and {names=original} restores the original files. Leave out one of them.",
    ),
    Rule(
        "segmentation-of-other-kind",
        ("segmentation", "kind"),
        lambda options: (
            options.segmentation is not SegmentationForm.AUTO and options.kind not in (Kind.AUTO, Kind.SEG, Kind.RTSTRUCT)
        ),
        "{segmentation} applies only to segmentations. Use it with {kind=seg}, or leave it out.",
    ),
    Rule(
        "labelmap-of-contours",
        ("segmentation", "kind"),
        lambda options: options.segmentation is SegmentationForm.LABELMAP and options.kind is Kind.RTSTRUCT,
        "{segmentation=labelmap} stores voxels, and {kind=rtstruct} stores contours. Leave out {segmentation}.",
    ),
    Rule(
        "max-error-without-rounding",
        ("max_error", "kind"),
        lambda options: options.max_error is not None and options.kind in _NEVER_ROUNDED,
        "{max_error} limits the error of rounding to 16 bits, and values are not rounded with the chosen {kind}. Leave it out.",
    ),
    # planes and pictures
    Rule(
        "allow-no-overlap-without-reference",
        ("allow_no_overlap", "reference"),
        lambda options: options.allow_no_overlap and not _any_reference(options),
        "{allow_no_overlap} concerns the reference of an image. Name one with {reference}, or leave it out.",
    ),
    Rule(
        "same-space-without-reference",
        ("same_space", "reference"),
        lambda options: options.target is Target.DICOM and options.same_space and not _any_reference(options),
        "{same_space} concerns the reference of regions. Name one with {reference}, or leave it out.",
    ),
    Rule(
        "plane-without-reference",
        ("plane", "reference"),
        lambda options: options.target is Target.DICOM and options.plane is SlicePlane.REFERENCE and options.reference is None,
        "{plane=reference} takes the planes of the reference series. Name one with {reference}, or choose another {plane}.",
    ),
    Rule(
        "pictures-in-plane-of-reference",
        ("plane", "target"),
        lambda options: options.target is Target.PREVIEW and options.plane is SlicePlane.REFERENCE,
        "{plane=reference} takes the planes of a reference series, and pictures have none. Choose another {plane}.",
    ),
    Rule(
        "fps-without-movies",
        ("preview.fps", "preview.gif", "preview.mp4"),
        lambda options: is_given(options, "preview.fps") and not (options.preview.gif or options.preview.mp4),
        "{preview.fps} applies only to GIF and MP4, and both are disabled. Leave out {preview.fps}.",
    ),
    # what options name
    Rule(
        "unknown-keyword",
        ("set_values",),
        lambda options: bool(_unknown_keywords(options)),
        "{set_values}: {found}",
        _unknown_keywords,
    ),
    *PATH_RULES,
)
"""All contradictions; the first that applies is the reason."""

SINGLE_IMAGE_RULES: tuple[Rule, ...] = (
    Rule(
        "filename-of-single-image",
        ("filename",),
        lambda options: bool(options.filename),
        "{filename} names the outputs of many images, and this is a single image with a name of its own. Use convert.",
    ),
    Rule(
        "selection-of-single-image",
        SELECTIONS,
        lambda options: any(is_given(options, option) for option in SELECTIONS),
        "{series}, {study}, {patient} and {modality} select from many images, and this is a single image. Use convert.",
    ),
    Rule(
        "skip-existing-of-single-image",
        ("skip_existing",),
        lambda options: options.skip_existing,
        "{skip_existing=True} applies to the conversion of many images, and this is a single image. Use convert.",
    ),
    Rule(
        "bids-of-single-image",
        ("layout",),
        lambda options: options.layout is Layout.BIDS,
        "{layout=bids} applies to the conversion of a whole study, and this is a single image. Use convert.",
    ),
    Rule(
        "resample-of-single-image",
        ("resample",),
        lambda options: bool(options.resample - {Resample.SHEAR}),
        "{resample} writes a second image, and this is a single image. Use convert.",
    ),
    Rule(
        "choices-for-single-files",
        ("per_file",),
        lambda options: bool(options.per_file),
        "{per_file} applies to the conversion of files, and this is a single image. Use convert.",
    ),
)
"""What `nifti_dicom_bridge.write` refuses as well."""
