"""Files → series: what is there, what is no image, what is there twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ....errors import DicomReadError
from ....model import metadata
from ....model.metadata import Instance
from ....options import Progress
from ....standard import dictionary
from ....standard.tags import Tag
from . import decode, files

# attributes that may differ between two encodings of one instance
_ENCODING_TAGS = frozenset({Tag.PHOTOMETRIC_INTERPRETATION, Tag.PLANAR_CONFIGURATION})


@dataclass
class Series:
    """Instances that share a Series Instance UID, in the order of their files."""

    uid: str
    instances: list[Instance] = field(default_factory=list)
    copy: int = 1

    @property
    def title(self) -> str:
        """Series number and description, as a person names the series."""
        first = self.instances[0].elements
        number = metadata.text(first, Tag.SERIES_NUMBER)
        words = metadata.text(first, Tag.SERIES_DESCRIPTION) or metadata.text(first, Tag.PROTOCOL_NAME)
        words = words or metadata.text(first, Tag.MODALITY)
        return " ".join(filter(None, (number, words))) or "unnamed series"


@dataclass
class Leftover:
    """A file that did not become part of a volume, and why; `failed` where it should have."""

    path: str
    reason: str
    failed: bool = False


@dataclass
class Inventory:
    """What was found below the inputs."""

    series: list[Series] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)


def find_series(paths: Iterable[Path], progress: Progress | None = None) -> Inventory:
    """Return the series with pixel data below files and folders, and everything else by name.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        Files, folders of any depth, or DICOMDIR files.
    progress : Progress, optional
        Told the number of files read.

    Raises
    ------
    DicomReadError
        If a path does not exist or a folder cannot be listed. A single bad file is a leftover, not an error.
    """
    found = Inventory()
    series: dict[tuple, Series] = {}
    listed = list(files.find_files(paths))
    latest: dict[str, Instance] = {}
    for n, (path, name) in enumerate(listed):
        if progress is not None and n % 16 == 0:
            progress("Reading headers", n, len(listed))
        try:
            instance = files.read_instance(path, name, latest.get(path.parent.as_posix()))
        except files.NotDicom:
            continue
        except DicomReadError as error:
            found.leftovers.append(Leftover(str(path), str(error), failed=True))
            continue
        if instance.pixels is None:
            found.leftovers.append(Leftover(str(path), f"no image: {kind_of(instance)}"))
            continue
        latest[path.parent.as_posix()] = instance
        key = _series_key(instance)
        series.setdefault(key, Series(key[0])).instances.append(instance)
    for one in series.values():
        found.series += _without_duplicates(one, found.leftovers)
    return found


def kind_of(instance: Instance) -> str:
    """Return the name of the SOP class, else the modality."""
    uid = metadata.text(instance.elements, Tag.SOP_CLASS_UID) or metadata.text(
        instance.file_meta, Tag.MEDIA_STORAGE_SOP_CLASS_UID
    )
    return dictionary.uid_name(uid) if uid else metadata.text(instance.elements, Tag.MODALITY, "unknown object")


def _series_key(instance: Instance) -> tuple:
    uid = metadata.text(instance.elements, Tag.SERIES_INSTANCE_UID)
    number = metadata.text(instance.elements, Tag.SERIES_NUMBER)
    if uid:  # some exporters give all series of an examination one UID: the number tells them apart
        return uid, number
    return (uid, metadata.text(instance.elements, Tag.STUDY_INSTANCE_UID), number, str(Path(instance.path).parent))


def _without_duplicates(series: Series, leftovers: list[Leftover]) -> list[Series]:
    """Return the series with every instance once.

    The same instance again, in whatever encoding, is a leftover. A different object with the same UID is kept, as a copy of
    the series: it would be lost otherwise.
    """
    copies: list[Series] = [Series(series.uid)]
    first: dict[str, list[Instance]] = {}
    for instance in series.instances:
        seen = first.setdefault(instance.uid, []) if instance.uid else []
        twin = next((other for other in seen if _same_object(instance, other)), None)
        if twin is not None:
            leftovers.append(Leftover(instance.path, f"the same instance as {twin.path}"))
            continue
        while len(copies) <= len(seen):
            copies.append(Series(series.uid, copy=len(copies) + 1))
        copies[len(seen)].instances.append(instance)
        seen.append(instance)
    return copies


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
