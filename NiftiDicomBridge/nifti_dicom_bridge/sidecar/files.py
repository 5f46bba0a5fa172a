"""Sidecar files: reading, writing, finding the one that belongs to an image."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import SidecarError
from ..model.json_files import read_json
from ..model.names import companion, stem_of


def sidecar_path(image: Path) -> Path:
    """Return ``NAME.json``, or ``NAME.JSON`` if only that exists, next to ``NAME.nii``, ``NAME.nii.gz`` or ``NAME.zarr``."""
    return companion(image, ".json")


SOURCE_DATA = "sourcedata"
DESCRIPTION = "dataset_description.json"


def record_path(image: Path) -> Path | None:
    """Return the file with the record of an image of a BIDS dataset, below ``sourcedata``; None for an image elsewhere."""
    folder = image.resolve().parent
    for root in (folder, *folder.parents):
        if (root / DESCRIPTION).is_file():
            return root / SOURCE_DATA / folder.relative_to(root) / (stem_of(image) + ".json")
    return None


def read_sidecar(path: Path) -> dict[str, Any]:
    """Return the top level of a sidecar.

    Parameters
    ----------
    path : pathlib.Path
        The JSON file.

    Returns
    -------
    dict of str to object
        BIDS keys and values; the lossless record under the key ``NiftiDicomBridge``.

    Raises
    ------
    SidecarError
        If the file cannot be read or is not a JSON object.

    Examples
    --------
    >>> from nifti_dicom_bridge import read_sidecar, to_nifti
    >>> sidecar = to_nifti("scans", "nifti").outputs[1]
    >>> read_sidecar(sidecar)["Modality"]
    'MR'
    """
    try:
        content = read_json(path)
    except OSError as error:
        raise SidecarError(f"{path}: cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise SidecarError(
            f"{path}: is not valid JSON ({error}). Repair it, or remove it to convert the image without it."
        ) from None
    if not isinstance(content, dict):
        raise SidecarError(f"{path}: a JSON object was expected, found a {type(content).__name__}.")
    return content


def finite_keys(top: Mapping[str, Any], sentences: list[str]) -> dict[str, Any]:
    """Return the keys of a sidecar without those with a number that is not finite: JSON has no such numbers (RFC 8259).

    `sentences` receives what was left out.
    """
    finite = {key: value for key, value in top.items() if _is_finite(value)}
    left_out = [key for key in top if key not in finite]
    sentences += [f'"{key}" has a number that is not finite (NaN or Infinity): it was left out' for key in left_out]
    return finite


def _is_finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    return not isinstance(value, list) or all(map(_is_finite, value))


def write_sidecar(path: Path, top: dict[str, Any]) -> None:
    """Write a sidecar: keys at the top level on lines of their own, the record in one."""
    try:
        lines = [
            f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(',', ': '))}"
            for key, value in top.items()
        ]
    except ValueError as error:
        raise SidecarError(f"{path.name}: a value cannot be written as JSON ({error}). Correct it in the input.") from None
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    path.write_bytes(json_bytes(text))


def json_bytes(text: str) -> bytes:
    """Return JSON in UTF-8; half of a pair of UTF-16, which UTF-8 cannot express, as the escape of JSON."""
    return text.encode("utf-8", "backslashreplace")
