"""What the header of an image states of the image that it was made from: whether that fits the reference, and its record."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from ..formats import nifti
from ..formats.dicom.created.reference import Reference
from ..model.input_files import Stamp, read_file
from ..model.names import stem_of, suffix_of
from ..options.remedies import remedy
from ..sidecar import KEY
from ..sidecar.image_id import ImageId, study_digest
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


def records_near(described: ImageWithSidecar) -> list[str]:
    """Return which sidecars in the folder of an image without one have the record that it needs, or may need."""
    path = described.origin
    stamp = Stamp.of(path.parent)
    records = records_in(path.parent, stamp) if stamp else {}
    if not records:
        return []
    image_id = ImageId.parse(nifti.description(path))
    own = [file for file, recorded in records.items() if image_id is not None and recorded == image_id]
    if own:
        return [
            f"{own[0].name} has the record of the image that it was made from, as its header states: "
            + remedy("copy-sidecar", name=stem_of(path))
        ]
    images = {stem_of(Path(name)) for name in os.listdir(path.parent) if suffix_of(name)}
    possible = (file for file, recorded in records.items() if image_id is None or recorded is None)
    lone = [file for file in possible if file.name[: -len(".json")] not in images]
    return [
        f"{file.name} has the record of an image that is not there: if it is this image, give both the same name"
        for file in lone[:_MOST_RECORDS]
    ]


@lru_cache(maxsize=16)
def records_in(folder: Path, _: Stamp) -> dict[Path, ImageId | None]:
    """Return the sidecars in a folder that have a record, with the identifier in it; the stamp is that of the folder."""
    files = [folder / name for name in sorted(os.listdir(folder)) if name.lower().endswith(".json")]
    contents = ((file, _content(file)) for file in files)
    return {
        file: ImageId.parse(content.decode("utf-8", "replace")) for file, content in contents if f'"{KEY}"'.encode() in content
    }


def _content(file: Path) -> bytes:
    try:
        return read_file(file)
    except OSError:
        return b""
