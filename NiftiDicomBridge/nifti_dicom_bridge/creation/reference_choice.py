"""Which of the series of ``reference`` belongs to an image: by its grid, then by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..errors import OptionError
from ..formats.dicom.created.reference import Reference
from ..model.listing import listed
from ..model.person import People
from ..model.space import orientation
from ..model.volume import Volume
from ..options import SlicePlane
from ..standard.tags import Tag

# words of file names that do not identify a patient or a series
_COMMON_WORDS = frozenset({
    "seg", "dseg", "mask", "label", "labels", "labelmap", "segmentation", "probseg", "nii", "gz", "dcm", "dicom", "img",
    "image", "images", "ref", "reference", "series", "of", "the",
})  # fmt: skip
_LABEL_MODALITIES = frozenset({"SEG", "PM"})


def chosen_reference(references: Sequence[Reference], image: Volume, name: str) -> Reference | None:
    """Return the series that an image belongs to; None if no reference was given.

    Parameters
    ----------
    references : sequence of Reference
        Volumes of all paths that were given.
    image : Volume
        The image.
    name : str
        Its file name: decides between series that fit equally well.

    Raises
    ------
    OptionError
        If a path contains several patients or studies, or several series fit equally well.
    """
    if not references:
        return None
    for path in dict.fromkeys(reference.path for reference in references):
        check_one_study([reference for reference in references if reference.path == path])
    candidates = [reference for reference in references if reference.modality not in _LABEL_MODALITIES] or list(references)
    tests = (is_grid_of, has_slices_of, Reference.overlaps)
    fitting = next(filter(None, ([one for one in candidates if test(one, image)] for test in tests)), candidates)
    if len(_series(fitting)) > 1:
        fitting = _best_named(fitting, name)
    if len(_series(fitting)) > 1:
        raise OptionError(
            f"reference=: {len(_series(fitting))} {_kind_of(fitting)} fit {name} equally well: {_listed(fitting)}. Name the "
            "folder of the series that the image was made from."
        )
    return _joined(fitting)


def _joined(volumes: Sequence[Reference]) -> Reference:
    """Return the first of several volumes of one series, such as echoes, with the instances of all of them.

    What the volumes differ in, such as EchoTime, is then no attribute of the series.
    """
    if len(volumes) == 1:
        return volumes[0]
    instances = {instance.key: instance for volume in volumes for instance in volume.instances}
    return replace(volumes[0], instances=tuple(instances.values()), volumes=len(volumes))


def is_grid_of(reference: Reference, image: Volume) -> bool:
    """Whether an image has the grid of a reference, except for rounding and the order and direction of its axes."""
    return reference.is_grid_of(_reoriented(reference, image))


def has_slices_of(reference: Reference, image: Volume) -> bool:
    """Whether the slices of an image are those of a reference, which may be uneven, in any order and direction of its axes."""
    return reference.has_slices_of(_reoriented(reference, image))


def has_frames_of(reference: Reference, image: Volume) -> bool:
    """Whether a reference has no position, and the frames of an image are its frames."""
    return reference.has_frames_of(_reoriented(reference, image))


def _reoriented(reference: Reference, image: Volume) -> Volume:
    grid = reference.grid
    return image if grid is None else orientation.in_plane(image, SlicePlane.REFERENCE, grid)


def check_one_study(references: Sequence[Reference], option: str = "reference") -> None:
    """Refuse a folder from which patient and study are not clear; raises `OptionError`."""
    repeat = " series; reference= may be repeated for images of several patients" if option == "reference" else " study"
    if several := several_studies(references):
        raise OptionError(
            f'{option}="{references[0].path}" contains {several}: {_listed(references)}. Name the folder of one{repeat}.'
        )


def several_studies(references: Sequence[Reference]) -> str:
    """Return of how many patients or studies references are; empty where they are of one."""
    people, ids = People(), {reference.patient[0] for reference in references} - {""}
    only = ids.pop() if len(ids) == 1 else ""  # also of series of the study that lost it
    stated = [(reference.patient[0] or only, reference.person) for reference in references]
    patients = {(patient, people.number_of(patient, person)) for patient, person in stated}
    studies = {reference.study_uid for reference in references}
    if len(patients) > 1:
        return f"{len(patients)} patients"
    return f"{len(studies)} studies" if len(studies) > 1 else ""


def _series(references: Iterable[Reference]) -> set[tuple[str, str]]:
    """Return what an image can be made from: series, and frames of reference where a series has several."""
    return {(reference.series_uid, reference.text(Tag.FRAME_OF_REFERENCE_UID)) for reference in references}


def _kind_of(references: Sequence[Reference]) -> str:
    several = len({reference.series_uid for reference in references}) > 1
    return "series" if several else "frames of reference (0020,0052) of one series"


def _listed(references: Sequence[Reference]) -> str:
    return listed(dict.fromkeys(reference.describe() for reference in references), separator="; ")


def _best_named(references: Sequence[Reference], name: str) -> list[Reference]:
    """Return the references whose folder, patient or series shares most words with the name of the image."""
    words = _words(name)
    shared = [len(words & _words_of(reference)) for reference in references]
    return [one for one, count in zip(references, shared, strict=True) if count == max(shared)]


def _words_of(reference: Reference) -> set[str]:
    texts = [reference.path.name, *reference.patient, reference.text(Tag.SERIES_DESCRIPTION)]
    return set().union(*map(_words, texts))


def _words(text: str) -> set[str]:
    words = {word for word in re.split(r"[^a-z0-9]+", text.lower()) if word} - _COMMON_WORDS
    return words | {text.lower()} if text else words
