"""Which options apply to which outputs, and the rules that follow."""

from __future__ import annotations

from .choices import Resample, Target
from .messages import OPTIONS
from .options import PreviewOptions
from .rule import DEFAULTS, Rule, is_given

APPLIES_TO: dict[str, tuple[Target, ...]] = {
    "filename": (Target.NIFTI, Target.ZARR, Target.PREVIEW),
    "gzip": (Target.NIFTI,),
    "layout": (Target.NIFTI,),
    "bids_map": (Target.NIFTI,),
    "subject": (Target.NIFTI,),
    "session": (Target.NIFTI,),
    "task": (Target.NIFTI,),
    "run": (Target.NIFTI,),
    "bids_keys": (Target.NIFTI,),
    "bids_derivative": (Target.NIFTI,),
    "record": (Target.NIFTI,),
    "identity": (Target.NIFTI, Target.ZARR),
    "uids": (Target.DICOM,),
    "names": (Target.DICOM,),
    "compress": (Target.DICOM,),
    "send": (Target.DICOM,),
    "set_values": (Target.DICOM,),
    "kind": (Target.DICOM,),
    "reference": (Target.DICOM, Target.NIFTI, Target.ZARR),
    "rois": (Target.NIFTI, Target.ZARR),
    "allow_no_overlap": (Target.DICOM,),
    "study_from": (Target.DICOM,),
    "sidecar": (Target.DICOM,),
    "metadata": (Target.DICOM,),
    "segmentation": (Target.DICOM,),
    "max_error": (Target.DICOM,),
    "per_file": (Target.DICOM,),
    "plane": (Target.DICOM, Target.PREVIEW),
    "labels": (Target.DICOM, Target.PREVIEW),
    "algorithm": (Target.DICOM,),
    "shards": (Target.ZARR,),
    "zip_store": (Target.ZARR,),
    "pyramid": (Target.ZARR,),
    **{option: (Target.PREVIEW,) for option in OPTIONS if option.startswith(PreviewOptions.PREFIX)},
}
"""Option → the outputs that it applies to; other options apply to all."""
RESAMPLE_APPLIES_TO = {Resample.TILT: Target.NIFTI, Resample.SPACING: Target.NIFTI, Resample.SHEAR: Target.DICOM}
_NAMES = {Target.NIFTI: "NIfTI", Target.DICOM: "DICOM", Target.ZARR: "Zarr", Target.PREVIEW: "picture"}


def _target_rule(option: str, targets: tuple[Target, ...]) -> Rule:
    name = f"{{{option}=False}}" if DEFAULTS[option] is True else f"{{{option}}}"
    outputs = _listed([_NAMES[target] for target in targets], "and")
    remedy = _listed([f"{{target={target}}}" for target in targets], "or")
    return Rule(
        f"{option}-not-for-target",
        (option,),
        lambda options: options.target not in targets and is_given(options, option),
        f"{name} applies only to {outputs} output. Use it with {remedy}, or leave it out.",
    )


def _listed(words: list[str], conjunction: str) -> str:
    return f" {conjunction} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _resample_rule(step: Resample, target: Target) -> Rule:
    return Rule(
        f"resample-{step}-not-for-target",
        ("resample",),
        lambda options: options.target is not target and step in options.resample,
        f"{{resample={step}}} applies only to {_NAMES[target]} output. Use it with {{target={target}}}, or leave it out.",
    )


TARGET_RULES = (
    *(_target_rule(option, targets) for option, targets in APPLIES_TO.items()),
    *(_resample_rule(step, target) for step, target in RESAMPLE_APPLIES_TO.items()),
)
