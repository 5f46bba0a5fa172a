"""What to do about a problem in Slicer, for each code of a remedy of the core."""

from __future__ import annotations

from slicer.i18n import tr as _


def panel_remedies() -> dict[str, str]:
    """Return code → remedy; as in the core, ``{name}`` is what depends on the image."""
    return {**_of_files(), **_of_segmentations(), **_of_commands(), **_of_archives()}


def _of_files() -> dict[str, str]:
    return {
        "allow-error": _(
            "Choose the kind “Parametric map”, which keeps every value, or allow more with “max_error” in “Other options”."
        ),
        "allow-memory": _("Convert it on a larger computer, or write “size_limit: {gigabytes}” into “Other options”."),
        "allow-size": _("If the file is trusted, write “size_limit: {gigabytes}” into “Other options”."),
        "bids-keys": _("(“bids_keys: FILE” in “Other options”)"),
        "bids-map": _("“{section}” in a file (“bids_map: FILE” in “Other options”)"),
        "bids-one-person": _("Convert the images of each person by themselves, with “subject: LABEL” in “Other options”"),
        "bids-subject": _(
            "“subjects” (name or ID → label) in a file (“bids_map: FILE”), or “subject: LABEL”, in “Other options”,"
        ),
        "check-reference": _(
            "Choose the series of this image as the reference, or no reference; “allow_no_overlap” in “Other options” writes "
            "it into the study of that patient all the same."
        ),
        "install-ffmpeg": _("Install ffmpeg."),
        "install-packages": _("Install them in the Python console, with slicer.util.pip_install."),
        "leave-out-originals": _("leave out “Keep original UIDs”."),
        "copy-sidecar": _("copy it to {name}.json"),
        "number-files": _("Rename it."),
        "one-space": _("If you know that both are at one place, check “All in one space”."),
        "overwrite-subjects-without-key": _(
            "“Replace existing files” cannot be combined with “De-identify” for a BIDS dataset: patients get other labels in "
            "each run. Choose an empty folder."
        ),
        "resample-original": _(
            "Export the original to NIfTI with “resample: spacing” in “Other options”, and edit that image."
        ),
        "right-angles": _(
            "The module “Resample Scalar/Vector/DWI Volume” does it, or “resample: shear” in “Other options”; “plane: axial”, "
            "coronal or sagittal takes another axis for the slices."
        ),
        "state-units": _("“Units”, such as “mm2/s”, in a JSON file next to the image specifies them"),
        "set-attributes": _("set them in the table of attributes"),
    }


def _of_segmentations() -> dict[str, str]:
    return {
        "label-names": _("a label file next to the image, with its name, or “labels: FILE” in “Other options”, specifies them"),
        "label-values": _(
            "Write “segmentation: fractional” into “Other options” for probabilities, or choose the kind “Parametric map” for "
            "other values. Resample label maps with nearest neighbor interpolation."
        ),
        "segment-attributes": _("a label file next to the image segments"),
        "separate-masks": _("write each mask to a file of its own, and “labels: masks” into “Other options”."),
        "specify-algorithm": _("a label file next to the image, or “algorithm: NAME” in “Other options”, specifies it"),
        "write-labels": _("write “segmentation: binary” into “Other options” for labels"),
        "write-probabilities": _("“segmentation: fractional” in “Other options” writes them"),
    }


def _of_commands() -> dict[str, str]:
    return {
        "kinds-of-results": _("Apply a command to a single series."),
        "leave-out-results": _("Let the command write it to another folder."),
        "run-per-volume": _("apply the command to a single volume."),
        "separate-arguments": _("Separate it by spaces."),
    }


def _of_archives() -> dict[str, str]:
    return {
        "check-credentials": _("Check user and password, and whether this user may do that."),
        "trust-certificate": _(
            "Start Slicer with the environment variable NIFTI_DICOM_BRIDGE_ARCHIVE_CA_FILE, the path of the certificate that "
            "signed it."
        ),
    }
