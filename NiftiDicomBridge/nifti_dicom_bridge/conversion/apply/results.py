"""What a command wrote: images, the label table of each, and masks of one folder that belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from ...creation.image_with_sidecar import ImageWithSidecar, open_with_sidecar
from ...creation.label_sources import has_only
from ...errors import BridgeError
from ...labels import Segment, find_labels, read_labels
from ...labels.read import form_of
from ...model.files.names import IMAGE_SUFFIXES, stem_of, suffix_of
from ...model.listing import listed
from ...model.volume import Volume
from ...options import Kind
from ...options.choices import MAY_HAVE_LABELS
from ..inputs.image_files import nifti_files
from ..inputs.masks import have_one_grid, is_mask, join_masks
from .runs import RESULT

TABLES = ("dataset.json", "dseg.tsv", "labels.*", "class_map.*", "*.ctbl", "*LUT.txt")
"""Names of label tables that apply to all images of their folder, in order of precedence."""
NOT_READ = (".npz",)
"""Images of other formats, which are named in the report."""


@dataclass
class Result:
    """One image that a command wrote, or several masks that become one object.

    Attributes
    ----------
    image : ImageWithSidecar
        The image; of several masks, the first with all of them as samples of its voxels.
    name : str
        What it is, by its file name; empty for that of ``{output}``.
    file : str
        The file relative to ``{output_dir}``, for the report.
    labels : pathlib.Path or None
        Its label table.
    segments : list of Segment
        The segments of masks; empty for all other images.
    """

    image: ImageWithSidecar
    name: str
    file: str
    labels: Path | None = None
    segments: list[Segment] = field(default_factory=list)


def written_images(folder: Path, patterns: Sequence[str]) -> list[Path]:
    """Return the image files that a command wrote: all, or those whose relative path matches a pattern."""
    files = list(nifti_files([folder]))
    return [file for file in files if not patterns or any(_matches(file, folder, pattern) for pattern in patterns)]


def _matches(file: Path, folder: Path, pattern: str) -> bool:
    relative = file.relative_to(folder).as_posix()
    return any(fnmatchcase(text, pattern) for text in (relative, file.name))


def nothing_written(folder: Path, patterns: Sequence[str]) -> str:
    """Return why there are no images, from what there is."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    if not files:
        return "The command ended without an error and wrote no file. Check that it writes to {output} or below {output_dir}."
    there = listed(files)
    if any(suffix_of(Path(file), IMAGE_SUFFIXES) for file in files):
        return f'take="{", ".join(patterns)}" matches none of the files that were written: {there}. Correct the pattern.'
    others = [suffix for suffix in NOT_READ if any(file.lower().endswith(suffix) for file in files)]
    hint = f"{others[0]} is not read: let the command convert it to NIfTI" if others else "Let the command write NIfTI"
    return f"The command wrote no NIfTI image, but {there}. {hint}."


def read_results(files: Sequence[Path], folder: Path, inputs: Sequence[Path], kind: Kind) -> Iterator[Result | BridgeError]:
    """Yield the results of files; masks of one folder as one. A file that cannot be read is an error, also of its labels."""
    masks: dict[Path, list[Result]] = {}
    for file in files:
        try:
            image = open_with_sidecar(file, lazy=True)
            relative = file.relative_to(folder).as_posix()
            result = Result(image, name_of(file, inputs), relative, _table_of(file, folder, image.image))
            may_be_part = kind in MAY_HAVE_LABELS and _is_mask(result)
        except BridgeError as error:
            yield error
            continue
        if may_be_part:
            masks.setdefault(file.parent, []).append(result)
        else:
            yield result
    for parts in masks.values():
        try:
            joined = _joined(parts) if len(parts) > 1 and _share_grid(parts) else None
        except BridgeError as error:
            yield error
            continue
        yield from parts if joined is None else [joined]


def name_of(file: Path, inputs: Sequence[Path]) -> str:
    """Return what a result is: its file name without that of the input or of ``{output}``."""
    stem = stem_of(file)
    known = [RESULT, *(stem_of(path) for path in inputs), *(stem_of(path).removesuffix("_0000") for path in inputs)]
    for prefix in sorted(known, key=len, reverse=True):
        if prefix and stem.startswith(prefix):
            return stem[len(prefix) :].strip("_-. ")
    return stem


def _table_of(file: Path, folder: Path, image: Volume) -> Path | None:
    """Return the label table of an image: its own, else that of its folder or of one above it if it has all its values."""
    own = find_labels(file)
    if own is not None:
        return own
    for place in (file.parent, *file.parent.parents):
        tables = (path for pattern in TABLES for path in sorted(place.glob(pattern)) if path.is_file())
        table = next((path for path in tables if not suffix_of(path, IMAGE_SUFFIXES) and form_of(path)), None)
        if table is not None:
            return table if has_only(image, read_labels(table)) else None
        if place == folder:
            break
    return None


def _is_mask(result: Result) -> bool:
    """Whether an image contains only 0 and 1, and there is no label table."""
    return result.labels is None and is_mask(result.image.image)


def _share_grid(results: Sequence[Result]) -> bool:
    first = results[0].image.image
    return all(have_one_grid(first, result.image.image) for result in results[1:])


def _joined(masks: Sequence[Result]) -> Result:
    """Return masks of one grid as one result."""
    named = ((mask.name or stem_of(mask.image.path), mask.image.image) for mask in masks)
    image, segments = join_masks(named)
    first = masks[0].image
    path = first.path.parent / "segmentation.nii"
    joined = replace(first, image=image, path=path)
    return Result(joined, "segmentation", f"{len(masks)} masks: {masks[0].file}, ...", None, segments)
