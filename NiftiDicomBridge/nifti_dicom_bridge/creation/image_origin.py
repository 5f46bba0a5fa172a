"""What the header of an image states of the image that it was made from: whether that fits the reference, and its record."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from ..formats import nifti
from ..formats.dicom.created.reference import Reference
from ..model.files.input_files import Stamp, read_file
from ..model.files.names import stem_of, suffix_of
from ..options.remedies import remedy
from ..sidecar import KEY
from ..sidecar.image_id import ImageId, digest_of, study_digest
from .image_with_sidecar import ImageWithSidecar

_MOST_RECORDS = 3


def doubts_of_reference(described: ImageWithSidecar, reference: Reference | None) -> list[str]:
    """Return that an image was made from one of another study than that of its reference, perhaps of another patient."""
    image_id = ImageId.parse(nifti.description(described.origin)) if reference else None
    study = study_digest(reference.instances[0]) if reference else ""
    if reference is None or image_id is None or not study or image_id.study == study:
        return []
    return [
        f"the description in its header is that of an image of another study than the reference {reference.title}: check that "
        "the patient is the same"
    ]


def doubts_of_sidecar(described: ImageWithSidecar) -> list[str]:
    """Return that a sidecar without a record specifies another study, perhaps patient, than the header of its image."""
    image_id = ImageId.parse(nifti.description(described.origin))
    study, patient = (described.top.get(key) for key in ("StudyInstanceUID", "PatientID"))
    if image_id is None or not isinstance(study, str) or not isinstance(patient, str):
        return []
    if image_id.study == digest_of(study, patient):
        return []
    return [
        f"StudyInstanceUID and PatientID in {Path(described.where).name} are not those of the image that its header describes: "
        "check that the sidecar is of this image"
    ]


def records_near(described: ImageWithSidecar) -> list[str]:
    """Return which sidecars in the folder of an image without one have the record that it needs, or may need."""
    path = described.origin
    folder, stamp = path.parent, Stamp.of(path.parent)
    if stamp is None or not _sidecars(folder, stamp)[0]:
        return []
    image_id = ImageId.parse(nifti.description(path))
    own = [] if image_id is None else [file for file, recorded in records_in(folder, stamp).items() if recorded == image_id]
    if own:
        return [
            f"{own[0].name} has the record of the image that it was made from, as its header states: "
            + remedy("copy-sidecar", name=stem_of(path))
        ]
    lone = [file for file, recorded in _lone_records(folder, stamp).items() if image_id is None or recorded is None]
    return [
        f"{file.name} has the record of an image that is not there: if it is this image, give both the same name"
        for file in lone[:_MOST_RECORDS]
    ]


@lru_cache(maxsize=16)
def records_in(folder: Path, stamp: Stamp) -> dict[Path, ImageId | None]:
    """Return the sidecars in a folder that have a record, with the identifier in it; the stamp is that of the folder."""
    return _records_of(_sidecars(folder, stamp)[0])


@lru_cache(maxsize=16)
def _lone_records(folder: Path, stamp: Stamp) -> dict[Path, ImageId | None]:
    """Return the same of those that are next to no image: there may be thousands of others, each of megabytes."""
    return _records_of(_sidecars(folder, stamp)[1])


@lru_cache(maxsize=16)
def _sidecars(folder: Path, _: Stamp) -> tuple[list[Path], list[Path]]:
    """Return the JSON files in a folder, and those that are next to no image."""
    names = sorted(os.listdir(folder))
    images = {stem_of(Path(name)) for name in names if suffix_of(name)}
    files = [folder / name for name in names if name.lower().endswith(".json")]
    return files, [file for file in files if file.name[: -len(".json")] not in images]


def _records_of(files: Sequence[Path]) -> dict[Path, ImageId | None]:
    contents = ((file, _content(file)) for file in files)
    return {
        file: ImageId.parse(content.decode("utf-8", "replace")) for file, content in contents if f'"{KEY}"'.encode() in content
    }


def _content(file: Path) -> bytes:
    try:
        return read_file(file)
    except OSError:
        return b""
