"""JSON from files: its size is checked before it is read, its depth before it is parsed; no key counts twice."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from ..processes.limits import check_text
from .input_files import read_file

DEEPEST = 500
"""Levels of objects and lists. The record of sequences that nest as deep as they may has 240."""
_BRACKETS = b'{}[]"'
_OTHERS = bytes(set(range(256)) - set(_BRACKETS))
_OPENING = np.zeros(256, np.int32)
_OPENING[list(b"{[")], _OPENING[list(b"}]")] = 1, -1


def read_json(path: Path) -> Any:
    """Return the content of a JSON file.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is not valid JSON, nests too deeply, or repeats a key.
    SizeLimitError
        If it is too large.
    """
    return parse_json(read_json_bytes(path))


def read_json_bytes(path: Path) -> bytes:
    """Return the bytes of a JSON file; raises OSError or SizeLimitError as `read_json`."""
    check_text(str(path), path.stat().st_size)
    return read_file(path)


class RepeatedKeyError(ValueError):
    """An object has a key with several values, so that it is not known which one counts."""

    def __init__(self, key: str):
        super().__init__(f'the key "{key}" occurs more than once with different values: remove all but one')


def parse_json(text: bytes | str, is_proven: bool = False) -> Any:
    """Return the content of a JSON text; raises ValueError if it is not valid, nests too deeply, or repeats a key.

    Repeated keys with different values are not looked for in a text that `is_proven` by a digest.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if (encoding := json.detect_encoding(raw)) not in ("utf-8", "utf-8-sig"):
        raw = raw.decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
    if (depth := _depth(raw)) > DEEPEST:
        raise ValueError(f"its objects and lists nest {depth} levels deep, {DEEPEST} are possible")
    try:
        return json.loads(raw, object_pairs_hook=None if is_proven else _unique)
    except RecursionError:
        raise ValueError("its objects and lists nest too deeply") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, of which JSON parsers take the last one of several values in silence (RFC 8259, 4)."""
    content = dict(pairs)
    if len(content) < len(pairs):
        for key, value in pairs:
            if value != content[key]:
                raise RepeatedKeyError(key)
    return content


def _depth(raw: bytes) -> int:
    """Return how deep objects and lists nest."""
    if raw.count(b"{") + raw.count(b"[") <= DEEPEST:
        return 0
    bare = raw.replace(rb"\\", b"").replace(rb"\"", b"").translate(None, _OTHERS)
    brackets = np.frombuffer(re.sub(rb'"[^"]*"', b"", bare), np.uint8)
    return int(np.cumsum(_OPENING[brackets], dtype=np.int64).max(initial=0))
