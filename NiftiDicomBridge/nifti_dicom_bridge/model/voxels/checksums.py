"""Checksums of blocks of voxels, which take a fraction of the time of a cryptographic hash."""

from __future__ import annotations

from ..files.deflate_codec import deflate_codec


class Checksums:
    """CRC-32 (RFC 1952, 8) and Adler-32 (RFC 1950, 8.2) of the same bytes, used like the hashes of `hashlib`.

    A CRC-32 always recognizes a change within 32 bits, and one of 2³² other changes is not recognized by it. Adler-32, a sum
    in another algebra, misses one of about 2³² of those. No one has to be kept from making an edit that is not recognized, as
    sidecars are not signed: a digest could be replaced, too.

    Parameters
    ----------
    content : bytes-like, optional
        The first bytes.

    Examples
    --------
    >>> Checksums(b"NIfTI").digest() == Checksums(b"NIfTJ").digest()
    False
    """

    def __init__(self, content: bytes | memoryview = b""):
        self._codec = deflate_codec()
        self._crc, self._adler = 0, 1
        self.update(content)

    def update(self, content: bytes | memoryview) -> None:
        """Add bytes."""
        self._crc = self._codec.crc32(content, self._crc)
        self._adler = self._codec.adler32(content, self._adler)

    def digest(self) -> bytes:
        """Return both, 4 bytes each, little-endian."""
        return self._crc.to_bytes(4, "little") + self._adler.to_bytes(4, "little")
