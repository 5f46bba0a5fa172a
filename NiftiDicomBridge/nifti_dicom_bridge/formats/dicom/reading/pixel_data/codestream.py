"""What a compressed frame claims in its own header: read before a decoder allocates memory for it."""

from __future__ import annotations

import struct

from .....standard import transfer_syntaxes as syntaxes

_END_OF_IMAGE = b"\xff\xd9"
JPEG, JPEG_2000, BOXED_JPEG_2000 = b"\xff\xd8", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  "
_CODESTREAM_BOX = b"jp2c"
_STARTS_OF_FRAME = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
"""ISO/IEC 10918-1 table B.1, and JPEG-LS (ISO/IEC 14495-1)."""
_LOSSLESS, _OF_JPEG_LS = frozenset({0xC3, 0xC7, 0xCB, 0xCF}), 0xF7
_BASELINE_BITS = 8
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
HEADER_BYTES = 1 << 16
"""Of a frame: the size of its image is specified there."""


def claimed_size(frame: bytes) -> tuple[int, int, int, int] | None:
    """Return rows, columns, components and bits in the header of a JPEG, JPEG-LS or JPEG 2000 frame; None if it has none."""
    if frame.startswith(BOXED_JPEG_2000):
        start = frame.find(JPEG_2000)
        return _of_jpeg_2000(frame[start:]) if start >= 0 else None
    if frame.startswith(JPEG_2000):
        return _of_jpeg_2000(frame)
    return _of_jpeg(frame) if frame.startswith(JPEG) else None


def syntax_of(frame: bytes, stated: str) -> str:
    """Return the transfer syntax of a frame by its own header, if the stated one is of another codec; else the stated one.

    Codestreams of JPEG, JPEG-LS and JPEG 2000 specify themselves what they are.
    """
    if frame.startswith((JPEG_2000, BOXED_JPEG_2000)):
        return stated if stated in syntaxes.JPEG_2000 else syntaxes.JPEG_2000_LOSSLESS
    start = _start_of_frame(frame) if frame.startswith(JPEG) else 0
    if not start:
        return stated
    marker, bits = frame[start + 1], frame[start + 4]
    if marker == _OF_JPEG_LS:
        return stated if stated in syntaxes.JPEG_LS else syntaxes.JPEG_LS_LOSSLESS
    if stated in syntaxes.JPEG:
        return stated
    with_loss = syntaxes.JPEG_BASELINE if bits == _BASELINE_BITS else syntaxes.JPEG_EXTENDED
    return syntaxes.JPEG_LOSSLESS if marker in _LOSSLESS else with_loss


def is_signed(frame: bytes) -> bool:
    """Whether a JPEG 2000 frame has signed samples by its own header (Ssiz, ISO/IEC 15444-1 A.5.1)."""
    start = frame.find(JPEG_2000) if frame.startswith(BOXED_JPEG_2000) else 0
    return start >= 0 and frame.startswith(JPEG_2000, start) and len(frame) > start + 42 and frame[start + 42] >> 7 == 1


def without_padding(frame: bytes) -> bytes:
    """Return a JPEG-LS frame without zeros before its end of image.

    Some encoders make it even there, rather than behind it (PS3.5 A.4); CharLS refuses that.
    """
    end = frame.rfind(_END_OF_IMAGE)
    return frame if end < 0 else frame[:end].rstrip(b"\0") + frame[end:]


def is_cut_off(frame: bytes) -> bool:
    """Whether a codestream has no end marker (EOI, EOC), which no other part of it contains.

    Some decoders fill in what is missing, others take seconds to refuse it.
    """
    return frame.startswith((JPEG, JPEG_2000, BOXED_JPEG_2000)) and frame.rfind(_END_OF_IMAGE) < 0


def has_endless_box(frame: bytes) -> bool:
    """Whether a box before the codestream of a JP2 file has no length (ISO/IEC 15444-1 I.4), which pydicom never passes."""
    at = 12 if frame.startswith(BOXED_JPEG_2000) else len(frame)
    while at < len(frame) and frame[at + 4 : at + 8] != _CODESTREAM_BOX:
        length = int.from_bytes(frame[at : at + 4], "big")
        if length < 8:
            return True
        at += length
    return False


def _of_jpeg_2000(frame: bytes) -> tuple[int, int, int, int] | None:
    """Return the fields of the SIZ marker segment (ISO/IEC 15444-1 A.5.1)."""
    if len(frame) < 43:
        return None
    right, bottom, left, top = struct.unpack_from(">4I", frame, 8)
    components, depth = struct.unpack_from(">HB", frame, 40)
    return max(0, bottom - top), max(0, right - left), components, (depth & 0x7F) + 1


def _of_jpeg(frame: bytes) -> tuple[int, int, int, int] | None:
    """Return the fields of the frame header (ISO/IEC 10918-1 B.2.2)."""
    start = _start_of_frame(frame)
    if not start:
        return None
    bits, rows, columns, components = struct.unpack_from(">BHHB", frame, start + 4)
    return rows, columns, components, bits


def _start_of_frame(frame: bytes) -> int:
    """Return where the frame header of a JPEG or JPEG-LS image begins, 0 where it has none."""
    at = 2
    while at + 10 <= len(frame):
        if frame[at] != 0xFF:
            return 0
        marker = frame[at + 1]
        if marker == 0xFF or marker in _WITHOUT_LENGTH:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _STARTS_OF_FRAME:
            return at
        at += 2 + int(struct.unpack_from(">H", frame, at + 2)[0])
    return 0
