"""Files ⇄ instances (PS3.10 chapter 7): preamble, file meta information, data set."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from io import BufferedReader, FileIO
from pathlib import Path, PurePath

from .....errors import DicomReadError
from .....model import metadata
from .....model.files.input_files import (
    Problem,
    Stamp,
    absent_content,
    change_since,
    kind_of_path,
    open_file,
    opened_descriptor,
    walk,
)
from .....model.files.names import ZARR_SUFFIX, suffix_of
from .....model.files.remote_files import is_remote
from .....model.metadata import Elements, Encoding, Instance, PixelElement
from .....options.urls import refuse_missing_input
from .....standard import dictionary
from .....standard.tags import Tag
from .....standard.transfer_syntaxes import DEFLATED, EXPLICIT_BIG_ENDIAN
from .data_set_reading import ElementReader, NeedMoreBytes, Parsed, read_data_set, skip_fragments
from .deflated import open_inflated
from .medium_names import MediumNames, name_on_medium

FIRST_READ = 1 << 16
_PREFIX = slice(128, 132)
_WITHOUT_PREAMBLE = b"DICM\x02\0"
"""The prefix and the first element of the file meta information, with which some files begin."""
META_ENCODING = Encoding()
OpenFile = FileIO | BufferedReader


class NotDicom(Exception):
    """The file is of another kind: nothing to worry about."""


# --- which files ------------------------------------------------------------------------------------------------------


def find_files(
    inputs: Iterable[Path], problems: list[Problem] | None = None, follow_links: bool = False
) -> Iterator[tuple[Path, str]]:
    """Yield every file below the inputs, sorted, with its name relative to the input it was found in.

    A folder is walked to any depth; a DICOMDIR names its files; hidden files and folders are left out, with a problem where
    DICOM is there. Of several folders, the names begin with that of the folder, so that equal ones in it stay apart.

    Parameters
    ----------
    inputs : iterable of pathlib.Path
        Files and folders.
    problems : list of Problem, optional
        Receives what is not read: folders that cannot be listed, named pipes, links to folders outside of the input.
    follow_links : bool
        Also follow links to folders outside of the input.

    Raises
    ------
    OptionError
        If an input is a URL.
    DicomReadError
        If an input does not exist or is not a file; without `problems`, if a folder cannot be listed.
    """
    given_paths = [Path(path) for path in inputs]
    not_read: list[Problem] = [] if problems is None else problems
    several = sum(path.is_dir() for path in given_paths) > 1
    for given in given_paths:
        if given.is_dir():
            before = given.resolve().name + "/" if several else ""
            yield from ((path, before + name) for path, name in _files_below(given, follow_links, not_read))
        elif given.is_file():
            is_directory = name_on_medium(given.name) == "DICOMDIR"
            yield from _files_of_directory(given, not_read) if is_directory else [(given, given.name)]
        elif kind := kind_of_path(given):
            raise DicomReadError(f"{given}: {kind}, not a file or folder: it is not opened. Copy its content to a file.")
        else:
            refuse_missing_input(given)
    if problems is None:
        _refuse(not_read)


def _refuse(problems: list[Problem]) -> None:
    for problem in problems:
        if problem.failed:
            raise DicomReadError(problem.reason)


def _files_below(folder: Path, follow_links: bool, problems: list[Problem]) -> Iterator[tuple[Path, str]]:
    for root, folders, names in walk(folder, follow_links, problems, begins_as_dicom):
        folders[:] = [name for name in folders if not suffix_of(name, [ZARR_SUFFIX])]
        below = root.relative_to(folder).as_posix()
        prefix = "" if below == "." else below + "/"
        yield from ((root / name, prefix + name) for name in names)


def _files_of_directory(dicomdir: Path, problems: list[Problem]) -> Iterator[tuple[Path, str]]:
    """Yield the files that the records of a DICOMDIR reference (PS3.3 F.3.2.2)."""
    try:
        directory = read_instance(dicomdir, dicomdir.name)
    except NotDicom:
        raise DicomReadError(f"{dicomdir}: not a DICOM directory, or damaged. Give the folder instead.") from None
    names = [metadata.texts(item.elements, Tag.REFERENCED_FILE_ID)
             for item in metadata.items(directory.elements, Tag.DIRECTORY_RECORD_SEQUENCE)]  # fmt: skip
    medium = MediumNames(dicomdir.parent)
    for parts in sorted(filter(None, names)):
        name = "/".join(parts)
        if not all(_is_name(part) for part in parts):
            raise DicomReadError(f"{dicomdir}: ReferencedFileID {name!r} points outside of its folder.")
        path = medium.path_of(parts)
        if path.is_file():
            yield path, path.relative_to(dicomdir.parent).as_posix()
        else:
            reason = f"{dicomdir}: it lists {name}, which is not there. Copy the whole medium, or give the folder."
            problems.append(Problem(str(path), reason, failed=True))


def _is_name(part: str) -> bool:
    """Whether a part of a path is a name, and nothing that leads elsewhere, such as ``..`` or a drive."""
    return part not in ("", ".", "..") and not {"/", "\0"} & set(part) and not PurePath(part).anchor


# --- one file ---------------------------------------------------------------------------------------------------------


def read_instance(path: Path, name: str, like: Instance | None = None) -> Instance:
    """Read everything but the pixel data of one file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    name : str
        Its name relative to the input.
    like : Instance, optional
        A similar one, with which equal elements are shared in memory.

    Raises
    ------
    NotDicom
        If the file is of another kind.
    DicomReadError
        If it is DICOM but damaged.
    """
    try:
        with ExitStack() as opened:
            file: OpenFile = opened.enter_context(open_file(path))
            stamp = _stamp(file)
            size, buffer = stamp.size, file.read(FIRST_READ)
            is_inflated = False
            while True:
                try:
                    return replace(_parse(path, name, buffer, size, like, is_inflated), stamp=stamp)
                except _Deflated as deflated:
                    is_inflated, file = True, opened.enter_context(open_inflated(str(path), stamp, deflated.start))
                    size = file.seek(0, os.SEEK_END)
                    file.seek(0)
                    buffer = file.read(FIRST_READ)
                except NeedMoreBytes as need:
                    if len(buffer) >= size or (need.tag and need.wanted > size):
                        raise DicomReadError(_truncated(path, need, size)) from None
                    more = file.read(max(need.wanted - len(buffer), 4 * len(buffer)))
                    if not more:
                        raise DicomReadError(_truncated(path, need, len(buffer))) from None
                    buffer += more
    except OSError as error:
        raise DicomReadError(f"{path}: {absent_content(path) or f'cannot be read ({error.strerror})'}.") from error
    except (struct.error, zlib.error, RecursionError) as error:
        raise DicomReadError(f"{path}: damaged ({error}). Copy it again from its source.") from error
    except DicomReadError as error:
        raise error if str(path) in str(error) else DicomReadError(f"{path}: {error}") from None


def _stamp(file: OpenFile) -> Stamp:
    status = os.fstat(file.fileno())
    return Stamp(status.st_size, status.st_mtime_ns)


def open_instance(instance: Instance) -> OpenFile:
    """Return the file of an instance, opened for reading bytes; its data set is not deflated there.

    Raises
    ------
    DicomReadError
        If it was changed since its headers were read.
    OSError
        If it cannot be opened.
    """
    file = open_file(instance.path)
    stamp = _stamp(file)
    if instance.stamp is not None and (change := change_since(instance.path, instance.stamp, stamp)):
        file.close()
        raise DicomReadError(change)
    if not instance.encoding.deflated:
        return file
    with file:
        most = FIRST_READ + sum(len(element.value) for element in instance.file_meta.values())
        return open_inflated(instance.path, stamp, _file_meta(file.read(most), None)[2])


def read_at(instance: Instance, offset: int, target: memoryview) -> int:
    """Fill memory with what is in the file of an instance from an offset on, and return the number of bytes.

    Raises
    ------
    DicomReadError
        If it was changed since its headers were read.
    OSError
        If it cannot be read.
    """
    can_be_addressed = hasattr(os, "preadv") and not is_remote(instance.path) and not instance.encoding.deflated
    if not can_be_addressed:  # not every system has preadv, by which a small file takes half the time
        with open_instance(instance) as file:
            file.seek(offset)
            return file.readinto(target)
    with opened_descriptor(instance.path) as (descriptor, status):
        stamp = status.st_size, status.st_mtime_ns
        if instance.stamp is not None and (change := change_since(instance.path, instance.stamp, stamp)):
            raise DicomReadError(change)
        got = 0
        while got < len(target) and (part := os.preadv(descriptor, [target[got:]], offset + got)):
            got += part
        return got


def _truncated(path: Path, need: NeedMoreBytes, size: int) -> str:
    where = dictionary.describe(need.tag) if need.tag else "the last element"
    return f"{path}: truncated: {where} should end at byte {need.wanted}, the file has {size}. Copy it again from its source."


class _Deflated(Exception):
    """The data set, which begins at `start`, is deflated."""

    def __init__(self, start: int):
        self.start = start


def _parse(path: Path, name: str, buffer: bytes, size: int, like: Instance | None, is_inflated: bool) -> Instance:
    preamble, file_meta, start = _file_meta(buffer, like)
    syntax = metadata.text(file_meta, Tag.TRANSFER_SYNTAX_UID)
    if syntax == DEFLATED:
        if not is_inflated:
            raise _Deflated(start)
        encoding = Encoding(deflated=True)
    else:
        encoding = _sniff(buffer, start, little=syntax != EXPLICIT_BIG_ENDIAN)
    whole = len(buffer) >= size
    parsed = read_data_set(buffer, start, encoding, like.elements if like else None, whole)
    if not parsed.elements and parsed.pixels is None:
        raise NotDicom if preamble is None else DicomReadError(f"{path}: holds a DICOM header and no attributes.")
    trailer = _trailing(parsed, buffer, size, encoding) if parsed.pixels is not None else b""
    return Instance(
        parsed.elements, file_meta, preamble, encoding, parsed.pixels, str(path), name, trailer, tuple(parsed.repeated)
    )


def begins_as_dicom(path: Path) -> bool:
    """Whether a file has the prefix of PS3.10 7.1."""
    try:
        with open_file(path) as file:
            start = file.read(_PREFIX.stop)
            return start[_PREFIX] == b"DICM" or start.startswith(_WITHOUT_PREAMBLE)
    except OSError:
        return False


def _file_meta(buffer: bytes, like: Instance | None) -> tuple[bytes | None, Elements, int]:
    """Return preamble, file meta information and the offset of the data set."""
    if buffer[_PREFIX] == b"DICM":
        preamble, start = buffer[:128], 132
    elif buffer.startswith(_WITHOUT_PREAMBLE):  # it may contain anything, and is written as zeros
        preamble, start = bytes(128), 4
    elif _looks_like_data_set(buffer):
        preamble, start = None, 0
    else:
        raise NotDicom
    elements: Elements = {}
    reader = ElementReader(buffer, META_ENCODING)
    pos = start
    while buffer[pos : pos + 2] == b"\x02\x00" and pos + 8 <= len(buffer):
        tag, vr, length, body = reader.header(pos, elements)
        elements[tag], pos = reader.value(tag, vr, length, body, 0)
    if like is not None:
        for tag, element in elements.items():
            twin = like.file_meta.get(tag)
            if twin == element and twin is not None:
                elements[tag] = twin
    return preamble, elements, pos


def _looks_like_data_set(buffer: bytes) -> bool:
    """Whether a file without ``DICM`` begins like a data set: an early group, and a length that makes sense."""
    if len(buffer) < 8:
        return False
    has_vr = _is_vr(buffer[4:6])
    for order in "<>":
        group, number = struct.unpack_from(order + "HH", buffer)
        if group in (0x0002, 0x0008) and number <= 0x1000 and (has_vr or order == "<"):
            return has_vr or bool(struct.unpack_from("<I", buffer, 4)[0] < 256)
    return False


def _is_vr(code: bytes) -> bool:
    return len(code) == 2 and code.isalpha() and code.isupper()


def _sniff(buffer: bytes, start: int, little: bool) -> Encoding:
    """Distinguish explicit from implicit VR by the first element, as the transfer syntax is not always correct."""
    explicit, group = _is_vr(buffer[start + 4 : start + 6]), buffer[start : start + 2]
    if group in (b"\x08\0", b"\0\x08"):  # nearly every data set begins with group 0008
        little = group == b"\x08\0"
    return Encoding(explicit=explicit, little=little or not explicit)  # there is no implicit big endian (PS3.5 A)


def _trailing(parsed: Parsed, buffer: bytes, size: int, encoding: Encoding) -> bytes:
    """Add the elements that are behind the pixel data; return the bytes there that are none."""
    pixels = parsed.pixels
    assert pixels is not None
    if pixels.length >= 0:
        end = pixels.offset + pixels.length
    else:
        if len(buffer) < size:
            raise NeedMoreBytes(pixels.tag, size)
        end = skip_fragments(buffer, pixels.offset)
    if end >= size:
        return b""
    if len(buffer) < size:
        raise NeedMoreBytes(pixels.tag, size)
    try:
        rest = read_data_set(buffer, end, encoding)
    except (NeedMoreBytes, DicomReadError, struct.error):
        return buffer[end:]
    if rest.pixels is not None and not rest.elements and _are_twice(pixels, rest.pixels, buffer, end):
        return buffer[end:]
    if rest.pixels is not None and all(tag >> 16 == Tag.PIXEL_DATA >> 16 for tag in rest.elements):
        names = " and ".join(map(dictionary.describe, (pixels.tag, rest.pixels.tag)))
        raise DicomReadError(f"it contains {names}, and only one may be the image (PS3.5 8.1). Remove the one that is not.")
    if rest.pixels is not None or not all(tag > pixels.tag for tag in rest.elements):
        return buffer[end:]
    parsed.elements.update(rest.elements)
    return buffer[rest.end :]


def _are_twice(one: PixelElement, other: PixelElement, buffer: bytes, end: int) -> bool:
    """Whether the pixel data, which end at `end`, are followed by the same element again, and nothing else."""
    is_same_kind = (one.tag, one.vr, one.length) == (other.tag, other.vr, other.length)
    return is_same_kind and buffer[one.offset : end] == buffer[other.offset :]


def lacks_padding(instance: Instance) -> bool:
    """Whether a file ends one byte before its native pixel data, whose even length includes padding (PS3.5 7.1.1)."""
    pixels, stamp = instance.pixels, instance.stamp
    if pixels is None or stamp is None or pixels.length < 0 or instance.encoding.deflated:
        return False
    return pixels.offset + pixels.length == stamp[0] + 1 and pixels.length % 2 == 0


def read_pixel_bytes(instance: Instance) -> bytes:
    """Return the value field of the native pixel data of an instance, as it is in the file; with padding that it lacks.

    Raises
    ------
    DicomReadError
        If the file cannot be read, or holds fewer bytes than the element's length specifies.
    """
    pixels = instance.pixels
    assert pixels is not None
    try:
        with open_instance(instance) as file:
            file.seek(pixels.offset)
            raw = file.read(pixels.length)
    except OSError as error:
        raise DicomReadError(f"{instance.path}: cannot be read ({error.strerror}).") from error
    if len(raw) == pixels.length - 1 and lacks_padding(instance):
        return raw + b"\0"
    if len(raw) < pixels.length:
        raise DicomReadError(
            f"{instance.path}: {dictionary.describe(pixels.tag)} should have {pixels.length} bytes, the file holds {len(raw)}: "
            "truncated. Copy it again from its source."
        )
    return raw


def read_part(instance: Instance, offset: int, length: int) -> bytes:
    """Return a part of native pixel data, as it is in the file; raises `DicomReadError` where it cannot be read."""
    assert instance.pixels is not None
    try:
        with open_instance(instance) as file:
            file.seek(instance.pixels.offset + offset)
            raw = file.read(length)
    except OSError as error:
        raise DicomReadError(f"{instance.path}: cannot be read ({error.strerror}).") from error
    if len(raw) == length - 1 and lacks_padding(instance):
        return raw + b"\0"
    if len(raw) != length:
        raise DicomReadError(
            f"{instance.path}: the pixel data end after {offset + len(raw)} bytes of {instance.pixels.length}: truncated. "
            "Copy it again from its source."
        )
    return raw
