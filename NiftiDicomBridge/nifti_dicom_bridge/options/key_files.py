"""The secret key of de-identification: from an option, a file, or the environment."""

from __future__ import annotations

import os
from pathlib import Path

from .fields import KEY_BYTES
from .options import ConversionOptions

ENVIRONMENT = "NIFTI_DICOM_BRIDGE_KEY"
KEYED = Path("keyed")
"""In the place of a table of pseudonyms: they are computed from key and PatientID."""


def key_of(options: ConversionOptions) -> bytes:
    """Return the key; empty where none is given."""
    if options.deidentify_key:
        return options.deidentify_key.encode("utf-8")
    if options.key_file is not None:
        return _content(options.key_file)
    return os.environ.get(ENVIRONMENT, "").encode("utf-8", "surrogateescape")


def problem_of_key(options: ConversionOptions) -> str:
    """Return what is wrong with the key of the file or of the environment; empty if nothing is, or none is given."""
    if options.deidentify_key or not options.deidentify:
        return ""
    try:
        key = key_of(options)
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    given = options.key_file is not None or bool(key)
    return f"a key of {len(key)} bytes is too short" if given and len(key) < KEY_BYTES else ""


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(1 << 16).strip()
