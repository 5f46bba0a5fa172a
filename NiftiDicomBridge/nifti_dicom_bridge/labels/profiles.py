"""Labels of well-known tools that need no file: ``labels="totalsegmentator:total"``; docs/labels.md lists them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import LabelError
from ..standard.data_tables import data_table
from . import totalsegmentator
from .segment import Segment

MASKS = "masks"
"""Each file of a folder is the mask of one segment, which has the name of the file."""


@dataclass(frozen=True)
class Profile:
    """Labels of a tool.

    Attributes
    ----------
    title : str
        The tool, for messages.
    labels : callable
        Returns the labels of a variant, such as a task; it raises `LabelError` if there is no such variant.
    names : str
        Regular expression: file names that mean this profile, if all values of the image are in it.
    """

    title: str
    labels: Callable[[str], list[Segment]]
    names: str = ""


def is_profile(labels: Path | str) -> bool:
    """Whether a choice of labels is the name of a profile, and not a file."""
    return str(labels).partition(":")[0].lower() in PROFILES


def are_masks(labels: Path | str | None) -> bool:
    """Whether a choice of labels is that of masks, which have the names of their files and no table."""
    return labels is not None and str(labels).lower() == MASKS


def profile_labels(name: str) -> list[Segment]:
    """Return the labels of a profile by its name, such as ``freesurfer`` or ``totalsegmentator:total_mr``.

    Raises
    ------
    LabelError
        If there is no such variant of the profile.
    """
    profile, _, variant = name.partition(":")
    return PROFILES[profile.lower()].labels(variant)


def profile_of_name(stem: str) -> str:
    """Return the profile that a file name means; empty for other names."""
    matching = (name for name, profile in PROFILES.items() if profile.names and re.search(profile.names, stem, re.IGNORECASE))
    return next(matching, "")


def _freesurfer(variant: str) -> list[Segment]:
    _refuse_variant(variant, "freesurfer")
    rows = _table("freesurfer")["labels"]
    return [Segment(int(n), name, color=(red, green, blue)) for n, (name, red, green, blue) in rows.items()]


def _tissues(*names: str) -> Callable[[str], list[Segment]]:
    def labels(variant: str) -> list[Segment]:
        _refuse_variant(variant, names[0])
        return [Segment(number, name) for number, name in enumerate(names, 1)]

    return labels


def _masks(variant: str) -> list[Segment]:
    _refuse_variant(variant, MASKS)
    return []


def _refuse_variant(variant: str, name: str) -> None:
    if variant:
        raise LabelError(f"The labels of {name} have no variant {variant!r}. Leave it out.")


@lru_cache(maxsize=2)
def _table(name: str) -> dict[str, Any]:
    return data_table(name)


_OF_FREESURFER = (
    r"(^|[._-])(aseg|aparc|wmparc|firstseg)([._+-]|$)|aparc.*\+aseg|^ribbon$|(^|[._-])(hippoAmyg|hippoSf|brainstemSs)Labels"
)
_TISSUES = ("Gray Matter", "White Matter", "Cerebrospinal Fluid")
PROFILES: dict[str, Profile] = {
    "freesurfer": Profile("FreeSurfer", _freesurfer, _OF_FREESURFER),
    "fastsurfer": Profile("FastSurfer", _freesurfer),
    "synthseg": Profile("SynthSeg", _freesurfer, r"[._-]synthseg$"),
    "totalsegmentator": Profile("TotalSegmentator", totalsegmentator.task_labels),
    "spm": Profile("SPM", _tissues(*_TISSUES)),
    "cat12": Profile("CAT12", _tissues("Cerebrospinal Fluid", "Gray Matter", "White Matter")),
    "fast-t1": Profile("FSL FAST", _tissues("Cerebrospinal Fluid", "Gray Matter", "White Matter")),
    MASKS: Profile("masks", _masks),
}
"""Name → profile."""
