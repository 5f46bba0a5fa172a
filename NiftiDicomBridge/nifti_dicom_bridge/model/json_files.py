"""JSON from files: its size is checked before it is read, its depth before it is parsed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from .input_files import read_file
from .limits import check_text

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
        If it is not valid JSON, or nests too deeply.
    SizeLimitError
        If it is too large.
    """
    check_text(str(path), path.stat().st_size)
    return parse_json(read_file(path))


def parse_json(text: bytes | str) -> Any:
    """Return the content of a JSON text; raises ValueError if it is not valid, or nests too deeply."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if (encoding := json.detect_encoding(raw)) not in ("utf-8", "utf-8-sig"):
        raw = raw.decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
    if (depth := _depth(raw)) > DEEPEST:
        raise ValueError(f"its objects and lists nest {depth} levels deep, {DEEPEST} are possible")
    try:
        return json.loads(raw)
    except RecursionError:
        raise ValueError("its objects and lists nest too deeply") from None


def _depth(raw: bytes) -> int:
    """Return how deep objects and lists nest."""
    if raw.count(b"{") + raw.count(b"[") <= DEEPEST:
        return 0
    bare = raw.replace(rb"\\", b"").replace(rb"\"", b"").translate(None, _OTHERS)
    brackets = np.frombuffer(re.sub(rb'"[^"]*"', b"", bare), np.uint8)
    return int(np.cumsum(_OPENING[brackets], dtype=np.int64).max(initial=0))
