"""What of a former set of outputs has no successor when the set is replaced."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from ..model.files.names import NIFTI_SUFFIXES, STORE_SUFFIXES, stem_of, suffix_of

_COMPANIONS = {
    **dict.fromkeys(NIFTI_SUFFIXES, (".bval", ".bvec", "_dseg.tsv")),
    **dict.fromkeys(STORE_SUFFIXES, ("_dseg.tsv",)),
    ".png": (".gif", ".mp4", "_mosaic.png"),
}
"""Suffix of an image → endings of files that belong to it, and that not every image has."""
_NUMBERED = re.compile(r"(t\d{4}_)?\d{6}\.(dcm|png)")
"""Files of a series, and pictures of all slices."""


def without_successor(folder: Path, names: Sequence[str]) -> list[str]:
    """Return outputs of former sets that the new ones replace in part: their ``.bval``, and slices beyond the last.

    Parameters
    ----------
    folder : pathlib.Path
        Of all outputs.
    names : sequence of str
        The new outputs, relative to it.
    """
    replaced = [name for name in names if (folder / name).exists()]
    former = [*_companions(replaced), *_slices(folder, replaced)]
    return [name for name in dict.fromkeys(former) if name not in names and (folder / name).is_file()]


def _companions(replaced: Sequence[str]) -> Iterator[str]:
    for name in replaced:
        suffix = suffix_of(name, _COMPANIONS)
        for ending in _COMPANIONS.get(suffix.lower(), ()):
            yield str(PurePosixPath(name).with_name(_stem(name) + ending))
        if suffix.lower() in NIFTI_SUFFIXES:  # the record of an image of a BIDS dataset
            yield str(PurePosixPath("sourcedata", PurePosixPath(name).with_name(_stem(name) + ".json")))


def _stem(name: str) -> str:
    return stem_of(name) if suffix_of(name) else PurePosixPath(name).stem


def _slices(folder: Path, replaced: Sequence[str]) -> Iterator[str]:
    for parent in {PurePosixPath(name).parent for name in replaced if _NUMBERED.fullmatch(PurePosixPath(name).name)}:
        kinds = {PurePosixPath(name).suffix for name in replaced if PurePosixPath(name).parent == parent}
        if parent != PurePosixPath("."):
            there = sorted(path.name for path in (folder / parent).iterdir() if _NUMBERED.fullmatch(path.name))
            yield from (str(parent / name) for name in there if PurePosixPath(name).suffix in kinds)
