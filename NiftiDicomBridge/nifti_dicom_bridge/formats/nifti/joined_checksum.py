"""The CRC-32 of bytes whose parts were checked one by one, in any order (RFC 1952, 8).

A CRC is a remainder of polynomials over GF(2): each byte multiplies that of the bytes before it by x⁸, and its own is added.
Polynomials are stored as in CRC-32: the coefficient of x⁰ is the highest bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

_POLYNOMIAL = 0xEDB88320
_ONE, _BYTE = 1 << 31, 1 << 23
"""x⁰ and x⁸."""


def joined_checksum(parts: Sequence[tuple[int, int]]) -> int:
    """Return the CRC-32 of all bytes of some parts, each given by its CRC-32 and its number of bytes.

    Examples
    --------
    >>> import zlib
    >>> joined_checksum([(zlib.crc32(b"NIf"), 3), (zlib.crc32(b"TI"), 2)]) == zlib.crc32(b"NIfTI")
    True
    """
    whole = 0
    for checksum, size in parts:
        whole = _product(_following(size), whole) ^ checksum
    return whole


@lru_cache(maxsize=4)
def _following(size: int) -> int:
    """Return x to the power of 8 `size`: what bytes before this number of bytes are multiplied by."""
    power, square = _ONE, _BYTE
    while size:
        if size & 1:
            power = _product(power, square)
        square, size = _product(square, square), size >> 1
    return power


def _product(a: int, b: int) -> int:
    """Return the product of two polynomials, modulo that of CRC-32."""
    product = 0
    while a:
        if a & _ONE:
            product ^= b
        a = a << 1 & 0xFFFFFFFF
        b = b >> 1 ^ (_POLYNOMIAL if b & 1 else 0)
    return product
