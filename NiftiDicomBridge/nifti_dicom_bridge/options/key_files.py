"""The secret key of de-identification: from an option, a file, or the environment."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from .fields import KEY_BYTES
from .options import ConversionOptions

ENVIRONMENT = "NIFTI_DICOM_BRIDGE_KEY"
_ENCODINGS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
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
    """Return the key of a file: text is the same as elsewhere if an editor of Windows has put a byte order mark before it."""
    with path.open("rb") as file:
        raw = file.read(1 << 16)
    encoding = next((name for mark, name in _ENCODINGS.items() if raw.startswith(mark)), "")
    try:
        text = raw.decode(encoding).strip() if encoding else ""
    except UnicodeDecodeError:  # bytes that are not text, and begin like that by chance
        text = ""
    return text.encode("utf-8") if text and text.isprintable() else raw.strip()
