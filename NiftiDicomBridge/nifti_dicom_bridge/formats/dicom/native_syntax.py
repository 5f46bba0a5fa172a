"""Files in another native transfer syntax, for receivers that do not take theirs: the same elements, the same pixels."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from ...model.metadata import Encoding
from ...standard.pydicom_settings import without_validation
from ...standard.tags import Tag
from ...standard.transfer_syntaxes import EXPLICIT_LITTLE_ENDIAN
from . import new_element
from .composer import Composer
from .reading.data_sets.files import open_instance, read_instance
from .reading.pixel_data.decode import little_endian, pixel_format

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset

_PREAMBLE = bytes(128)


def in_native_syntax(path: Path, syntax: str) -> FileDataset:
    """Return the data set of a file in a native transfer syntax of little endian, decoded if it was compressed.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    syntax : str
        UID of Implicit or Explicit VR Little Endian.

    Raises
    ------
    Exception
        Whatever a decoder raises.
    """
    from pydicom import dcmread

    content = _native_file(path, syntax)
    if content is not None:
        return dcmread(BytesIO(content))
    data_set = dcmread(path)
    data_set.decompress(generate_instance_uid=False)
    if syntax == EXPLICIT_LITTLE_ENDIAN:
        return data_set
    data_set.file_meta.TransferSyntaxUID = syntax
    buffer = BytesIO()
    with without_validation():
        data_set.save_as(buffer, implicit_vr=True, little_endian=True, enforce_file_format=True)
    buffer.seek(0)
    return dcmread(buffer)


def _native_file(path: Path, syntax: str) -> bytes | None:
    """Return the bytes of a file in another native transfer syntax; None if its pixels are compressed."""
    instance = read_instance(path, path.name)
    raw = b""
    if instance.pixels is not None:
        if instance.pixels.length < 0:
            return None
        with open_instance(instance) as file:
            file.seek(instance.pixels.offset)
            raw = file.read(instance.pixels.length)
        if not instance.has_little_pixels:
            raw = little_endian(raw, instance, pixel_format(instance))
    file_meta = {**instance.file_meta, Tag.TRANSFER_SYNTAX_UID: new_element.text("UI", syntax)}
    file_meta.pop(Tag.FILE_META_INFORMATION_GROUP_LENGTH, None)  # it changes with the UID
    native = replace(
        instance,
        file_meta=file_meta,
        preamble=instance.preamble or _PREAMBLE,
        encoding=Encoding(explicit=syntax == EXPLICIT_LITTLE_ENDIAN),
    )
    return b"".join(Composer().parts(native, native.pixels, raw))
