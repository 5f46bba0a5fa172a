"""The files that an image of the scene becomes: NIfTI, sidecar, and the table of its labels."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import numpy as np

from nifti_dicom_bridge import ConversionOptions, Log, OutputError, Volume, stem_of, write

from ..Host import Hierarchy
from ..Nodes.NodeImages import Label, NodeImage
from ..Nodes.Segments import companion_table, label_table
from .ExportSources import ExportSource

COMPLETE_ARE_KEPT = "Images that were complete are in the folder; incomplete files were removed."
_SUFFIXES = (".nii.gz", ".nii", ".json", "_dseg.tsv", ".bval", ".bvec")
NO_FOLDER = "No folder was chosen. Choose where the NIfTI files shall go."


class NewFiles:
    """The files of one node that were not there before: none is left where one of its images cannot be written."""

    def __init__(self) -> None:
        self._paths: list[Path] = []

    def expect(self, image: Path) -> None:
        """Note which files of an image that is to be written are new."""
        stem = stem_of(image)
        files = [image.with_name(stem + suffix) for suffix in _SUFFIXES]
        self._paths += [path for path in files if not path.exists()]

    def remove(self) -> None:
        """Remove them."""
        for path in self._paths:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def write_image(volume: Volume, source: ExportSource, path: Path, options: ConversionOptions, log: Log) -> list[Path]:
    """Write an image with what is known of its node, and return the files."""
    is_new = not path.parent.exists()
    _make(path.parent)
    try:
        return _write(volume, source, path, options, log)
    except BaseException:
        if is_new:
            with suppress(OSError):  # it contains other images
                path.parent.rmdir()
        raise


def _write(volume: Volume, source: ExportSource, path: Path, options: ConversionOptions, log: Log) -> list[Path]:
    assert source.image is not None
    table = companion_table(path)
    labels = _labels_to_describe(source.image, volume) if volume.source is None else []
    if labels and table.exists() and not options.overwrite:
        raise OutputError(f"{table} exists. Choose another folder or name.")
    with _text_for(table, label_table(labels) if labels else "") as put_table:
        outputs = write(volume, path, options.for_cleaned_images(), log)
        if volume.source is None:
            _write_identity(source.identity, outputs, options.identity)
        return outputs + put_table()


def _labels_to_describe(image: NodeImage, volume: Volume) -> list[Label]:
    """Return the labels that voxels have; all of a segmentation without voxels, of which none was found."""
    numbers = set(np.unique(volume.voxels).tolist()) if image.labels else set()
    labels = [label for label in image.labels if label.number in numbers]
    return labels or (list(image.labels) if image.masks and all(mask.is_empty for mask in image.masks) else [])


@contextmanager
def _text_for(path: Path, text: str) -> Iterator[Callable[[], list[Path]]]:
    """Write a text next to its place, and give what puts it there: a full disk leaves the file that was there before."""
    temporary = path.with_name(f".NiftiDicomBridge-{uuid4().hex}")

    def put() -> list[Path]:
        if not text:
            return []
        os.replace(temporary, path)
        return [path]

    try:
        if text:
            temporary.write_text(text, encoding="utf-8", newline="\n")
        yield put
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror}). Choose another folder.") from error


def _write_identity(identity: dict[str, str], outputs: Sequence[Path], personal: bool) -> None:
    """Put patient and study of the subject hierarchy into the sidecar of an image that has no record."""
    wanted = Hierarchy.IDENTITY_IN_SIDECARS + (Hierarchy.PERSONAL_IN_SIDECARS if personal else ())
    keys = {key: identity[key] for key in wanted if key in identity}
    sidecar = next((path for path in outputs if path.suffix == ".json"), None)
    if keys and sidecar is not None:
        top = json.loads(sidecar.read_text("utf-8")) | keys
        with _text_for(sidecar, json.dumps(top, indent=2, ensure_ascii=False) + "\n") as put:
            put()
