"""The images of a BIDS conversion before their voxels are read: as they are, or de-identified."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..bids_dataset.images import Image, image_of
from ..errors import OptionError
from ..formats.dicom.reading.plans import Plan
from ..model import metadata
from ..model.report import ConversionReport, Entry, Outcome
from ..options import ConversionOptions
from ..options.remedies import remedy
from ..standard.tags import Tag
from .entries import OutputPolicy
from .execution.recorded_errors import errors_recorded_in
from .execution.task_runner import TaskRunner

if TYPE_CHECKING:
    from ..deidentification import Deidentifier


def images_of(
    plans: Sequence[Plan], options: ConversionOptions, policy: OutputPolicy, report: ConversionReport, runner: TaskRunner
) -> list[tuple[Image, Plan]]:
    """Return what the headers specify of each image, with what to load; one that cannot be understood is a failed entry.

    Names of files in a de-identified dataset are derived from de-identified headers. Descriptions are cleaned for that in
    place of being removed: their words of anatomy and technique specify what an image is in BIDS.

    Raises
    ------
    OptionError
        If one label is given for the images of several patients.
    """
    _require_one_patient(plans, options)
    naming = policy.naming()
    images = []
    for plan in plans:
        entry = entry_of(plan)
        with errors_recorded_in(entry):
            image = image_of(plan, naming.clean if naming else None)
            image.subject = _keyed_subject(plan, naming) if naming else ""
            images.append((image, plan))
        if entry.outcome is Outcome.FAILED:
            runner.report([entry], report)
    return images


def entry_of(plan: Plan) -> Entry:
    """Return the entry of an image in the report."""
    return Entry(plan.title, Outcome.CONVERTED, [Path(instance.path) for instance in plan.instances])


def _keyed_subject(plan: Plan, naming: Deidentifier) -> str:
    """Return the label of the patient that is computed from the key; empty where a pseudonym gives one."""
    return "" if naming.policy.pseudonyms is not None else naming.policy.keyed_label(_patient_of(plan))


def _patient_of(plan: Plan) -> str:
    elements = plan.instances[0].elements
    tags = (Tag.PATIENT_ID, Tag.PATIENT_NAME, Tag.STUDY_INSTANCE_UID)
    return next((text for tag in tags if (text := metadata.text(elements, tag))), "")


def _require_one_patient(plans: Sequence[Plan], options: ConversionOptions) -> None:
    count = len({_patient_of(plan) for plan in plans})
    if options.subject and count > 1:
        raise OptionError(
            f'subject="{options.subject}" names one patient, and the input contains images of {count}. Convert each patient '
            f"alone, or give {remedy('bids-map', section='subjects')}."
        )
