"""Sidecar files: reading, writing, finding the one that belongs to an image."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import SidecarError
from ..model.files.input_files import absent_content
from ..model.files.json_files import parse_json, read_json_bytes
from ..model.files.names import companion, stem_of
from ..options.remedies import remedy
from .record import KEY
from .record_digest import DIGESTS

_RECORD_LINE = b'\n  "%s": ' % KEY.encode("ascii")
"""Beginning of the last line of a sidecar that `write_sidecar` wrote with a record."""


def sidecar_path(image: Path) -> Path:
    """Return ``NAME.json``, or ``NAME.JSON`` if only that exists, next to ``NAME.nii``, ``NAME.nii.gz`` or ``NAME.zarr``."""
    return companion(image, ".json")


SOURCE_DATA = "sourcedata"
DESCRIPTION = "dataset_description.json"


def record_path(image: Path) -> Path | None:
    """Return the file with the record of an image of a BIDS dataset, below ``sourcedata``; None for an image elsewhere.

    The image may be a link out of the dataset, as of git-annex, or into it.
    """
    for folder in (Path(os.path.abspath(image)).parent, image.resolve().parent):
        for root in (folder, *folder.parents):
            if os.path.lexists(root / DESCRIPTION):
                return root / SOURCE_DATA / folder.relative_to(root) / (stem_of(image) + ".json")
    return None


def unused_sidecars(image: Path, named: Path | None) -> list[str]:
    """Return a warning for each sidecar of an image that is not used, because the user named another one."""
    if named is None:
        return []
    files = [file for file in (sidecar_path(image), record_path(image)) if file is not None and os.path.lexists(file)]
    others = [file for file in files if os.path.realpath(file) != os.path.realpath(named)]
    return [f"{file.name} of the image was not used, as sidecar= names another file" for file in others]


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
        If the file cannot be read, is not a JSON object, or repeats a key.

    Examples
    --------
    >>> from nifti_dicom_bridge import read_sidecar, to_nifti
    >>> sidecar = to_nifti("scans", "nifti").outputs[1]
    >>> read_sidecar(sidecar)["Modality"]
    'MR'
    """
    try:
        content = _parsed(read_json_bytes(path))
    except OSError as error:
        raise SidecarError(f"{path}: {absent_content(path) or f'cannot be read ({error.strerror})'}.") from error
    except ValueError as error:
        reason = f"is not valid JSON ({error}). Repair it, or remove it to convert the image without it"
        raise SidecarError(f"{path}: {absent_content(path) or reason}.") from None
    if not isinstance(content, dict):
        labels = f". If it lists labels, rename it: {remedy('label-names')}" if isinstance(content, list) else ""
        raise SidecarError(f"{path}: a JSON object was expected, found a {type(content).__name__}{labels}.")
    return content


def _parsed(raw: bytes) -> Any:
    """Return the content of a sidecar; its keys are not repeated, and a record as this tool writes it has digests for that."""
    keys, separator, rest = raw.partition(_RECORD_LINE)
    if separator:
        try:
            record = parse_json(rest.rstrip().removesuffix(b"}"), is_proven=True)
            if isinstance(record, dict) and DIGESTS in record:
                return {**parse_json(keys + separator + b"null}"), KEY: record}
        except ValueError:  # written in another form
            pass
    return parse_json(raw)


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
    """Write a sidecar: keys at the top level on lines of their own, the record in one.

    Raises `SidecarError` for values that JSON cannot hold.
    """
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
