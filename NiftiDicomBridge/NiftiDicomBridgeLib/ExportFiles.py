"""The files that an image of the scene becomes: NIfTI, sidecar, and the table of its labels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from nifti_dicom_bridge import ConversionOptions, OutputError, Volume, write

from . import Hierarchy
from .ExportSources import ExportSource
from .Segments import companion_table, label_table

COMPLETE_ARE_KEPT = "Images that were complete are in the folder; incomplete files were removed."
NO_FOLDER = "No folder was chosen. Choose where the NIfTI files shall go."


def write_image(volume: Volume, source: ExportSource, path: Path, options: ConversionOptions) -> list[Path]:
    """Write an image with what is known of its node, and return the files."""
    is_new = not path.parent.exists()
    _make(path.parent)
    try:
        return _write(volume, source, path, options)
    except BaseException:
        if is_new:
            with suppress(OSError):  # it contains other images
                path.parent.rmdir()
        raise


def _write(volume: Volume, source: ExportSource, path: Path, options: ConversionOptions) -> list[Path]:
    assert source.image is not None
    table = companion_table(path)
    numbers = set(np.unique(volume.voxels).tolist()) if source.image.labels and volume.source is None else set()
    labels = [label for label in source.image.labels if label.number in numbers]
    if labels and table.exists() and not options.overwrite:
        raise OutputError(f"{table} exists. Choose another folder or name.")
    outputs = write(volume, path, options.for_cleaned_images())
    if volume.source is None:
        _write_identity(source.identity, outputs, options.identity)
    if labels:
        table.write_text(label_table(labels), encoding="utf-8", newline="\n")
        outputs.append(table)
    return outputs


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
        sidecar.write_text(json.dumps(top, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
