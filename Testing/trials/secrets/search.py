"""Searches everything that a conversion wrote for secrets: as bytes, unpacked, decoded, and in other encodings of text."""

from __future__ import annotations

import base64
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")
LARGEST = 1 << 28


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file below a folder, and of everything that is packed in it."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        yield f"name of {name}", name.encode("utf-8", "surrogateescape")
        if path.suffix == ".zarr" and path.is_dir():
            yield from _arrays(path, name)
        if path.is_file():
            yield from unpacked(name, path.read_bytes())


def unpacked(name: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a content, and what is in it: gzip, PNG text, base64 of bulk data."""
    yield name, raw
    if raw[:2] == b"\x1f\x8b":
        inner = gzip.decompress(raw)
        yield f"{name} unpacked", inner
        raw = inner
    if raw[:8] == b"\x89PNG\r\n\x1a\n":
        yield from _png_chunks(name, raw)
    for mark in BASE64.finditer(raw) if len(raw) < LARGEST and not raw[:4].startswith(b"\x89PNG") else ():
        decoded = _decoded(mark[0])
        if decoded:
            yield f"{name} base64", decoded


def _decoded(text: bytes) -> bytes:
    try:
        found = base64.b64decode(text[: len(text) - len(text) % 4])
    except ValueError:
        return b""
    for unpack in (gzip.decompress, zlib.decompress):
        try:
            return found + unpack(found)
        except (OSError, zlib.error, EOFError):
            continue
    return found


def _png_chunks(name: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    position = 8
    while position + 8 <= len(raw):
        length, kind = int.from_bytes(raw[position : position + 4], "big"), raw[position + 4 : position + 8]
        content = raw[position + 8 : position + 8 + length]
        if kind in (b"zTXt", b"iTXt", b"iCCP") and b"\0" in content:
            packed = content.split(b"\0", 1)[1].lstrip(b"\0\1")
            try:
                content += zlib.decompress(packed)
            except zlib.error:
                pass
        yield f"{name} {kind.decode('latin-1')}", content
        position += 12 + length


def _arrays(store: Path, name: str) -> Iterator[tuple[str, bytes]]:
    import zarr

    group = zarr.open_group(store, mode="r")
    for key, array in group.arrays():
        yield f"{name}/{key} decoded", array[...].tobytes()


def forms_of(text: str) -> set[bytes]:
    """Return a text as bytes: in the encodings of DICOM, of Windows, in JSON and HTML."""
    forms = {text.encode(codec) for codec in ("utf-8", "utf-16-le", "utf-16-be")}
    if text.isascii():
        return forms
    escaped = text.encode("ascii", "backslashreplace"), text.encode("ascii", "xmlcharrefreplace")
    return {*forms, text.encode("latin-1"), *escaped, repr(text.encode("utf-8"))[2:-1].encode()}


class Finder:
    """Finds many texts in one pass."""

    def __init__(self, texts: Iterable[str]):
        self._texts = {form: text for text in texts for form in forms_of(text)}
        alternatives = sorted(self._texts, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, alternatives)))

    def found_in(self, raw: bytes) -> set[str]:
        """Return the texts that a content contains; a longer one hides a shorter one at the same place."""
        return {self._texts[mark[0]] for mark in self._pattern.finditer(raw)}
