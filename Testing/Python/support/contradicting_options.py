"""Options that break each rule, for the tests of all front ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nifti_dicom_bridge import ConversionOptions, Target
from nifti_dicom_bridge.options.bids_rules import LABELS, ONLY_BIDS
from nifti_dicom_bridge.options.checks import RULES
from nifti_dicom_bridge.options.path_rules import FILES, FILES_OR_FOLDERS
from nifti_dicom_bridge.options.target_rules import APPLIES_TO
from nifti_dicom_bridge.options.wording import SWITCHES, flag_of

KEY = "a key of 16 bytes"
FILE, FOLDER, MISSING = "a file", "a folder", "nothing"
"""Placeholders of paths until `options_for` has a folder."""
GIVEN: dict[str, Any] = {
    "gzip": False, "compress": "rle", "send": "pacs:A@b:104", "layout": "bids", "bids_map": FILE,
    "uids": "keep", "names": "original", "set_values": {"PatientID": "7"},
    "kind": "seg", "reference": FOLDER, "study_from": FOLDER, "sidecar": FILE, "metadata": FILE, "labels": FILE,
    "algorithm": "net:1", "rois": "masks",
    "segmentation": "binary", "max_error": 0.5, "plane": "axial", "shards": True, "zip_store": True, "pyramid": 2,
    "preview.window": "40,400",
    "preview.eight_bit": True, "preview.fps": 5, "preview.gif": False, "preview.mp4": False, "preview.mosaic": "planes",
    "preview.overlay": FOLDER, "preview.letters": True, "preview.all_slices": True, "per_file": {"CT.nii": {"kind": "ct"}},
    "allow_no_overlap": True, "subject": "01", "record": False, "identity": True, "filename": "{series}",
    "session": "1", "task": "rest", "run": "2", "bids_keys": FILE, "bids_derivative": "seg",
}  # fmt: skip
"""A value of each option that is not its default."""


def around(option: str) -> dict[str, Any]:
    """Return the choices that an option of a path needs."""
    return {"target": APPLIES_TO[option][0]} if option in APPLIES_TO else {"deidentify": True}


EXAMPLES: dict[str, dict[str, Any]] = {
    "send-not-an-archive": {"target": "dicom", "send": "archive"},
    "resample-tilt-not-for-target": {"target": "dicom", "resample": "tilt"},
    "resample-spacing-not-for-target": {"target": "zarr", "resample": ["spacing"]},
    "resample-shear-not-for-target": {"target": "nifti", "resample": "shear"},
    "skip-existing-with-overwrite": {"skip_existing": True, "overwrite": True},
    "filename-not-a-template": {"filename": "{serie}"},
    "filename-with-bids": {"layout": "bids", "filename": "{series}"},
    "filename-of-inputs-deidentified": {"deidentify": True, "filename": "{folder}"},
    **{f"{option.replace('_', '-')}-without-bids": {option: GIVEN[option]} for option in ONLY_BIDS},
    **{f"{option.replace('_', '-')}-not-a-label": {"layout": "bids", option: "no label"} for option in LABELS},
    "run-not-a-number": {"layout": "bids", "run": "first"},
    "bids-with-resample": {"layout": "bids", "resample": "tilt,spacing"},
    "bids-with-identity": {"layout": "bids", "identity": True},
    "deidentify_key-without-deidentify": {"target": "zarr", "deidentify_key": KEY},
    "key_file-without-deidentify": {"target": "zarr", "key_file": FILE},
    "retain-without-deidentify": {"retain": "uids"},
    "clean-without-deidentify": {"clean": "graphics"},
    "pseudonyms-without-deidentify": {"pseudonyms": FILE},
    "deidentify_rules-without-deidentify": {"deidentify_rules": FILE},
    "two-keys": {"deidentify": True, "deidentify_key": KEY, "key_file": FILE},
    "bad-key": {"deidentify": True, "key_file": FILE},
    "keyed-without-key": {"deidentify": True, "pseudonyms": "keyed"},
    "full-and-modified-dates": {"deidentify": True, "retain": "full-dates,modified-dates"},
    "skip-existing-deidentified-without-key": {"deidentify": True, "skip_existing": True},
    "overwrite-subjects-without-key": {"deidentify": True, "layout": "bids", "overwrite": True},
    "subject-with-pseudonyms": {"layout": "bids", "subject": "01", "deidentify": True, "pseudonyms": FILE},
    "deidentify-with-kept-uids": {"target": "dicom", "deidentify": True, "uids": "keep"},
    "deidentify-with-original-names": {"target": "dicom", "deidentify": True, "names": "original"},
    "deidentify-with-reference": {"target": "dicom", "deidentify": True, "study_from": FOLDER},
    "kind-with-kept-uids": {"target": "dicom", "kind": "seg", "uids": "keep"},
    "kind-with-original-names": {"target": "dicom", "kind": "seg", "names": "original"},
    "segmentation-of-other-kind": {"target": "dicom", "kind": "mr", "segmentation": "fractional"},
    "rois-in-bids": {"layout": "bids", "rois": "masks"},
    "reference-in-bids": {"layout": "bids", "reference": FOLDER},
    "labelmap-of-contours": {"target": "dicom", "kind": "rtstruct", "segmentation": "labelmap"},
    "max-error-without-rounding": {"target": "dicom", "kind": "pm", "max_error": 0.5},
    "allow-no-overlap-without-reference": {"target": "dicom", "allow_no_overlap": True},
    "same-space-without-reference": {"target": "dicom", "same_space": True},
    "plane-without-reference": {"target": "dicom", "plane": "reference"},
    "pictures-in-plane-of-reference": {"target": "preview", "plane": "reference"},
    "fps-without-movies": {"target": "preview", "preview.fps": 5, "preview.gif": False, "preview.mp4": False},
    "unknown-keyword": {"target": "dicom", "set_values": {"NoSuch": "x"}},
    **{f"{option}-not-for-target": {"target": next(t for t in Target if t not in targets), option: GIVEN[option]}
       for option, targets in APPLIES_TO.items()},
    **{f"{option}-missing": {**around(option), option: MISSING} for option in (*FILES, *FILES_OR_FOLDERS)},
    **{f"{option}-is-a-folder": {**around(option), option: FOLDER} for option in FILES},
}  # fmt: skip
for code in ("bids_map-missing", "bids_map-is-a-folder", "bids_keys-missing", "bids_keys-is-a-folder"):
    EXAMPLES[code]["layout"] = "bids"
RULE_OF = {rule.code: rule for rule in RULES}


def choices_of(code: str, folder: Path) -> dict[str, Any]:
    """Return the choices that break a rule, with paths below a folder."""
    paths = {FILE: folder / "choices.json", FOLDER: folder / "choices", MISSING: folder / "missing"}
    paths[FILE].write_text("{}")
    paths[FOLDER].mkdir(exist_ok=True)
    return {name: paths.get(value, value) if isinstance(value, str) else value for name, value in EXAMPLES[code].items()}


def options_of(code: str, folder: Path) -> ConversionOptions:
    """Return options that break a rule."""
    from nifti_dicom_bridge import FileOptions

    choices = choices_of(code, folder)
    preview = {name.removeprefix("preview."): choices.pop(name) for name in list(choices) if name.startswith("preview.")}
    if "per_file" in choices:
        choices["per_file"] = {path: FileOptions(**own) for path, own in choices["per_file"].items()}
    return ConversionOptions(**choices, preview=preview)


def arguments_of(code: str, folder: Path) -> list[str]:
    """Return the arguments of ``convert`` that break a rule; empty if the command line cannot."""
    found = []
    for name, value in choices_of(code, folder).items():
        if name in ("per_file", "deidentify_key"):  # a key is never an argument
            return []
        if name in SWITCHES:
            found.append(flag_of(name))
        elif isinstance(value, dict):
            found += [word for keyword, text in value.items() for word in (flag_of(name), f"{keyword}={text}")]
        else:
            found += [flag_of(name), ",".join(value) if isinstance(value, list) else str(value)]
    return found if "--to" in found else [*found, "--to", "nifti"]
