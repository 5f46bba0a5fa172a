"""Files → instances: their headers, read one after the other, or in copies of this process at the same time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from .....model import metadata
from .....model.metadata import Elements, Instance
from .....model.processes.failure import failure_of
from .....model.processes.process_copies import computed_in_copies, useful_jobs
from .....options import Progress
from .....standard import dictionary
from .....standard.tags import Tag
from ...structure_sets import is_structure_set
from ..attributes import vendor
from ..data_sets import files
from ..data_sets.headers import Headers
from ..pixel_data.decode import import_decoders, is_native
from .registrations import is_registration

_OF_PIXELS = (Tag.ROWS, Tag.COLUMNS, Tag.BITS_ALLOCATED)
"""Attributes of the Image Pixel module: objects of other kinds do not have all of them."""
_OF_IMAGES = " Image Storage"
"""In names of SOP classes of images (PS3.4 B.5): an object without pixels is not one of them, or lost its end."""
SHARE = 64
"""Files that a process reads at least at a time."""
LARGE_FOLDER = 256
"""Files of a folder that may become several shares."""
PARSED = 2
"""Files of one size that are parsed, rather than compared with others, which takes less than bringing them from a copy."""
Listed = tuple[Path, str]
"""A file, and its name relative to the input."""


@dataclass
class Leftover:
    """A file that did not become part of a volume, and why; `failed` where it should have, `series_uid` where that is known."""

    path: str
    reason: str
    failed: bool = False
    traceback: str = ""
    series_uid: str = ""


@dataclass
class FoundFiles:
    """What files are, each list in their order.

    Attributes
    ----------
    instances : list of Instance
        Those with pixel data.
    leftovers : list of Leftover
        DICOM without pixel data, and damaged files.
    structure_sets : list of Instance
        RT Structure Sets, which are among the leftovers, too.
    registrations : list of Instance
        Spatial Registrations, likewise.
    not_dicom : list of pathlib.Path
        Other files.
    directories : list of Elements
        What DICOMDIR files contain.
    """

    instances: list[Instance] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)
    structure_sets: list[Instance] = field(default_factory=list)
    registrations: list[Instance] = field(default_factory=list)
    not_dicom: list[Path] = field(default_factory=list)
    directories: list[Elements] = field(default_factory=list)

    def read(self, headers: Headers, path: Path, name: str) -> None:
        """Add a file."""
        try:
            instance = headers.read(path, name)
        except files.NotDicom:
            self.not_dicom.append(path)
        except Exception as error:
            failure = failure_of(error)
            self.leftovers.append(Leftover(str(path), failure.sentence, True, failure.traceback, _series_uid(path, name)))
        else:
            if instance.pixels is not None:
                self.instances.append(instance)
                return
            self.leftovers.append(_without_pixels(path, instance))
            self.structure_sets += [instance] if is_structure_set(instance) else []
            self.registrations += [instance] if is_registration(instance) else []
            self.directories += [instance.elements] if Tag.DIRECTORY_RECORD_SEQUENCE in instance.elements else []

    def add(self, other: FoundFiles) -> None:
        """Add further files."""
        self.instances += other.instances
        self.leftovers += other.leftovers
        self.structure_sets += other.structure_sets
        self.registrations += other.registrations
        self.not_dicom += other.not_dicom
        self.directories += other.directories

    def in_order_of(self, listed: Sequence[Listed]) -> FoundFiles:
        """Return the same in the order in which the files are listed."""
        places = {os.fspath(path): n for n, (path, _) in enumerate(listed)}

        def place(file: Instance | Leftover) -> int:
            return places[file.path]

        return FoundFiles(
            sorted(self.instances, key=place),
            sorted(self.leftovers, key=place),
            sorted(self.structure_sets, key=place),
            self.registrations,
            sorted(self.not_dicom, key=lambda path: places[os.fspath(path)]),
            self.directories,
        )


def _without_pixels(path: Path, instance: Instance) -> Leftover:
    """Return what a file without PixelData is: no image, an image that lost its pixels, or one that has them elsewhere."""
    elements, kind = instance.elements, kind_of(instance)
    uid = metadata.text(elements, Tag.SERIES_INSTANCE_UID)
    if not all(tag in elements for tag in _OF_PIXELS):
        if _OF_IMAGES not in kind:
            return Leftover(str(path), f"no image: {kind}")
        missing = " and ".join(map(dictionary.describe, (Tag.ROWS, Tag.PIXEL_DATA)))
        return Leftover(str(path), f"{kind} without {missing}: the file may be cut off", series_uid=uid)
    if vendor.private(elements, *vendor.ELSCINT_PIXELS) is None:
        return Leftover(str(path), f"{kind} without {dictionary.describe(Tag.PIXEL_DATA)}", series_uid=uid)
    reason = (
        f"{path}: the pixels are not in {dictionary.describe(Tag.PIXEL_DATA)}, but in a private element of Elscint "
        "(07A1,xx0A), whose compression is not supported. Export the file with other compression, or without."
    )
    return Leftover(str(path), reason, failed=True, series_uid=uid)


def read_files(listed: Sequence[Listed], progress: Progress | None = None, jobs: int = 1) -> FoundFiles:
    """Return what files are; many files of several kinds are read in several copies of this process, where that is safe."""
    shares = _shares(listed) if jobs > 1 else []
    jobs = useful_jobs([share.parsed for share in shares], SHARE, jobs)
    if jobs == 1:
        return _read(listed, Headers(), progress)
    return _read_in_copies(shares, progress, jobs).in_order_of(listed)


def _read(listed: Sequence[Listed], headers: Headers, progress: Progress | None = None) -> FoundFiles:
    result = FoundFiles()
    for n, (path, name) in enumerate(listed):
        if progress is not None and n % 16 == 0:
            progress("Reading headers", n, len(listed))
        result.read(headers, path, name)
    return result


@dataclass
class _Share:
    """Files that one process reads, and how many of them it parses: the others are compared with those."""

    files: list[Listed] = field(default_factory=list)
    parsed: int = 0


def _shares(listed: Sequence[Listed]) -> list[_Share]:
    """Return the files in groups whose headers have much in common: folders, and in large folders files of one size."""
    shares: list[_Share] = []
    for _, files_of_folder in groupby(listed, key=lambda file: file[0].parent):
        folder = list(files_of_folder)
        is_large = len(folder) > LARGE_FOLDER
        for group in _of_one_size(folder) if is_large else [folder]:
            if not shares or len(shares[-1].files) >= SHARE:
                shares.append(_Share())
            shares[-1].files += group
            shares[-1].parsed += min(len(group), PARSED) if is_large else len(group)
    return shares


def _of_one_size(folder: Sequence[Listed]) -> Iterable[list[Listed]]:
    sizes: dict[int, list[Listed]] = {}
    for path, name in folder:
        sizes.setdefault(_size_of(path), []).append((path, name))
    return sizes.values()


def _size_of(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:  # reading it reports the reason
        return 0


def _read_in_copies(shares: Sequence[_Share], progress: Progress | None, jobs: int) -> FoundFiles:
    """Return what the files of all shares are."""
    headers, sizes = Headers(), [len(share.files) for share in shares]

    def computed(part: FoundFiles, done: int) -> None:
        if progress is not None:
            progress("Reading headers", done, sum(sizes))
        if not all(map(is_native, part.instances)):
            import_decoders()  # while the copies read

    result = FoundFiles()
    for part in computed_in_copies(lambda n: _read(shares[n].files, headers), sizes, jobs, computed=computed):
        result.add(part)
    return result


def _series_uid(path: Path, name: str) -> str:
    """Return SeriesInstanceUID of a file whose pixel data are damaged; empty where its header is, too."""
    try:
        return metadata.text(files.read_instance(path, name).elements, Tag.SERIES_INSTANCE_UID)
    except Exception:  # the file is reported as damaged already
        return ""


def kind_of(instance: Instance) -> str:
    """Return the name of the SOP class, else the modality."""
    uid = metadata.text(instance.elements, Tag.SOP_CLASS_UID) or metadata.text(
        instance.file_meta, Tag.MEDIA_STORAGE_SOP_CLASS_UID
    )
    return dictionary.uid_name(uid) if uid else metadata.text(instance.elements, Tag.MODALITY, "unknown object")
