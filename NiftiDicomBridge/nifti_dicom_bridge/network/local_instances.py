"""The DICOM files to send: what a receiver must know of each before it takes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from ..errors import BridgeError
from ..formats.dicom.reading.data_sets.files import begins_as_dicom
from ..model.files.input_files import Problem, open_file, walk
from ..options.urls import refuse_missing_input
from ..standard.sop_classes import MEDIA_STORAGE_DIRECTORY
from ..standard.tags import Tag

_TAGS = [
    Tag.SPECIFIC_CHARACTER_SET, Tag.SOP_CLASS_UID, Tag.SOP_INSTANCE_UID, Tag.PATIENT_ID, Tag.STUDY_INSTANCE_UID,
    Tag.SERIES_INSTANCE_UID,
]  # fmt: skip
_KEYWORDS = ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"]


@dataclass(frozen=True)
class LocalInstance:
    """One DICOM file.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    sop_class, uid, study, series : str
        UIDs of its data set.
    transfer_syntax : str
        That of the data set.
    meta_agrees : bool
        Whether the file meta information has the same UIDs; in files that were de-identified by other tools it often does not.
    """

    path: Path
    sop_class: str
    uid: str
    study: str
    series: str
    transfer_syntax: str
    meta_agrees: bool = True


def find_instances(paths: Iterable[Path]) -> tuple[list[LocalInstance], list[Problem]]:
    """Return the DICOM files below paths, each instance once, and the files that are not sent.

    Raises
    ------
    BridgeError
        If a path does not exist, or two different files have the same SOP Instance UID.
    """
    problems: list[Problem] = []
    instances: dict[str, LocalInstance] = {}
    for path in _files(paths, problems):
        instance = _read(path, problems)
        if instance is None:
            continue
        first = instances.setdefault(instance.uid, instance)
        if first is not instance:
            if first.path.read_bytes() != instance.path.read_bytes():
                raise BridgeError(
                    f"{first.path} and {instance.path} are different files with the same SOP Instance UID {instance.uid}. "
                    "An archive keeps only one of them; leave one out."
                )
            problems.append(Problem(str(path), f"a copy of {first.path}"))
    return list(instances.values()), problems


def _files(paths: Iterable[Path], problems: list[Problem]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            for folder, _, names in walk(path, False, problems, begins_as_dicom):
                yield from (folder / name for name in names)
        elif path.exists():
            yield path
        else:
            refuse_missing_input(path)


def _read(path: Path, problems: list[Problem]) -> LocalInstance | None:
    from pydicom.errors import InvalidDicomError

    try:
        data_set = first_elements(path)
        values = [str(data_set[keyword].value) for keyword in _KEYWORDS]
        meta = data_set.file_meta
        stated = [str(meta.get("MediaStorage" + keyword, "")) for keyword in _KEYWORDS[:2]]
        syntax, media = str(meta.TransferSyntaxUID), str(meta.get("MediaStorageSOPClassUID", ""))
    except InvalidDicomError:
        problems.append(Problem(str(path), "not a DICOM file"))
        return None
    except (KeyError, AttributeError, OSError, EOFError, ValueError, NotImplementedError) as error:
        problems.append(Problem(str(path), f"not a DICOM instance ({error})", failed=isinstance(error, OSError)))
        return None
    if media == MEDIA_STORAGE_DIRECTORY:
        problems.append(Problem(str(path), "a DICOMDIR"))
        return None
    return LocalInstance(path, values[0], values[1], values[2], values[3], syntax, stated == values[:2])


def first_elements(path: Path) -> Any:
    """Return PatientID and UIDs of a file; what follows SeriesInstanceUID is not read, as it may be large."""
    from pydicom.filereader import read_partial

    with BufferedReader(open_file(path)) as file:
        return read_partial(file, lambda tag, vr, length: tag > Tag.SERIES_INSTANCE_UID, specific_tags=_TAGS)
