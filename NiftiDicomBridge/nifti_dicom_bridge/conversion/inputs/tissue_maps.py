"""Probability maps of tissues, a file for each → one image: c1, c2, c3 of SPM, p1, p2, p3 of CAT12, pve of FSL FAST."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...creation.image_with_sidecar import ImageWithSidecar, open_with_sidecar
from ...errors import LabelError
from ...labels import Segment, read_labels
from ...model.files.names import stem_of
from ...model.voxels.pixels import Rescale
from ...options import ConversionOptions
from .masks import have_one_grid

_BY_NAME = {"spm": re.compile(r"c(?P<number>[1-3])(?P<rest>.+)"), "cat12": re.compile(r"p(?P<number>[1-3])(?P<rest>.+)")}
"""Profile → names of the maps of gray matter, white matter and cerebrospinal fluid, in this order for both tools."""
_FAST = re.compile(r"(?P<rest>.+)_pve_(?P<number>[0-2])")
_COUNT = 3
_TOLERANCE = 0.01


def tissue_maps(files: Sequence[Path], options: ConversionOptions) -> list[list[Path]]:
    """Return the maps of each image in the order of their segments; only images with all of them.

    The order of the tissues in maps of FAST depends on the contrast: they are joined with ``labels="fast-t1"`` only.
    """
    given = str(options.labels or "").lower()
    known = {**_BY_NAME, "fast-t1": _FAST}
    patterns = {given: known[given]} if given in known else _BY_NAME if not given else {}
    by_image: dict[tuple[Path, str, str], list[Path]] = {}
    for profile, pattern in patterns.items():
        for file in sorted(files):
            if match := pattern.fullmatch(stem_of(file)):
                by_image.setdefault((file.parent, profile, match["rest"]), []).append(file)
    return [maps for maps in by_image.values() if len(maps) == _COUNT]


def are_tissue_maps(files: Sequence[Path]) -> bool:
    """Whether files are the maps of one image."""
    return len(files) == _COUNT and bool(_profile_of(files))


def _profile_of(files: Sequence[Path]) -> str:
    for profile, pattern in (*_BY_NAME.items(), ("fast-t1", _FAST)):
        matches = [pattern.fullmatch(stem_of(file)) for file in files]
        if all(matches) and len({match["rest"] for match in matches if match}) == 1:
            return profile
    return ""


def open_tissue_maps(files: Sequence[Path]) -> tuple[ImageWithSidecar, list[Segment]]:
    """Return the maps as one image of probabilities, and its segments.

    Raises
    ------
    LabelError
        If the values are not probabilities, or the maps have different grids.
    """
    opened = [open_with_sidecar(file) for file in files]
    first = opened[0]
    for one in opened:
        if not have_one_grid(first.image, one.image):
            raise LabelError(f"{one.path}: its grid differs from that of {first.path.name}. Convert each of them alone.")
    maps = np.concatenate([one.image.real_values().astype(np.float32) for one in opened])
    if not (maps.min() >= 0 and maps.sum(axis=0).max() <= 1 + _TOLERANCE):
        listed = ", ".join(file.name for file in files)
        raise LabelError(
            f"{listed}: their values are not probabilities, which add up to at most 1. Rename them to convert each alone."
        )
    profile = _profile_of(files)
    rest = re.sub(r"^[cp][1-3]|_pve_[0-2]$", "", stem_of(files[0]))
    image = replace(first.image, voxels=maps, rescale=Rescale(), intent="")
    path = first.path.with_name(f"{rest}_probseg.nii")
    segments = read_labels("spm" if profile == "cat12" else profile)  # its maps p1, p2, p3 are in the order of SPM
    return replace(first, image=image, path=path, where=first.where or str(first.path)), segments
