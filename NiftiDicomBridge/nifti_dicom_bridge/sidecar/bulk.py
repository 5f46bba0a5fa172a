"""Large binary values next to the attributes: compressed, equal ones once.

Values of one attribute over many instances are much alike; they are kept in one group, each as its difference (exclusive or)
to the one before where lengths allow, so that the compressor sees mostly zeros.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..errors import SidecarError
from ..model.processes.limits import check_expanded

INLINE_BYTES = 512
"""Values from this size on go to the bulk."""
LARGEST_BYTES = 1 << 32
_LEVEL = 6


class BulkWriter:
    """Collects values and gives a URI for each.

    Parameters
    ----------
    threshold : int
        Size from which a value is worth a place here.
    """

    def __init__(self, threshold: int = INLINE_BYTES):
        self.threshold = threshold
        self._groups: list[list[bytes]] = []
        self._known: dict[bytes, str] = {}

    def add(self, value: bytes) -> str:
        """Return the URI of one value."""
        return self.add_all([value])[0]

    def add_all(self, values: Sequence[bytes]) -> list[str]:
        """Return the URIs of values that are alike."""
        group: list[bytes] = []
        number = len(self._groups)
        uris = []
        for value in values:
            key = hashlib.blake2b(value, digest_size=16).digest()
            uri = self._known.get(key)
            if uri is None:
                uri = self._known[key] = f"#{number}/{len(group)}"
                group.append(value)
            uris.append(uri)
        if group:
            self._groups.append(group)
        return uris

    def to_json(self) -> list[dict[str, Any]]:
        """Return all groups."""
        return [_packed(group) for group in self._groups]


def _packed(group: list[bytes]) -> dict[str, Any]:
    lengths = [len(value) for value in group]
    result: dict[str, Any] = {"Lengths": lengths}
    if len(group) > 1 and len(set(lengths)) == 1:
        rows = np.frombuffer(b"".join(group), np.uint8).reshape(len(group), -1)
        rows = np.concatenate([rows[:1], rows[1:] ^ rows[:-1]])
        result["Difference"] = True
        raw = rows.tobytes()
    else:
        raw = b"".join(group)
    result["Zlib"] = base64.b64encode(zlib.compress(raw, _LEVEL)).decode("ascii")
    return result


class BulkReader:
    """Returns values by their URIs.

    Parameters
    ----------
    groups : list
        What `BulkWriter.to_json` returned.
    where : str
        The file, for errors.
    """

    def __init__(self, groups: Any, where: str):
        if not isinstance(groups, list):
            raise SidecarError(f'{where}: "BulkData" must be a list.')
        self._groups, self._where = groups, where
        self._unpacked: dict[int, list[bytes]] = {}

    def get(self, uri: Any, where: str) -> bytes:
        """Return the value of a URI."""
        try:
            group, index = (int(part) for part in str(uri).removeprefix("#").split("/"))
            if group not in self._unpacked:
                self._unpacked[group] = self._unpack(self._groups[group])
            return self._unpacked[group][index]
        except (ValueError, IndexError, KeyError, TypeError, zlib.error, binascii.Error) as error:
            raise SidecarError(f"{where}: the bulk value {uri!r} is not there or damaged ({error}).") from None

    @staticmethod
    def _unpack(group: dict[str, Any]) -> list[bytes]:
        lengths = [int(n) for n in group["Lengths"]]
        total = sum(lengths)
        packed = base64.b64decode(group["Zlib"])
        if min(lengths, default=0) < 0 or total > LARGEST_BYTES:
            raise ValueError(f"it claims {total} bytes")
        check_expanded("the bulk value", total, len(packed))
        raw = zlib.decompressobj().decompress(packed, total + 1)
        if len(raw) != total:
            raise ValueError(f"it has {len(raw)} bytes, {total} were expected")
        if group.get("Difference"):
            rows = np.frombuffer(raw, np.uint8).reshape(len(lengths), -1)
            raw = np.bitwise_xor.accumulate(rows, axis=0).tobytes()
        ends = np.cumsum([0, *lengths])
        return [raw[a:b] for a, b in pairwise(ends)]
