"""Files that become one object together: the masks of a folder, the tissue maps of an image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...creation.image_with_sidecar import ImageWithSidecar
from ...labels import Segment, find_labels, task_of_names
from ...labels.profiles import are_masks
from ...labels.totalsegmentator import is_class
from ...model.files.names import stem_of
from ...options import ConversionOptions
from ...options.choices import MAY_HAVE_LABELS
from .masks import open_masks
from .tissue_maps import are_tissue_maps, open_tissue_maps, tissue_maps


def joined_files(files: Sequence[Path], options: ConversionOptions) -> list[list[Path]]:
    """Return files that become one object together: masks of a folder, tissue maps of an image.

    Masks are all files of a folder with ``labels="masks"``, and otherwise those with the names of classes of one task of
    TotalSegmentator. Images that have a label table are label maps.
    """
    if options.kind not in MAY_HAVE_LABELS or options.per_file:
        return []
    given, folders = str(options.labels or "").lower(), dict[Path, list[Path]]()
    for file in files:
        folders.setdefault(file.parent, []).append(file)
    masks: list[list[Path]] = []
    if given in ("", "totalsegmentator"):
        masks = [masks_of_folder for folder in folders.values() if (masks_of_folder := _classes(folder))]
    elif are_masks(options.labels):
        masks = [folder for folder in folders.values() if len(folder) > 1]
    return [*masks, *tissue_maps(files, options)]


def _classes(files: Sequence[Path]) -> list[Path]:
    """Return the files with names of classes; none if they are not of one task, as their folder may be of another tool."""
    masks = [file for file in files if is_class(stem_of(file)) and find_labels(file) is None]
    return masks if task_of_names(stem_of(mask) for mask in masks) else []


def open_joined(files: Sequence[Path]) -> tuple[ImageWithSidecar, list[Segment]]:
    """Return files as one image, and its segments.

    Raises
    ------
    LabelError
        If the files are not masks or probabilities on one grid.
    """
    return open_tissue_maps(files) if are_tissue_maps(files) else open_masks(files)
