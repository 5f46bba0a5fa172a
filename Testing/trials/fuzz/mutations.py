"""Mutations of one file: bytes, lengths and values of DICOM, JSON, NIfTI headers, gzip and text."""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from pathlib import Path
from random import Random
from typing import Any

WORDS = (
    b"\0",
    b"\xff",
    b"\xff\xff",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\x01\0\0\0",
    b"\xff\xff\xff\x7f",
    b"\0\0\0\x80",
    b"\xfe\xff\x00\xe0",
    b"\xfe\xff\x0d\xe0",
    b"\xfe\xff\xdd\xe0",
    b"\\",
    b" ",
    b"\x1b$B",
    b"%s",
    b"../",
    b"\xd9\xff",
)
TEXTS = (
    "",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "-1",
    "0",
    "1e-320",
    "999999999",
    "2147483648",
    "1e9",
    "0x10",
    "a",
    "\\",
    "é",
    "1,5",
    "1\\2\\3",
    "../../x",
    "\0",
    "\u202e",
    "9" * 400,
    "٣",
    "True",
    "1e308",
    "-0.0",
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2**31,
    2**63,
    2**64,
    10**9,
    10**400,
    1e308,
    -0.0,
    float("nan"),
    float("inf"),
    0.5,
    "",
    "x",
    "nan",
    "\ud800",
    "\0",
    "a" * 5000,
    "../../etc",
    [],
    [[]],
    [None],
    {},
    {"a": 1},
    {"vr": "SQ"},
    {"vr": "XX", "Value": [1]},
    [1] * 50,
)
NUMBERS = (0, -1, 1, 2, 7, 8, 127, 128, 255, 256, 32767, -32768, 348, 540, 2147483647, -2147483648)
FLOATS = (0.0, -0.0, 1.0, -1.0, float("nan"), float("inf"), -float("inf"), 1e-38, 1e38, 352.0, 1e9, 0.5)
FIELDS_1 = {
    40: "8h",
    68: "1h",
    70: "1h",
    72: "1h",
    76: "8f",
    108: "1f",
    112: "2f",
    123: "1B",
    252: "2h",
    256: "6f",
    280: "12f",
    0: "1i",
    344: "4B",
    348: "4B",
}
"""nifti1.h: offset of a field → its numbers."""


def mutate(path: Path, random: Random) -> str:
    """Change one file, and return how."""
    raw = path.read_bytes()
    kinds = _kinds(path)
    name, change = kinds[random.randrange(len(kinds))]
    path.write_bytes(change(raw, random))
    return f"{path.name}: {name}"


def _kinds(path: Path) -> list[tuple[str, Any]]:
    name = path.name.lower()
    if name.endswith(".json"):
        return [("json", json_value), ("json", json_value), ("json", json_value), ("bytes", some_bytes), ("text", text)]
    if name.endswith((".tsv", ".bval", ".bvec")):
        return [("text", text), ("text", text), ("bytes", some_bytes)]
    if name.endswith(".nii.gz"):
        return [("gzip", compressed), ("gzip", compressed), ("bytes", some_bytes), ("bomb", bomb)]
    if name.endswith(".nii"):
        return [("header", header), ("header", header), ("bytes", some_bytes)]
    if name.endswith(".dcm") or "." not in name:
        return [("length", length), ("value", value), ("value", value), ("vr", vr), ("bytes", some_bytes), ("text", text)]
    return [("bytes", some_bytes)]


# --- bytes ------------------------------------------------------------------------------------------------------------


def some_bytes(raw: bytes, random: Random) -> bytes:
    """Flip, replace, cut, repeat or insert bytes at a random place."""
    found, at = bytearray(raw), _place(raw, random)
    kind = random.randrange(7)
    if kind == 0 and found:
        found[at] ^= 1 << random.randrange(8)
    elif kind == 1:
        word = random.choice(WORDS)
        found[at : at + len(word)] = word
    elif kind == 2:
        del found[at:]
    elif kind == 3:
        del found[at : at + random.randrange(1, 200)]
    elif kind == 4:
        found[at:at] = found[at : at + random.randrange(1, 200)]
    elif kind == 5:
        found[at:at] = bytes(random.randrange(256) for _ in range(random.randrange(1, 20)))
    else:
        for _ in range(random.randrange(1, 30)):
            if found:
                found[random.randrange(len(found))] = random.randrange(256)
    return bytes(found)


def _place(raw: bytes, random: Random) -> int:
    """Return an offset, most of the time in the first kilobytes, where the headers are."""
    size = max(1, len(raw))
    return random.randrange(min(size, 3000)) if random.random() < 0.7 else random.randrange(size)


def text(raw: bytes, random: Random) -> bytes:
    """Replace one word of printable characters."""
    words = [n for n in range(len(raw)) if chr(raw[n]).isalnum() and (n == 0 or not chr(raw[n - 1]).isalnum())]
    if not words:
        return raw
    start = random.choice(words)
    end = start
    while end < len(raw) and (chr(raw[end]).isalnum() or raw[end : end + 1] in b".-+"):
        end += 1
    new = random.choice(TEXTS).encode("utf-8")
    if random.random() < 0.5:  # of the same length: other offsets stay right
        new = new[: end - start].ljust(end - start)
    return raw[:start] + new + raw[end:]


# --- DICOM ------------------------------------------------------------------------------------------------------------

_LONG = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")


def elements(raw: bytes) -> list[tuple[int, bool, int, int]]:
    """Return offset, whether the length field has 32 bits, offset of the value and its length, of explicit little endian."""
    found, at = [], 132 if raw[128:132] == b"DICM" else 0
    while at + 12 <= len(raw):
        code = raw[at + 4 : at + 6]
        if raw[at : at + 2] == b"\xfe\xff":
            at += 8
            continue
        if not (code.isalpha() and code.isupper()):
            break
        long = code in _LONG
        size = int.from_bytes(raw[at + 8 : at + 12] if long else raw[at + 6 : at + 8], "little")
        body = at + (12 if long else 8)
        found.append((at, long, body, size))
        at = body if code == b"SQ" or size == 0xFFFFFFFF else body + size
    return found


def length(raw: bytes, random: Random) -> bytes:
    """Change the length of an element, and leave its value."""
    places = elements(raw)
    if not places:
        return some_bytes(raw, random)
    at, long, _, size = random.choice(places)
    new = random.choice(
        [0, 1, size + 1, size + 2, max(0, size - 2), 0xFFFF, 0xFFFE, 0x7FFFFFFE, 0xFFFFFFFE, 0xFFFFFFFF, 2 * size]
    )
    if long:
        return raw[: at + 8] + struct.pack("<I", new & 0xFFFFFFFF) + raw[at + 12 :]
    return raw[: at + 6] + struct.pack("<H", new & 0xFFFF) + raw[at + 8 :]


def value(raw: bytes, random: Random) -> bytes:
    """Change the value of an element, with the right length; most of the time of one that matters for the image."""
    places = elements(raw)
    wanted = [place for place in places if raw[place[0] : place[0] + 2] in (b"\x28\0", b"\x20\0", b"\x18\0", b"\x62\0")]
    places = wanted if wanted and random.random() < 0.7 else places
    if not places:
        return some_bytes(raw, random)
    at, long, body, size = random.choice(places)
    if size == 0xFFFFFFFF or body + size > len(raw):
        return some_bytes(raw, random)
    new = _new_value(raw[at + 4 : at + 6], random)
    field = struct.pack("<I", len(new)) if long else struct.pack("<H", len(new))
    return raw[: at + (8 if long else 6)] + field + new + raw[body + size :]


def _new_value(code: bytes, random: Random) -> bytes:
    sizes = {b"US": "H", b"SS": "h", b"UL": "I", b"SL": "i", b"FL": "f", b"FD": "d"}
    if code in sizes and random.random() < 0.9:
        letter, count = sizes[code], random.choice((0, 1, 1, 1, 2, 3, 40))
        numbers = FLOATS if letter in "fd" else [n for n in NUMBERS if _fits(letter, n)]
        return b"".join(struct.pack("<" + letter, random.choice(numbers)) for _ in range(count))
    new = random.choice(TEXTS).encode("utf-8") if random.random() < 0.8 else bytes(random.randrange(256) for _ in range(6))
    return new + b" " * (len(new) % 2)


def _fits(letter: str, number: int) -> bool:
    try:
        struct.pack("<" + letter, number)
    except struct.error:
        return False
    return True


def vr(raw: bytes, random: Random) -> bytes:
    """Change the VR of an element."""
    places = elements(raw)
    if not places:
        return some_bytes(raw, random)
    at = random.choice(places)[0]
    new = random.choice([b"UN", b"SQ", b"OB", b"US", b"DS", b"PN", b"UT", b"AT", b"XX", b"lo", b"??", b"FD", b"UI"])
    return raw[: at + 4] + new + raw[at + 6 :]


# --- JSON -------------------------------------------------------------------------------------------------------------


def json_value(raw: bytes, random: Random) -> bytes:
    """Replace, remove or nest one value of JSON, at any depth."""
    try:
        top = json.loads(raw)
    except (ValueError, RecursionError):
        return some_bytes(raw, random)
    if random.random() < 0.03:
        return _deep(raw, random)
    owner, key = _node(top, random)
    if owner is None:
        return some_bytes(raw, random)
    kind = random.randrange(4)
    if kind == 0 and isinstance(owner, dict):
        del owner[key]
    elif kind == 1 and isinstance(owner[key], (int, float)) and not isinstance(owner[key], bool):
        owner[key] = random.choice([owner[key] + 1, -owner[key], owner[key] * 10**9, 10**9, 0, float("nan")])
    elif kind == 2 and isinstance(owner, list):
        owner *= random.choice((0, 2))
    else:
        owner[key] = random.choice(VALUES)
    try:
        return json.dumps(top).encode("utf-8", "surrogatepass")
    except (ValueError, OverflowError, RecursionError):
        return raw


def _node(top: Any, random: Random) -> tuple[Any, Any]:
    owner, key, here = None, None, top
    while isinstance(here, (dict, list)) and here:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        owner, key = here, random.choice(keys)
        here = owner[key]
        if random.random() < 0.15:
            break
    return owner, key


def _deep(raw: bytes, random: Random) -> bytes:
    depth = random.choice((500, 5000, 100000))
    return b'{"a":' + b"[" * depth + b"]" * depth + b"}"


# --- NIfTI ------------------------------------------------------------------------------------------------------------


def header(raw: bytes, random: Random) -> bytes:
    """Change one number of the header."""
    found = bytearray(raw)
    start = random.choice(list(FIELDS_1))
    count, letter = int(FIELDS_1[start][:-1]), FIELDS_1[start][-1]
    size = struct.calcsize(letter)
    at = start + size * random.randrange(count)
    numbers = FLOATS if letter == "f" else [n for n in (*NUMBERS, 2304, 1792, 1536, 32, 64, 512, 768) if _fits(letter, n)]
    found[at : at + size] = struct.pack("<" + letter, random.choice(numbers))
    return bytes(found)


def compressed(raw: bytes, random: Random) -> bytes:
    """Change what is compressed, and compress it again."""
    try:
        plain = gzip.decompress(raw)
    except (OSError, EOFError, zlib.error):
        return some_bytes(raw, random)
    change = random.choice((header, header, some_bytes))
    return gzip.compress(change(plain, random), 1)


def bomb(raw: bytes, random: Random) -> bytes:
    """Let a small file claim to be a very large image of zeros."""
    try:
        start = bytearray(gzip.decompress(raw)[:352])
    except (OSError, EOFError, zlib.error):
        return some_bytes(raw, random)
    struct.pack_into("<8h", start, 40, 3, *(random.choice((200, 2000, 20000)) for _ in range(3)), 1, 1, 1, 1)
    return gzip.compress(bytes(start) + bytes(random.choice((10**5, 10**7))), 9)
