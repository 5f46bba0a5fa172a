"""Files → series: what is there, what is not an image, what occurs twice."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .....errors import DicomReadError
from .....model.files.input_files import Problem, absent_content
from .....model.files.names import ARCHIVE_SUFFIXES, suffix_of
from .....model.identity import series_name
from .....model.metadata import Instance
from .....model.processes.garbage_collection import collection_paused
from .....options import Progress
from .....standard.tags import Tag
from ..attributes.shared_values import SharedValues, SimilarDataSets
from ..data_sets import files
from ..frames.multiframe import is_large_picture
from ..pixel_data import decode
from .directories import doubt_of_listed, listed_instances
from .found_files import FoundFiles, Leftover, read_files
from .patients import doubts_of_people, owner_of
from .persons import by_person
from .registrations import Spaces
from .series_keys import doubts_of_keys, series_keys
from .split_series import note_of_parts, parts_of_series
from .studies import by_study

DICOM_SUFFIXES = frozenset({".dcm", ".dicom", ".dic", ".ima"})
DICTIONARY_SUFFIX = ".dic"
"""Also that of data dictionaries, which are text."""
_TEXT_BYTES = 1024
# what different slices or times of a series differ in
_ROLE_TAGS = (Tag.INSTANCE_NUMBER, Tag.IMAGE_POSITION_PATIENT, Tag.SLICE_LOCATION, Tag.ACQUISITION_NUMBER)
# attributes that may differ between two encodings of one instance
_ENCODING_TAGS = frozenset({Tag.PHOTOMETRIC_INTERPRETATION, Tag.PLANAR_CONFIGURATION})


@dataclass
class Series:
    """Instances that share a Series Instance UID, in the order of their files, and doubts that come from other files."""

    uid: str
    instances: list[Instance] = field(default_factory=list)
    copy: int = 1
    warnings: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Series number and description, as a person names the series."""
        return series_name(self.instances[0].elements) or "unnamed series"


@dataclass
class Inventory:
    """What was found below the inputs.

    Attributes
    ----------
    series : list of Series
        Those with pixel data.
    leftovers : list of Leftover
        All other files that are DICOM, or should be.
    unselected : int
        The number of series that the user did not select.
    structure_sets : list of Instance
        RT Structure Sets, which are among the leftovers, too.
    left_out : list of Series
        The series that were not selected; RT Structure Sets may be drawn on their grids.
    spaces : Spaces
        Which frames of reference the registrations of the input state to be one space.
    """

    series: list[Series] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)
    unselected: int = 0
    structure_sets: list[Instance] = field(default_factory=list)
    left_out: list[Series] = field(default_factory=list)
    spaces: Spaces = field(default_factory=Spaces)


def find_series(
    paths: Iterable[Path], progress: Progress | None = None, follow_links: bool = False, jobs: int = 1
) -> Inventory:
    """Return the series with pixel data below files and folders, and everything else by name.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        Files, folders of any depth, or DICOMDIR files.
    progress : Progress, optional
        Receives the number of files read.
    follow_links : bool
        Also follow links to folders outside of the paths.
    jobs : int
        Processes that may read headers at the same time.

    Raises
    ------
    DicomReadError
        If a path does not exist. A file or folder below it that cannot be read is a leftover, not an error.
    """
    inventory = Inventory()
    problems: list[Problem] = []
    listed = list(files.find_files(paths, problems, follow_links))
    inventory.leftovers += [Leftover(*problem) for problem in problems]
    with collection_paused():
        found_files = read_files(listed, progress, jobs)
        inventory.leftovers += found_files.leftovers
        inventory.structure_sets += found_files.structure_sets
        inventory.spaces = inventory.spaces.with_relations_of([*found_files.registrations, *found_files.structure_sets])
        series = _series_of(found_files.instances)
    inventory.leftovers += _expected_dicom(found_files.not_dicom, series)
    for one in series:
        for study in _by_study(one):
            for of_person in _by_person(study):
                for part in _tiled_apart(of_person):
                    inventory.series += _without_duplicates(part, inventory.leftovers)
    _warn_of_shared_uids(inventory.series)
    _warn_of_people(inventory.series)
    _warn_of_damaged_neighbors(inventory)
    _warn_of_missing_instances(inventory, found_files)
    return inventory


def _expected_dicom(unread: Sequence[Path], series: Iterable[Series]) -> list[Leftover]:
    """Return files that are not DICOM though their names promise it: by suffix, or as those of a series next to them.

    Archives, which may contain DICOM, are among them.
    """
    if not unread:
        return []
    patterns = {_pattern(Path(instance.path)) for one in series for instance in one.instances}
    leftovers = []
    for path in unread:
        suffix = path.suffix.lower()
        if suffix_of(path, ARCHIVE_SUFFIXES) and not suffix_of(path):
            leftovers.append(Leftover(str(path), "an archive, whose files are not read: unpack it first"))
        elif suffix in DICOM_SUFFIXES or _pattern(path) in patterns:
            start = _beginning(path)
            if suffix == DICTIONARY_SUFFIX and _is_text(start):
                continue
            reason = "it does not begin as a DICOM file does: damaged"
            if not start:
                reason = "it is empty"
            elif _is_text(start):
                reason = "it contains text, not DICOM"
            reason = absent_content(path) or f"{reason}. Copy it again from its source"
            leftovers.append(Leftover(str(path), f"{path}: {reason}.", failed=True))
    return leftovers


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_TEXT_BYTES)
    except OSError:
        return b"\0"


def _is_text(start: bytes) -> bool:
    """Whether bytes are ASCII without control characters, as no DICOM file begins."""
    return bool(start) and start.isascii() and all(byte >= 0x20 or byte in b"\t\n\r" for byte in start)


def _pattern(path: Path) -> tuple[Path, str]:
    """Return the folder of a file, and its name with its numbers blotted out; other names than numbers count as they are."""
    return path.parent, re.sub(r"\d+", "#", path.name.lower())


def _warn_of_shared_uids(series_list: Sequence[Series]) -> None:
    """Warn where studies or patients have a SeriesInstanceUID in common."""
    owners: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for one in series_list:
        owners[one.uid].add(owner_of(one.instances[0].elements))
    for one in series_list:
        if one.uid and len(owners[one.uid]) > 1:
            one.warnings.append(
                f"{len(owners[one.uid])} studies or patients share one SeriesInstanceUID: each is an image of its own"
            )


def _warn_of_people(series_list: Sequence[Series]) -> None:
    """Warn where series of one PatientID contradict each other about the patient."""
    doubts = doubts_of_people([one.instances[0].elements for one in series_list])
    for one, doubt in zip(series_list, doubts, strict=True):
        one.warnings += [doubt] if doubt else []


def _warn_of_damaged_neighbors(inventory: Inventory) -> None:
    """Warn of files that are missing in a series, and of those that may be: unreadable ones in a folder of it."""
    damaged = [leftover for leftover in inventory.leftovers if leftover.failed]
    own = Counter(leftover.series_uid for leftover in damaged if leftover.series_uid)
    near = Counter(Path(leftover.path).parent for leftover in damaged if not leftover.series_uid)
    empty = Counter(leftover.series_uid for leftover in inventory.leftovers if leftover.series_uid and not leftover.failed)
    for one in inventory.series if damaged or empty else []:
        if one.uid and own[one.uid]:
            one.warnings.append(incomplete(own[one.uid]))
        if one.uid and empty[one.uid]:
            one.warnings.append(f"{empty[one.uid]} image(s) of the series have no pixel data: it is incomplete")
        count = sum(near[folder] for folder in {Path(instance.path).parent for instance in one.instances})
        if count:
            one.warnings.append(f"{count} file(s) next to it could not be read: the series may be incomplete")


def incomplete(damaged: int) -> str:
    """Return the warning of a series of which some files are damaged."""
    return f"{damaged} file(s) of the series could not be read: it is incomplete"


def _warn_of_missing_instances(inventory: Inventory, found_files: FoundFiles) -> None:
    """Warn of series of which a DICOMDIR lists files that were not found."""
    listed = listed_instances(found_files.directories)
    uids = {instance.uid for instance in found_files.instances} if listed else set()
    for one in inventory.series if listed else []:
        if one.copy == 1 and (doubt := doubt_of_listed(listed.get(one.uid, set()), uids)):
            one.warnings.append(doubt)


def _series_of(instances: Sequence[Instance]) -> list[Series]:
    """Return instances by what identifies their series, each with a doubt where that is not its UID alone."""
    keys = series_keys(instances)
    series = {key: Series(key.uid) for key in dict.fromkeys(keys)}
    for key, instance in zip(keys, instances, strict=True):
        series[key].instances.append(instance)
    for key, doubt in doubts_of_keys(series).items():
        series[key].warnings += [doubt] if doubt else []
    groups = parts_of_series({key: one.instances for key, one in series.items()})
    return [_joined([series[key] for key in parts]) for parts in groups]


def _joined(parts: Sequence[Series]) -> Series:
    """Return the series that parts of it make."""
    if len(parts) == 1:
        return parts[0]
    warnings = [*dict.fromkeys(warning for part in parts for warning in part.warnings), note_of_parts(len(parts))]
    return Series(parts[0].uid, [instance for part in parts for instance in part.instances], warnings=warnings)


def _by_study(series: Series) -> list[Series]:
    """Return the series of each study."""
    studies, note = by_study(series.instances)
    return [Series(series.uid, study, warnings=[*series.warnings, *filter(None, [note])]) for study in studies]


def _by_person(series: Series) -> list[Series]:
    """Return the series of each person of one PatientID."""
    people, note = by_person(series.instances)
    return [Series(series.uid, person, warnings=[*series.warnings, *filter(None, [note])]) for person in people]


def _tiled_apart(series: Series) -> list[Series]:
    """Return large tiled pictures, which are refused, apart from the label and the thumbnail of the same slide."""
    headers = SimilarDataSets(instance.elements for instance in series.instances)
    are_tiled = SharedValues(is_large_picture).of_all(headers)
    if len(set(are_tiled)) < 2:
        return [series]
    parts = ([one for one, tiled in zip(series.instances, are_tiled, strict=True) if tiled == kind] for kind in (False, True))
    return [Series(series.uid, part, warnings=list(series.warnings)) for part in parts]


def _without_duplicates(series: Series, leftovers: list[Leftover]) -> list[Series]:
    """Return the series with every instance once.

    The same instance again, in whatever encoding, is a leftover. A different object with the same UID is kept: in the series
    where it is another slice or time of it, else in a copy of the series, as it would be lost otherwise.
    """
    copies: list[Series] = [Series(series.uid, warnings=series.warnings)]
    first: dict[str, list[Instance]] = {}
    for instance in series.instances:
        seen = first.setdefault(instance.uid or _content_of(instance), [])
        twin = next((other for other in seen if _same_object(instance, other)), None)
        if twin is not None:
            leftovers.append(Leftover(instance.path, f"the same instance as {twin.path}"))
            continue
        versions = sum(_same_role(instance, other) for other in seen) if instance.uid else 0
        while len(copies) <= versions:
            copies.append(Series(series.uid, copy=len(copies) + 1))
        copies[versions].instances.append(instance)
        seen.append(instance)
    shared = sum(len(seen) > 1 for seen in first.values() if seen[0].uid)
    if shared:
        copies[0].warnings.append(f"{shared} SOPInstanceUID(s) occur in several different objects: all were kept")
    return copies


def _content_of(instance: Instance) -> str:
    """Return what copies of an object without a UID have in common."""
    return repr(sorted((tag, element.value) for tag, element in instance.elements.items() if tag not in _ENCODING_TAGS))


def _same_role(a: Instance, b: Instance) -> bool:
    """Whether objects of one UID are versions of one image, not different slices or times."""
    return all(a.elements.get(tag) == b.elements.get(tag) for tag in _ROLE_TAGS)


def _same_object(a: Instance, b: Instance) -> bool:
    if not _same_attributes(a, b):
        return False
    try:
        format_a, format_b = decode.pixel_format(a), decode.pixel_format(b)
        return np.array_equal(decode.decode(a, format_a), decode.decode(b, format_b), equal_nan=format_a.floating)
    except (DicomReadError, ValueError):
        return False


def _same_attributes(a: Instance, b: Instance) -> bool:
    keys = (a.elements.keys() | b.elements.keys()) - _ENCODING_TAGS
    return all(_value(a, tag) == _value(b, tag) for tag in keys)


def _value(instance: Instance, tag: int) -> object:
    element = instance.elements.get(tag)
    return None if element is None else element.value
