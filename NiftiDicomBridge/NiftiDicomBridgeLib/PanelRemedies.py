"""What to do about a problem in Slicer, for each code of a remedy of the core."""

from __future__ import annotations

from slicer.i18n import tr as _


def panel_remedies() -> dict[str, str]:
    """Return code → remedy; as in the core, ``{name}`` is what depends on the image."""
    return {**_of_files(), **_of_segmentations(), **_of_commands(), **_of_archives()}


def _of_files() -> dict[str, str]:
    return {
        "allow-error": _("Choose the kind “Parametric map”, which keeps every value."),
        "allow-memory": _("Convert it on a larger computer."),
        "allow-size": _(
            "If the file is trusted, convert it in the Python console, with the option “size_limit” ({gigabytes} GB)."
        ),
        "bids-keys": _("(option “bids_keys” in the Python console)"),
        "bids-map": _("“{section}” (option “bids_map” in the Python console)"),
        "bids-one-person": _(
            "Convert the images of each person by themselves in the Python console, with the option “subject”"
        ),
        "bids-subject": _("“subjects” (name or ID → label; option “bids_map” in the Python console)"),
        "check-reference": _("Choose the series of this image as the reference, or no reference."),
        "install-ffmpeg": _("Install ffmpeg."),
        "install-packages": _("Install them in the Python console, with slicer.util.pip_install."),
        "leave-out-originals": _("leave out “Keep original UIDs”."),
        "copy-sidecar": _("copy it to {name}.json"),
        "number-files": _("Rename it."),
        "one-space": _("If you know that both are at one place, use the option “same_space” in the Python console."),
        "overwrite-subjects-without-key": _(
            "“Replace existing files” cannot be combined with “De-identify” for a BIDS dataset: patients get other labels in "
            "each run. Choose an empty folder."
        ),
        "right-angles": _("The module “Resample Scalar/Vector/DWI Volume” does it."),
        "state-units": _("“Units”, such as “mm2/s”, in a JSON file next to the image specifies them"),
        "set-attributes": _("set them in the table of attributes"),
    }


def _of_segmentations() -> dict[str, str]:
    return {
        "label-names": _("a label file next to the image, with its name, specifies them"),
        "label-values": _(
            "Choose the kind “Parametric map” if it contains probabilities or other values. Resample label maps with nearest "
            "neighbor interpolation."
        ),
        "segment-attributes": _("a label file next to the image segments"),
        "separate-masks": _("write each mask to a file of its own."),
        "specify-algorithm": _("a label file next to the image, or the option “algorithm” in the Python console, specifies it"),
        "write-labels": _("use whole numbers for labels"),
        "write-probabilities": _("the option “segmentation” in the Python console writes them"),
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
