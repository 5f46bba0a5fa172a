"""Segmentations in BIDS: results below ``derivatives/NAME``, as a dataset of its own.

https://bids-specification.readthedocs.io/en/v1.11.0/derivatives/imaging.html#segmentations
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from ..bids.inheritance import DERIVATIVES
from ..model import metadata
from ..model.files.names import unique_name
from ..output import Staging
from ..standard.tags import Tag
from . import naming_rules
from .images import Image
from .placement import Placement
from .subject_labels import label_of

DATATYPE = "anat"
"""Of segmentations: BIDS has them next to anatomy, whatever image they are of."""


def is_result(image: Image) -> bool:
    """Return whether an image is a segmentation."""
    return image.facts.get("Modality") == "SEG" and not image.ignored


def suffix_of_result(image: Image) -> str:
    """Return the suffix: labels, or probabilities (PS3.3 C.8.20.2 SegmentationType)."""
    first = image.plan.instances[0].elements
    return "probseg" if metadata.text(first, Tag.SEGMENTATION_TYPE) == "FRACTIONAL" else "dseg"


def place_results(session: Sequence[Placement], derivative: str) -> None:
    """Set the paths of the segmentations of a session: ``derivatives/NAME/sub-…/anat/…_desc-…_dseg``."""
    taken: set[str] = set()
    for placement in session:
        image = placement.image
        if not derivative or not is_result(image):
            continue
        label = unique_name(label_of(image.description) or derivative, taken, separator="")
        name = "_".join([*placement.labels, f"desc-{label}", suffix_of_result(image)])
        placement.path = PurePosixPath(DERIVATIVES, derivative, *placement.labels, DATATYPE, name)
        placement.derivative, image.reason = derivative, ""
        image.rule = image.rule or "modality SEG"


def stage_derivative_description(placement: Placement, staging: Staging) -> None:
    """Write the description of the dataset of results, where there is none."""
    name = f"{DERIVATIVES}/{placement.derivative}/dataset_description.json"
    if (staging.folder / name).exists():
        return
    content: dict[str, Any] = {
        "Name": placement.derivative,
        "BIDSVersion": naming_rules.bids_version(),
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": placement.derivative}],
    }
    staging.path(name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8", newline="\n")
